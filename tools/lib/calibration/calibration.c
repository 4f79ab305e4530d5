/* calibration.c: times of operations from a host's own measurements.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/calibration/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/support/arena.h"
#include "tools/lib/model/op_math.h"

/* Operations of a vector unit for an exp, tanh, rsqrt, sine or cosine, as in
 * model_roofline.c; what a kernel really needs is in the fitted coefficient. */
#define SPECIAL_FLOPS 10.0

const char *const calibration_rows_names[] = {"any", "one", "many", NULL};
const char *const calibration_terms_names[FIT_TERMS] = {"launch_ns", "sync_ns", "compute",
                                                        "weights",   "inputs",  "outputs"};

struct calibration_bandwidth *calibration_add_bandwidth(struct calibration *c)
{
	void *grown = array_grow(c->bandwidth, &c->bandwidth_capacity, c->n_bandwidth, sizeof *c->bandwidth);

	if (!grown)
		return NULL;
	c->bandwidth = grown;
	memset(&c->bandwidth[c->n_bandwidth], 0, sizeof *c->bandwidth);
	return &c->bandwidth[c->n_bandwidth++];
}

struct calibration_compute *calibration_add_compute(struct calibration *c)
{
	void *grown = array_grow(c->compute, &c->compute_capacity, c->n_compute, sizeof *c->compute);

	if (!grown)
		return NULL;
	c->compute = grown;
	memset(&c->compute[c->n_compute], 0, sizeof *c->compute);
	return &c->compute[c->n_compute++];
}

struct calibration_rate *calibration_add_rate(struct calibration *c)
{
	void *grown = array_grow(c->rates, &c->rates_capacity, c->n_rates, sizeof *c->rates);

	if (!grown)
		return NULL;
	c->rates = grown;
	memset(&c->rates[c->n_rates], 0, sizeof *c->rates);
	return &c->rates[c->n_rates++];
}

void calibration_free(struct calibration *c)
{
	if (!c)
		return;
	free(c->bandwidth);
	free(c->compute);
	free(c->rates);
	free(c);
}

/* ---- what was measured, in between ---- */

/* Of `threads`: GB/s at `bytes`; the time of a byte is on a line over log(bytes),
 * as it is where a part of the data has left a cache. */
static double bandwidth_of(const struct calibration *c, double threads, double bytes)
{
	const struct calibration_bandwidth *below = NULL, *above = NULL;
	double part;

	for (unsigned i = 0; i < c->n_bandwidth; i++) {
		const struct calibration_bandwidth *b = &c->bandwidth[i];

		if (b->threads != threads)
			continue;
		if (b->bytes <= bytes && (!below || b->bytes > below->bytes))
			below = b;
		if (b->bytes >= bytes && (!above || b->bytes < above->bytes))
			above = b;
	}
	if (!below || !above || below->bytes == above->bytes)
		return below ? below->gb_s : above ? above->gb_s : 0;
	part = log(bytes / below->bytes) / log(above->bytes / below->bytes);
	return 1 / ((1 - part) / below->gb_s + part / above->gb_s);
}

static double best_of(const struct calibration *c, double threads, unsigned dtype)
{
	double best = 0;

	for (unsigned i = 0; i < c->n_compute; i++)
		if (c->compute[i].threads == threads && c->compute[i].dtype == dtype)
			best = fmax(best, c->compute[i].gflop_s);
	return best;
}

/* The nearest measured thread counts at or below and at or above. */
static void threads_around(const struct calibration *c, double threads, double *low, double *high)
{
	*low = 0;
	*high = INFINITY;
	for (unsigned i = 0; i < c->n_bandwidth + c->n_compute; i++) {
		double t =
		        i < c->n_bandwidth ? c->bandwidth[i].threads : c->compute[i - c->n_bandwidth].threads;

		if (t <= threads)
			*low = fmax(*low, t);
		if (t >= threads)
			*high = fmin(*high, t);
	}
	if (*low == 0)
		*low = *high;
	if (isinf(*high))
		*high = *low;
}

static double between(double threads, double low, double at_low, double high, double at_high)
{
	if (low == high)
		return at_low;
	return at_low + (threads - low) / (high - low) * (at_high - at_low);
}

double calibration_bandwidth_at(const struct calibration *c, double threads, double bytes)
{
	double low, high;

	threads_around(c, threads, &low, &high);
	return between(threads, low, bandwidth_of(c, low, bytes), high, bandwidth_of(c, high, bytes));
}

double calibration_gflop_s(const struct calibration *c, double threads, unsigned dtype)
{
	double low, high, rate;

	threads_around(c, threads, &low, &high);
	rate = between(threads, low, best_of(c, low, dtype), high, best_of(c, high, dtype));
	if (rate > 0 || dtype == PROF_DTYPE_FLOAT32)
		return rate;
	return calibration_gflop_s(c, threads, PROF_DTYPE_FLOAT32);
}

/* ---- operations ---- */

static const struct op_operand *kernel_operand(const struct op_desc *d)
{
	static const enum prof_operand roles[] = {PROF_OPERAND_WEIGHT, PROF_OPERAND_KEY, PROF_OPERAND_OTHER};
	bool product = d->op == PROF_OP_MATMUL || d->op == PROF_OP_ATTENTION;

	for (unsigned i = 0; i < sizeof roles / sizeof *roles; i++) {
		const struct op_operand *o = op_operand_get(d, roles[i]);

		if (o && (i == 0 || product))
			return o;
	}
	return d->n_operands ? &d->operands[0] : NULL;
}

static enum calibration_rows rows_of(const struct op_desc *d)
{
	const struct op_operand *out = op_operand_get(d, PROF_OPERAND_OUTPUT);
	bool of_heads = d->op == PROF_OP_MATMUL || d->op == PROF_OP_ATTENTION || d->op == PROF_OP_SOFTMAX;
	double rows = 1;

	if (d->op == PROF_OP_GEMM)
		return op_attr_get(d, PROF_ATTR_M, 2) > 1 && op_attr_get(d, PROF_ATTR_N, 2) > 1
		               ? CALIBRATION_MANY
		               : CALIBRATION_ONE;
	if (!out || !out->n_dims)
		return CALIBRATION_ANY;
	if (of_heads && out->n_dims > 1)
		rows = (double)out->dims[out->n_dims - 2];
	for (unsigned i = 0; !of_heads && i + 1 < out->n_dims; i++)
		rows *= (double)out->dims[i];
	return rows > 1 ? CALIBRATION_MANY : CALIBRATION_ONE;
}

/* What only moves bytes takes as long as their pattern asks for, which its context
 * tells best: a row of the cache, a column of it, heads put together. */
static bool moves(const struct op_desc *d)
{
	return d->op == PROF_OP_KV_WRITE || d->op == PROF_OP_COPY || d->op == PROF_OP_EMBEDDING;
}

void calibration_key(const struct op_desc *d, struct calibration_rate *key)
{
	const struct op_operand *o = kernel_operand(d);

	memset(key, 0, sizeof *key);
	key->op = d->op;
	key->dtype = o ? o->dtype : PROF_DTYPE_UNKNOWN;
	key->rows = rows_of(d);
	if ((op_sees_context(d) || moves(d)) && strlen(d->context) < sizeof key->context)
		strcpy(key->context, d->context);
}

/* How far a rate's data type is from another: types of quantized blocks and plain
 * ones have different kernels, and among their own kind the size tells most. */
static double distance(unsigned a, unsigned b)
{
	double of_a = op_dtype_bytes(a, 256), of_b = op_dtype_bytes(b, 256);
	bool blocks_a = fmod(of_a, 256) != 0, blocks_b = fmod(of_b, 256) != 0;

	if (a == b)
		return 0;
	if (of_a <= 0 || of_b <= 0)
		return INFINITY;
	return 1 + fabs(log(of_a / of_b)) + (blocks_a != blocks_b ? 10 : 0);
}

const struct calibration_rate *calibration_find(const struct calibration *c, const struct op_desc *d)
{
	const struct calibration_rate *nearest = NULL;
	struct calibration_rate key;
	double best = INFINITY;

	calibration_key(d, &key);
	for (unsigned i = 0; i < c->n_rates; i++) {
		const struct calibration_rate *r = &c->rates[i];
		double far;

		if (r->op != key.op || r->rows != key.rows || strcmp(r->context, key.context) != 0)
			continue;
		far = distance(r->dtype, key.dtype);
		if (far < best) {
			best = far;
			nearest = r;
		}
	}
	return nearest;
}

static double transfer_ns(const struct calibration *c, double threads, double bytes, double among)
{
	double gb_s = bytes > 0 ? calibration_bandwidth_at(c, threads, among) : 0;

	return gb_s > 0 ? bytes / gb_s : 0;
}

void calibration_terms(const struct calibration *c, const struct op_desc *d,
                       const struct calibration_run *run, double x[FIT_TERMS])
{
	double gflop_s = calibration_gflop_s(c, run->threads, PROF_DTYPE_FLOAT32), inputs, all;
	struct op_work w;

	op_work(d, 0, &w); /* as the kernel was called: padded contexts are computed */
	inputs = w.read_bytes - w.weight_bytes;
	x[0] = 1;
	x[1] = run->threads - 1;
	x[2] = gflop_s > 0 ? (w.flops + SPECIAL_FLOPS * w.special) / gflop_s : 0;
	x[3] = transfer_ns(c, run->threads, w.weight_bytes, fmax(run->weight_bytes, w.weight_bytes));
	all = inputs + w.write_bytes;
	x[4] = transfer_ns(c, run->threads, inputs, all);
	x[5] = transfer_ns(c, run->threads, w.write_bytes, all);
}

double calibration_ns(const struct calibration *c, const struct op_desc *d, const struct calibration_run *run)
{
	const struct calibration_rate *rate = calibration_find(c, d);
	struct fit_point at;

	if (!rate)
		return NAN;
	calibration_terms(c, d, run, at.x);
	return fit_value(&at, rate->c);
}

double calibration_between_ns(const struct calibration *c, const struct calibration_run *run)
{
	return c->between[0] + c->between[1] * (run->threads - 1);
}
