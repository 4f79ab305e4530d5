/* model.h: what both cost models are made from, and their options.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A model prices one operation on one device. Which device that is, and when
 * data moves, is the replay's business (replay.h).
 */
#ifndef TOOLS_LIB_MODEL_H
#define TOOLS_LIB_MODEL_H

#include <prof/trace_format.h>

#include "tools/lib/arch.h"
#include "tools/lib/model_cost.h"
#include "tools/lib/op.h"

enum model_kind { MODEL_ROOFLINE, MODEL_PIM_AI };

struct model_options {
	enum model_kind kind;
	int dtype;              /* of everything; -1: as the trace says */
	int64_t kv_heads;       /* 0: as shapes say */
	int64_t sliding_window; /* 0: none */
	int64_t batch_size;     /* sequences together; 0: as shapes say */
	int64_t experts_per_token;
	const char *last_layer; /* null: lm_head, without ending prefill */
	const char *moe_end;    /* null: none */
};

/* Context that the rows of a step see; 0: as shapes say. */
struct model_ctx {
	uint64_t bytes; /* for what is read: positions that somebody needs */
	double flops;   /* for what is computed: mean over rows */
};

/* ---- the published PIM-AI rules (reference: docs/cost_models.md) ---- */

/* The host of the published rules: 1 TFLOP/s, 1 pJ per TFLOP, 1 GB/s. */
const struct arch *model_pim_ai_host(void);

/* Whether these rules price this kind of operation at all. */
bool model_pim_ai_prices(const struct op_desc *d);

/* Price on a device, without transfers. */
void model_pim_ai_price(const struct op_desc *d, const struct arch *a, const struct model_options *o,
                        enum prof_phase phase, struct cost *c);

/* Elements that move when an operation changes device: its input, the key of
 * attention. And bytes of one element of it. */
double model_pim_ai_moved_elements(const struct op_desc *d);
double model_pim_ai_element_bytes(const struct op_desc *d, const struct model_options *o);

/* KV read of unfused attention in decode: elements per position of the cache. */
double model_pim_ai_kv_per_position(const struct op_desc *d);

/* Columns and rows of an operand from the right, 1 where missing. */
double model_dim(const struct op_operand *o, unsigned from_right);
double model_elements(const struct op_operand *o);

/* ---- roofline ---- */

void model_roofline_price(const struct op_desc *d, const struct arch *a, const struct model_options *o,
                          const struct model_ctx *ctx, struct cost *c);

/* Bytes of the activations an operation takes in, and of what it gives out. */
double model_roofline_input_bytes(const struct op_desc *d, const struct model_options *o);
double model_roofline_output_bytes(const struct op_desc *d, const struct model_options *o);

#endif
