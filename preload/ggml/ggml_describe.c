/* ggml_describe.c: from a node of a ggml graph to an operation of ours.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * ggml counts dimensions from the innermost, op lists from the outermost, and a
 * weight is [in features, out features] there; everything else is by name.
 */
#include "preload/ggml/ggml_describe.h"

#include <stdlib.h>
#include <strings.h>

enum ggml_rule {
	RULE_PRODUCT,   /* src0 weight or activation, src1 activation */
	RULE_EXPERTS,   /* as PRODUCT, src2: which experts */
	RULE_ATTENTION, /* query, key, value, mask */
	RULE_SOFTMAX,   /* input, mask */
	RULE_CONV,      /* kernel, input */
	RULE_INDEXED,   /* input, index */
	RULE_GATHER,    /* table, index: an embedding when the table is a weight */
	RULE_SCATTER,   /* values, index; the result is the table written to */
	RULE_STORE,     /* values; the result is a view of what is written to */
	RULE_PLAIN,     /* input, then others */
};

struct ggml_kind {
	const char *name;
	enum prof_op op;
	enum ggml_rule rule;
};

static const struct ggml_kind kinds[] = {
#define PROF_GGML_OP(name, kind, rule) {name, PROF_OP_##kind, RULE_##rule},
#include "preload/ggml/ggml_ops.def"
#undef PROF_GGML_OP
};

static const struct {
	const char *name;
	unsigned block, bytes;
} dtypes[PROF_DTYPE_LIMIT] = {
#define PROF_DTYPE(number, id, name, block, bytes, compute) [number] = {name, block, bytes},
#include <prof/dtypes.def>
#undef PROF_DTYPE
};

/* Which of ggml's dimensions comes where, outermost first. */
static const uint8_t natural[4] = {3, 2, 1, 0};
static const uint8_t weight_order[4] = {3, 2, 0, 1};    /* [in, out] */
static const uint8_t attention_order[4] = {3, 1, 2, 0}; /* [b, h, q, d]: heads lie inside tokens */

static const struct ggml_kind *kind_of(const char *name)
{
	static const struct ggml_kind unknown = {NULL, PROF_OP_OTHER, RULE_PLAIN};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].name[0] == name[0] && strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return &unknown;
}

/* ggml's own short names: f32, bf16, i32; the quantized ones are as ours. */
static enum prof_dtype dtype_of(const struct ggml_lib *lib, const void *tensor)
{
	static const struct {
		const char *name;
		enum prof_dtype dtype;
	} plain[] = {
	        {"f32", PROF_DTYPE_FLOAT32}, {"f16", PROF_DTYPE_FLOAT16}, {"bf16", PROF_DTYPE_BFLOAT16},
	        {"f64", PROF_DTYPE_FLOAT64}, {"i8", PROF_DTYPE_INT8},     {"i16", PROF_DTYPE_INT16},
	        {"i32", PROF_DTYPE_INT32},   {"i64", PROF_DTYPE_INT64},
	};
	const char *name = lib->call.type_name(ggml_field32(tensor, lib->at.type));

	for (size_t i = 0; name && i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strcmp(name, plain[i].name) == 0)
			return plain[i].dtype;
	for (unsigned i = 0; name && i < PROF_DTYPE_LIMIT; i++)
		if (dtypes[i].name && strcasecmp(name, dtypes[i].name) == 0)
			return (enum prof_dtype)i;
	return PROF_DTYPE_UNKNOWN;
}

/* ---- what a tensor is ---- */

static const char *op_name(const struct ggml_lib *lib, const void *tensor)
{
	const char *name = lib->call.op_name(ggml_field32(tensor, lib->at.op));

	return name ? name : "";
}

const void *ggml_view_base(const struct ggml_lib *lib, const void *tensor)
{
	const void *base;

	while ((base = ggml_field_pointer(tensor, lib->at.view_src, 0)))
		tensor = base;
	return tensor;
}

static bool is_leaf(const struct ggml_lib *lib, const void *tensor)
{
	return ggml_field32(tensor, lib->at.op) == 0;
}

bool ggml_is_weight(const struct ggml_scope *scope, const void *tensor)
{
	const void *base = ggml_view_base(scope->lib, tensor);

	if (!is_leaf(scope->lib, base)
	    || ggml_field32(base, scope->lib->at.flags) & scope->lib->at.input_flag)
		return false;
	for (uint32_t i = 0; i < scope->n_written; i++)
		if (scope->written[i] == base)
			return false;
	return true;
}

bool ggml_is_computed(const struct ggml_lib *lib, const void *tensor)
{
	static const char *const views[] = {"NONE", "RESHAPE", "VIEW", "PERMUTE", "TRANSPOSE"};
	const char *name = op_name(lib, tensor);

	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		if (strcmp(name, views[i]) == 0)
			return false;
	for (unsigned i = 0; i < GGML_LAYOUT_DIMS; i++)
		if (ggml_tensor_ne(lib, tensor, i) == 0)
			return false;
	return !lib->at.compute_flag || ggml_field32(tensor, lib->at.flags) & lib->at.compute_flag;
}

const void *ggml_mask_of(const struct ggml_lib *lib, const void *node)
{
	const char *name = op_name(lib, node);

	if (strcmp(name, "SOFT_MAX") == 0)
		return ggml_tensor_src(lib, node, 1);
	return strcmp(name, "FLASH_ATTN_EXT") == 0 ? ggml_tensor_src(lib, node, 3) : NULL;
}

/* ---- operands ---- */

static uint32_t intern_name(const struct ggml_lib *lib, const void *tensor)
{
	const char *name = ggml_tensor_name(lib, tensor);

	return prof_intern_string(name, strnlen(name, 64));
}

static bool is_contiguous(const struct ggml_lib *lib, const void *tensor, enum prof_dtype dtype)
{
	int64_t block = dtypes[dtype].block ? dtypes[dtype].block : 1;
	int64_t expected = ggml_tensor_ne(lib, tensor, 0) / block * dtypes[dtype].bytes;

	if (dtype == PROF_DTYPE_UNKNOWN || ggml_tensor_nb(lib, tensor, 0) != (int64_t)dtypes[dtype].bytes)
		return dtype == PROF_DTYPE_UNKNOWN;
	for (unsigned i = 1; i < GGML_LAYOUT_DIMS; i++) {
		if (ggml_tensor_ne(lib, tensor, i) != 1 && ggml_tensor_nb(lib, tensor, i) != expected)
			return false;
		expected *= ggml_tensor_ne(lib, tensor, i);
	}
	return true;
}

/* Add an operand; leading dimensions of 1 are left out down to min_dims. */
static struct prof_operand_spec *put(const struct ggml_scope *scope, struct prof_desc_spec *spec,
                                     enum prof_operand role, const void *tensor, const uint8_t order[4])
{
	const struct ggml_lib *lib = scope->lib;
	struct prof_operand_spec *o;
	unsigned first = 0, min_dims = order == weight_order ? 2 : role == PROF_OPERAND_INDEX ? 1 : 3;

	if (!tensor || spec->n_operands == PROF_MAX_OPERANDS)
		return NULL;
	if (role == PROF_OPERAND_WEIGHT && order == natural)
		min_dims = 1;
	while (first < GGML_LAYOUT_DIMS - min_dims && ggml_tensor_ne(lib, tensor, order[first]) == 1)
		first++;
	o = &spec->operands[spec->n_operands++];
	o->role = (uint8_t)role;
	o->dtype = (uint8_t)dtype_of(lib, tensor);
	o->name = intern_name(lib, tensor);
	o->n_dims = (uint8_t)(GGML_LAYOUT_DIMS - first);
	o->strided = !is_contiguous(lib, tensor, (enum prof_dtype)o->dtype);
	for (unsigned i = 0; i < o->n_dims; i++) {
		o->dims[i] = (uint64_t)ggml_tensor_ne(lib, tensor, order[first + i]);
		o->strides_bytes[i] = o->strided ? ggml_tensor_nb(lib, tensor, order[first + i]) : 0;
	}
	return o;
}

static void put_attr(struct prof_desc_spec *spec, enum prof_attr attr, int64_t value)
{
	if (spec->n_attrs == PROF_MAX_ATTRS)
		return;
	spec->attrs[spec->n_attrs].attr = (uint16_t)attr;
	spec->attrs[spec->n_attrs++].value = value;
}

/* Replace an operand's dimension counted from the innermost, where a kernel
 * repeats what is stored once. Strides of such an operand would mislead. */
static void repeat_dim(struct prof_operand_spec *o, unsigned from_inner, int64_t value)
{
	uint64_t *dim;

	if (!o || from_inner >= o->n_dims)
		return;
	dim = &o->dims[o->n_dims - 1 - from_inner];
	if (*dim != (uint64_t)value) {
		*dim = (uint64_t)value;
		o->strided = 0;
		memset(o->strides_bytes, 0, sizeof(o->strides_bytes));
	}
}

/* ---- rules ---- */

static void put_matmul(const struct ggml_scope *scope, struct prof_desc_spec *spec, const void *node)
{
	const void *a = ggml_tensor_src(scope->lib, node, 0), *b = ggml_tensor_src(scope->lib, node, 1);
	int64_t heads = ggml_tensor_ne(scope->lib, b, 2), heads_kv = ggml_tensor_ne(scope->lib, a, 2);
	struct prof_operand_spec *o;

	spec->op = PROF_OP_MATMUL;
	for (unsigned i = 0; i < 3; i++) { /* all four dimensions, also when they are 1 */
		const void *tensor = i == 0 ? b : i == 1 ? a : node;
		const uint8_t *order = i == 1 ? weight_order : natural;

		o = put(scope, spec,
		        i == 0   ? PROF_OPERAND_INPUT
		        : i == 1 ? PROF_OPERAND_OTHER
		                 : PROF_OPERAND_OUTPUT,
		        tensor, order);
		if (!o)
			return;
		for (; o->n_dims < GGML_LAYOUT_DIMS; o->n_dims++) {
			memmove(o->dims + 1, o->dims, o->n_dims * sizeof(o->dims[0]));
			memmove(o->strides_bytes + 1, o->strides_bytes,
			        o->n_dims * sizeof(o->strides_bytes[0]));
			o->dims[0] = 1;
			o->strides_bytes[0] =
			        o->strided ? ggml_tensor_nb(scope->lib, tensor, order[3 - o->n_dims]) : 0;
		}
		if (i == 1) {
			repeat_dim(o, 2, heads);
			repeat_dim(o, 3, ggml_tensor_ne(scope->lib, b, 3));
		}
	}
	if (heads != heads_kv)
		put_attr(spec, PROF_ATTR_HEADS_KV, heads_kv);
}

static void put_linear(const struct ggml_scope *scope, struct prof_desc_spec *spec, const void *node)
{
	put(scope, spec, PROF_OPERAND_INPUT, ggml_tensor_src(scope->lib, node, 1), natural);
	put(scope, spec, PROF_OPERAND_WEIGHT, ggml_tensor_src(scope->lib, node, 0), weight_order);
	put(scope, spec, PROF_OPERAND_OUTPUT, node, natural);
}

/* Rows are tokens times experts used; the weight is one expert's. */
static void put_experts(const struct ggml_scope *scope, struct prof_desc_spec *spec, const void *node)
{
	const struct ggml_lib *lib = scope->lib;
	const void *weight = ggml_tensor_src(lib, node, 0), *index = ggml_tensor_src(lib, node, 2);
	struct prof_operand_spec *o;

	repeat_dim(put(scope, spec, PROF_OPERAND_INPUT, ggml_tensor_src(lib, node, 1), natural), 1,
	           ggml_tensor_ne(lib, node, 1));
	o = put(scope, spec, PROF_OPERAND_WEIGHT, weight, weight_order);
	if (o && o->n_dims > 2) {
		memmove(o->dims, o->dims + o->n_dims - 2, 2 * sizeof(o->dims[0]));
		memmove(o->strides_bytes, o->strides_bytes + o->n_dims - 2, 2 * sizeof(o->strides_bytes[0]));
		o->n_dims = 2;
	}
	put(scope, spec, PROF_OPERAND_INDEX, index, natural);
	put(scope, spec, PROF_OPERAND_OUTPUT, node, natural);
	put_attr(spec, PROF_ATTR_EXPERTS, ggml_tensor_ne(lib, weight, 2));
	if (index)
		put_attr(spec, PROF_ATTR_EXPERTS_USED, ggml_tensor_ne(lib, index, 0));
}

/* Experts are counted in a set of bits of this size. */
enum { EXPERTS_MAX = 1024 };

uint32_t ggml_experts_of(const struct ggml_lib *lib, const void *node)
{
	const char *native = lib->call.op_desc(node);
	const void *weight = ggml_tensor_src(lib, node, 0), *index = ggml_tensor_src(lib, node, 2);
	const char *type = index ? lib->call.type_name(ggml_field32(index, lib->at.type)) : NULL;
	int64_t experts = weight ? ggml_tensor_ne(lib, weight, 2) : 0;

	if (kind_of(native ? native : "")->rule != RULE_EXPERTS || !type || strcmp(type, "i32") != 0)
		return 0;
	return experts > 1 && experts <= EXPERTS_MAX ? (uint32_t)experts : 0;
}

uint32_t ggml_experts_hit(const struct ggml_lib *lib, const void *node, uint32_t experts)
{
	const void *index = ggml_tensor_src(lib, node, 2);
	const char *data = index ? ggml_field_pointer(index, lib->at.data, 0) : NULL;
	uint64_t seen[EXPERTS_MAX / 64] = {0};
	uint32_t hit = 0;

	for (int64_t row = 0; data && row < ggml_tensor_ne(lib, index, 1) && hit < experts; row++) {
		const char *at = data + row * ggml_tensor_nb(lib, index, 1);

		for (int64_t i = 0; i < ggml_tensor_ne(lib, index, 0); i++) {
			uint32_t expert =
			        (uint32_t)ggml_field32(at, (uint32_t)(i * ggml_tensor_nb(lib, index, 0)));

			if (expert >= experts)
				continue;
			hit += !(seen[expert / 64] >> expert % 64 & 1);
			seen[expert / 64] |= (uint64_t)1 << expert % 64;
		}
	}
	return hit;
}

static void put_attention(const struct ggml_scope *scope, struct prof_desc_spec *spec, const void *node)
{
	static const enum prof_operand roles[] = {PROF_OPERAND_QUERY, PROF_OPERAND_KEY, PROF_OPERAND_VALUE,
	                                          PROF_OPERAND_MASK, PROF_OPERAND_OTHER};
	const struct ggml_lib *lib = scope->lib;
	const void *q = ggml_tensor_src(lib, node, 0), *k = ggml_tensor_src(lib, node, 1);

	for (unsigned i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		put(scope, spec, roles[i], ggml_tensor_src(lib, node, i), natural);
	put(scope, spec, PROF_OPERAND_OUTPUT, node, attention_order);
	for (unsigned i = 0; i < spec->n_operands; i++) {
		struct prof_operand_spec *o = &spec->operands[i];

		if (o->n_dims == 3 && o->role != PROF_OPERAND_OTHER) { /* the batch, also when it is 1 */
			memmove(o->dims + 1, o->dims, 3 * sizeof(o->dims[0]));
			memmove(o->strides_bytes + 1, o->strides_bytes, 3 * sizeof(o->strides_bytes[0]));
			o->dims[0] = 1;
			o->strides_bytes[0] = o->strided ? o->strides_bytes[1] * (int64_t)o->dims[1] : 0;
			o->n_dims = 4;
		}
	}
	if (q && k && ggml_tensor_ne(lib, q, 2) != ggml_tensor_ne(lib, k, 2))
		put_attr(spec, PROF_ATTR_HEADS_KV, ggml_tensor_ne(lib, k, 2));
}

static void put_numbers(struct prof_desc_spec *spec, enum prof_operand role, int64_t high, int64_t low)
{
	struct prof_operand_spec *o;

	if (spec->n_operands == PROF_MAX_OPERANDS)
		return;
	o = &spec->operands[spec->n_operands++];
	o->role = (uint8_t)role;
	o->n_dims = 2;
	o->dims[0] = (uint64_t)high;
	o->dims[1] = (uint64_t)low;
}

/* ggml: kernel [kw, kh, ic, oc], input [w, h, c, n]; the parameters are stride,
 * padding and dilation, each x then y. */
static void put_conv(const struct ggml_scope *scope, struct prof_desc_spec *spec, const void *node)
{
	static const enum prof_operand roles[] = {PROF_OPERAND_STRIDE, PROF_OPERAND_PADDING,
	                                          PROF_OPERAND_DILATION};
	const struct ggml_lib *lib = scope->lib;
	const void *kernel = ggml_tensor_src(lib, node, 0), *input = ggml_tensor_src(lib, node, 1);
	struct prof_operand_spec *o = put(scope, spec, PROF_OPERAND_INPUT, input, natural);

	put(scope, spec, PROF_OPERAND_WEIGHT, kernel, natural);
	put(scope, spec, PROF_OPERAND_OUTPUT, node, natural);
	for (unsigned i = 0; i < 3; i++) {
		uint32_t at = lib->at.op_params + 8 * i;

		put_numbers(spec, roles[i], ggml_field32(node, at + 4), ggml_field32(node, at));
	}
	if (o && kernel && ggml_tensor_ne(lib, kernel, 2) != ggml_tensor_ne(lib, input, 2))
		put_attr(spec, PROF_ATTR_GROUPS, ggml_tensor_ne(lib, input, 2));
}

/* The result is the whole table; what is written is as large as the values. */
static void put_stored(const struct ggml_scope *scope, struct prof_desc_spec *spec, const void *node)
{
	const void *values = ggml_tensor_src(scope->lib, node, 0);
	const void *table = ggml_view_base(scope->lib, node);
	struct prof_operand_spec *o;

	put(scope, spec, PROF_OPERAND_INPUT, values, natural);
	if (spec->op == PROF_OP_KV_WRITE)
		put(scope, spec, PROF_OPERAND_INDEX, ggml_tensor_src(scope->lib, node, 1), natural);
	o = put(scope, spec, PROF_OPERAND_OUTPUT, values, natural);
	if (o) {
		o->dtype = (uint8_t)dtype_of(scope->lib, node);
		o->name = intern_name(scope->lib, table);
		o->strided = 0;
		memset(o->strides_bytes, 0, sizeof(o->strides_bytes));
	}
	spec->op = is_leaf(scope->lib, table) ? PROF_OP_KV_WRITE : PROF_OP_COPY;
}

static void put_plain(const struct ggml_scope *scope, struct prof_desc_spec *spec, const void *node,
                      enum prof_operand second)
{
	for (unsigned i = 0; i < scope->lib->at.n_src; i++) {
		const void *src = ggml_tensor_src(scope->lib, node, i);
		enum prof_operand role = i == 0 ? PROF_OPERAND_INPUT : i == 1 ? second : PROF_OPERAND_OTHER;

		if (spec->n_operands == PROF_MAX_OPERANDS - 1)
			break;
		if (src && i > 0 && role == PROF_OPERAND_OTHER && ggml_is_weight(scope, src))
			role = spec->op == PROF_OP_ADD ? PROF_OPERAND_BIAS : PROF_OPERAND_WEIGHT;
		put(scope, spec, role, src, natural);
	}
	put(scope, spec, PROF_OPERAND_OUTPUT, node, natural);
}

/* A weight that a fused multiplication or addition brings in. */
static void put_fused(const struct ggml_scope *scope, struct prof_desc_spec *spec, const void *node,
                      const void *fused)
{
	put(scope, spec, PROF_OPERAND_INPUT, ggml_tensor_src(scope->lib, node, 0), natural);
	for (unsigned i = 0; i < 2; i++) {
		const void *src = ggml_tensor_src(scope->lib, fused, i);

		if (src && src != node)
			put(scope, spec,
			    ggml_is_weight(scope, src) ? PROF_OPERAND_WEIGHT : PROF_OPERAND_OTHER, src,
			    natural);
	}
	put(scope, spec, PROF_OPERAND_OUTPUT, fused, natural);
	put_attr(spec, PROF_ATTR_FUSED, 2);
}

static void put_by_rule(const struct ggml_scope *scope, struct prof_desc_spec *spec, const void *node,
                        enum ggml_rule rule)
{
	const void *src0 = ggml_tensor_src(scope->lib, node, 0), *src1 = ggml_tensor_src(scope->lib, node, 1);
	bool both = src0 && src1;

	if (rule == RULE_PRODUCT && both && !ggml_is_weight(scope, src0))
		put_matmul(scope, spec, node);
	else if (rule == RULE_PRODUCT && both)
		put_linear(scope, spec, node);
	else if (rule == RULE_EXPERTS && both)
		put_experts(scope, spec, node);
	else if (rule == RULE_ATTENTION)
		put_attention(scope, spec, node);
	else if (rule == RULE_CONV && both)
		put_conv(scope, spec, node);
	else if ((rule == RULE_SCATTER || rule == RULE_STORE) && src0)
		put_stored(scope, spec, node);
	else if (rule == RULE_GATHER && both) {
		bool weight = ggml_is_weight(scope, src0);

		spec->op = weight ? PROF_OP_EMBEDDING : PROF_OP_COPY;
		put(scope, spec, weight ? PROF_OPERAND_WEIGHT : PROF_OPERAND_INPUT, src0, natural);
		put(scope, spec, PROF_OPERAND_INDEX, src1, natural);
		put(scope, spec, PROF_OPERAND_OUTPUT, node, natural);
	} else {
		put_plain(scope, spec, node,
		          rule == RULE_SOFTMAX   ? PROF_OPERAND_MASK
		          : rule == RULE_INDEXED ? PROF_OPERAND_INDEX
		                                 : PROF_OPERAND_OTHER);
	}
}

/* ---- names and layers ---- */

/* "blk.7.attn_q.weight", "Qcur-7", "cache_k_l7", "Kcur-7 (view)": 7. */
static int32_t layer_of(const char *name)
{
	for (const char *p = name; *p; p++) {
		bool mark = *p == '.' || *p == '-' || (p[0] == '_' && p[1] == 'l' && ++p);
		char *end;
		long n;

		if (!mark || p[1] < '0' || p[1] > '9')
			continue;
		n = strtol(p + 1, &end, 10);
		if (n < 65536 && (*end == '\0' || *end == ' ' || *end == '.'))
			return (int32_t)n;
	}
	return -1;
}

/* The constant that names an operation: its only weight, or the first. */
static const void *weight_of(const struct ggml_scope *scope, const void *node, const void *fused)
{
	for (unsigned k = 0; k < 2; k++) {
		const void *from = k == 0 ? node : fused;

		for (unsigned i = 0; from && i < 2; i++) {
			const void *src = ggml_tensor_src(scope->lib, from, i);

			if (src && ggml_is_weight(scope, src))
				return ggml_view_base(scope->lib, src);
		}
	}
	return NULL;
}

/* Names that the library made up say nothing: "", "node_12", " (view)". */
static bool is_made_up(const char *name)
{
	return name[0] == '\0' || name[0] == ' ' || strncmp(name, "node_", 5) == 0;
}

int32_t ggml_describe(const struct ggml_scope *scope, const void *node, const void *fused,
                      struct prof_desc_spec *spec)
{
	const char *native = scope->lib->call.op_desc(node);
	const struct ggml_kind *kind = kind_of(native ? native : "");
	const void *result = fused ? fused : node, *named = weight_of(scope, node, fused);
	const char *name;

	memset(spec, 0, sizeof(*spec));
	spec->op = (uint16_t)kind->op;
	spec->family = prof_intern_string("ggml", 4);
	spec->name = prof_intern_string(native, native ? strlen(native) : 0);
	spec->site = scope->site;
	if (fused)
		put_fused(scope, spec, node, fused);
	else
		put_by_rule(scope, spec, node, kind->rule);
	if (spec->op == PROF_OP_KV_WRITE)
		named = ggml_view_base(scope->lib, node);
	if (!named)
		named = result;
	name = ggml_tensor_name(scope->lib, named);
	spec->context = is_made_up(name) ? spec->name : intern_name(scope->lib, named);
	spec->result = intern_name(scope->lib, result);
	spec->layer = layer_of(name);
	if (spec->layer < 0 && named != result)
		spec->layer = layer_of(ggml_tensor_name(scope->lib, result));
	if (spec->layer < 0 && is_made_up(ggml_tensor_name(scope->lib, result)))
		spec->layer = scope->layer;
	return spec->layer;
}
