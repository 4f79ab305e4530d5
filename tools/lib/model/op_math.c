/* op_math.c: what an operation computes and moves, from its shapes alone.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One function per class of ops.def. Shapes are read from the right, as op
 * lists write them; a missing operand is derived from those that are there.
 * Formulas and their reasons: docs/cost_models.md, "Work".
 */
#include "tools/lib/model/op_math.h"

#include <math.h>
#include <string.h>

struct op_kind {
	enum prof_op_class cls;
	double flops;
	double special;
};

static const struct op_kind kinds[PROF_OP_LIMIT] = {
#define PROF_OP(number, id, name, cls, flops, special, note) [number] = {PROF_CLASS_##cls, flops, special},
#include <prof/ops.def>
#undef PROF_OP
};

static const struct op_kind *kind_of(unsigned op)
{
	return &kinds[op && op < PROF_OP_LIMIT ? op : PROF_OP_OTHER];
}

enum prof_op_class op_class(unsigned op)
{
	return kind_of(op)->cls;
}

/* As op_elements, but none where only the type is known. */
static double elements(const struct op_operand *o)
{
	return o->shapeless ? 0 : op_elements(o);
}

static double bytes(const struct op_operand *o)
{
	return o ? op_dtype_bytes(o->dtype, elements(o)) : 0;
}

/* Operands that carry data, unlike a kernel size or a stride. */
static bool has_data(const struct op_operand *o)
{
	return o->role < PROF_OPERAND_KERNEL;
}

enum op_attention op_attention_of(const struct op_desc *d)
{
	if (*d->context != 'a')
		return OP_ATTENTION_NOT;
	return !strcmp(d->context, "attn_weights")  ? OP_ATTENTION_WEIGHTS
	       : !strcmp(d->context, "attn_output") ? OP_ATTENTION_OUTPUT
	                                            : OP_ATTENTION_NOT;
}

/* By how much a dimension that is the context shrinks when rows see `ctx`. */
static double ctx_share(double shape, double ctx)
{
	return ctx > 0 && ctx < shape ? ctx / shape : 1;
}

bool op_sees_context(const struct op_desc *d)
{
	switch (kind_of(d->op)->cls) {
	case PROF_CLASS_ATTENTION:
		return true;
	case PROF_CLASS_MATMUL:
	case PROF_CLASS_ELEMENT:
	case PROF_CLASS_ROWS:
		return op_attention_of(d) != OP_ATTENTION_NOT;
	default:
		return false;
	}
}

struct op_context op_context_of(const struct op_desc *d)
{
	const struct op_operand *in = op_operand_get(d, PROF_OPERAND_INPUT);
	const struct op_operand *out = op_operand_get(d, PROF_OPERAND_OUTPUT);
	bool scores = op_attention_of(d) == OP_ATTENTION_WEIGHTS;
	const struct op_operand *from = in;
	unsigned at = 0;

	switch (kind_of(d->op)->cls) {
	case PROF_CLASS_ATTENTION:
		from = op_operand_get(d, PROF_OPERAND_KEY);
		at = 1;
		break;
	case PROF_CLASS_MATMUL:
		from = scores && out ? out : scores ? op_operand_get(d, PROF_OPERAND_OTHER) : in;
		break;
	default:
		from = in ? in : out;
		break;
	}
	if (!from)
		return (struct op_context){1, 1};
	return (struct op_context){op_dim(from, at),
	                           elements(from)
	                                   / fmax(op_dim(from, 0) * op_dim(from, 1) * op_dim(from, 2), 1)};
}

double op_heads_stored(const struct op_desc *d, const struct op_operand *o)
{
	double heads = (double)op_attr_get(d, PROF_ATTR_HEADS_KV, 0), shown = op_dim(o, 2);

	return heads > 0 && heads < shown ? heads / shown : 1;
}

bool op_is_of_experts(const struct op_desc *d)
{
	return op_attr_get(d, PROF_ATTR_EXPERTS, 1) > 1 || op_attr_get(d, PROF_ATTR_EXPERT, -1) >= 0;
}

double op_experts_touched(double experts, double used, double tokens)
{
	if (used >= experts)
		return experts;
	return experts * (1 - pow(1 - used / experts, tokens));
}

double op_experts_held(const struct op_desc *d)
{
	const struct op_operand *weight = op_operand_get(d, PROF_OPERAND_WEIGHT);
	double experts = (double)op_attr_get(d, PROF_ATTR_EXPERTS, 1);

	return weight && weight->n_dims <= 2 && experts > 1 && op_attr_get(d, PROF_ATTR_EXPERT, -1) < 0
	               ? experts
	               : 1;
}

static void linear_work(const struct op_desc *d, struct op_work *w)
{
	const struct op_operand *in = op_operand_get(d, PROF_OPERAND_INPUT);
	const struct op_operand *weight = op_operand_get(d, PROF_OPERAND_WEIGHT);
	const struct op_operand *out = op_operand_get(d, PROF_OPERAND_OUTPUT);
	const struct op_operand *bias = op_operand_get(d, PROF_OPERAND_BIAS);
	double i = in ? op_dim(in, 0) : op_dim(weight, 1);
	double matrix = weight ? op_dim(weight, 0) * op_dim(weight, 1) : i * op_dim(out, 0);
	double o = i > 0 ? matrix / i : 0;
	double rows = out && o > 0 ? elements(out) / o : in && i > 0 ? elements(in) / i : 0;
	double experts = (double)op_attr_get(d, PROF_ATTR_EXPERTS, 1);
	double copies = weight && matrix > 0 ? elements(weight) / matrix : 1;

	if (experts > 1 && op_attr_get(d, PROF_ATTR_EXPERT, -1) < 0) {
		double in_rows = in && i > 0 ? elements(in) / i : rows;
		double ratio = in_rows > 0 && rows > in_rows ? rows / in_rows : 1;
		double used = (double)op_attr_get(d, PROF_ATTR_EXPERTS_USED, (int64_t)ratio);
		double hit = (double)op_attr_get(d, PROF_ATTR_EXPERTS_HIT, 0);

		copies = hit > 0 ? fmin(hit, experts)
		                 : op_experts_touched(experts, used, used > 0 ? rows / used : 0);
	}
	w->flops = w->matrix_flops = 2 * rows * i * o;
	if (bias)
		w->flops += rows * o;
	w->weight_bytes = weight ? op_dtype_bytes(weight->dtype, matrix) * copies : 0;
	w->weight_bytes += bytes(bias);
	w->read_bytes = bytes(in) + w->weight_bytes + bytes(op_operand_get(d, PROF_OPERAND_INDEX));
	w->write_bytes = out ? bytes(out) : in ? op_dtype_bytes(in->dtype, rows * o) : 0;
}

static void matmul_work(const struct op_desc *d, double ctx, struct op_work *w)
{
	const struct op_operand *in = op_operand_get(d, PROF_OPERAND_INPUT);
	const struct op_operand *other = op_operand_get(d, PROF_OPERAND_OTHER);
	const struct op_operand *out = op_operand_get(d, PROF_OPERAND_OUTPUT);
	double k = in ? op_dim(in, 0) : op_dim(other, 1);
	double c = out ? op_dim(out, 0) : op_dim(other, 0);
	double products = out ? elements(out) : in && k > 0 ? elements(in) / k * c : 0;
	enum op_attention attention = op_attention_of(d);
	bool scores = attention == OP_ATTENTION_WEIGHTS;
	double share = attention ? ctx_share(scores ? c : k, ctx) : 1;
	double out_bytes = out ? bytes(out) : in ? op_dtype_bytes(in->dtype, products) : 0;
	double other_bytes = bytes(other) * share * op_heads_stored(d, other);

	w->flops = w->matrix_flops = 2 * products * k * share;
	w->read_bytes = other_bytes + bytes(in) * (scores ? 1 : share);
	w->kv_bytes = attention ? other_bytes : 0;
	w->write_bytes = out_bytes * (scores ? share : 1);
}

static void attention_work(const struct op_desc *d, double ctx, struct op_work *w)
{
	const struct op_operand *q = op_operand_get(d, PROF_OPERAND_QUERY);
	const struct op_operand *key = op_operand_get(d, PROF_OPERAND_KEY);
	const struct op_operand *value = op_operand_get(d, PROF_OPERAND_VALUE);
	const struct op_operand *out = op_operand_get(d, PROF_OPERAND_OUTPUT);
	const struct op_operand *mask = op_operand_get(d, PROF_OPERAND_MASK);
	const struct op_kind *softmax = kind_of(PROF_OP_SOFTMAX);
	double share = ctx_share(op_dim(key, 1), ctx);
	double seen = op_dim(key, 1) * share;
	double head = op_dim(q, 0), value_head = value ? op_dim(value, 0) : head;
	double rows, scores;

	if (!q || !key)
		return;
	rows = head > 0 ? elements(q) / head : 0;
	scores = rows * seen;
	w->matrix_flops = 2 * scores * (head + value_head);
	w->flops = w->matrix_flops + softmax->flops * scores;
	w->special = softmax->special * scores;
	w->kv_bytes = (bytes(key) + bytes(value ? value : key)) * share * op_heads_stored(d, key);
	w->read_bytes = bytes(q) + w->kv_bytes + bytes(mask) * share;
	w->write_bytes = out ? bytes(out) : bytes(q);
}

/* What one element of the output needs of the input, or, transposed, one of the
 * input gives to the output: channels of a group by kernel. */
static double conv_taps(const struct op_desc *d, const struct op_operand *from)
{
	const struct op_operand *weight = op_operand_get(d, PROF_OPERAND_WEIGHT);
	const struct op_operand *kernel = op_operand_get(d, PROF_OPERAND_KERNEL);
	double groups = (double)op_attr_get(d, PROF_ATTR_GROUPS, 1);
	double channels;

	if (!weight)
		return op_dim(from, 2) / (groups > 0 ? groups : 1) * op_dim(kernel, 1) * op_dim(kernel, 0);
	if (d->op == PROF_OP_DECONV2D)
		channels = (double)(weight->n_dims > 1 ? weight->dims[1] : 1) * (groups > 0 ? groups : 1);
	else
		channels = (double)weight->dims[0];
	return channels > 0 ? elements(weight) / channels : 0;
}

static void conv_work(const struct op_desc *d, struct op_work *w)
{
	const struct op_operand *in = op_operand_get(d, PROF_OPERAND_INPUT);
	const struct op_operand *weight = op_operand_get(d, PROF_OPERAND_WEIGHT);
	const struct op_operand *out = op_operand_get(d, PROF_OPERAND_OUTPUT);
	const struct op_operand *bias = op_operand_get(d, PROF_OPERAND_BIAS);
	bool transposed = d->op == PROF_OP_DECONV2D;
	const struct op_operand *each = transposed ? in : out;
	double taps = conv_taps(d, transposed ? out : in);

	if (each) {
		w->flops = w->matrix_flops = 2 * elements(each) * taps;
		if (bias && out)
			w->flops += elements(out);
	}
	w->weight_bytes = bytes(weight) + bytes(bias);
	if (!weight && in && out)
		w->weight_bytes += op_dtype_bytes(in->dtype, op_dim(each, 2) * taps);
	w->read_bytes = bytes(in) + w->weight_bytes;
	w->write_bytes = bytes(out);
}

/* Raw BLAS: the product that ops.def's factor multiplies, and elements read
 * and written, every operand once; t is a triangle, with its diagonal. */
struct blas_size {
	double product, read, write;
	bool matrix;
};

static struct blas_size blas_vector_size(unsigned op, double n)
{
	switch (op) {
	case PROF_OP_DOT:
		return (struct blas_size){n, 2 * n, 1, false};
	case PROF_OP_AXPY:
		return (struct blas_size){n, 2 * n, n, false};
	case PROF_OP_SCAL:
	case PROF_OP_BLAS_COPY:
		return (struct blas_size){n, n, n, false};
	case PROF_OP_SWAP:
	case PROF_OP_ROT:
		return (struct blas_size){n, 2 * n, 2 * n, false};
	case PROF_OP_ROTG:
		return (struct blas_size){0, 2, 4, false};
	default: /* nrm2, asum, iamax */
		return (struct blas_size){n, n, 1, false};
	}
}

static struct blas_size blas_size(unsigned op, double m, double n, double k)
{
	double tn = n * (n + 1) / 2, tk = k * (k + 1) / 2;

	switch (op) {
	case PROF_OP_GEMM:
		return (struct blas_size){m * n * k, m * k + k * n, m * n, true};
	case PROF_OP_RNN: /* weights once, not once a step; rows once a layer and direction */
		return (struct blas_size){m * n * k, m * k + k * n, m * n, true};
	case PROF_OP_GEMV:
		return (struct blas_size){m * n, m * n + n, m, true};
	case PROF_OP_GBMV:
		return (struct blas_size){m * k, m * k + n, m, true};
	case PROF_OP_GER:
		return (struct blas_size){m * n, m * n + m + n, m * n, false};
	case PROF_OP_SYMV:
	case PROF_OP_TRMV:
	case PROF_OP_TRSV:
		return (struct blas_size){n * n, tn + n, n, true};
	case PROF_OP_SYR:
		return (struct blas_size){n * n, tn + n, tn, false};
	case PROF_OP_SYR2:
		return (struct blas_size){n * n, tn + 2 * n, tn, false};
	case PROF_OP_SYMM:
	case PROF_OP_TRMM:
	case PROF_OP_TRSM:
		return (struct blas_size){m * n * k, tk + m * n, m * n, true};
	case PROF_OP_SYRK:
		return (struct blas_size){n * n * k, n * k, tn, true};
	case PROF_OP_SYR2K:
		return (struct blas_size){n * n * k, 2 * n * k, tn, true};
	default:
		return blas_vector_size(op, n);
	}
}

/* Real operations per operation of ops.def's count when elements are complex:
 * a multiply-add is 8 instead of 2, a sum of squares or of magnitudes takes
 * both parts, a product alone is 4 multiplications and 2 additions. */
static double complex_factor(unsigned op, unsigned dtype)
{
	if (dtype != PROF_DTYPE_COMPLEX64 && dtype != PROF_DTYPE_COMPLEX128)
		return 1;
	switch (op) {
	case PROF_OP_NRM2:
	case PROF_OP_ASUM:
	case PROF_OP_IAMAX:
		return 2;
	case PROF_OP_SCAL:
		return 6;
	default:
		return 4;
	}
}

static void gemm_work(const struct op_desc *d, struct op_work *w)
{
	double m = (double)op_attr_get(d, PROF_ATTR_M, 1), n = (double)op_attr_get(d, PROF_ATTR_N, 1);
	double k = (double)op_attr_get(d, PROF_ATTR_K, 1);
	double batch = (double)op_attr_get(d, PROF_ATTR_BATCH, 1);
	unsigned dtype = d->n_operands ? d->operands[0].dtype : PROF_DTYPE_FLOAT32;
	const struct op_operand *out = op_operand_get(d, PROF_OPERAND_OUTPUT);
	struct blas_size s = blas_size(d->op, m, n, k);

	w->flops = kind_of(d->op)->flops * s.product * batch * complex_factor(d->op, dtype);
	if (s.matrix)
		w->matrix_flops = w->flops;
	w->read_bytes = op_dtype_bytes(dtype, s.read * batch);
	w->write_bytes = op_dtype_bytes(out ? out->dtype : dtype, s.write * batch);
	if (s.matrix)
		w->weight_bytes = bytes(op_operand_get(d, PROF_OPERAND_WEIGHT));
}

/* Everything but results is read once, results are written once. */
static void moved(const struct op_desc *d, double share, struct op_work *w)
{
	const struct op_operand *in = op_operand_get(d, PROF_OPERAND_INPUT);

	for (unsigned i = 0; i < d->n_operands; i++) {
		const struct op_operand *o = &d->operands[i];
		double b = bytes(o);

		if (!has_data(o))
			continue;
		if (o->role == PROF_OPERAND_WEIGHT || o->role == PROF_OPERAND_BIAS)
			w->weight_bytes += b;
		else
			b *= share;
		if (o->role == PROF_OPERAND_OUTPUT)
			w->write_bytes += b;
		else
			w->read_bytes += b;
	}
	if (!op_operand_get(d, PROF_OPERAND_OUTPUT) && in)
		w->write_bytes += bytes(in) * share;
}

static void element_work(const struct op_desc *d, double ctx, struct op_work *w)
{
	const struct op_kind *kind = kind_of(d->op);
	const struct op_operand *in = op_operand_get(d, PROF_OPERAND_INPUT);
	const struct op_operand *out = op_operand_get(d, PROF_OPERAND_OUTPUT);
	bool by_input = kind->cls == PROF_CLASS_ROWS;
	const struct op_operand *counted = by_input ? (in ? in : out) : (out ? out : in);
	double share = op_attention_of(d) && counted ? ctx_share(op_dim(counted, 0), ctx) : 1;
	double n = counted ? elements(counted) * share : 0;

	w->flops = kind->flops * n;
	w->special = kind->special * n;
	if (d->op == PROF_OP_RMSNORM || d->op == PROF_OP_LAYERNORM || d->op == PROF_OP_L2NORM)
		w->special +=
		        counted && op_dim(counted, 0) > 0 ? n / op_dim(counted, 0) : 0; /* a root a row */
	moved(d, share, w);
}

static void move_work(const struct op_desc *d, struct op_work *w)
{
	const struct op_operand *in = op_operand_get(d, PROF_OPERAND_INPUT);
	const struct op_operand *weight = op_operand_get(d, PROF_OPERAND_WEIGHT);
	const struct op_operand *out = op_operand_get(d, PROF_OPERAND_OUTPUT);
	const struct op_operand *index = op_operand_get(d, PROF_OPERAND_INDEX);
	double given = (double)op_attr_get(d, PROF_ATTR_BYTES, 0);

	w->flops = (double)op_attr_get(d, PROF_ATTR_FLOPS, 0); /* of what is not merely moved */
	if (given > 0) {
		w->read_bytes = w->write_bytes = given / 2;
	} else if (d->op == PROF_OP_EMBEDDING && out) {
		/* Rows that are wanted, not the table. */
		const struct op_operand *table = weight ? weight : in ? in : out;

		w->read_bytes = op_dtype_bytes(table->dtype, elements(out)) + bytes(index);
		w->weight_bytes = weight ? op_dtype_bytes(weight->dtype, elements(out)) : 0;
		w->write_bytes = bytes(out);
	} else if (d->op == PROF_OP_KV_WRITE && in) {
		/* The output may be named by the whole cache; new rows are written. */
		w->read_bytes = bytes(in) + bytes(index);
		w->write_bytes = op_dtype_bytes(out ? out->dtype : in->dtype, elements(in));
	} else {
		moved(d, 1, w);
	}
}

void op_work(const struct op_desc *d, double ctx, struct op_work *w)
{
	memset(w, 0, sizeof *w);
	switch (kind_of(d->op)->cls) {
	case PROF_CLASS_LINEAR:
		linear_work(d, w);
		break;
	case PROF_CLASS_MATMUL:
		matmul_work(d, ctx, w);
		break;
	case PROF_CLASS_ATTENTION:
		attention_work(d, ctx, w);
		break;
	case PROF_CLASS_CONV:
		conv_work(d, w);
		break;
	case PROF_CLASS_GEMM:
		gemm_work(d, w);
		break;
	case PROF_CLASS_ELEMENT:
	case PROF_CLASS_ROWS:
		element_work(d, ctx, w);
		break;
	case PROF_CLASS_MOVE:
	case PROF_CLASS_OTHER:
		move_work(d, w);
		break;
	}
}
