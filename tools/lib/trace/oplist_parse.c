/* oplist_parse.c: one line of an op list, taken apart.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Keys are looked up one by one and removed; what is left at the end is
 * unknown to us and kept as it is.
 */
#include "tools/lib/trace/oplist.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The largest layer, step, thread or depth taken: enough for any network, small
 * enough to be added and doubled without overflow. */
#define NUMBER_LIMIT 1000000000

struct parse {
	json_t *object;
	struct arena *arena;
	const char *file;
	unsigned line;
	struct oplist_op *op;
	struct diag *diag;
};

static const char *type_name(const json_t *v)
{
	static const char *const names[] = {"an object", "an array", "a string", "a whole number",
	                                    "a number",  "true",     "false",    "null"};

	return names[json_typeof(v)];
}

static int wrong_type(const struct parse *p, const char *key, const char *expected, const json_t *v)
{
	return diag_at(p->diag, p->file, p->line, 0, "\"%.100s\" must be %s, not %s", key, expected,
	               type_name(v));
}

static int no_memory(const struct parse *p)
{
	return diag_at(p->diag, p->file, p->line, 0, "out of memory");
}

/* A string key, interned; "" when it is absent. */
static int take_text(struct parse *p, const char *key, const char **out)
{
	json_t *v = json_object_get(p->object, key);

	*out = "";
	if (!v)
		return 0;
	if (!json_is_string(v))
		return wrong_type(p, key, "a string", v);
	if (strlen(json_string_value(v)) != json_string_length(v))
		return diag_at(p->diag, p->file, p->line, 0, "\"%s\" holds a zero character", key);
	*out = arena_intern(p->arena, json_string_value(v), json_string_length(v));
	json_object_del(p->object, key);
	return *out ? 0 : no_memory(p);
}

/* A whole number from 0 to `limit`; `otherwise` when it is absent. */
static int take_whole(struct parse *p, const char *key, int64_t otherwise, int64_t limit, int64_t *out)
{
	json_t *v = json_object_get(p->object, key);

	*out = otherwise;
	if (!v)
		return 0;
	if (!json_is_integer(v))
		return wrong_type(p, key, "a whole number", v);
	if (json_integer_value(v) < 0 || json_integer_value(v) > limit)
		return diag_at(p->diag, p->file, p->line, 0, "\"%s\" must be between 0 and %lld, not %lld",
		               key, (long long)limit, (long long)json_integer_value(v));
	*out = json_integer_value(v);
	json_object_del(p->object, key);
	return 0;
}

/* Nanoseconds; parts of one are rounded. */
static int take_ns(struct parse *p, const char *key, bool *present, uint64_t *out)
{
	json_t *v = json_object_get(p->object, key);

	*present = v != NULL;
	*out = 0;
	if (!v)
		return 0;
	if (!json_is_number(v))
		return wrong_type(p, key, "a number", v);
	if (!(json_number_value(v) >= 0 && json_number_value(v) < 9e18))
		return diag_at(p->diag, p->file, p->line, 0, "\"%s\" must be between 0 and 9e18, not %g", key,
		               json_number_value(v));
	*out = json_is_integer(v) ? (uint64_t)json_integer_value(v) : (uint64_t)(json_real_value(v) + 0.5);
	json_object_del(p->object, key);
	return 0;
}

static int take_op(struct parse *p)
{
	const char *names[PROF_OP_LIMIT], *nearest;
	json_t *v = json_object_get(p->object, "op");
	unsigned n = 0;

	if (!v)
		return diag_at(p->diag, p->file, p->line, 0, "the operation has no \"op\"");
	if (!json_is_string(v))
		return wrong_type(p, "op", "a string", v);
	p->op->desc.op = (uint16_t)op_from_name(json_string_value(v));
	if (p->op->desc.op) {
		json_object_del(p->object, "op");
		return 0;
	}
	for (unsigned i = 1; i < PROF_OP_LIMIT; i++)
		if (op_name(i))
			names[n++] = op_name(i);
	nearest = diag_nearest(json_string_value(v), names, n);
	if (nearest)
		return diag_at(p->diag, p->file, p->line, 0, "unknown operation '%.100s'; did you mean '%s'?",
		               json_string_value(v), nearest);
	return diag_at(
	        p->diag, p->file, p->line, 0,
	        "unknown operation '%.100s'; one without a kind of its own is \"other\" with a \"name\"",
	        json_string_value(v));
}

static int dtype_of(struct parse *p, const char *key, const json_t *v, uint8_t *out)
{
	const char *names[PROF_DTYPE_LIMIT], *nearest;
	unsigned n = 0;
	int dtype;

	if (!json_is_string(v))
		return wrong_type(p, key, "a string", v);
	dtype = op_dtype_from_name(json_string_value(v));
	if (dtype >= 0) {
		*out = (uint8_t)dtype;
		return 0;
	}
	for (unsigned i = 0; i < PROF_DTYPE_LIMIT; i++)
		if (op_dtype_name(i))
			names[n++] = op_dtype_name(i);
	nearest = diag_nearest(json_string_value(v), names, n);
	return diag_at(p->diag, p->file, p->line, 0, "unknown data type '%.100s'%s%s%s", json_string_value(v),
	               nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

/* The operand of that role, made when there is none. */
static struct op_operand *operand_for(struct parse *p, unsigned role)
{
	struct op_desc *desc = &p->op->desc;
	struct op_operand *o;

	for (unsigned i = 0; i < desc->n_operands; i++)
		if (desc->operands[i].role == role)
			return &desc->operands[i];
	if (desc->n_operands == PROF_MAX_OPERANDS) {
		diag_at(p->diag, p->file, p->line, 0, "the operation has more than %u operands",
		        PROF_MAX_OPERANDS);
		return NULL;
	}
	o = &desc->operands[desc->n_operands++];
	o->role = (uint8_t)role;
	o->name = "";
	o->shapeless = true;
	return o;
}

static int take_shape(struct parse *p, unsigned role, const char *key)
{
	json_t *v = json_object_get(p->object, key), *dim;
	struct op_operand *o;
	size_t i;

	if (!v)
		return 0;
	if (!json_is_array(v))
		return wrong_type(p, key, "an array of dimensions", v);
	if (json_array_size(v) > PROF_MAX_DIMS)
		return diag_at(p->diag, p->file, p->line, 0,
		               "\"%s\" has %zu dimensions, more than the %u that can be kept", key,
		               json_array_size(v), PROF_MAX_DIMS);
	o = operand_for(p, role);
	if (!o)
		return -1;
	json_array_foreach(v, i, dim)
	{
		if (!json_is_integer(dim) || json_integer_value(dim) < 0)
			return diag_at(p->diag, p->file, p->line, 0,
			               "\"%s\" must hold whole numbers of 0 or more, not %s", key,
			               type_name(dim));
		o->dims[i] = (uint64_t)json_integer_value(dim);
	}
	o->n_dims = (uint8_t)json_array_size(v);
	o->shapeless = false;
	json_object_del(p->object, key);
	return 0;
}

/* "dtypes", "names" and "strides": objects by operand. */
static int take_by_operand(struct parse *p, const char *key,
                           int (*take)(struct parse *, struct op_operand *, const json_t *))
{
	json_t *v = json_object_get(p->object, key), *item;
	const char *operand;

	if (!v)
		return 0;
	if (!json_is_object(v))
		return wrong_type(p, key, "an object of operands", v);
	json_object_foreach(v, operand, item)
	{
		unsigned role = op_operand_from_key(operand);
		struct op_operand *o;

		if (!role)
			return diag_at(p->diag, p->file, p->line, 0,
			               "\"%s\" names an unknown operand '%.100s'", key, operand);
		o = operand_for(p, role);
		if (!o || take(p, o, item))
			return -1;
	}
	json_object_del(p->object, key);
	return 0;
}

static int take_operand_dtype(struct parse *p, struct op_operand *o, const json_t *v)
{
	return dtype_of(p, "dtypes", v, &o->dtype);
}

static int take_operand_name(struct parse *p, struct op_operand *o, const json_t *v)
{
	if (!json_is_string(v))
		return wrong_type(p, "names", "an object of strings", v);
	o->name = arena_intern(p->arena, json_string_value(v), json_string_length(v));
	return o->name ? 0 : no_memory(p);
}

static int take_operand_strides(struct parse *p, struct op_operand *o, const json_t *v)
{
	json_t *stride;
	size_t i;

	if (!json_is_array(v) || json_array_size(v) != o->n_dims)
		return diag_at(p->diag, p->file, p->line, 0,
		               "\"strides\" must have as many numbers as \"%s\" has dimensions",
		               op_operand_key(o->role));
	json_array_foreach(v, i, stride)
	{
		if (!json_is_integer(stride))
			return wrong_type(p, "strides", "an object of arrays of whole numbers", stride);
		o->strides_bytes[i] = json_integer_value(stride);
	}
	o->strided = o->n_dims > 0;
	return 0;
}

static int take_operands(struct parse *p)
{
	json_t *v = json_object_get(p->object, "dtype");
	uint8_t dtype = PROF_DTYPE_UNKNOWN;

	if (v && dtype_of(p, "dtype", v, &dtype))
		return -1;
	json_object_del(p->object, "dtype");
	for (unsigned role = 1; role < PROF_OPERAND_LIMIT; role++)
		if (op_operand_key(role) && take_shape(p, role, op_operand_key(role)))
			return -1;
	if (v && !p->op->desc.n_operands && !operand_for(p, PROF_OPERAND_INPUT))
		return -1;
	for (unsigned i = 0; i < p->op->desc.n_operands; i++)
		p->op->desc.operands[i].dtype = dtype;
	if (take_by_operand(p, "dtypes", take_operand_dtype))
		return -1;
	if (take_by_operand(p, "names", take_operand_name))
		return -1;
	return take_by_operand(p, "strides", take_operand_strides);
}

static int take_attrs(struct parse *p)
{
	struct op_desc *desc = &p->op->desc;

	for (unsigned attr = 1; attr < PROF_ATTR_LIMIT; attr++) {
		const char *key = op_attr_key(attr);
		json_t *v = key ? json_object_get(p->object, key) : NULL;

		if (!v)
			continue;
		if (!json_is_integer(v))
			return wrong_type(p, key, "a whole number", v);
		if (desc->n_attrs == PROF_MAX_ATTRS)
			return diag_at(p->diag, p->file, p->line, 0,
			               "the operation has more than %u attributes", PROF_MAX_ATTRS);
		desc->attrs[desc->n_attrs].attr = (uint16_t)attr;
		desc->attrs[desc->n_attrs++].value = json_integer_value(v);
		json_object_del(p->object, key);
	}
	return 0;
}

/* Which part of the slices the counters are of: all, unless it says so. Their
 * time is taken as their share of all the slices'. */
static int take_counted(struct parse *p)
{
	struct oplist_op *op = p->op;
	int64_t counted;

	if (take_whole(p, "counted_slices", op->n_slices, op->n_slices, &counted))
		return -1;
	op->n_counted = counted ? (uint32_t)counted : 1;
	op->counted_ns = op->busy_ns;
	if (op->n_counted < op->n_slices)
		op->counted_ns = (uint64_t)((double)op->busy_ns / op->n_slices * op->n_counted);
	return 0;
}

static int take_counters(struct parse *p)
{
	json_t *v = json_object_get(p->object, "counters"), *item;
	const char *name;

	if (!v)
		return 0;
	if (!json_is_object(v))
		return wrong_type(p, "counters", "an object of numbers", v);
	json_object_foreach(v, name, item)
	{
		struct oplist_op *op = p->op;

		if (!json_is_integer(item) || json_integer_value(item) < 0)
			return diag_at(p->diag, p->file, p->line, 0,
			               "counter '%.100s' must be a whole number of 0 or more", name);
		if (op->n_counters == PROF_MAX_COUNTERS)
			return diag_at(p->diag, p->file, p->line, 0,
			               "the operation has more than %u counters", PROF_MAX_COUNTERS);
		op->counter_names[op->n_counters] = arena_intern(p->arena, name, strlen(name));
		if (!op->counter_names[op->n_counters])
			return no_memory(p);
		op->counters[op->n_counters++] = (uint64_t)json_integer_value(item);
	}
	json_object_del(p->object, "counters");
	return take_counted(p);
}

static int take_callsite(struct parse *p)
{
	json_t *v = json_object_get(p->object, "callsite"), *item;
	size_t i;

	if (!v)
		return 0;
	if (!json_is_array(v))
		return wrong_type(p, "callsite", "an array of frames, innermost first", v);
	json_array_foreach(v, i, item)
	{
		if (!json_is_string(item))
			return wrong_type(p, "callsite", "an array of strings", item);
		if (i == PROF_MAX_FRAMES)
			return diag_at(p->diag, p->file, p->line, 0, "the call site has more than %u frames",
			               PROF_MAX_FRAMES);
		p->op->frames[i] = arena_intern(p->arena, json_string_value(item), json_string_length(item));
		if (!p->op->frames[i])
			return no_memory(p);
	}
	p->op->n_frames = (unsigned)json_array_size(v);
	json_object_del(p->object, "callsite");
	return 0;
}

static int take_phase(struct parse *p)
{
	const char *phase;

	if (take_text(p, "phase", &phase))
		return -1;
	if (!strcmp(phase, "prefill"))
		p->op->phase = PROF_PHASE_PREFILL;
	else if (!strcmp(phase, "decode"))
		p->op->phase = PROF_PHASE_DECODE;
	else if (*phase)
		return diag_at(p->diag, p->file, p->line, 0,
		               "\"phase\" must be \"prefill\" or \"decode\", not '%.100s'", phase);
	return 0;
}

/* A rank alone names its process. Interned, "" too: names are told by pointer. */
static int take_process(struct parse *p)
{
	struct oplist_op *op = p->op;
	char name[32] = "";

	if (take_text(p, "process", &op->process) || take_whole(p, "rank", -1, INT32_MAX, &op->rank))
		return -1;
	if (*op->process)
		return 0;
	if (op->rank >= 0)
		snprintf(name, sizeof(name), "rank %" PRId64, op->rank);
	op->process = arena_intern(p->arena, name, strlen(name));
	return op->process ? 0 : no_memory(p);
}

/* When it ran, and as part of what. A start without a duration stays among the
 * unknown keys: there is no interval to place. */
static int take_execution(struct parse *p)
{
	struct oplist_op *op = p->op;
	bool has_busy, ignored;
	int64_t depth, slices, v;

	if (take_ns(p, "time_ns", &op->has_time, &op->time_ns)
	    || take_ns(p, "busy_ns", &has_busy, &op->busy_ns))
		return -1;
	if (op->has_time && take_ns(p, "start_ns", &op->has_start, &op->start_ns))
		return -1;
	if (take_process(p))
		return -1;
	if (take_whole(p, "thread", -1, UINT32_MAX - 1, &op->thread)
	    || take_whole(p, "depth", 0, 1000, &depth) || take_whole(p, "slices", 1, 65535, &slices))
		return -1;
	op->depth = (uint32_t)depth;
	op->n_slices = slices ? (uint32_t)slices : 1;
	if (!has_busy || op->n_slices == 1)
		op->busy_ns = op->time_ns;
	if (op->n_slices > 1 && op->busy_ns / op->n_slices > op->time_ns)
		op->busy_ns = op->time_ns * op->n_slices;
	if (take_phase(p) || take_whole(p, "step", -1, NUMBER_LIMIT, &op->step))
		return -1;
	if (take_whole(p, "step_tokens", 0, NUMBER_LIMIT, &v))
		return -1;
	op->step_tokens = (uint32_t)v;
	if (take_whole(p, "step_sequences", 0, NUMBER_LIMIT, &v))
		return -1;
	op->step_sequences = (uint32_t)v;
	if (take_whole(p, "step_ctx_max", 0, NUMBER_LIMIT, &v))
		return -1;
	op->step_ctx_max = (uint32_t)v;
	if (take_whole(p, "step_ctx_sum", 0, INT64_MAX, &v))
		return -1;
	op->step_ctx_sum = (uint64_t)v;
	if (take_ns(p, "step_start_ns", &ignored, &op->step_start_ns))
		return -1;
	return take_ns(p, "step_end_ns", &ignored, &op->step_end_ns);
}

static int take_names(struct parse *p)
{
	struct op_desc *desc = &p->op->desc;
	const json_t *given;
	int64_t layer;

	if (take_text(p, "context", &desc->context) || take_text(p, "native", &desc->native)
	    || take_text(p, "name", &desc->name) || take_text(p, "result", &desc->result)
	    || take_text(p, "region", &desc->region) || take_text(p, "family", &desc->family))
		return -1;
	if (!*desc->family)
		desc->family = "list";
	given = json_object_get(p->object, "layer");
	layer = -1;
	/* "layer": -1 stays among the unknown keys, to be written again. */
	if (!(given && json_is_integer(given) && json_integer_value(given) == -1)
	    && take_whole(p, "layer", -1, NUMBER_LIMIT, &layer))
		return -1;
	desc->layer = (int32_t)layer;
	desc->flags = PROF_DESC_CANONICAL;
	if (json_is_true(json_object_get(p->object, "inferred"))) {
		desc->flags |= PROF_DESC_INFERRED;
		json_object_del(p->object, "inferred");
	}
	return 0;
}

static int take_rest(struct parse *p)
{
	char *dump;

	p->op->desc.extra = "";
	if (!json_object_size(p->object))
		return 0;
	dump = json_dumps(p->object, JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	p->op->desc.extra = dump ? arena_intern(p->arena, dump, strlen(dump)) : NULL;
	free(dump);
	return p->op->desc.extra ? 0 : no_memory(p);
}

int oplist_take(json_t *object, struct arena *a, const char *file, unsigned line, struct oplist_op *op,
                struct diag *d)
{
	struct parse p = {object, a, file, line, op, d};

	memset(op, 0, sizeof(*op));
	if (!json_is_object(object))
		return diag_at(d, file, line, 0, "a line must be one JSON object, not %s", type_name(object));
	if (take_op(&p) || take_names(&p) || take_operands(&p) || take_attrs(&p) || take_execution(&p)
	    || take_counters(&p) || take_callsite(&p))
		return -1;
	if (!op->has_time)
		op->desc.flags |= PROF_DESC_UNTIMED;
	else if (!op->has_start)
		op->desc.flags |= PROF_DESC_UNPLACED;
	return take_rest(&p);
}

int oplist_parse(const char *text, size_t bytes, struct arena *a, const char *file, unsigned line,
                 struct oplist_op *op, struct diag *d)
{
	json_error_t error;
	json_t *object = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
	int result;

	if (!object)
		return diag_at(d, file, line, error.column > 0 ? (unsigned)error.column : 0, "not JSON: %s",
		               error.text);
	result = oplist_take(object, a, file, line, op, d);
	json_decref(object);
	return result;
}
