/* onednn_describe.c: from a oneDNN primitive to an operation of ours.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Dimensions are outermost first in both. A gradient has the shape of what it
 * is the gradient of, so a backward primitive's operands are those of the
 * forward one, and its name tells which way it goes.
 */
#include "preload/onednn/onednn_describe.h"

#include <stdio.h>
#include <string.h>

enum onednn_rule {
	RULE_PLAIN,    /* input, another input, weights, output */
	RULE_MULTIPLE, /* many inputs, output */
	RULE_MATMUL,   /* two matrices, both of which may be activations */
	RULE_INNER,    /* an input by a weight */
	RULE_CONV,
	RULE_POOL,
	RULE_RNN,
};

enum onednn_named { NAMED_KIND, NAMED_ALG };

struct onednn_kind {
	const char *name;
	enum prof_op op;
	enum onednn_rule rule;
	enum onednn_named named;
	unsigned alg_at;
};

static const struct onednn_kind kinds[] = {
#define ONEDNN_KIND(kind, op, rule, named, alg_at) {kind, PROF_OP_##op, RULE_##rule, NAMED_##named, alg_at},
#include "preload/onednn/onednn_ops.def"
#undef ONEDNN_KIND
};

static const struct {
	const char *name;
	enum prof_op op;
} algs[] = {
#define ONEDNN_ALG(alg, op) {alg, PROF_OP_##op},
#include "preload/onednn/onednn_ops.def"
#undef ONEDNN_ALG
};

static const uint16_t dtype_bytes[PROF_DTYPE_LIMIT] = {
#define PROF_DTYPE(number, id, name, block, bytes, compute) [number] = (block) == 1 ? (bytes) : 0,
#include <prof/dtypes.def>
#undef PROF_DTYPE
};

static const struct onednn_kind *kind_of(const char *name)
{
	static const struct onednn_kind unknown = {NULL, PROF_OP_OTHER, RULE_PLAIN, NAMED_KIND, 0};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return &unknown;
}

/* ---- operands ---- */

static void put_attr(struct prof_desc_spec *spec, enum prof_attr attr, int64_t value)
{
	struct prof_attr_spec *a = &spec->attrs[spec->n_attrs];

	if (spec->n_attrs == PROF_MAX_ATTRS)
		return;
	spec->n_attrs++;
	a->attr = (uint16_t)attr;
	a->value = value;
}

/* An argument of the forward primitive, or its gradient. */
static bool get(struct onednn_asked *a, int forward, int gradient, struct onednn_tensor *t)
{
	onednn_tensor_get(a, forward, t);
	if (!t->n_dims && gradient)
		onednn_tensor_get(a, gradient, t);
	return t->n_dims > 0;
}

/* Two dimensions next to each other become one, which has no stride. */
static void merge(struct onednn_tensor *t, unsigned first)
{
	t->dims[first] *= t->dims[first + 1];
	for (unsigned i = first + 1; i + 1 < t->n_dims; i++)
		t->dims[i] = t->dims[i + 1];
	t->n_dims--;
	t->plain = false;
}

static bool is_dense(const struct onednn_tensor *t)
{
	int64_t expected = 1;

	for (unsigned i = t->n_dims; i-- > 0;) {
		if (t->dims[i] != 1 && t->strides[i] != expected)
			return false;
		expected *= t->dims[i];
	}
	return true;
}

static void put(struct prof_desc_spec *spec, enum prof_operand role, struct onednn_tensor *t)
{
	struct prof_operand_spec *o = &spec->operands[spec->n_operands];

	if (!t->n_dims || spec->n_operands == PROF_MAX_OPERANDS)
		return;
	while (t->n_dims > PROF_MAX_DIMS)
		merge(t, 0);
	spec->n_operands++;
	o->role = (uint8_t)role;
	o->dtype = (uint8_t)t->dtype;
	o->n_dims = (uint8_t)t->n_dims;
	o->strided = t->plain && dtype_bytes[t->dtype] && !is_dense(t);
	for (unsigned i = 0; i < t->n_dims; i++) {
		o->dims[i] = t->dims[i] > 0 ? (uint64_t)t->dims[i] : 0;
		o->strides_bytes[i] = o->strided ? t->strides[i] * dtype_bytes[t->dtype] : 0;
	}
}

static void take(struct onednn_asked *a, struct prof_desc_spec *spec, enum prof_operand role, int forward,
                 int gradient)
{
	struct onednn_tensor t;

	if (get(a, forward, gradient, &t))
		put(spec, role, &t);
}

static void put_sizes(struct prof_desc_spec *spec, enum prof_operand role, const int64_t *sizes, unsigned n,
                      int64_t more)
{
	struct onednn_tensor t = {.n_dims = sizes ? n : 0};

	for (unsigned i = 0; i < n && sizes; i++)
		t.dims[i] = sizes[i] + more;
	if (sizes && n == 1) { /* a row of one line */
		t.dims[1] = t.dims[0];
		t.dims[0] = role == PROF_OPERAND_PADDING ? 0 : 1;
		t.n_dims = 2;
	}
	put(spec, role, &t);
}

/* oneDNN counts the elements that a dilation leaves out. */
static void put_window(struct prof_desc_spec *spec, const struct onednn_window *w, unsigned n)
{
	put_sizes(spec, PROF_OPERAND_KERNEL, w->kernel, n, 0);
	put_sizes(spec, PROF_OPERAND_STRIDE, w->strides, n, 0);
	put_sizes(spec, PROF_OPERAND_PADDING, w->padding, n, 0);
	put_sizes(spec, PROF_OPERAND_DILATION, w->dilations, n, 1);
}

/* ---- rules ---- */

static void plain(struct onednn_asked *a, struct prof_desc_spec *spec)
{
	struct onednn_tensor weight;

	take(a, spec, PROF_OPERAND_INPUT, ONEDNN_SRC, ONEDNN_DIFF_SRC);
	take(a, spec, PROF_OPERAND_OTHER, ONEDNN_SRC_1, 0);
	if (get(a, ONEDNN_WEIGHTS, 0, &weight)) { /* scale and shift in one, in release 2 */
		put(spec, PROF_OPERAND_WEIGHT, &weight);
	} else {
		take(a, spec, PROF_OPERAND_WEIGHT, ONEDNN_SCALE, 0);
		take(a, spec, PROF_OPERAND_BIAS, ONEDNN_SHIFT, 0);
	}
	take(a, spec, PROF_OPERAND_OUTPUT, ONEDNN_DST, ONEDNN_DIFF_DST);
}

static void multiple(struct onednn_asked *a, struct prof_desc_spec *spec)
{
	for (unsigned i = 0; i < PROF_MAX_OPERANDS - 1; i++)
		take(a, spec, i == 0 ? PROF_OPERAND_INPUT : PROF_OPERAND_OTHER, ONEDNN_MULTIPLE_SRC + (int)i,
		     0);
	take(a, spec, PROF_OPERAND_OUTPUT, ONEDNN_DST, 0);
}

static void matmul(struct onednn_asked *a, struct prof_desc_spec *spec)
{
	take(a, spec, PROF_OPERAND_INPUT, ONEDNN_SRC, 0);
	take(a, spec, PROF_OPERAND_OTHER, ONEDNN_WEIGHTS, 0);
	take(a, spec, PROF_OPERAND_BIAS, ONEDNN_BIAS, 0);
	take(a, spec, PROF_OPERAND_OUTPUT, ONEDNN_DST, 0);
}

/* Rows of an input that may have spatial dimensions, by a weight [out, in...]. */
static void inner(struct onednn_asked *a, struct prof_desc_spec *spec)
{
	struct onednn_tensor t;

	if (get(a, ONEDNN_SRC, ONEDNN_DIFF_SRC, &t)) {
		while (t.n_dims > 2)
			merge(&t, 1);
		put(spec, PROF_OPERAND_INPUT, &t);
	}
	if (get(a, ONEDNN_WEIGHTS, ONEDNN_DIFF_WEIGHTS, &t) && t.n_dims >= 2) {
		int64_t out;

		while (t.n_dims > 2)
			merge(&t, 1);
		out = t.dims[0];
		t.dims[0] = t.dims[1];
		t.dims[1] = out;
		t.plain = false; /* a weight has no order in which it must lie */
		put(spec, PROF_OPERAND_WEIGHT, &t);
	}
	take(a, spec, PROF_OPERAND_BIAS, ONEDNN_BIAS, ONEDNN_DIFF_BIAS);
	take(a, spec, PROF_OPERAND_OUTPUT, ONEDNN_DST, ONEDNN_DIFF_DST);
}

/* One spatial dimension becomes two, with a height of 1. */
static void flatten(struct onednn_tensor *t)
{
	if (t->n_dims != 3)
		return;
	t->dims[3] = t->dims[2];
	t->dims[2] = 1;
	t->strides[3] = t->strides[2];
	t->n_dims = 4;
}

static void conv(struct onednn_asked *a, struct prof_desc_spec *spec)
{
	struct onednn_tensor in, weight, out;
	struct onednn_window window;
	int64_t groups = 1;
	unsigned spatial;

	if (!get(a, ONEDNN_SRC, ONEDNN_DIFF_SRC, &in) || !get(a, ONEDNN_DST, ONEDNN_DIFF_DST, &out)
	    || !get(a, ONEDNN_WEIGHTS, ONEDNN_DIFF_WEIGHTS, &weight) || in.n_dims < 3)
		return;
	spatial = in.n_dims - 2;
	if (weight.n_dims == in.n_dims + 1) { /* [groups, out / groups, in / groups, ...] */
		groups = weight.dims[0];
		merge(&weight, 0);
	}
	weight.plain = false;
	flatten(&in);
	flatten(&weight);
	flatten(&out);
	put(spec, PROF_OPERAND_INPUT, &in);
	put(spec, PROF_OPERAND_WEIGHT, &weight);
	take(a, spec, PROF_OPERAND_BIAS, ONEDNN_BIAS, ONEDNN_DIFF_BIAS);
	put(spec, PROF_OPERAND_OUTPUT, &out);
	onednn_window_conv(a, &window);
	put_window(spec, &window, spatial);
	if (groups != 1)
		put_attr(spec, PROF_ATTR_GROUPS, groups);
}

static void pool(struct onednn_asked *a, struct prof_desc_spec *spec, bool dilated)
{
	struct onednn_tensor in, out;
	struct onednn_window window;
	unsigned spatial;

	if (!get(a, ONEDNN_SRC, ONEDNN_DIFF_SRC, &in) || !get(a, ONEDNN_DST, ONEDNN_DIFF_DST, &out)
	    || in.n_dims < 3)
		return;
	spatial = in.n_dims - 2;
	flatten(&in);
	flatten(&out);
	put(spec, PROF_OPERAND_INPUT, &in);
	put(spec, PROF_OPERAND_OUTPUT, &out);
	onednn_window_pool(a, dilated, &window);
	put_window(spec, &window, spatial);
}

/* Input [time, batch, in]; weights [layers, directions, in, gates, units], for
 * the layer below and for the step before: m rows, n gate values, k values that
 * each depends on, once a layer and direction. */
static void rnn(struct onednn_asked *a, struct prof_desc_spec *spec)
{
	struct onednn_tensor in, weight, state;

	if (!get(a, ONEDNN_SRC, ONEDNN_DIFF_SRC, &in) || !get(a, ONEDNN_WEIGHTS, ONEDNN_DIFF_WEIGHTS, &weight)
	    || !get(a, ONEDNN_WEIGHTS_1, ONEDNN_DIFF_WEIGHTS + 1, &state) || in.n_dims != 3
	    || weight.n_dims != 5 || state.n_dims != 5)
		return;
	put_attr(spec, PROF_ATTR_M, in.dims[0] * in.dims[1]);
	put_attr(spec, PROF_ATTR_N, weight.dims[3] * weight.dims[4]);
	put_attr(spec, PROF_ATTR_K, weight.dims[2] + state.dims[2]);
	if (weight.dims[0] * weight.dims[1] != 1)
		put_attr(spec, PROF_ATTR_BATCH, weight.dims[0] * weight.dims[1]);
	weight.plain = state.plain = false;
	put(spec, PROF_OPERAND_INPUT, &in);
	put(spec, PROF_OPERAND_WEIGHT, &weight);
	put(spec, PROF_OPERAND_OTHER, &state);
	take(a, spec, PROF_OPERAND_BIAS, ONEDNN_BIAS, ONEDNN_DIFF_BIAS);
	take(a, spec, PROF_OPERAND_OUTPUT, ONEDNN_DST, ONEDNN_DIFF_DST);
}

static void by_rule(struct onednn_asked *a, struct prof_desc_spec *spec, const struct onednn_kind *kind)
{
	switch (kind->rule) {
	case RULE_PLAIN:
		plain(a, spec);
		break;
	case RULE_MULTIPLE:
		multiple(a, spec);
		break;
	case RULE_MATMUL:
		matmul(a, spec);
		break;
	case RULE_INNER:
		inner(a, spec);
		break;
	case RULE_CONV:
		conv(a, spec);
		break;
	case RULE_POOL:
		pool(a, spec, strcmp(kind->name, "pooling_v2") == 0);
		break;
	case RULE_RNN:
		rnn(a, spec);
		break;
	}
}

/* ---- the whole ---- */

static void add_text(char *text, size_t bytes, const char *more)
{
	size_t used = strlen(text);

	snprintf(text + used, bytes - used, "%s", more);
}

void onednn_describe(struct onednn_asked *a, struct prof_desc_spec *spec)
{
	const char *kind_name = onednn_kind(a), *direction = onednn_direction(a);
	const struct onednn_kind *kind = kind_of(kind_name);
	const char *alg = onednn_alg(a, kind->alg_at, kind->rule == RULE_RNN);
	char name[256] = "";
	unsigned post_ops;

	spec->op = (uint16_t)kind->op;
	if (kind->named == NAMED_ALG && *alg)
		add_text(name, sizeof(name), alg);
	else
		add_text(name, sizeof(name), *kind_name ? kind_name : "dnnl_primitive_execute");
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		if (strcmp(algs[i].name, alg) == 0) {
			spec->op = (uint16_t)algs[i].op;
			name[0] = '\0';
			add_text(name, sizeof(name), alg);
		}
	if (strncmp(direction, "backward", 8) == 0) {
		add_text(name, sizeof(name), ".");
		add_text(name, sizeof(name), direction);
	}
	by_rule(a, spec, kind);
	post_ops = onednn_post_ops(a, name, sizeof(name));
	if (post_ops)
		put_attr(spec, PROF_ATTR_FUSED, 1 + (int64_t)post_ops);
	spec->name = prof_intern_string(name, strlen(name));
}

static void put_matrix(struct prof_desc_spec *spec, enum prof_operand role, enum prof_dtype dtype,
                       int64_t rows, int64_t columns)
{
	struct onednn_tensor t = {.n_dims = 2, .dtype = dtype, .dims = {rows, columns}};

	put(spec, role, &t);
}

void onednn_describe_product(const struct onednn_product *p, struct prof_desc_spec *spec)
{
	spec->op = PROF_OP_GEMM;
	put_matrix(spec, PROF_OPERAND_INPUT, p->a, p->m, p->k);
	put_matrix(spec, PROF_OPERAND_OTHER, p->b, p->k, p->n);
	put_matrix(spec, PROF_OPERAND_OUTPUT, p->c, p->m, p->n);
	put_attr(spec, PROF_ATTR_M, p->m);
	put_attr(spec, PROF_ATTR_N, p->n);
	put_attr(spec, PROF_ATTR_K, p->k);
	if (p->trans_a)
		put_attr(spec, PROF_ATTR_TRANS_A, 1);
	if (p->trans_b)
		put_attr(spec, PROF_ATTR_TRANS_B, 1);
	put_attr(spec, PROF_ATTR_LDA, p->lda);
	put_attr(spec, PROF_ATTR_LDB, p->ldb);
	put_attr(spec, PROF_ATTR_LDC, p->ldc);
}
