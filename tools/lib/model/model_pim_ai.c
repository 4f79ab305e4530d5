/* model_pim_ai.c: the cost rules of the published PIM-AI simulator.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reproduced so that our figures can be put beside published ones, mistakes
 * included; docs/cost_models.md lists rules and mistakes. The order in which
 * factors are multiplied is part of it: results are to agree bit for bit.
 */
#include <math.h>

#include "tools/lib/model/model.h"

/* Tera-operations per element of what is not a matrix product. */
#define MISC_TERA_OPS 1500e-12

/* What holds where a profile leaves a key out, ns per element. */
#define SOFTMAX_NS 0.4
#define SILU_NS    0.6
#define RMSNORM_NS 1.1

/* Bytes of an element in the cache, whatever the data type. */
#define KV_BYTES 2.0

const struct arch *model_pim_ai_host(void)
{
	static const struct arch host = {
	        .name = "HOST",
	        .path = "",
	        .source = "the published rules",
	        .notes = "",
	        .value = {[ARCH_H2D_BW] = 1,
	                  [ARCH_D2H_BW] = 1,
	                  [ARCH_MEM_BW] = 1,
	                  [ARCH_MEM_PJ] = 1,
	                  [ARCH_TFLOPS] = 1,
	                  [ARCH_TFLOPS_INT4] = 1,
	                  [ARCH_PJ_PER_TFLOP] = 1,
	                  [ARCH_SOFTMAX_NS] = SOFTMAX_NS,
	                  [ARCH_SILU_NS] = SILU_NS,
	                  [ARCH_RMSNORM_NS] = RMSNORM_NS},
	};

	return &host;
}

static const struct op_operand *input_of(const struct op_desc *d)
{
	const struct op_operand *in = op_operand_get(d, PROF_OPERAND_INPUT);

	if (d->op == PROF_OP_ATTENTION)
		return op_operand_get(d, PROF_OPERAND_KEY);
	return in ? in : op_operand_get(d, PROF_OPERAND_OUTPUT);
}

bool model_pim_ai_prices(const struct op_desc *d)
{
	switch (d->op) {
	case PROF_OP_LINEAR:
	case PROF_OP_CONV2D:
	case PROF_OP_LAYERNORM:
	case PROF_OP_SOFTMAX:
	case PROF_OP_SILU:
	case PROF_OP_SWIGLU:
	case PROF_OP_RMSNORM:
	case PROF_OP_MATMUL:
	case PROF_OP_ATTENTION:
	case PROF_OP_GEMM:
	case PROF_OP_GEMV:
		return true;
	default:
		return false;
	}
}

/* The operand whose stored type stands for the operation's when none is chosen. */
static unsigned stored_dtype(const struct op_desc *d)
{
	const struct op_operand *o = op_operand_get(d, PROF_OPERAND_WEIGHT);

	if (!o)
		o = input_of(d);
	if (!o && d->n_operands)
		o = &d->operands[0];
	return o && o->dtype != PROF_DTYPE_UNKNOWN ? o->dtype : PROF_DTYPE_FLOAT32;
}

static unsigned dtype_of(const struct op_desc *d, const struct model_options *o)
{
	return o->dtype >= 0 ? (unsigned)o->dtype : stored_dtype(d);
}

double model_pim_ai_element_bytes(const struct op_desc *d, const struct model_options *o)
{
	return op_dtype_bytes(dtype_of(d, o), 1);
}

static double blas(const struct op_desc *d, enum prof_attr a)
{
	return (double)op_attr_get(d, a, 1);
}

double model_pim_ai_moved_elements(const struct op_desc *d)
{
	if (d->op == PROF_OP_GEMM)
		return blas(d, PROF_ATTR_BATCH) * blas(d, PROF_ATTR_M) * blas(d, PROF_ATTR_K);
	if (d->op == PROF_OP_GEMV)
		return blas(d, PROF_ATTR_N);
	return op_elements(input_of(d));
}

static double tflops(const struct arch *a, unsigned dtype)
{
	double peak = a->value[ARCH_TFLOPS];

	return dtype == PROF_DTYPE_INT4 ? arch_get(a, ARCH_TFLOPS_INT4, peak) : peak;
}

/* Compute and weights overlap. tera: 10^12 operations. */
static void overlapped(const struct arch *a, unsigned dtype, double tera, double weight_bytes, struct cost *c)
{
	double compute_ns = tera / tflops(a, dtype) * 1e9;
	double mem_ns = weight_bytes / a->value[ARCH_MEM_BW];

	c->cell[COST_NS_COMPUTE] = compute_ns;
	c->cell[COST_NS_MEM] = mem_ns;
	c->cell[COST_TIME] = compute_ns > mem_ns ? compute_ns : mem_ns;
	c->cell[COST_PJ_COMPUTE] = tera * a->value[ARCH_PJ_PER_TFLOP];
	c->cell[COST_PJ_MEM] = weight_bytes * 8 * a->value[ARCH_MEM_PJ];
	c->limit = compute_ns > mem_ns ? LIMIT_COMPUTE : LIMIT_MEMORY;
}

static void linear(const struct op_desc *d, const struct arch *a, unsigned dtype, struct cost *c)
{
	const struct op_operand *in = op_operand_get(d, PROF_OPERAND_INPUT);
	const struct op_operand *weight = op_operand_get(d, PROF_OPERAND_WEIGHT);
	const struct op_operand *out = op_operand_get(d, PROF_OPERAND_OUTPUT);
	double i = in ? op_dim(in, 0) : op_dim(weight, 1);
	double matrix = weight ? op_dim(weight, 1) * op_dim(weight, 0) : i * op_dim(out, 0);
	double elements = in ? op_elements(in) : op_elements(out) / op_dim(weight, 0) * i;
	double experts = (double)op_attr_get(d, PROF_ATTR_EXPERTS, 1), copies = 1;

	if (experts > 1 && op_attr_get(d, PROF_ATTR_EXPERT, -1) < 0 && out && i > 0) {
		/* All experts of a layer in one kernel: rows are those of the
		 * result, and each expert that is used brings its weight. */
		double rows = op_elements(out) / op_dim(out, 0);
		double most = rows < experts ? rows : experts;

		elements = rows * i;
		copies = most;
	}
	overlapped(a, dtype, elements * i * 2 / 1e12, op_dtype_bytes(dtype, 1) * matrix * copies, c);
}

static void blas_product(const struct op_desc *d, const struct arch *a, unsigned dtype, struct cost *c)
{
	double matrix = d->op == PROF_OP_GEMM
	                        ? blas(d, PROF_ATTR_BATCH) * blas(d, PROF_ATTR_K) * blas(d, PROF_ATTR_N)
	                        : blas(d, PROF_ATTR_M) * blas(d, PROF_ATTR_N);
	double i = d->op == PROF_OP_GEMM ? blas(d, PROF_ATTR_K) : blas(d, PROF_ATTR_N);

	overlapped(a, dtype, model_pim_ai_moved_elements(d) * i * 2 / 1e12, op_dtype_bytes(dtype, 1) * matrix,
	           c);
}

static void conv2d(const struct op_desc *d, const struct arch *a, unsigned dtype, struct cost *c)
{
	const struct op_operand *in = op_operand_get(d, PROF_OPERAND_INPUT);
	const struct op_operand *kernel = op_operand_get(d, PROF_OPERAND_KERNEL);
	const struct op_operand *stride = op_operand_get(d, PROF_OPERAND_STRIDE);
	const struct op_operand *padding = op_operand_get(d, PROF_OPERAND_PADDING);
	double kh, kw, w, tera;

	if (!kernel)
		kernel = op_operand_get(d, PROF_OPERAND_WEIGHT);
	kh = op_dim(kernel, 1);
	kw = op_dim(kernel, 0);
	w = op_dim(in, 0) + 2 * (padding ? op_dim(padding, 0) : 0);
	tera = 2 * op_dim(in, 3) * op_dim(in, 2) * kh * kw / 1e12 * ceil((w - 1) / op_dim(stride, 0))
	       * ceil((w - 1) / op_dim(stride, 1));
	overlapped(a, dtype, tera, op_dtype_bytes(dtype, 1) * kh * kw, c);
}

static void per_element(const struct op_desc *d, const struct arch *a, struct cost *c)
{
	const struct op_operand *in = input_of(d);
	double n = op_elements(in), ns;

	if (d->op == PROF_OP_SWIGLU && op_operand_get(d, PROF_OPERAND_OUTPUT)) {
		in = op_operand_get(d, PROF_OPERAND_OUTPUT); /* the input may hold gate and up */
		n = op_elements(in);
	}
	if (d->op == PROF_OP_SOFTMAX)
		ns = n * arch_get(a, ARCH_SOFTMAX_NS, SOFTMAX_NS);
	else if (d->op == PROF_OP_RMSNORM)
		ns = n * arch_get(a, ARCH_RMSNORM_NS, RMSNORM_NS);
	else /* one factor after the other from the cost: rounding differs */
		ns = arch_get(a, ARCH_SILU_NS, SILU_NS) * op_dim(in, 0) * op_dim(in, 1) * op_dim(in, 2)
		     * op_dim(in, 3);
	c->cell[COST_TIME] = c->cell[COST_NS_COMPUTE] = ns;
	c->cell[COST_PJ_COMPUTE] = n * MISC_TERA_OPS * a->value[ARCH_PJ_PER_TFLOP];
	c->limit = LIMIT_COMPUTE;
}

static void matmul(const struct op_desc *d, const struct arch *a, unsigned dtype, struct cost *c)
{
	const struct op_operand *out = op_operand_get(d, PROF_OPERAND_OUTPUT);
	double batch = out && out->n_dims ? (double)out->dims[0] : 1;
	double tera = op_elements(op_operand_get(d, PROF_OPERAND_INPUT)) * batch * 2 / 1e12;

	c->cell[COST_TIME] = c->cell[COST_NS_COMPUTE] = tera / tflops(a, dtype) * 1e9;
	c->cell[COST_PJ_COMPUTE] = tera * a->value[ARCH_PJ_PER_TFLOP];
	c->limit = LIMIT_COMPUTE;
}

double model_pim_ai_kv_per_position(const struct op_desc *d)
{
	const struct op_operand *in = op_operand_get(d, PROF_OPERAND_INPUT);

	return op_dim(in, 3) * op_dim(in, 2) * 2 * op_dim(in, 0) * KV_BYTES;
}

/* Two products; each reads its half of the cache while it computes. */
static void attention(const struct op_desc *d, const struct arch *a, const struct model_options *o,
                      bool decode, struct cost *c)
{
	const struct op_operand *query = op_operand_get(d, PROF_OPERAND_QUERY);
	const struct op_operand *key = op_operand_get(d, PROF_OPERAND_KEY);
	double batch = op_dim(key, 3), head = op_dim(key, 0);
	double heads = decode && o->kv_heads > 0 ? (double)o->kv_heads : op_dim(key, 2);
	double ctx = decode && o->sliding_window > 0 ? (double)o->sliding_window : op_dim(key, 1);
	double kv_bytes = decode ? KV_BYTES * batch * heads * ctx * head : 0;
	double tera = batch * heads * op_dim(query, 1) * head * 2 / 1e12 * batch;
	double compute_ns = tera / tflops(a, dtype_of(d, o)) * 1e9;
	double kv_ns = kv_bytes / a->value[ARCH_MEM_BW];
	double compute_pj = tera * a->value[ARCH_PJ_PER_TFLOP];
	double kv_pj = kv_bytes * 8 * a->value[ARCH_MEM_PJ];
	double ns = kv_ns > compute_ns ? kv_ns : compute_ns;

	c->cell[COST_TIME] = ns + ns;
	c->cell[COST_NS_COMPUTE] = compute_ns + compute_ns;
	c->cell[COST_NS_KV] = kv_ns + kv_ns;
	c->cell[COST_PJ_COMPUTE] = compute_pj + compute_pj;
	c->cell[COST_PJ_MEM] = kv_pj + kv_pj;
	c->limit = kv_ns > compute_ns ? LIMIT_CACHE : LIMIT_COMPUTE;
}

void model_pim_ai_price(const struct op_desc *d, const struct arch *a, const struct model_options *o,
                        enum prof_phase phase, struct cost *c)
{
	unsigned dtype = dtype_of(d, o);

	memset(c, 0, sizeof *c);
	switch (d->op) {
	case PROF_OP_LINEAR:
		linear(d, a, dtype, c);
		break;
	case PROF_OP_GEMM:
	case PROF_OP_GEMV:
		blas_product(d, a, dtype, c);
		break;
	case PROF_OP_CONV2D:
		conv2d(d, a, dtype, c);
		break;
	case PROF_OP_LAYERNORM:
		overlapped(a, dtype, op_elements(input_of(d)) * MISC_TERA_OPS, op_dtype_bytes(dtype, 1), c);
		break;
	case PROF_OP_SOFTMAX:
	case PROF_OP_SILU:
	case PROF_OP_SWIGLU:
	case PROF_OP_RMSNORM:
		per_element(d, a, c);
		break;
	case PROF_OP_MATMUL:
		matmul(d, a, dtype, c);
		break;
	case PROF_OP_ATTENTION:
		attention(d, a, o, phase == PROF_PHASE_DECODE, c);
		break;
	default:
		break;
	}
}
