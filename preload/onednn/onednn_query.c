/* onednn_query.c: what one oneDNN primitive says of itself.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Only questions are asked that change nothing; an answer that fails to come
 * is left out.
 */
#include "preload/onednn/onednn_query.h"

#include <stdio.h>
#include <string.h>

static int field32(const void *at, unsigned offset)
{
	int value;

	memcpy(&value, (const char *)at + offset, sizeof(value));
	return value;
}

static bool ask(const struct onednn_asked *a, int what, void *result)
{
	return a->lib->query(a->desc, what, 0, result) == 0;
}

/* Release 2's structure with all parameters. */
static const char *op_desc(const struct onednn_asked *a)
{
	const char *op = NULL;

	return !a->lib->opaque && ask(a, ONEDNN_QUERY_OP_DESC, &op) ? op : NULL;
}

/* ---- names ---- */

static const char *name_of(const char *(*names)(int), int value)
{
	const char *name = names && value ? names(value) : NULL;

	return name && strncmp(name, "unknown", 7) != 0 ? name : "";
}

const char *onednn_kind(const struct onednn_asked *a)
{
	int kind = 0;

	return ask(a, ONEDNN_QUERY_KIND, &kind) ? name_of(a->lib->kind_name, kind) : "";
}

const char *onednn_alg(const struct onednn_asked *a, unsigned alg_at, bool cell)
{
	const char *op = op_desc(a);
	int alg = 0;

	if (a->lib->opaque)
		return ask(a, cell ? ONEDNN_QUERY_CELL : ONEDNN_QUERY_ALG, &alg)
		               ? name_of(a->lib->alg_name, alg)
		               : "";
	return op && alg_at ? name_of(a->lib->alg_name, field32(op, alg_at)) : "";
}

const char *onednn_direction(const struct onednn_asked *a)
{
	int prop = 0;

	return ask(a, ONEDNN_QUERY_PROP, &prop) ? name_of(a->lib->prop_name, prop) : "";
}

/* ---- arguments ---- */

static enum prof_dtype dtype_of(const char *name)
{
	static const struct {
		const char *name;
		enum prof_dtype dtype;
	} types[] = {
	        {"f32", PROF_DTYPE_FLOAT32},  {"f16", PROF_DTYPE_FLOAT16},    {"bf16", PROF_DTYPE_BFLOAT16},
	        {"f64", PROF_DTYPE_FLOAT64},  {"s32", PROF_DTYPE_INT32},      {"s8", PROF_DTYPE_INT8},
	        {"u8", PROF_DTYPE_UINT8},     {"s4", PROF_DTYPE_INT4},        {"u4", PROF_DTYPE_INT4},
	        {"boolean", PROF_DTYPE_BOOL}, {"f8_e5m2", PROF_DTYPE_FLOAT8}, {"f8_e4m3", PROF_DTYPE_FLOAT8},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].dtype;
	return PROF_DTYPE_UNKNOWN;
}

/* What both releases' memory descriptors have. */
struct md {
	int n_dims, data_type, format, n_blocks;
	const int64_t *dims, *strides;
};

static bool md_read(const struct onednn_lib *lib, const void *at, struct md *md)
{
	memset(md, 0, sizeof(*md));
	if (!at)
		return false;
	if (!lib->opaque) {
		const char *p = at;

		md->n_dims = field32(p, 0);
		md->data_type = field32(p, ONEDNN_MD_DATA_TYPE);
		md->format = field32(p, ONEDNN_MD_FORMAT);
		md->n_blocks = field32(p, ONEDNN_MD_N_BLOCKS);
		md->dims = (const int64_t *)(const void *)(p + ONEDNN_MD_DIMS);
		md->strides = (const int64_t *)(const void *)(p + ONEDNN_MD_STRIDES);
	} else if (lib->md_query(at, ONEDNN_QUERY_N_DIMS, &md->n_dims) != 0
	           || lib->md_query(at, ONEDNN_QUERY_DIMS, &md->dims) != 0
	           || lib->md_query(at, ONEDNN_QUERY_DATA_TYPE, &md->data_type) != 0) {
		return false;
	} else if (lib->md_query(at, ONEDNN_QUERY_FORMAT, &md->format) != 0
	           || lib->md_query(at, ONEDNN_QUERY_N_BLOCKS, &md->n_blocks) != 0
	           || lib->md_query(at, ONEDNN_QUERY_STRIDES, &md->strides) != 0) {
		md->format = 0;
	}
	return md->n_dims > 0 && md->n_dims <= ONEDNN_MAX_DIMS && md->dims;
}

static bool is_late(const struct md *md)
{
	for (int i = 0; i < md->n_dims; i++)
		if (md->dims[i] == ONEDNN_RUNTIME_DIM)
			return true;
	return false;
}

/* The descriptor of the memory that the call passes. */
static bool md_of_argument(const struct onednn_asked *a, int role, struct md *md)
{
	const void *at = NULL;

	for (int i = 0; i < a->n_args; i++)
		if (a->args[i].arg == role && a->args[i].memory && a->lib->memory_md
		    && a->lib->memory_md(a->args[i].memory, &at) == 0)
			return md_read(a->lib, at, md) && !is_late(md);
	return false;
}

void onednn_tensor_get(struct onednn_asked *a, int role, struct onednn_tensor *t)
{
	struct md md;

	t->n_dims = 0;
	if (!md_read(a->lib, a->lib->query_md(a->desc, ONEDNN_QUERY_MD, role), &md))
		return;
	if (is_late(&md)) {
		a->late = true;
		if (!md_of_argument(a, role, &md))
			return;
	}
	t->n_dims = (unsigned)md.n_dims;
	t->dtype = dtype_of(name_of(a->lib->dtype_name, md.data_type));
	t->plain = md.format == ONEDNN_FORMAT_BLOCKED && md.n_blocks == 0 && md.strides;
	for (unsigned i = 0; i < t->n_dims; i++) {
		t->dims[i] = md.dims[i];
		t->strides[i] = t->plain ? md.strides[i] : 0;
		if (t->strides[i] == ONEDNN_RUNTIME_DIM)
			t->plain = false;
	}
}

/* ---- windows ---- */

static const int64_t *sizes_asked(const struct onednn_asked *a, int what)
{
	const int64_t *sizes = NULL;

	return ask(a, what, &sizes) ? sizes : NULL;
}

static const int64_t *sizes_at(const char *op, unsigned offset)
{
	return op ? (const int64_t *)(const void *)(op + offset) : NULL;
}

void onednn_window_conv(const struct onednn_asked *a, struct onednn_window *w)
{
	const char *op = op_desc(a);

	w->kernel = NULL;
	if (a->lib->opaque) {
		w->strides = sizes_asked(a, ONEDNN_QUERY_STRIDES);
		w->dilations = sizes_asked(a, ONEDNN_QUERY_DILATIONS);
		w->padding = sizes_asked(a, ONEDNN_QUERY_PADDING);
		return;
	}
	w->strides = sizes_at(op, ONEDNN_CONV_STRIDES);
	w->dilations = sizes_at(op, ONEDNN_CONV_STRIDES + ONEDNN_DIMS_BYTES);
	w->padding = sizes_at(op, ONEDNN_CONV_STRIDES + 2 * ONEDNN_DIMS_BYTES);
}

void onednn_window_pool(const struct onednn_asked *a, bool dilated, struct onednn_window *w)
{
	const char *op = op_desc(a);

	if (a->lib->opaque) {
		onednn_window_conv(a, w);
		w->kernel = sizes_asked(a, ONEDNN_QUERY_KERNEL);
		return;
	}
	w->strides = sizes_at(op, ONEDNN_POOL_STRIDES);
	w->kernel = sizes_at(op, ONEDNN_POOL_STRIDES + ONEDNN_DIMS_BYTES);
	w->padding = sizes_at(op, ONEDNN_POOL_STRIDES + 2 * ONEDNN_DIMS_BYTES);
	w->dilations = dilated ? sizes_at(op, ONEDNN_POOL_DILATION) : NULL;
}

/* ---- what is fused ---- */

static const char *post_op_name(const struct onednn_lib *lib, const void *ops, int i)
{
	const char *kind = name_of(lib->kind_name, lib->post_op_kind(ops, i));
	int alg = 0;
	float scale, alpha, beta;
	const void *md;
	bool known = false;

	if (strcmp(kind, "eltwise") == 0 && lib->post_op_eltwise_2)
		known = (lib->opaque ? lib->post_op_eltwise_3(ops, i, &alg, &alpha, &beta)
		                     : lib->post_op_eltwise_2(ops, i, &scale, &alg, &alpha, &beta))
		        == 0;
	else if (strcmp(kind, "binary") == 0 && lib->post_op_binary)
		known = lib->post_op_binary(ops, i, &alg, &md) == 0;
	return known && *name_of(lib->alg_name, alg) ? name_of(lib->alg_name, alg) : kind;
}

unsigned onednn_post_ops(const struct onednn_asked *a, char *text, size_t bytes)
{
	const struct onednn_lib *lib = a->lib;
	const void *attr = NULL, *ops = NULL;
	size_t used = strlen(text);
	int n;

	if (!lib->attr || !lib->post_ops || !lib->n_post_ops || !lib->post_op_kind
	    || lib->attr(a->desc, &attr) != 0 || !attr || lib->post_ops(attr, &ops) != 0 || !ops)
		return 0;
	n = lib->n_post_ops(ops);
	for (int i = 0; i < n && used < bytes - 1; i++) {
		int added = snprintf(text + used, bytes - used, "+%s", post_op_name(lib, ops, i));

		used += added > 0 ? (size_t)added : 0;
	}
	return n > 0 ? (unsigned)n : 0;
}
