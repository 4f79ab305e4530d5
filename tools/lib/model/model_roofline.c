/* model_roofline.c: the default cost model: true work against what a device can do.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A price is the sum of terms (model_terms.def), each a function of its own of
 * the operation's shapes and of the profile's keys: a key that is left out makes
 * its term nothing. Formulas and sources: docs/cost_models.md, "roofline".
 * Inside, one device's share is priced; at the end it is multiplied.
 */
#include <math.h>

#include "tools/lib/model/model_calibrated.h"
#include "tools/lib/model/model_group.h"
#include "tools/lib/model/model_job.h"
#include "tools/lib/model/model_memory.h"
#include "tools/lib/model/model_product.h"
#include "tools/lib/model/op_math.h"

/* Operations of a vector unit for one exp, tanh, rsqrt, sine or cosine where a
 * profile does not say: range reduction and a polynomial of degree four, with
 * multiply-adds as two. Assumed. */
#define SPECIAL_OPS 10.0

/* Vector peak over matrix peak where a profile does not say. Assumed: the
 * ratio of current GPUs between vector and matrix units in half precision. */
#define VECTOR_SHARE (1.0 / 16)

/* The stored type of a product's stationary operand, which decides what units
 * and kernels it runs on. */
static unsigned product_dtype(const struct op_desc *d)
{
	static const enum prof_operand roles[] = {PROF_OPERAND_WEIGHT, PROF_OPERAND_OTHER, PROF_OPERAND_KEY,
	                                          PROF_OPERAND_INPUT};

	for (unsigned i = 0; i < sizeof roles / sizeof *roles; i++) {
		const struct op_operand *o = op_operand_get(d, roles[i]);

		if (o)
			return o->dtype;
	}
	return PROF_DTYPE_FLOAT32;
}

/* One price in progress. */
struct pricing {
	const struct op_desc *d;
	const struct arch *a;
	const struct model_device *dev;
	struct op_work whole, w;       /* of all devices; of one */
	const struct model_product *p; /* of one device, or null */
	struct model_share share;
	struct model_blocks blocks;
	struct model_parts *out;
};

static bool on(const struct pricing *x, enum model_term t)
{
	return !(x->dev->options->without >> t & 1);
}

static void put(struct pricing *x, enum model_term t, struct model_part part)
{
	if (on(x, t))
		x->out->part[t] = part;
}

/* Of the stored type where the profile tells that, else of the arithmetic. */
static double by_dtype(const struct arch *a, enum arch_rates rates, unsigned dtype, double otherwise)
{
	double rate = dtype < PROF_DTYPE_LIMIT ? a->by_dtype[rates][dtype] : NAN;

	return isnan(rate) ? otherwise : rate;
}

/* FLOP per ns. */
static double matrix_rate(const struct op_desc *d, const struct arch *a)
{
	unsigned dtype = product_dtype(d);
	double peak = a->value[ARCH_TFLOPS];

	if (dtype == PROF_DTYPE_INT4)
		peak = arch_get(a, ARCH_TFLOPS_INT4, peak);
	return by_dtype(a, ARCH_RATES_TFLOPS, dtype, peak) * 1e3 * arch_get(a, ARCH_COMPUTE_EFF, 1);
}

/* Of the first operand's type; the scores that attention works on are sums of products. */
static double vector_rate(const struct op_desc *d, const struct arch *a)
{
	double peak = arch_get(a, ARCH_VECTOR_TFLOPS, a->value[ARCH_TFLOPS] * VECTOR_SHARE);
	bool sums = !d->n_operands || op_class(d->op) == PROF_CLASS_ATTENTION;
	unsigned dtype = sums ? PROF_DTYPE_FLOAT32 : d->operands[0].dtype;

	return by_dtype(a, ARCH_RATES_VECTOR, dtype, peak) * 1e3 * arch_get(a, ARCH_COMPUTE_EFF, 1);
}

/* ---- computing ---- */

static void matrix_part(struct pricing *x)
{
	double flops = x->w.matrix_flops, rate = matrix_rate(x->d, x->a), ns = flops / rate, longer;
	double pj = by_dtype(x->a, ARCH_RATES_PJ, product_dtype(x->d), x->a->value[ARCH_PJ_PER_TFLOP]);

	put(x, MODEL_TERM_MATRIX, (struct model_part){ns, flops / 1e12 * pj, flops, rate});
	if (!x->p || !on(x, MODEL_TERM_SHAPE))
		return;
	model_product_blocks(x->p, x->a, rate, &x->blocks);
	x->out->block_m = x->blocks.block_m;
	x->out->block_n = x->blocks.block_n;
	longer = ns * (x->blocks.time_factor - 1);
	/* Few rows leave a matrix unit mostly idle: then vector units may be faster. */
	if (x->p->m < arch_get(x->a, ARCH_TILE_M, 1) && !isnan(x->a->value[ARCH_VECTOR_TFLOPS]))
		longer = fmin(longer, fmax(0, flops / vector_rate(x->d, x->a) - ns));
	put(x, MODEL_TERM_SHAPE, (struct model_part){longer, 0, longer * rate, rate});
}

/* Over full vectors on all units: rows that are no multiple of the lanes, and
 * units without work. Kernels over rows (a norm, a softmax) give a unit whole rows. */
static double row_factor(struct pricing *x, double *units_used)
{
	const struct op_operand *o = op_operand_get(x->d, PROF_OPERAND_OUTPUT);
	enum prof_op_class cls = op_class(x->d->op);
	double units = arch_get(x->a, ARCH_UNITS, 1), lanes = arch_get(x->a, ARCH_VECTOR_LANES, 1);
	double elements, columns, vectors, tasks;

	o = o ? o : op_operand_get(x->d, PROF_OPERAND_INPUT);
	columns = fmax(op_dim(o, 0), 1);
	elements = op_elements(o) * (x->whole.write_bytes > 0 ? x->w.write_bytes / x->whole.write_bytes : 1);
	if (!o || elements <= 0 || (cls != PROF_CLASS_ELEMENT && cls != PROF_CLASS_ROWS))
		return 1;
	vectors = ceil(columns / lanes);
	tasks = ceil(elements / columns) * (cls == PROF_CLASS_ROWS ? 1 : vectors);
	*units_used = fmin(units, tasks);
	return fmax(1,
	            ceil(tasks / units) * units * lanes * (cls == PROF_CLASS_ROWS ? vectors : 1) / elements);
}

static void vector_part(struct pricing *x)
{
	const struct arch *a = x->a;
	double ops =
	        x->w.flops - x->w.matrix_flops + x->w.special * arch_get(a, ARCH_SPECIAL_OPS, SPECIAL_OPS);
	double rate = vector_rate(x->d, a), ns = ops / rate, pj = arch_get(a, ARCH_VECTOR_PJ, NAN);
	double factor = x->p ? 1 : row_factor(x, &x->blocks.units);

	if (isnan(pj))
		pj = a->value[ARCH_PJ_PER_TFLOP];
	put(x, MODEL_TERM_VECTOR, (struct model_part){ns, ops / 1e12 * pj, ops, rate});
	if (!x->p)
		put(x, MODEL_TERM_SHAPE, (struct model_part){ns * (factor - 1), 0, ops * (factor - 1), rate});
}

/* Weights of block formats are unpacked on the vector units. */
static void unpack_part(struct pricing *x)
{
	const struct op_operand *weight = op_operand_get(x->d, PROF_OPERAND_WEIGHT);
	double ops = arch_get(x->a, ARCH_UNPACK_OPS, 0), rate, weights;

	if (!weight || !x->p || ops <= 0 || !op_dtype_is_blocked(weight->dtype))
		return;
	rate = vector_rate(x->d, x->a);
	weights = x->p->n * x->p->k * x->p->batch;
	put(x, MODEL_TERM_UNPACK,
	    (struct model_part){weights * ops / rate,
	                        weights * ops / 1e12
	                                * arch_get(x->a, ARCH_VECTOR_PJ, x->a->value[ARCH_PJ_PER_TFLOP]),
	                        weights, rate / ops});
}

/* ---- memory ---- */

static bool fused(const struct pricing *x)
{
	return op_class(x->d->op) == PROF_CLASS_ELEMENT && arch_get(x->a, ARCH_FUSES, 0) > 0
	       && on(x, MODEL_TERM_RESIDENCY);
}

static void memory_parts(struct pricing *x)
{
	const struct op_operand *in = op_operand_get(x->d, PROF_OPERAND_INPUT);
	struct model_traffic t = {
	        .arch = x->a,
	        .product = x->p,
	        .inner_bytes = x->p ? x->blocks.inner_bytes : 0,
	        .weights = x->w.weight_bytes,
	        .cache = x->w.kv_bytes,
	        .read = fmax(0, x->w.read_bytes - x->w.weight_bytes - x->w.kv_bytes),
	        .written = x->w.write_bytes,
	        .resident = x->dev->resident_bytes,
	        .streamed = on(x, MODEL_TERM_STREAM) ? x->dev->streamed : 0,
	        .tiling = on(x, MODEL_TERM_TILING),
	        .residency = on(x, MODEL_TERM_RESIDENCY),
	};
	double bw = x->a->value[ARCH_MEM_BW] * arch_get(x->a, ARCH_MEMORY_EFF, 1);
	double each = x->a->value[ARCH_MEM_PJ] * 8, gone = 0;

	if (fused(x) && in) {
		gone = fmin(t.read, op_dtype_bytes(in->dtype, op_elements(in))) + t.written;
		t.read = fmax(0, t.read + t.written - gone);
		t.written = 0;
	}
	if (!isnan(x->a->value[ARCH_UNIT_BW]) && on(x, MODEL_TERM_SHAPE))
		bw = fmin(bw, fmax(1, x->blocks.units) * x->a->value[ARCH_UNIT_BW]);
	model_traffic_make(&t);
	x->out->reread_a = t.reread_a;
	x->out->reread_b = t.reread_b;
	put(x, MODEL_TERM_WEIGHTS,
	    (struct model_part){t.main[MODEL_WEIGHTS] / bw, t.main[MODEL_WEIGHTS] * each,
	                        t.main[MODEL_WEIGHTS], bw});
	put(x, MODEL_TERM_ACTIVATIONS,
	    (struct model_part){t.main[MODEL_ACTIVATIONS] / bw, t.main[MODEL_ACTIVATIONS] * each,
	                        t.main[MODEL_ACTIVATIONS], bw});
	put(x, MODEL_TERM_CACHE,
	    (struct model_part){t.main[MODEL_CACHE] / bw, t.main[MODEL_CACHE] * each, t.main[MODEL_CACHE],
	                        bw});
	put(x, MODEL_TERM_TILING, (struct model_part){t.again / bw, t.again * each, t.again, bw});
	put(x, MODEL_TERM_RESIDENCY, (struct model_part){0, 0, t.stayed + gone, 0});
	put(x, MODEL_TERM_LEVELS,
	    (struct model_part){t.level_ns, t.level_pj, t.level_bytes,
	                        t.level_ns > 0 ? t.level_bytes / t.level_ns : 0});
	if (t.main[0] + t.main[1] + t.main[2] > 0 && arch_get(x->a, ARCH_MEM_NS, 0) > 0)
		put(x, MODEL_TERM_LATENCY,
		    (struct model_part){x->a->value[ARCH_MEM_NS], 0, 1, 1 / x->a->value[ARCH_MEM_NS]});
	if (t.over_link > 0)
		put(x, MODEL_TERM_STREAM,
		    (struct model_part){t.over_link / x->a->value[ARCH_H2D_BW],
		                        t.over_link * 8 * x->a->value[ARCH_H2D_PJ], t.over_link,
		                        x->a->value[ARCH_H2D_BW]});
}

/* ---- together ---- */

static double ns_of(const struct model_parts *p, enum model_term from, enum model_term to)
{
	double sum = 0;

	for (unsigned i = from; i <= to; i++)
		sum += p->part[i].ns;
	return sum;
}

/* What works side by side: units, memory, memories on the chip, the link. */
struct busy {
	double compute, memory, chip, link;
};

static struct busy busy_of(const struct model_parts *p)
{
	return (struct busy){
	        .compute = ns_of(p, MODEL_TERM_MATRIX, MODEL_TERM_UNPACK),
	        .memory = ns_of(p, MODEL_TERM_WEIGHTS, MODEL_TERM_TILING) + p->part[MODEL_TERM_LATENCY].ns,
	        .chip = p->part[MODEL_TERM_LEVELS].ns,
	        .link = p->part[MODEL_TERM_STREAM].ns,
	};
}

static void overlap_part(struct pricing *x)
{
	struct busy b = busy_of(x->out);
	double all = b.compute + b.memory + b.chip + b.link;
	double most = fmax(fmax(b.compute, b.memory), fmax(b.chip, b.link));
	double hidden = (all - most) * arch_get(x->a, ARCH_OVERLAP, 1);

	put(x, MODEL_TERM_OVERLAP, (struct model_part){-hidden, 0, hidden, 0});
}

static void link_parts(struct pricing *x)
{
	double launch = fused(x) ? 0 : arch_get(x->a, ARCH_LAUNCH_NS, 0);
	struct model_exchange e;

	if (launch > 0)
		put(x, MODEL_TERM_LAUNCH, (struct model_part){launch, 0, 1, 1 / launch});
	model_group_exchange(x->d, x->dev, &x->whole, &e);
	if (e.bytes > 0)
		put(x, MODEL_TERM_INTERCONNECT,
		    (struct model_part){e.ns, e.pj / x->share.devices, e.bytes / x->share.devices,
		                        e.ns > 0 ? e.bytes / x->share.devices / e.ns : 0});
}

/* Power: W is 1000 pJ per ns. */
static void power_parts(struct pricing *x)
{
	double watts = arch_get(x->a, ARCH_STATIC_W, 0), pj = 0, ns, longer = 0;
	double limit = arch_get(x->a, ARCH_LIMIT_W, INFINITY) - watts;

	if (isinf(limit))
		return;
	ns = ns_of(x->out, 0, MODEL_N_TERMS - 1);
	for (unsigned i = 0; i < MODEL_N_TERMS; i++)
		pj += x->out->part[i].pj;
	if (limit > 0 && pj > limit * 1e3 * ns)
		longer = pj / (limit * 1e3) - ns;
	if (longer > 0)
		put(x, MODEL_TERM_POWER, (struct model_part){longer, 0, limit + watts, 0});
}

/* From one device's share to all of them. */
static void multiply(struct pricing *x)
{
	const struct model_share *s = &x->share;
	double watts = arch_get(x->a, ARCH_STATIC_W, 0) * model_group_devices(x->dev->options);
	bool alone = s->slots == 1 && s->repeats == 1 && s->devices == 1;

	for (unsigned i = 0; i < MODEL_N_TERMS && !alone; i++) {
		struct model_part *p = &x->out->part[i];

		p->ns *= s->slots;
		p->pj *= s->repeats * s->devices;
		if (i != MODEL_TERM_POWER)
			p->amount *= s->repeats * s->devices;
	}
	if (watts > 0) {
		double ns = ns_of(x->out, 0, MODEL_N_TERMS - 1);

		put(x, MODEL_TERM_STATIC, (struct model_part){0, watts * ns * 1e3, watts, 0});
	}
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

/* The smaller of a sequence's context and the window; 0: as shapes say. */
static double within_window(double ctx, const struct model_options *o)
{
	double window = o->sliding_window > 0 ? (double)o->sliding_window : 0;

	return window > 0 && (ctx <= 0 || window < ctx) ? window : ctx;
}

/* How many sequences lie along the dimension that is the context: all of them in a
 * cache that they share, one where another dimension tells them apart, as it must
 * where this one is too short for all. */
static double sequences_along(const struct op_desc *d, const struct model_ctx *ctx)
{
	struct op_context shape;

	if (ctx->sequences <= 1)
		return 1;
	shape = op_context_of(d);
	if (shape.planes <= 1)
		return shape.length < ctx->bytes ? 1 : ctx->sequences;
	return fmax(ctx->sequences / shape.planes, 1);
}

/* Work in the step's context: bytes for what is in the cache, FLOPs for what a row sees. */
static void work_in_context(const struct op_desc *d, const struct model_options *o,
                            const struct model_ctx *ctx, struct op_work *w)
{
	double own = within_window(ctx->bytes / fmax(ctx->sequences, 1), o), mean = ctx->flops, seen;

	if (!op_sees_context(d) || own <= 0) {
		op_work(d, 0, w);
		return;
	}
	seen = own * sequences_along(d, ctx);
	op_work(d, seen, w);
	mean = mean > 0 ? fmin(mean, own) : own;
	if (mean < seen) {
		w->flops *= mean / seen;
		w->matrix_flops *= mean / seen;
		w->special *= mean / seen;
	}
}

void model_job_make(struct model_job *job, const struct op_desc *d, const struct model_options *o,
                    const struct model_ctx *ctx)
{
	job->d = adapted(d, o, &job->copy);
	work_in_context(job->d, o, ctx, &job->whole);
	job->w = job->whole;
	job->is_product = model_product_of(job->d, &job->w, &job->product);
	model_group_share(job->d, o, &job->w, job->is_product ? &job->product : NULL, &job->share);
}

void model_roofline_parts(const struct model_job *job, const struct model_device *dev,
                          struct model_parts *parts)
{
	struct pricing x = {.d = job->d,
	                    .a = dev->arch,
	                    .dev = dev,
	                    .whole = job->whole,
	                    .w = job->w,
	                    .p = job->is_product ? &job->product : NULL,
	                    .share = job->share,
	                    .out = parts};

	memset(parts, 0, sizeof *parts);
	x.blocks.units = arch_get(x.a, ARCH_UNITS, 1);
	if (x.p) {
		parts->m = x.p->m;
		parts->n = x.p->n;
		parts->k = x.p->k;
		parts->batch = x.p->batch;
	}
	matrix_part(&x);
	vector_part(&x);
	unpack_part(&x);
	memory_parts(&x);
	overlap_part(&x);
	link_parts(&x);
	model_calibrated_parts(x.d, dev, parts);
	power_parts(&x);
	multiply(&x);
}

static enum cost_limit limit_of(const struct cost *c, const struct busy *b)
{
	double memory = fmax(b->memory, b->chip), busy = fmax(b->compute, memory);

	if (c->cell[COST_TIME] == 0)
		return LIMIT_NONE;
	if (c->cell[COST_NS_LINK] > fmax(busy, b->link) && c->cell[COST_NS_LINK] > c->cell[COST_NS_LAUNCH])
		return LIMIT_LINK;
	if (c->cell[COST_NS_LAUNCH] > fmax(busy, b->link))
		return LIMIT_LAUNCH;
	if (b->link > busy)
		return LIMIT_TRANSFER;
	if (b->compute >= memory)
		return LIMIT_COMPUTE;
	return c->cell[COST_NS_KV] > c->cell[COST_NS_MEM] ? LIMIT_CACHE : LIMIT_MEMORY;
}

void model_roofline_price(const struct model_job *job, const struct model_device *dev, struct cost *c)
{
	struct model_parts p;
	struct busy b;

	memset(c, 0, sizeof *c);
	model_roofline_parts(job, dev, &p);
	b = busy_of(&p);
	c->cell[COST_TIME] = ns_of(&p, 0, MODEL_N_TERMS - 1);
	c->cell[COST_NS_COMPUTE] = b.compute;
	c->cell[COST_NS_KV] = p.part[MODEL_TERM_CACHE].ns;
	c->cell[COST_NS_MEM] = p.part[MODEL_TERM_WEIGHTS].ns + p.part[MODEL_TERM_ACTIVATIONS].ns
	                       + p.part[MODEL_TERM_TILING].ns + p.part[MODEL_TERM_LATENCY].ns;
	c->cell[COST_NS_CHIP] = b.chip;
	c->cell[COST_NS_H2D] = b.link;
	c->cell[COST_NS_LAUNCH] = p.part[MODEL_TERM_LAUNCH].ns;
	c->cell[COST_NS_LINK] = p.part[MODEL_TERM_INTERCONNECT].ns;
	c->cell[COST_NS_POWER] = p.part[MODEL_TERM_POWER].ns;
	for (unsigned i = MODEL_TERM_MATRIX; i <= MODEL_TERM_UNPACK; i++)
		c->cell[COST_PJ_COMPUTE] += p.part[i].pj;
	for (unsigned i = MODEL_TERM_WEIGHTS; i <= MODEL_TERM_TILING; i++)
		c->cell[COST_PJ_MEM] += p.part[i].pj;
	c->cell[COST_PJ_CHIP] = p.part[MODEL_TERM_LEVELS].pj;
	c->cell[COST_PJ_H2D] = p.part[MODEL_TERM_STREAM].pj;
	c->cell[COST_BYTES_H2D] = p.part[MODEL_TERM_STREAM].amount;
	c->cell[COST_PJ_LINK] = p.part[MODEL_TERM_INTERCONNECT].pj;
	c->cell[COST_PJ_STATIC] = p.part[MODEL_TERM_STATIC].pj;
	c->limit = limit_of(c, &b);
}

void model_roofline_moved_bytes(const struct op_desc *d, const struct model_options *o, double *in,
                                double *out)
{
	struct op_desc copy;
	struct op_work w;

	op_work(adapted(d, o, &copy), 0, &w);
	*in = w.read_bytes - w.weight_bytes - w.kv_bytes;
	*out = w.write_bytes;
}
