/* torch_describe.c: from an operator's key to an operation of ours.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/torch/torch_call.h"

#include <stdio.h>
#include <string.h>

static const struct {
	char letter;
	uint8_t role;
} operand_roles[] = {
        {'i', PROF_OPERAND_INPUT},    {'o', PROF_OPERAND_OTHER},  {'w', PROF_OPERAND_WEIGHT},
        {'b', PROF_OPERAND_BIAS},     {'q', PROF_OPERAND_QUERY},  {'k', PROF_OPERAND_KEY},
        {'v', PROF_OPERAND_VALUE},    {'m', PROF_OPERAND_MASK},   {'x', PROF_OPERAND_INDEX},
        {'y', PROF_OPERAND_OUTPUT},   {'s', PROF_OPERAND_STRIDE}, {'p', PROF_OPERAND_PADDING},
        {'d', PROF_OPERAND_DILATION}, {'K', PROF_OPERAND_KERNEL},
};

/* ---- operands ---- */

static void put_attr(struct prof_desc_spec *spec, enum prof_attr attr, int64_t value)
{
	if (spec->n_attrs == PROF_MAX_ATTRS)
		return;
	spec->attrs[spec->n_attrs].attr = (uint16_t)attr;
	spec->attrs[spec->n_attrs++].value = value;
}

static struct prof_operand_spec *operand_of(struct prof_desc_spec *spec, enum prof_operand role)
{
	for (unsigned i = 0; i < spec->n_operands; i++)
		if (spec->operands[i].role == role)
			return &spec->operands[i];
	return NULL;
}

/* Bytes of an element; strides are told in bytes. */
static int64_t element_bytes(uint8_t dtype)
{
	static const uint8_t bytes[PROF_DTYPE_LIMIT] = {
#define PROF_DTYPE(number, id, name, block, block_bytes, compute) [number] = (block) == 1 ? (block_bytes) : 0,
#include <prof/dtypes.def>
#undef PROF_DTYPE
	};

	return bytes[dtype];
}

/* A parameter beside the input is its weight, and of an addition the bias. */
static uint8_t role_of(const struct prof_desc_spec *spec, uint8_t role, const struct torch_item *item)
{
	if (role != PROF_OPERAND_OTHER || !(item->flags & TORCH_ITEM_CONSTANT))
		return role;
	return spec->op == PROF_OP_ADD ? PROF_OPERAND_BIAS : PROF_OPERAND_WEIGHT;
}

static void put_operand(struct prof_desc_spec *spec, uint8_t role, const struct torch_item *item,
                        const uint64_t *words)
{
	struct prof_operand_spec *o;

	if (spec->n_operands == PROF_MAX_OPERANDS || operand_of(spec, (enum prof_operand)role))
		return; /* a role is played once */
	o = &spec->operands[spec->n_operands++];
	o->role = role;
	o->dtype = item->dtype;
	o->n_dims = item->n_dims;
	o->name = item->flags & TORCH_ITEM_CONSTANT ? item->name : 0;
	o->strided = (item->flags & TORCH_ITEM_STRIDED) && element_bytes(item->dtype) > 0;
	for (unsigned i = 0; i < o->n_dims; i++) {
		o->dims[i] = words[i];
		if (o->strided)
			o->strides_bytes[i] = (int64_t)words[item->n_dims + i] * element_bytes(item->dtype);
	}
}

static void set_dim(struct prof_operand_spec *o, unsigned i, uint64_t size, int64_t stride)
{
	o->dims[i] = size;
	o->strides_bytes[i] = o->strided ? stride : 0;
}

/* Make room for a dimension of one at place `at`. */
static void insert_dim(struct prof_operand_spec *o, unsigned at)
{
	int64_t stride;

	if (o->n_dims == PROF_MAX_DIMS)
		return;
	for (unsigned i = o->n_dims; i > at; i--)
		set_dim(o, i, o->dims[i - 1], o->strides_bytes[i - 1]);
	stride = at < o->n_dims ? o->strides_bytes[at + 1] * (int64_t)o->dims[at + 1]
	                        : element_bytes(o->dtype);
	set_dim(o, at, 1, stride);
	o->n_dims++;
}

/* Put two neighbouring dimensions into one. Where they are not one in memory,
 * the strides would mislead and are left out. */
static void join_dims(struct prof_operand_spec *o, unsigned at)
{
	if (o->strided && o->strides_bytes[at] != o->strides_bytes[at + 1] * (int64_t)o->dims[at + 1]) {
		o->strided = 0;
		memset(o->strides_bytes, 0, sizeof(o->strides_bytes));
	}
	set_dim(o, at, o->dims[at] * o->dims[at + 1], o->strides_bytes[at + 1]);
	for (unsigned i = at + 1; i + 1 < o->n_dims; i++)
		set_dim(o, i, o->dims[i + 1], o->strides_bytes[i + 1]);
	o->n_dims--;
	set_dim(o, o->n_dims, 0, 0);
}

/* Ones in front until there are n, leading ones joined until there are no more. */
static void fit_dims(struct prof_operand_spec *o, unsigned n)
{
	while (o && o->n_dims < n)
		insert_dim(o, 0);
	while (o && o->n_dims > n)
		join_dims(o, 0);
}

/* ---- rules ---- */

/* torch keeps it [out, in]. */
static void turn_weight(struct prof_desc_spec *spec)
{
	struct prof_operand_spec *w = operand_of(spec, PROF_OPERAND_WEIGHT);
	uint64_t size;
	int64_t stride;

	if (!w || w->n_dims != 2)
		return;
	size = w->dims[0];
	stride = w->strides_bytes[0];
	set_dim(w, 0, w->dims[1], w->strides_bytes[1]);
	set_dim(w, 1, size, stride);
}

/* Two activations: all of four dimensions; a vector is a row on the left and
 * a column on the right. */
static void make_matmul(struct prof_desc_spec *spec)
{
	struct prof_operand_spec *in = operand_of(spec, PROF_OPERAND_INPUT);
	struct prof_operand_spec *other = operand_of(spec, PROF_OPERAND_WEIGHT);
	struct prof_operand_spec *out = operand_of(spec, PROF_OPERAND_OUTPUT);
	bool row = in && in->n_dims == 1, column = other && other->n_dims == 1;

	spec->op = PROF_OP_MATMUL;
	if (other)
		other->role = PROF_OPERAND_OTHER;
	if (row)
		insert_dim(in, 0);
	if (column)
		insert_dim(other, 1);
	if (out && column)
		insert_dim(out, out->n_dims);
	if (out && row)
		insert_dim(out, out->n_dims > 0 ? out->n_dims - 1u : 0);
	fit_dims(in, 4);
	fit_dims(other, 4);
	fit_dims(out, 4);
}

/* A weight is a parameter, or what a vector is added to the product with: a
 * scripted module's parameters are not known, and this is how its layers look. */
static void make_product(struct prof_desc_spec *spec, bool constant)
{
	const struct prof_operand_spec *w = operand_of(spec, PROF_OPERAND_WEIGHT);
	const struct prof_operand_spec *bias = operand_of(spec, PROF_OPERAND_BIAS);

	if (!w || w->n_dims != 2 || (!constant && !(bias && bias->n_dims == 1)))
		make_matmul(spec);
}

/* Numbers for each dimension of space: one stands for all, and of three the
 * first is left out, as its sizes are joined to the second's. */
static void fit_numbers(struct prof_operand_spec *o, unsigned space, uint64_t for_height)
{
	if (o->n_dims == 1 && space != 1)
		set_dim(o, o->n_dims++, o->dims[0], 0);
	else if (o->n_dims == 1) {
		set_dim(o, 1, o->dims[0], 0);
		set_dim(o, 0, for_height, 0);
		o->n_dims = 2;
	} else if (o->n_dims == 3) {
		set_dim(o, 0, o->dims[1], 0);
		set_dim(o, 1, o->dims[2], 0);
		o->n_dims = 2;
	}
}

/* All convolutions as two-dimensional ones with a batch. */
static void make_conv(struct prof_desc_spec *spec)
{
	const struct prof_operand_spec *w = operand_of(spec, PROF_OPERAND_WEIGHT);
	unsigned space = w && w->n_dims > 2 ? w->n_dims - 2u : 2;

	for (unsigned i = 0; i < spec->n_operands; i++) {
		struct prof_operand_spec *o = &spec->operands[i];
		bool data = o->role == PROF_OPERAND_INPUT || o->role == PROF_OPERAND_OUTPUT;

		if (data && o->n_dims == space + 1)
			insert_dim(o, 0);
		if (data || o->role == PROF_OPERAND_WEIGHT) {
			if (space == 1 && o->n_dims == 3)
				insert_dim(o, 2);
			if (space == 3 && o->n_dims == 5)
				join_dims(o, 2);
		} else if (o->role != PROF_OPERAND_BIAS) {
			fit_numbers(o, space, o->role == PROF_OPERAND_PADDING ? 0 : 1);
		}
	}
}

static void make_attention(struct prof_desc_spec *spec)
{
	static const enum prof_operand whole[] = {PROF_OPERAND_QUERY, PROF_OPERAND_KEY, PROF_OPERAND_VALUE,
	                                          PROF_OPERAND_OUTPUT};
	const struct prof_operand_spec *query, *key;

	for (unsigned i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		struct prof_operand_spec *o = operand_of(spec, whole[i]);

		if (o && o->n_dims == 3) /* [batch and heads, rows, width] */
			insert_dim(o, 0);
		fit_dims(o, 4);
	}
	query = operand_of(spec, PROF_OPERAND_QUERY);
	key = operand_of(spec, PROF_OPERAND_KEY);
	if (query && key && query->dims[1] != key->dims[1])
		put_attr(spec, PROF_ATTR_HEADS_KV, (int64_t)key->dims[1]);
}

static void make_scale(struct prof_desc_spec *spec)
{
	const struct prof_operand_spec *o = operand_of(spec, PROF_OPERAND_OTHER);

	if (o && o->n_dims == 0)
		spec->op = PROF_OP_SCALE;
}

static void put_number(struct prof_desc_spec *spec, char role, int64_t value)
{
	if (role == 'g' && value != 1)
		put_attr(spec, PROF_ATTR_GROUPS, value);
	if (role == 'c' && value != 0)
		put_attr(spec, PROF_ATTR_CAUSAL, value);
	if (role == 'T' && value != 0)
		spec->op = PROF_OP_OTHER;
}

static void put_item(struct prof_desc_spec *spec, const struct torch_item *item, const uint64_t *words)
{
	for (unsigned i = 0; i < sizeof(operand_roles) / sizeof(operand_roles[0]); i++)
		if (operand_roles[i].letter == item->role) {
			put_operand(spec, role_of(spec, operand_roles[i].role, item), item, words);
			return;
		}
	put_number(spec, item->role, (int64_t)words[0]);
}

/* The result's name, as torch.fx would call it: the module, the operator, and
 * which of several. */
static uint32_t result_name(const struct torch_op *op, const struct torch_key *key,
                            const struct torch_name *module)
{
	uint32_t before = (uint32_t)(key->word[TORCH_KEY_CONTEXT] >> 33);
	const char *colon = strrchr(op->native, ':');
	char text[1024];
	int bytes;

	if (!module)
		return 0;
	bytes = snprintf(text, sizeof(text), "%.*s%s%s", (int)module->bytes, module->text ? module->text : "",
	                 module->bytes ? "." : "", colon ? colon + 1 : op->native);
	if (before && bytes > 0 && (size_t)bytes < sizeof(text) - 16)
		bytes += snprintf(text + bytes, sizeof(text) - (size_t)bytes, "_%u", before);
	return prof_intern_string(text, strnlen(text, sizeof(text)));
}

void torch_describe(struct prof_desc_spec *spec, const struct torch_op *op, const struct torch_key *key,
                    const struct torch_name *module)
{
	bool constant = false;

	memset(spec, 0, sizeof(*spec));
	spec->layer = -1;
	spec->op = op->kind;
	spec->family = prof_intern_string("torch", 5);
	spec->name = prof_intern_string(op->native, strlen(op->native));
	spec->site = (uint32_t)key->word[TORCH_KEY_WHERE];
	spec->context = (uint32_t)key->word[TORCH_KEY_CONTEXT];
	spec->result = result_name(op, key, module);
	for (uint32_t at = TORCH_KEY_ITEMS; at < key->n_words;) {
		struct torch_item item;

		memcpy(&item, key->word + at, sizeof(item));
		put_item(spec, &item, key->word + at + 1);
		constant = constant || (item.role == 'w' && item.flags & TORCH_ITEM_CONSTANT);
		at += 1u + item.n_dims * (item.flags & TORCH_ITEM_STRIDED ? 2u : 1u);
	}
	if (op->rule == TORCH_LINEAR)
		turn_weight(spec);
	else if (op->rule == TORCH_PRODUCT && key->n_words > TORCH_KEY_ITEMS)
		make_product(spec, constant);
	else if (op->rule == TORCH_CONV && spec->op == PROF_OP_CONV2D)
		make_conv(spec);
	else if (op->rule == TORCH_ATTENTION)
		make_attention(spec);
	else if (op->rule == TORCH_SCALE)
		make_scale(spec);
}
