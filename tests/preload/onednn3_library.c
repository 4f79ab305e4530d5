/* onednn3_library.c: a stand-in for oneDNN 3, with its names, numbers and opaque structures.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Debian has release 2 only. Functions, enumerators and their numbers are facts
 * of release 3's public headers; what a primitive computes is made up.
 */
#include "tests/preload/onednn3_library.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DIMS = 12, BLOCKED = 2, INVALID = 2 };

typedef int64_t dims_t[MAX_DIMS];

struct dnnl_memory_desc {
	int n_dims, dtype, n_blocks;
	dims_t dims, strides;
};

struct dnnl_memory {
	struct dnnl_memory_desc md;
	float value;
};

struct post_op {
	int kind, alg;
};

struct dnnl_primitive_desc {
	int kind, prop, alg, cell;
	dims_t strides, dilations, padding, kernel;
	bool windowed;
	struct {
		int arg;
		struct dnnl_memory_desc md;
	} args[8];
	int n_args, n_post_ops;
	struct post_op post_ops[2];
};

struct dnnl_primitive {
	const struct dnnl_primitive_desc *pd;
};

/* ---- made by the test ---- */

struct dnnl_primitive_desc *standin_desc(int kind, int prop, int alg)
{
	struct dnnl_primitive_desc *pd = calloc(1, sizeof(*pd));

	if (!pd)
		abort();
	pd->kind = kind;
	pd->prop = prop;
	pd->alg = kind == STANDIN_RNN ? 0 : alg;
	pd->cell = kind == STANDIN_RNN ? alg : 0;
	return pd;
}

static struct dnnl_memory_desc md_of(int dtype, int n, const int64_t *dims)
{
	struct dnnl_memory_desc md = {.n_dims = n, .dtype = dtype};
	int64_t step = 1;

	for (int i = n; i-- > 0;) {
		md.dims[i] = dims[i];
		md.strides[i] = step;
		step *= dims[i];
	}
	return md;
}

void standin_arg(struct dnnl_primitive_desc *pd, int arg, int dtype, int n, const int64_t *dims)
{
	pd->args[pd->n_args].arg = arg;
	pd->args[pd->n_args++].md = md_of(dtype, n, dims);
}

static void copy_dims(dims_t to, const int64_t *from, int n)
{
	for (int i = 0; from && i < n; i++)
		to[i] = from[i];
}

void standin_window(struct dnnl_primitive_desc *pd, int n, const int64_t *strides, const int64_t *dilations,
                    const int64_t *padding, const int64_t *kernel)
{
	pd->windowed = true;
	copy_dims(pd->strides, strides, n);
	copy_dims(pd->dilations, dilations, n);
	copy_dims(pd->padding, padding, n);
	copy_dims(pd->kernel, kernel, n);
}

void standin_post_op(struct dnnl_primitive_desc *pd, int kind, int alg)
{
	pd->post_ops[pd->n_post_ops++] = (struct post_op){kind, alg};
}

struct dnnl_memory *standin_memory(int dtype, int n, const int64_t *dims, float value)
{
	struct dnnl_memory *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->md = md_of(dtype, n, dims);
	m->value = value;
	return m;
}

float standin_value(const struct dnnl_memory *m)
{
	return m->value;
}

/* ---- what the shim asks ---- */

const struct standin_version *dnnl_version(void)
{
	static const struct standin_version version = {3, 7, 1, "stand-in", 2, 0};

	return &version;
}

static const char *named(int number, const struct standin_name *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].number == number)
			return names[i].name;
	return "unknown";
}

const char *dnnl_prim_kind2str(int kind)
{
	static const struct standin_name names[] = {{STANDIN_REORDER, "reorder"},
	                                            {STANDIN_SUM, "sum"},
	                                            {STANDIN_CONVOLUTION, "convolution"},
	                                            {STANDIN_ELTWISE, "eltwise"},
	                                            {STANDIN_RNN, "rnn"},
	                                            {STANDIN_BINARY, "binary"},
	                                            {STANDIN_MATMUL, "matmul"},
	                                            {STANDIN_POOLING, "pooling"},
	                                            {STANDIN_SOFTMAX, "softmax"},
	                                            {STANDIN_GROUP_NORM, "group_normalization"},
	                                            {STANDIN_FUTURE, "sdpa"}};

	return named(kind, names, sizeof(names) / sizeof(names[0]));
}

const char *dnnl_dt2str(int dtype)
{
	static const struct standin_name names[] = {{STANDIN_F16, "f16"},        {STANDIN_BF16, "bf16"},
	                                            {STANDIN_F32, "f32"},        {STANDIN_S8, "s8"},
	                                            {STANDIN_E4M3, "f8_e4m3"},   {STANDIN_S4, "s4"},
	                                            {STANDIN_BOOLEAN, "boolean"}};

	return named(dtype, names, sizeof(names) / sizeof(names[0]));
}

const char *dnnl_alg_kind2str(int alg)
{
	static const struct standin_name names[] = {{STANDIN_RELU, "eltwise_relu"},
	                                            {STANDIN_GELU_ERF, "eltwise_gelu_erf"},
	                                            {STANDIN_SWISH, "eltwise_swish"},
	                                            {STANDIN_DIRECT, "convolution_direct"},
	                                            {STANDIN_AVG, "pooling_avg_exclude_padding"},
	                                            {STANDIN_ADD, "binary_add"},
	                                            {STANDIN_LSTM, "vanilla_lstm"},
	                                            {STANDIN_LOG, "softmax_log"}};

	return named(alg, names, sizeof(names) / sizeof(names[0]));
}

const char *dnnl_prop_kind2str(int prop)
{
	return prop == STANDIN_INFERENCE  ? "forward_inference"
	       : prop == STANDIN_BACKWARD ? "backward_data"
	                                  : "undef";
}

int dnnl_primitive_get_primitive_desc(const struct dnnl_primitive *p, const struct dnnl_primitive_desc **pd)
{
	*pd = p->pd;
	return 0;
}

static int give(void *result, const void *value, size_t bytes)
{
	memcpy(result, value, bytes);
	return 0;
}

static int give_dims(void *result, const int64_t *dims)
{
	return give(result, &dims, sizeof(dims));
}

int dnnl_primitive_desc_query(const struct dnnl_primitive_desc *pd, int what, int index, void *result)
{
	bool pooling = pd->kind == STANDIN_POOLING;

	(void)index;
	switch (what) {
	case 2: /* primitive_kind */
		return give(result, &pd->kind, sizeof(int));
	case 11: /* prop_kind */
		return pd->prop ? give(result, &pd->prop, sizeof(int)) : INVALID;
	case 14: /* strides */
		return pd->windowed ? give_dims(result, pd->strides) : INVALID;
	case 15: /* dilations */
		return pd->windowed ? give_dims(result, pd->dilations) : INVALID;
	case 16: /* padding_l */
		return pd->windowed ? give_dims(result, pd->padding) : INVALID;
	case 20: /* alg_kind */
		return pd->alg ? give(result, &pd->alg, sizeof(int)) : INVALID;
	case 28: /* cell_kind */
		return pd->cell ? give(result, &pd->cell, sizeof(int)) : INVALID;
	case 31: /* kernel */
		return pooling ? give_dims(result, pd->kernel) : INVALID;
	default:
		return INVALID;
	}
}

const struct dnnl_memory_desc *dnnl_primitive_desc_query_md(const struct dnnl_primitive_desc *pd, int what,
                                                            int arg)
{
	static const struct dnnl_memory_desc none;

	for (int i = 0; what == 255 && i < pd->n_args; i++)
		if (pd->args[i].arg == arg)
			return &pd->args[i].md;
	return &none;
}

int dnnl_memory_desc_query(const struct dnnl_memory_desc *md, int what, void *result)
{
	static const int blocked = BLOCKED;

	switch (what) {
	case 14: /* strides */
		return give_dims(result, md->strides);
	case 256: /* ndims */
		return give(result, &md->n_dims, sizeof(int));
	case 257: /* dims */
		return give_dims(result, md->dims);
	case 258: /* data_type */
		return give(result, &md->dtype, sizeof(int));
	case 262: /* format_kind */
		return give(result, &blocked, sizeof(int));
	case 263: /* inner_nblks */
		return give(result, &md->n_blocks, sizeof(int));
	default:
		return INVALID;
	}
}

int dnnl_memory_get_memory_desc(const struct dnnl_memory *memory, const struct dnnl_memory_desc **md)
{
	*md = &memory->md;
	return 0;
}

/* Attributes and post-operations are the descriptor itself. */
int dnnl_primitive_desc_get_attr(const struct dnnl_primitive_desc *pd,
                                 const struct dnnl_primitive_desc **attr)
{
	*attr = pd;
	return 0;
}

int dnnl_primitive_attr_get_post_ops(const struct dnnl_primitive_desc *attr,
                                     const struct dnnl_primitive_desc **ops)
{
	*ops = attr;
	return 0;
}

int dnnl_post_ops_len(const struct dnnl_primitive_desc *ops)
{
	return ops->n_post_ops;
}

int dnnl_post_ops_get_kind(const struct dnnl_primitive_desc *ops, int index)
{
	return ops->post_ops[index].kind;
}

int dnnl_post_ops_get_params_eltwise(const struct dnnl_primitive_desc *ops, int index, int *alg, float *alpha,
                                     float *beta)
{
	*alg = ops->post_ops[index].alg;
	*alpha = *beta = 0;
	return 0;
}

int dnnl_post_ops_get_params_binary(const struct dnnl_primitive_desc *ops, int index, int *alg,
                                    const struct dnnl_memory_desc **md)
{
	*alg = ops->post_ops[index].alg;
	*md = NULL;
	return 0;
}

/* ---- what the program calls ---- */

int dnnl_primitive_create(struct dnnl_primitive **p, const struct dnnl_primitive_desc *pd)
{
	*p = malloc(sizeof(**p));
	if (!*p)
		return 1;
	(*p)->pd = pd;
	return 0;
}

int dnnl_primitive_destroy(struct dnnl_primitive *p)
{
	free(p);
	return 0;
}

/* The last argument becomes the sum of the others. */
int dnnl_primitive_execute(const struct dnnl_primitive *p, void *stream, int n,
                           const struct standin_exec *args)
{
	float sum = (float)p->pd->kind;

	(void)stream;
	if (n < 2)
		return INVALID;
	for (int i = 0; i < n - 1; i++)
		sum += args[i].memory->value;
	args[n - 1].memory->value = sum;
	return 0;
}
