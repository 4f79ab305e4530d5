/* ort_describe.c: from a node that ONNX Runtime ran to an operation's descriptor.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/ort/ort_describe.h"

#include <string.h>

enum { TENSORS = 12 };

enum rule { PLAIN, PRODUCT, PRODUCT_BITS, PRODUCT_INT8, CONVOLUTION, ATTEND, LOOKUP };

/* A node's tensors. */
struct node {
	const struct ort_event *event;
	unsigned n_in, n_out;
	struct ort_tensor in[TENSORS], out[TENSORS];
};

static const struct kind {
	const char *type;
	uint16_t op;
	uint8_t rule;
} kinds[] = {
#define ORT_OP(type, op, rule) {#type, PROF_OP_##op, rule},
#include "preload/ort/ort_ops.def"
#undef ORT_OP
};

static const struct kind *kind_of(struct ort_text type)
{
	static const struct kind other = {"", PROF_OP_OTHER, PLAIN};

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (ort_text_is(type, kinds[i].type))
			return &kinds[i];
	return &other;
}

static unsigned read_tensors(struct ort_text list, struct ort_tensor *tensors)
{
	unsigned n = 0;

	while (n < TENSORS && ort_profile_tensor(&list, &tensors[n]))
		n++;
	return n;
}

static uint64_t dim_from_end(const struct ort_tensor *t, unsigned i)
{
	return i < t->n_dims ? t->dims[t->n_dims - 1 - i] : 1;
}

static uint64_t elements(const struct ort_tensor *t)
{
	uint64_t n = 1;

	for (unsigned i = 0; i < t->n_dims; i++)
		n *= t->dims[i];
	return n;
}

static struct prof_operand_spec *put(struct prof_desc_spec *spec, enum prof_operand role,
                                     const struct ort_tensor *t)
{
	struct prof_operand_spec *o;

	if (spec->n_operands == PROF_MAX_OPERANDS)
		return NULL;
	o = &spec->operands[spec->n_operands++];
	o->role = (uint8_t)role;
	o->dtype = t->dtype;
	o->n_dims = t->n_dims;
	memcpy(o->dims, t->dims, t->n_dims * sizeof(t->dims[0]));
	return o;
}

static void put_attr(struct prof_desc_spec *spec, enum prof_attr attr, uint64_t value)
{
	if (spec->n_attrs < PROF_MAX_ATTRS)
		spec->attrs[spec->n_attrs++] = (struct prof_attr_spec){(uint16_t)attr, (int64_t)value};
}

/* Dimensions of 1 in front, until there are n. */
static struct ort_tensor widened(const struct ort_tensor *t, unsigned n)
{
	struct ort_tensor w = {t->dtype, t->n_dims, {0}};
	unsigned more = t->n_dims < n ? n - t->n_dims : 0;

	for (unsigned i = 0; i < more; i++)
		w.dims[i] = 1;
	memcpy(w.dims + more, t->dims, t->n_dims * sizeof(t->dims[0]));
	w.n_dims = (uint8_t)(t->n_dims + more);
	return w;
}

/* ---- products ---- */

/* The second factor, or null: then it is a constant that the session packed. */
static const struct ort_tensor *second_factor(const struct node *n, uint64_t inner, uint64_t columns)
{
	for (unsigned i = 1; i < n->n_in; i++) {
		const struct ort_tensor *t = &n->in[i];
		uint64_t a = dim_from_end(t, 1), b = dim_from_end(t, 0);

		if (t->n_dims >= 2 && ((a == inner && b == columns) || (a == columns && b == inner)))
			return t;
	}
	return NULL;
}

static uint8_t packed_type(const struct node *n, enum rule rule, uint64_t weights)
{
	if (rule == PRODUCT_INT8)
		return PROF_DTYPE_INT8;
	if (rule == PRODUCT)
		return n->in[0].dtype;
	for (unsigned i = 1; i < n->n_in; i++) /* two to a byte, or one */
		if (n->in[i].dtype == PROF_DTYPE_UINT8 && elements(&n->in[i]) >= weights)
			return PROF_DTYPE_INT8;
	return PROF_DTYPE_INT4;
}

/* The last two dimensions the other way round. */
static void turn(struct ort_tensor *t)
{
	uint64_t *d = t->dims + t->n_dims - 2, last = d[1];

	d[1] = d[0];
	d[0] = last;
}

static void put_linear(struct prof_desc_spec *spec, const struct node *n, const struct ort_tensor *first,
                       uint8_t dtype)
{
	struct ort_tensor weight = {dtype, 2, {dim_from_end(first, 0), dim_from_end(&n->out[0], 0)}};

	spec->op = PROF_OP_LINEAR;
	put(spec, PROF_OPERAND_INPUT, first);
	put(spec, PROF_OPERAND_WEIGHT, &weight);
	put(spec, PROF_OPERAND_OUTPUT, &n->out[0]);
}

/* Two activations, each with its batches in front; the second in the order in
 * which it is multiplied. */
static void put_matmul(struct prof_desc_spec *spec, const struct node *n, const struct ort_tensor *first,
                       const struct ort_tensor *second)
{
	struct ort_tensor input = widened(first, 4), other = widened(second, 4),
	                  output = widened(&n->out[0], 4);

	if (dim_from_end(&other, 1) != dim_from_end(first, 0))
		turn(&other);
	put(spec, PROF_OPERAND_INPUT, &input);
	put(spec, PROF_OPERAND_OTHER, &other);
	put(spec, PROF_OPERAND_OUTPUT, &output);
}

static void put_product(struct prof_desc_spec *spec, const struct node *n, enum rule rule)
{
	uint64_t rows = dim_from_end(&n->out[0], 1), columns = dim_from_end(&n->out[0], 0), inner;
	struct ort_tensor first = n->in[0]; /* in the order in which it is multiplied */
	const struct ort_tensor *second = NULL;

	if (first.n_dims >= 2 && dim_from_end(&first, 1) != rows && dim_from_end(&first, 0) == rows)
		turn(&first);
	inner = dim_from_end(&first, 0);
	if (rule != PRODUCT_BITS)
		second = second_factor(n, inner, columns);
	if (!second)
		put_linear(spec, n, &first, packed_type(n, rule, inner * columns));
	else if (n->event->weight_bytes > 0 && second->n_dims == 2)
		put_linear(spec, n, &first, second->dtype);
	else
		put_matmul(spec, n, &first, second);
}

/* ---- convolution, attention, tables ---- */

/* One dimension in place of two: a height of 1. */
static struct ort_tensor as_image(const struct ort_tensor *t)
{
	struct ort_tensor image = *t;

	if (t->n_dims == 3) {
		image.n_dims = 4;
		image.dims[3] = image.dims[2];
		image.dims[2] = 1;
	}
	return image;
}

static void put_conv(struct prof_desc_spec *spec, const struct node *n)
{
	struct ort_tensor input = as_image(&n->in[0]), output = as_image(&n->out[0]), weight = {0};

	for (unsigned i = 1; i < n->n_in && !weight.n_dims; i++)
		if (n->in[i].n_dims == n->in[0].n_dims)
			weight = as_image(&n->in[i]);
	if (input.n_dims != 4 || !weight.n_dims) {
		spec->op = PROF_OP_OTHER;
		put(spec, PROF_OPERAND_INPUT, &n->in[0]);
		put(spec, PROF_OPERAND_OUTPUT, &n->out[0]);
		return;
	}
	put(spec, PROF_OPERAND_INPUT, &input);
	put(spec, PROF_OPERAND_WEIGHT, &weight);
	put(spec, PROF_OPERAND_OUTPUT, &output);
	if (weight.dims[1] && input.dims[1] != weight.dims[1])
		put_attr(spec, PROF_ATTR_GROUPS, input.dims[1] / weight.dims[1]);
}

/* [b, s, heads * d] as [b, heads, s, d]. */
static struct ort_tensor as_heads(const struct ort_tensor *t, uint64_t size)
{
	struct ort_tensor h = *t;

	if (t->n_dims == 3 && size && t->dims[2] % size == 0)
		h = (struct ort_tensor){t->dtype, 4, {t->dims[0], t->dims[2] / size, t->dims[1], size}};
	else if (t->n_dims == 3)
		h = (struct ort_tensor){t->dtype, 4, {t->dims[0], 1, t->dims[1], t->dims[2]}};
	return h;
}

/* Keys and values come as such, or, when the node keeps a cache, as its second
 * and third result, which hold all of the context. */
static void put_attention(struct prof_desc_spec *spec, const struct node *n)
{
	bool cached = n->n_out >= 3 && n->out[1].n_dims == 4 && n->out[2].n_dims == 4;
	const struct ort_tensor *key = cached ? &n->out[1] : &n->in[n->n_in > 1 ? 1 : 0];
	const struct ort_tensor *value = cached ? &n->out[2] : &n->in[n->n_in > 2 ? 2 : 0];
	uint64_t size = key->n_dims == 4 ? key->dims[3] : 0;
	struct ort_tensor query = as_heads(&n->in[0], size), output = as_heads(&n->out[0], size),
	                  keys = as_heads(key, size), values = as_heads(value, size);

	put(spec, PROF_OPERAND_QUERY, &query);
	put(spec, PROF_OPERAND_KEY, &keys);
	put(spec, PROF_OPERAND_VALUE, &values);
	put(spec, PROF_OPERAND_OUTPUT, &output);
	if (keys.dims[1] != query.dims[1])
		put_attr(spec, PROF_ATTR_HEADS_KV, keys.dims[1]);
}

static void put_lookup(struct prof_desc_spec *spec, const struct node *n)
{
	bool table = n->event->weight_bytes > 0 && n->in[0].n_dims == 2;

	spec->op = table ? PROF_OP_EMBEDDING : PROF_OP_COPY;
	put(spec, table ? PROF_OPERAND_WEIGHT : PROF_OPERAND_INPUT, &n->in[0]);
	if (n->n_in > 1)
		put(spec, PROF_OPERAND_INDEX, &n->in[1]);
	put(spec, PROF_OPERAND_OUTPUT, &n->out[0]);
}

static void put_plain(struct prof_desc_spec *spec, const struct node *n)
{
	for (unsigned i = 0; i < n->n_in && i < PROF_MAX_OPERANDS - 1; i++)
		put(spec, i ? PROF_OPERAND_OTHER : PROF_OPERAND_INPUT, &n->in[i]);
	if (n->n_out)
		put(spec, PROF_OPERAND_OUTPUT, &n->out[0]);
}

static void put_by_rule(struct prof_desc_spec *spec, const struct node *n, enum rule rule)
{
	if (!n->n_in || !n->n_out)
		rule = PLAIN;
	switch (rule) {
	case PRODUCT:
	case PRODUCT_BITS:
	case PRODUCT_INT8:
		put_product(spec, n, rule);
		break;
	case CONVOLUTION:
		put_conv(spec, n);
		break;
	case ATTEND:
		put_attention(spec, n);
		break;
	case LOOKUP:
		put_lookup(spec, n);
		break;
	case PLAIN:
		put_plain(spec, n);
		break;
	}
}

/* ---- names ---- */

/* A number that is a whole part of a path: the layer. */
static int32_t layer_of(const char *path)
{
	for (const char *p = path; *p; p++) {
		int32_t n = 0;
		unsigned digits = 0;

		if (p != path && p[-1] != '.')
			continue;
		for (; p[digits] >= '0' && p[digits] <= '9' && digits < 5; digits++)
			n = 10 * n + (p[digits] - '0');
		if (digits && (p[digits] == '\0' || p[digits] == '.'))
			return n;
	}
	return -1;
}

static void name_context(struct prof_desc_spec *spec, struct ort_text name)
{
	char path[256];
	size_t n = 0, part = 0;

	for (size_t i = name.n && name.p[0] == '/'; i < name.n && n < sizeof(path) - 1; i++) {
		bool begins = n == part;

		if (begins && name.p[i] >= 'A' && name.p[i] <= 'Z')
			break;
		path[n++] = name.p[i];
		if (name.p[i] == '/') {
			path[n - 1] = '.';
			part = n;
		}
	}
	n = part ? part - 1 : 0; /* the last part is the operator's */
	path[n] = '\0';
	spec->context = n ? prof_intern_string(path, n) : spec->result;
	spec->layer = layer_of(path);
	if (!spec->context)
		spec->context = spec->name;
}

void ort_describe(struct prof_desc_spec *spec, const struct ort_event *node)
{
	const struct kind *kind = kind_of(node->op);
	struct node n = {.event = node};

	n.n_in = read_tensors(node->inputs, n.in);
	n.n_out = read_tensors(node->outputs, n.out);
	memset(spec, 0, sizeof(*spec));
	spec->op = kind->op;
	spec->family = prof_intern_string("onnxruntime", 11);
	spec->name = prof_intern_string(node->op.p, node->op.n);
	spec->result = prof_intern_string(node->name.p, node->name.n);
	name_context(spec, node->name);
	put_by_rule(spec, &n, (enum rule)kind->rule);
}
