/* torch_step.c: what a call of a network works on: tokens, sequences, what is in its cache.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * All is told by the shapes of arguments. A cache of keys and values is an
 * argument whose name begins with "past" or "cache": the first tensor of three
 * or four dimensions in it, through lists, dictionaries and objects, is taken
 * for [batch, heads, positions, width] or [batch, positions, width].
 */
#include "preload/torch/torch_layout.h"
#include "preload/torch/torch_python.h"

#include <string.h>

enum { CACHE_DEPTH = 5, CACHE_PARTS = 8 }; /* how far and how widely a cache is looked through */
enum { IS_LIST = 1 << 25, IS_TUPLE = 1 << 26, IS_DICT = 1 << 29 }; /* flags of a class, since Python 2.6 */

static bool is_whole_number(uint8_t dtype)
{
	return dtype == PROF_DTYPE_INT64 || dtype == PROF_DTYPE_INT32;
}

/* Token numbers [batch, tokens], activations [batch, tokens, width], images
 * [batch, channels, height, width]. */
static void count(struct prof_step_info *info, const struct torch_shape *shape)
{
	bool tokens = is_whole_number(shape->dtype);
	uint64_t rows = shape->n_dims > 0 ? (uint64_t)shape->dims[0] : 1;

	if ((shape->n_dims == 2 && tokens) || shape->n_dims == 3) {
		info->sequences = (uint32_t)rows;
		rows *= (uint64_t)shape->dims[1];
	} else if (shape->n_dims == 1 && !tokens) {
		rows = 1;
	}
	info->tokens = rows > UINT32_MAX ? UINT32_MAX : (uint32_t)rows;
}

/* ---- the cache ---- */

static uint64_t positions_in(void *object, int depth);

static uint64_t positions_of(const void *tensor)
{
	struct torch_shape shape;

	if (!torch_layout_read_object(tensor, &shape) || shape.n_dims < 3 || shape.n_dims > 4)
		return 0;
	return is_whole_number(shape.dtype) ? 0 : (uint64_t)shape.dims[shape.n_dims - 2];
}

static uint64_t positions_in_dict(void *dict, int depth)
{
	intptr_t position = 0;
	uint64_t found = 0;
	void *key, *value;

	for (int i = 0; i < CACHE_PARTS && !found; i++) {
		if (!torch_python.PyDict_Next(dict, &position, &key, &value))
			break;
		found = positions_in(value, depth);
	}
	return found;
}

static uint64_t positions_in_list(void *list, unsigned long flags, int depth)
{
	bool is_tuple = flags & IS_TUPLE;
	intptr_t n = is_tuple ? torch_python.PyTuple_Size(list) : torch_python.PyList_Size(list);
	uint64_t found = 0;

	for (intptr_t i = 0; i < n && i < CACHE_PARTS && !found; i++)
		found = positions_in(is_tuple ? torch_python.PyTuple_GetItem(list, i)
		                              : torch_python.PyList_GetItem(list, i),
		                     depth);
	return found;
}

/* Attributes that an object has of its own, without asking its class. */
static uint64_t positions_in_object(void *object, int depth)
{
	void *dict = torch_python.PyObject_GenericGetDict(object, NULL);
	uint64_t found = 0;

	if (dict)
		found = positions_in_dict(dict, depth);
	else
		torch_python.PyErr_Clear(); /* a number, None, ... */
	if (dict)
		torch_python.Py_DecRef(dict);
	return found;
}

/* How many positions a cache holds; 0: none, or this is no cache. */
static uint64_t positions_in(void *object, int depth)
{
	const void *tensor = torch_tensor_in(object);
	void *type = torch_python.PyObject_Type(object);
	unsigned long flags = type ? torch_python.PyType_GetFlags(type) : 0;

	if (type)
		torch_python.Py_DecRef(type); /* the object still has it */
	if (tensor || depth == 0)
		return tensor ? positions_of(tensor) : 0;
	if (flags & (IS_LIST | IS_TUPLE))
		return positions_in_list(object, flags, depth - 1);
	if (flags & IS_DICT)
		return positions_in_dict(object, depth - 1);
	return positions_in_object(object, depth - 1);
}

/* ---- arguments ---- */

/* Names of the arguments of a module's forward, self first; a tuple, or null. */
static void *forward_names(void *module)
{
	void *type = torch_python.PyObject_Type(module), *forward = NULL, *code = NULL, *names = NULL;

	if (type)
		forward = torch_python.PyObject_GetAttrString(type, "forward");
	if (forward)
		code = torch_python.PyObject_GetAttrString(forward, "__code__");
	if (code)
		names = torch_python.PyObject_GetAttrString(code, "co_varnames");
	if (!names)
		torch_python.PyErr_Clear(); /* written in C, or a scripted module */
	if (type)
		torch_python.Py_DecRef(type);
	if (forward)
		torch_python.Py_DecRef(forward);
	if (code)
		torch_python.Py_DecRef(code);
	return names;
}

static const char *name_of(void *names, intptr_t i)
{
	void *name =
	        names && i < torch_python.PyTuple_Size(names) ? torch_python.PyTuple_GetItem(names, i) : NULL;
	const char *text = name ? torch_python.PyUnicode_AsUTF8AndSize(name, NULL) : NULL;

	if (name && !text)
		torch_python.PyErr_Clear();
	return text ? text : "";
}

/* What is known of the arguments looked at so far. */
struct inputs {
	const void *named, *first; /* tensors */
	uint64_t positions;
};

static void look(struct inputs *in, const char *name, void *argument, bool is_named)
{
	const void *tensor = torch_tensor_in(argument);
	bool is_input = strcmp(name, "input_ids") == 0 || strcmp(name, "inputs_embeds") == 0;

	if (!in->first)
		in->first = tensor;
	if (!in->named && is_named && is_input)
		in->named = tensor;
	if (!in->positions && (strncmp(name, "past", 4) == 0 || strncmp(name, "cache", 5) == 0))
		in->positions = positions_in(argument, CACHE_DEPTH);
}

/* Each token sees what is in the cache and the tokens of its sequence up to itself. */
static void count_context(struct prof_step_info *info, uint64_t positions)
{
	uint64_t tokens = info->sequences ? info->tokens / info->sequences : 0;
	uint64_t context = positions + tokens;

	if (!tokens || context > UINT32_MAX)
		return;
	info->ctx_max = (uint32_t)context;
	if (positions)
		info->ctx_sum = info->sequences * (tokens * context - tokens * (tokens - 1) / 2);
}

void torch_step_look(struct prof_step_info *info, const struct torch_call_arguments *call)
{
	intptr_t named = call->names ? torch_python.PyTuple_Size(call->names) : 0;
	void *places = forward_names(call->module);
	struct inputs in = {0};
	struct torch_shape shape;

	for (intptr_t i = 0; i < call->n; i++)
		look(&in, name_of(places, i + 1), call->args[i], false);
	for (intptr_t i = 0; i < named; i++)
		look(&in, name_of(call->names, i), call->args[call->n + i], true);
	if (places)
		torch_python.Py_DecRef(places);
	if (!in.named)
		in.named = in.first;
	if (in.named && torch_layout_read_object(in.named, &shape))
		count(info, &shape);
	count_context(info, in.positions);
}
