/* model_product.c: a matrix product as units and memories see it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/model/model_product.h"

#include <math.h>

#include "tools/lib/model/model.h"

/* Bytes of a sum in progress: float32 or int32. */
#define SUM_BYTES 4.0

/* Blocks that kernels choose from: 1, 2, 4 ... times a unit's tile in each direction. */
enum { CHOICES = 6 };

static double rows_of(const struct op_operand *o)
{
	double columns = op_dim(o, 0);

	return o && columns > 0 ? op_elements(o) / columns : 1;
}

/* Queries that share stored heads are rows of one product. */
static double sharing(const struct op_desc *d, const struct op_operand *q, const struct op_operand *kv)
{
	double stored = op_dim(kv, 2) * op_heads_stored(d, kv), heads = op_dim(q, 2);

	return stored > 0 && heads > stored ? heads / stored : 1;
}

static void linear_product(const struct op_desc *d, const struct op_work *w, struct model_product *p)
{
	const struct op_operand *in = op_operand_get(d, PROF_OPERAND_INPUT);
	const struct op_operand *weight = op_operand_get(d, PROF_OPERAND_WEIGHT);
	const struct op_operand *out = op_operand_get(d, PROF_OPERAND_OUTPUT);
	double matrix, rows;

	p->k = in ? op_dim(in, 0) : op_dim(weight, 1);
	p->n = weight && p->k > 0 ? op_dim(weight, 0) * op_dim(weight, 1) / p->k : op_dim(out, 0);
	rows = p->n * p->k > 0 ? w->matrix_flops / (2 * p->n * p->k) : 0;
	matrix = weight ? op_dtype_bytes(weight->dtype, p->n * p->k) : 0;
	/* Experts in one kernel: as many products as experts are touched. */
	if (op_attr_get(d, PROF_ATTR_EXPERTS, 1) > 1 && matrix > 0 && w->weight_bytes > matrix)
		p->batch = fmin(rows, w->weight_bytes / matrix);
	p->m = rows / p->batch;
	p->b_bytes = w->weight_bytes;
}

static void matmul_product(const struct op_desc *d, const struct op_work *w, struct model_product *p)
{
	const struct op_operand *in = op_operand_get(d, PROF_OPERAND_INPUT);
	const struct op_operand *other = op_operand_get(d, PROF_OPERAND_OTHER);
	const struct op_operand *out = op_operand_get(d, PROF_OPERAND_OUTPUT);
	double rows = rows_of(out ? out : in);
	bool sums = op_attention_of(d) == OP_ATTENTION_OUTPUT; /* then the sum runs over the context */

	p->m = op_dim(out ? out : in, 1) * sharing(d, in, other);
	p->batch = p->m > 0 ? fmax(rows / p->m, 1) : 1;
	p->k = in ? op_dim(in, 0) : op_dim(other, 1);
	p->n = out ? op_dim(out, 0) : op_dim(other, 0);
	if (sums)
		p->k = w->matrix_flops / (2 * rows * p->n);
	else
		p->n = w->matrix_flops / (2 * rows * p->k);
	p->b_bytes = w->kv_bytes > 0
	                     ? w->kv_bytes
	                     : fmax(0, w->read_bytes - op_dtype_bytes(in ? in->dtype : 0, op_elements(in)));
}

static void attention_product(const struct op_desc *d, const struct op_work *w, struct model_product *p)
{
	const struct op_operand *q = op_operand_get(d, PROF_OPERAND_QUERY);
	const struct op_operand *key = op_operand_get(d, PROF_OPERAND_KEY);
	const struct op_operand *value = op_operand_get(d, PROF_OPERAND_VALUE);
	double rows = rows_of(q);

	p->m = op_dim(q, 1) * sharing(d, q, key);
	p->batch = p->m > 0 ? fmax(rows / p->m, 1) : 1;
	p->k = op_dim(q, 0) + op_dim(value ? value : q, 0); /* both products, one after the other */
	p->n = w->matrix_flops / (2 * rows * p->k);
	p->b_bytes = w->kv_bytes;
}

static void conv_product(const struct op_desc *d, const struct op_work *w, struct model_product *p)
{
	const struct op_operand *in = op_operand_get(d, PROF_OPERAND_INPUT);
	const struct op_operand *out = op_operand_get(d, PROF_OPERAND_OUTPUT);
	const struct op_operand *each = d->op == PROF_OP_DECONV2D ? in : out;
	double groups = fmax((double)op_attr_get(d, PROF_ATTR_GROUPS, 1), 1);
	double elements = op_elements(each);

	p->batch = groups;
	p->n = fmax(op_dim(each, 2) / groups, 1);
	p->m = elements / (p->n * groups);
	p->k = elements > 0 ? w->matrix_flops / (2 * elements) : 0;
	p->b_bytes = w->weight_bytes;
}

static void blas_product(const struct op_desc *d, const struct op_work *w, struct model_product *p)
{
	double m = (double)op_attr_get(d, PROF_ATTR_M, 1), n = (double)op_attr_get(d, PROF_ATTR_N, 1);
	double k = (double)op_attr_get(d, PROF_ATTR_K, 1);

	p->batch = fmax((double)op_attr_get(d, PROF_ATTR_BATCH, 1), 1);
	p->m = m;
	p->n = n;
	p->k = k;
	if (d->op == PROF_OP_GEMV) { /* the vector is the only row, the matrix is B */
		p->m = 1;
		p->n = m;
		p->k = n;
	}
	p->b_bytes = w->weight_bytes > 0 ? w->weight_bytes : w->read_bytes * p->n / (p->m + p->n);
}

bool model_product_of(const struct op_desc *d, const struct op_work *w, struct model_product *p)
{
	*p = (struct model_product){.batch = 1};
	if (w->matrix_flops <= 0)
		return false;
	switch (op_class(d->op)) {
	case PROF_CLASS_LINEAR:
		linear_product(d, w, p);
		break;
	case PROF_CLASS_MATMUL:
		matmul_product(d, w, p);
		break;
	case PROF_CLASS_ATTENTION:
		attention_product(d, w, p);
		break;
	case PROF_CLASS_CONV:
		conv_product(d, w, p);
		break;
	case PROF_CLASS_GEMM:
		blas_product(d, w, p);
		break;
	default:
		return false;
	}
	p->b_bytes = fmin(p->b_bytes, w->read_bytes);
	p->a_bytes = w->read_bytes - p->b_bytes;
	p->c_bytes = w->write_bytes;
	return p->m > 0 && p->n > 0 && p->k > 0 && isfinite(p->m * p->n * p->k * p->batch);
}

/* ---- units ---- */

static double rounded_up(double v, double to)
{
	return ceil(v / to) * to;
}

/* Blocks of one size: time in ns, and what it takes. Where there are fewer
 * blocks than units, the sum is cut so that more of them have work. */
static double blocks_ns(const struct model_product *p, const struct arch *a, double peak,
                        struct model_blocks *b)
{
	double units = arch_get(a, ARCH_UNITS, 1), tile_k = arch_get(a, ARCH_TILE_K, 1);
	double fill = arch_get(a, ARCH_FILL_K, 0);
	double blocks = ceil(p->m / b->block_m) * ceil(p->n / b->block_n) * p->batch;
	double cut = fmax(1, fmin(floor(units / blocks), floor(p->k / (tile_k + 4 * fill))));
	double k = rounded_up(p->k / cut, tile_k) + fill;
	double waves = ceil(blocks * cut / units);
	double each = 2 * b->block_m * b->block_n * k;
	double per_element = p->m * p->k * p->batch, other = p->k * p->n * p->batch;
	double bw = a->n_levels ? arch_level_get(a, 0, ARCH_LEVEL_BW, INFINITY) : INFINITY; /* bytes/ns */

	b->units = fmin(units, blocks * cut);
	b->inner_bytes = blocks * cut * k
	                 * (fmin(b->block_m, p->m) * p->a_bytes / per_element
	                    + fmin(b->block_n, p->n) * p->b_bytes / other);
	b->time_factor = fmax(1, waves * units * each / (2 * p->m * p->n * p->k * p->batch));
	return fmax(2 * p->m * p->n * p->k * p->batch * b->time_factor / peak, b->inner_bytes / bw);
}

/* Whether a profile tells of units at all. */
static bool says_shape(const struct arch *a)
{
	return !isnan(a->value[ARCH_TILE_M]) || !isnan(a->value[ARCH_TILE_N]) || !isnan(a->value[ARCH_TILE_K])
	       || !isnan(a->value[ARCH_FILL_K]) || !isnan(a->value[ARCH_UNITS]);
}

/* Whether a block is more than the product needs. */
static bool too_large(double block, double tile, double size)
{
	return block > tile && block >= 2 * rounded_up(size, tile);
}

void model_product_blocks(const struct model_product *p, const struct arch *a, double peak,
                          struct model_blocks *best)
{
	double tile_m = arch_get(a, ARCH_TILE_M, 1), tile_n = arch_get(a, ARCH_TILE_N, 1);
	double room = INFINITY, shortest;
	struct model_blocks b = {.block_m = tile_m, .block_n = tile_n};

	*best = (struct model_blocks){1, tile_m, tile_n, 1, p->a_bytes + p->b_bytes};
	if (!says_shape(a))
		return;
	if (a->n_levels)
		room = a->level[0][ARCH_LEVEL_BYTES] / arch_level_get(a, 0, ARCH_LEVEL_COPIES, 1);
	shortest = blocks_ns(p, a, peak, &b);
	*best = b;
	if (isnan(a->value[ARCH_TILE_M]) && isnan(a->value[ARCH_TILE_N])) {
		best->inner_bytes = p->a_bytes + p->b_bytes; /* nothing said of what units keep */
		return;
	}
	for (unsigned x = 0; x < CHOICES && !too_large(tile_m * (1u << x), tile_m, p->m); x++) {
		b.block_m = tile_m * (1u << x);
		for (unsigned y = 0; y < CHOICES && !too_large(tile_n * (1u << y), tile_n, p->n); y++) {
			double ns;

			b.block_n = tile_n * (1u << y);
			if (x + y == 0 || b.block_m * b.block_n * SUM_BYTES > room)
				continue;
			ns = blocks_ns(p, a, peak, &b);
			if (ns < shortest) {
				shortest = ns;
				*best = b;
			}
		}
	}
}

/* ---- memories ---- */

/* Bytes that pass when operands pass so often. */
static double passing(const struct model_product *p, double a_times, double b_times)
{
	return p->a_bytes * a_times + p->b_bytes * b_times;
}

/* 1, 2, 3, 4, 6, 8, 12, 16 ... */
static double next_strips(double n)
{
	int exponent;

	if (n < 2)
		return n + 1;
	return frexp(n, &exponent) == 0.5 ? n * 1.5 : n / 1.5 * 2;
}

void model_product_reread(const struct model_product *p, double bytes, double *a_times, double *b_times)
{
	double ba = p->a_bytes / (p->m * p->k * p->batch), bb = p->b_bytes / (p->k * p->n * p->batch);
	double panel_a, panel_b, best = INFINITY;

	*a_times = *b_times = 1;
	if (bytes <= 0 || !isfinite(bytes) || ba <= 0 || bb <= 0)
		return;
	/* A whole, with a column of B: nothing is read twice; likewise B, or C. */
	if (p->m * (p->k * ba + SUM_BYTES) + p->k * bb <= bytes
	    || p->n * (p->k * bb + SUM_BYTES) + p->k * ba <= bytes
	    || p->m * p->n * SUM_BYTES + p->m * ba + p->n * bb <= bytes)
		return;
	/* A block of C, the sum streamed: B in 1, 2, 3, 4, 6, 8, 12 ... strips, and
	 * as many rows as then fit. */
	for (double strips = 1; strips < 2 * p->n; strips = next_strips(strips)) {
		double columns = ceil(p->n / fmin(strips, p->n));
		double rows = fmax(1, floor((bytes - columns * bb) / (columns * SUM_BYTES + ba)));
		double a_passes = ceil(p->n / columns), b_passes = ceil(p->m / rows);

		if (passing(p, a_passes, b_passes) < best) {
			*a_times = a_passes;
			*b_times = b_passes;
			best = passing(p, a_passes, b_passes);
		}
	}
	/* Rows of A kept whole while B passes, or columns of B while A passes. */
	panel_a = floor((bytes - p->k * bb) / (p->k * ba + SUM_BYTES));
	panel_b = floor((bytes - p->k * ba) / (p->k * bb + SUM_BYTES));
	if (panel_a >= 1 && passing(p, 1, ceil(p->m / panel_a)) < best) {
		*a_times = 1;
		*b_times = ceil(p->m / panel_a);
		best = passing(p, *a_times, *b_times);
	}
	if (panel_b >= 1 && passing(p, ceil(p->n / panel_b), 1) < best) {
		*a_times = ceil(p->n / panel_b);
		*b_times = 1;
	}
}
