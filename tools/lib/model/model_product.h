/* model_product.h: a matrix product as units and memories see it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * `batch` products A [m, k] x B [k, n] = C [m, n]. Formulas and sources:
 * docs/cost_models.md, "Shape" and "Tiling".
 */
#ifndef TOOLS_LIB_MODEL_MODEL_PRODUCT_H
#define TOOLS_LIB_MODEL_MODEL_PRODUCT_H

#include "tools/lib/arch/arch.h"
#include "tools/lib/model/op_math.h"

struct model_product {
	double m, n, k, batch;
	double a_bytes, b_bytes, c_bytes; /* of all products, each once */
};

/* The product that an operation is; false where it is none. */
bool model_product_of(const struct op_desc *d, const struct op_work *w, struct model_product *p);

/* How units share it. */
struct model_blocks {
	double time_factor; /* time over that of full tiles and waves: at least 1 */
	double block_m, block_n;
	double units;       /* that have work */
	double inner_bytes; /* that units take from the innermost memory */
};

/* peak: FLOP per ns of all units. The block of the result that a unit computes
 * together is chosen so that the slower of computing and the innermost memory
 * is fastest. */
void model_product_blocks(const struct model_product *p, const struct arch *a, double peak,
                          struct model_blocks *b);

/* How often each operand passes when `bytes` hold part of it: the best of
 * keeping a block of C, rows of A, or columns of B. Both 1 where it fits. */
void model_product_reread(const struct model_product *p, double bytes, double *a_times, double *b_times);

#endif
