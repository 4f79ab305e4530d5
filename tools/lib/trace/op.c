/* op.c: names of kinds, and access to an operation's operands.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/op.h"

#include <string.h>

static const char *const op_names[PROF_OP_LIMIT] = {
#define PROF_OP(number, id, name, cls, flops, special, note) [number] = name,
#include <prof/ops.def>
#undef PROF_OP
};

static const struct {
	const char *name;
	unsigned block_elements, block_bytes;
} dtypes[PROF_DTYPE_LIMIT] = {
#define PROF_DTYPE(number, id, name, elements, bytes, compute) [number] = {name, elements, bytes},
#include <prof/dtypes.def>
#undef PROF_DTYPE
};

static const char *const operand_keys[PROF_OPERAND_LIMIT] = {
#define PROF_OPERAND(number, id, key) [number] = key,
#include <prof/operands.def>
#undef PROF_OPERAND
};

static const char *const attr_keys[PROF_ATTR_LIMIT] = {
#define PROF_ATTR(number, id, key, meaning) [number] = key,
#include <prof/attrs.def>
#undef PROF_ATTR
};

unsigned op_main_dtype(const struct op_desc *d)
{
	const struct op_operand *o = op_operand_get(d, PROF_OPERAND_WEIGHT);

	if (!o && d->n_operands)
		o = &d->operands[0];
	return o ? o->dtype : PROF_DTYPE_UNKNOWN;
}

static unsigned find(const char *const *names, unsigned n, const char *name)
{
	for (unsigned i = 1; i < n; i++)
		if (names[i] && !strcmp(names[i], name))
			return i;
	return 0;
}

const char *op_name(unsigned op)
{
	return op < PROF_OP_LIMIT ? op_names[op] : NULL;
}

unsigned op_from_name(const char *name)
{
	return find(op_names, PROF_OP_LIMIT, name);
}

const char *op_dtype_name(unsigned dtype)
{
	return dtype < PROF_DTYPE_LIMIT ? dtypes[dtype].name : NULL;
}

int op_dtype_from_name(const char *name)
{
	for (int i = 0; i < PROF_DTYPE_LIMIT; i++)
		if (dtypes[i].name && !strcmp(dtypes[i].name, name))
			return i;
	return -1;
}

const char *op_operand_key(unsigned role)
{
	return role < PROF_OPERAND_LIMIT ? operand_keys[role] : NULL;
}

unsigned op_operand_from_key(const char *key)
{
	return find(operand_keys, PROF_OPERAND_LIMIT, key);
}

const char *op_attr_key(unsigned attr)
{
	return attr < PROF_ATTR_LIMIT ? attr_keys[attr] : NULL;
}

unsigned op_attr_from_key(const char *key)
{
	return find(attr_keys, PROF_ATTR_LIMIT, key);
}

double op_dtype_bytes(unsigned dtype, double elements)
{
	if (dtype >= PROF_DTYPE_LIMIT || !dtypes[dtype].name)
		return 0;
	return elements * dtypes[dtype].block_bytes / dtypes[dtype].block_elements;
}

unsigned op_dtype_arithmetic(unsigned dtype)
{
	static const char *const classes[PROF_DTYPE_LIMIT] = {
#define PROF_DTYPE(number, id, name, block, bytes, compute) [number] = compute,
#include <prof/dtypes.def>
#undef PROF_DTYPE
	};
	int found;

	if (dtype == PROF_DTYPE_INT4)
		return PROF_DTYPE_INT4;
	found = dtype < PROF_DTYPE_LIMIT && classes[dtype] ? op_dtype_from_name(classes[dtype]) : -1;
	return found >= 0 ? (unsigned)found : PROF_DTYPE_FLOAT32;
}

bool op_dtype_is_blocked(unsigned dtype)
{
	return dtype < PROF_DTYPE_LIMIT && dtypes[dtype].name && dtypes[dtype].block_elements > 1;
}
