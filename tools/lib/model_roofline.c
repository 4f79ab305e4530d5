/* model_roofline.c: the default cost model: true work against peaks.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * time = max(compute, memory) + launch + interconnect, where compute is
 * matrix products against the matrix peak plus the rest against the vector
 * peak, memory is every byte read and written against the bandwidth, and both
 * are divided by the efficiency that kernels reach. Each term is a function of
 * its own. Formulas and sources: docs/cost_models.md, "roofline".
 */
#include <math.h>

#include "tools/lib/model.h"
#include "tools/lib/op_math.h"

/* Operations of a vector unit for one exp, tanh, rsqrt, sine or cosine: range
 * reduction and a polynomial of degree four, with multiply-adds as two.
 * Assumed. */
#define SPECIAL_FLOPS 10.0

/* Vector peak over matrix peak where a profile does not say. Assumed: the
 * ratio of current GPUs between vector and matrix units in half precision. */
#define VECTOR_SHARE (1.0 / 16)

static unsigned arithmetic_of(unsigned dtype)
{
	static const char *const classes[PROF_DTYPE_LIMIT] = {
#define PROF_DTYPE(number, id, name, block, bytes, compute) [number] = compute,
#include <prof/dtypes.def>
#undef PROF_DTYPE
	};
	int found;

	if (dtype == PROF_DTYPE_INT4)
		return PROF_DTYPE_INT4;
	found = dtype < PROF_DTYPE_LIMIT && classes[dtype] ? op_dtype_from_name(classes[dtype]) : -1;
	return found >= 0 ? (unsigned)found : PROF_DTYPE_FLOAT32;
}

/* The data type that decides which units a matrix product runs on: that of its
 * stationary operand. */
static unsigned product_dtype(const struct op_desc *d)
{
	static const enum prof_operand roles[] = {PROF_OPERAND_WEIGHT, PROF_OPERAND_OTHER, PROF_OPERAND_KEY,
	                                          PROF_OPERAND_INPUT};

	for (unsigned i = 0; i < sizeof roles / sizeof *roles; i++) {
		const struct op_operand *o = op_operand_get(d, roles[i]);

		if (o)
			return arithmetic_of(o->dtype);
	}
	return PROF_DTYPE_FLOAT32;
}

static double matrix_tflops(const struct op_desc *d, const struct arch *a)
{
	unsigned dtype = product_dtype(d);

	if (!isnan(a->tflops_by_dtype[dtype]))
		return a->tflops_by_dtype[dtype];
	if (dtype == PROF_DTYPE_INT4)
		return arch_get(a, ARCH_TFLOPS_INT4, a->value[ARCH_TFLOPS]);
	return a->value[ARCH_TFLOPS];
}

static double vector_flops(const struct op_work *w)
{
	return w->flops - w->matrix_flops + w->special * SPECIAL_FLOPS;
}

static double compute_ns(const struct op_desc *d, const struct arch *a, const struct op_work *w)
{
	double vector = arch_get(a, ARCH_VECTOR_TFLOPS, a->value[ARCH_TFLOPS] * VECTOR_SHARE);
	double tera_s = w->matrix_flops / matrix_tflops(d, a) + vector_flops(w) / vector;

	return tera_s / 1e3 / arch_get(a, ARCH_COMPUTE_EFF, 1);
}

/* Bytes through the device's memory but for the cache of keys and values:
 * activations that fit on the chip stay there. */
static double memory_bytes(const struct arch *a, const struct op_work *w)
{
	double activations = w->read_bytes - w->weight_bytes - w->kv_bytes + w->write_bytes;

	if (activations <= arch_get(a, ARCH_BUFFER_BYTES, 0))
		activations = 0;
	return w->weight_bytes + activations;
}

/* What chips tell each other after a product whose rows they share: each gets
 * what the others computed. */
static double exchanged_bytes(const struct arch *a, const struct op_work *w)
{
	double chips = arch_get(a, ARCH_CHIPS, 1);

	if (chips <= 1 || w->matrix_flops == 0 || isnan(a->value[ARCH_LINK_BW]))
		return 0;
	return w->write_bytes * (chips - 1) / chips;
}

/* Whether the options, or what the trace does not know, change anything. */
static bool needs_copy(const struct op_desc *d, const struct model_options *o)
{
	if (o->dtype >= 0 || o->kv_heads > 0)
		return true;
	for (unsigned i = 0; i < d->n_operands; i++)
		if (d->operands[i].dtype == PROF_DTYPE_UNKNOWN)
			return true;
	return false;
}

/* A copy with the data types and heads that the options ask for; a type nobody
 * knows counts as float32. Indices and masks keep theirs. */
static const struct op_desc *adapted(const struct op_desc *d, const struct model_options *o,
                                     struct op_desc *copy)
{
	if (!needs_copy(d, o))
		return d;
	*copy = *d;
	for (unsigned i = 0; i < copy->n_operands; i++) {
		struct op_operand *p = &copy->operands[i];

		if (p->role == PROF_OPERAND_INDEX || p->role == PROF_OPERAND_MASK)
			continue;
		if (o->dtype >= 0)
			p->dtype = (uint8_t)o->dtype;
		else if (p->dtype == PROF_DTYPE_UNKNOWN)
			p->dtype = PROF_DTYPE_FLOAT32;
	}
	if (o->kv_heads > 0 && copy->n_attrs < PROF_MAX_ATTRS && !op_attr_get(d, PROF_ATTR_HEADS_KV, 0))
		copy->attrs[copy->n_attrs++] = (struct op_attr){PROF_ATTR_HEADS_KV, o->kv_heads};
	return copy;
}

/* The smaller of the step's context and the window; 0: as shapes say. */
static uint64_t within_window(uint64_t ctx, const struct model_options *o)
{
	uint64_t window = o->sliding_window > 0 ? (uint64_t)o->sliding_window : 0;

	return window && (!ctx || window < ctx) ? window : ctx;
}

/* Work in the step's context: bytes for the longest one, FLOPs for the mean. */
static void work_in_context(const struct op_desc *d, const struct model_options *o,
                            const struct model_ctx *ctx, struct op_work *w)
{
	uint64_t seen = within_window(ctx->bytes, o);
	double mean = ctx->flops;

	op_work(d, seen, w);
	if (seen && mean > 0 && mean < (double)seen && op_sees_context(d)) {
		w->flops *= mean / (double)seen;
		w->matrix_flops *= mean / (double)seen;
		w->special *= mean / (double)seen;
	}
}

static enum cost_limit limit_of(const struct cost *c, double memory_ns)
{
	double busy = fmax(c->cell[COST_NS_COMPUTE], memory_ns);

	if (c->cell[COST_TIME] == 0)
		return LIMIT_NONE;
	if (c->cell[COST_NS_LINK] > busy && c->cell[COST_NS_LINK] > c->cell[COST_NS_LAUNCH])
		return LIMIT_LINK;
	if (c->cell[COST_NS_LAUNCH] > busy)
		return LIMIT_LAUNCH;
	if (c->cell[COST_NS_COMPUTE] >= memory_ns)
		return LIMIT_COMPUTE;
	return c->cell[COST_NS_KV] > c->cell[COST_NS_MEM] ? LIMIT_CACHE : LIMIT_MEMORY;
}

void model_roofline_price(const struct op_desc *desc, const struct arch *a, const struct model_options *o,
                          const struct model_ctx *ctx, struct cost *c)
{
	struct op_desc copy;
	const struct op_desc *d = adapted(desc, o, &copy);
	double bandwidth = a->value[ARCH_MEM_BW] * arch_get(a, ARCH_MEMORY_EFF, 1);
	double memory_ns, exchanged;
	struct op_work w;

	memset(c, 0, sizeof *c);
	work_in_context(d, o, ctx, &w);
	exchanged = exchanged_bytes(a, &w);
	c->cell[COST_NS_COMPUTE] = compute_ns(d, a, &w);
	c->cell[COST_NS_MEM] = memory_bytes(a, &w) / bandwidth;
	c->cell[COST_NS_KV] = w.kv_bytes / bandwidth;
	c->cell[COST_NS_LAUNCH] = arch_get(a, ARCH_LAUNCH_NS, 0);
	if (exchanged > 0)
		c->cell[COST_NS_LINK] =
		        arch_get(a, ARCH_LINK_NS, 0) + exchanged / arch_get(a, ARCH_LINK_BW, INFINITY);
	memory_ns = c->cell[COST_NS_MEM] + c->cell[COST_NS_KV];
	c->cell[COST_TIME] =
	        fmax(c->cell[COST_NS_COMPUTE], memory_ns) + c->cell[COST_NS_LAUNCH] + c->cell[COST_NS_LINK];
	c->cell[COST_PJ_COMPUTE] = (w.matrix_flops + vector_flops(&w)) / 1e12 * a->value[ARCH_PJ_PER_TFLOP];
	c->cell[COST_PJ_MEM] = (memory_bytes(a, &w) + w.kv_bytes) * 8 * a->value[ARCH_MEM_PJ];
	c->cell[COST_PJ_LINK] = exchanged * 8 * arch_get(a, ARCH_LINK_PJ, 0);
	c->cell[COST_PJ_STATIC] = arch_get(a, ARCH_STATIC_W, 0) * c->cell[COST_TIME] * 1e3;
	c->limit = limit_of(c, memory_ns);
}

double model_roofline_input_bytes(const struct op_desc *desc, const struct model_options *o)
{
	struct op_desc copy;
	const struct op_desc *d = adapted(desc, o, &copy);
	struct op_work w;

	op_work(d, 0, &w);
	return w.read_bytes - w.weight_bytes - w.kv_bytes;
}

double model_roofline_output_bytes(const struct op_desc *desc, const struct model_options *o)
{
	struct op_desc copy;
	struct op_work w;

	op_work(adapted(desc, o, &copy), 0, &w);
	return w.write_bytes;
}
