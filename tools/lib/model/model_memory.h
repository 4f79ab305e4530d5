/* model_memory.h: which bytes of an operation pass through which memory.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Levels hold what fits: activations where an operation's fit, weights and cache
 * where all that stays from step to step fits, else in memory. What a level
 * cannot hold of a product passes again (model_product_reread).
 */
#ifndef TOOLS_LIB_MODEL_MODEL_MEMORY_H
#define TOOLS_LIB_MODEL_MODEL_MEMORY_H

#include "tools/lib/arch/arch.h"
#include "tools/lib/model/model_product.h"

enum model_data { MODEL_WEIGHTS, MODEL_ACTIVATIONS, MODEL_CACHE, MODEL_N_DATA };

struct model_traffic {
	/* Given; bytes, each operand once. */
	const struct arch *arch;
	const struct model_product *product; /* null: none */
	double inner_bytes;                  /* that units take of the product's operands */
	double weights, cache, read, written;
	double resident; /* kept from step to step on this device; 0: unknown, so in memory */
	double streamed; /* part of the weights that comes over the host's link */
	bool tiling, residency;

	/* Made; bytes. */
	double main[MODEL_N_DATA]; /* through memory, each once */
	double again;              /* through memory, beyond once */
	double stayed;             /* that a level spares memory */
	double over_link;
	double level_bytes, level_ns, level_pj; /* of all levels; ns of the slowest */
	double reread_a, reread_b;              /* how often operands pass through memory */
};

void model_traffic_make(struct model_traffic *t);

#endif
