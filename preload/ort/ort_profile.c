/* ort_profile.c: what ONNX Runtime's profiler writes of a run.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/ort/ort_profile.h"

#include <prof/kinds.h>
#include <string.h>

struct cursor {
	const char *p, *end;
};

static char peek(const struct cursor *c)
{
	return c->p < c->end ? *c->p : '\0';
}

static void skip_spaces(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r'))
		c->p++;
}

static bool take(struct cursor *c, char wanted)
{
	skip_spaces(c);
	if (peek(c) != wanted)
		return false;
	c->p++;
	return true;
}

/* "text"; a backslash keeps what follows it from ending the text. */
static bool take_text(struct cursor *c, struct ort_text *text)
{
	const char *p;

	if (!take(c, '"'))
		return false;
	text->p = p = c->p;
	while (p < c->end && *p != '"' && *p != '\n')
		p += *p == '\\' && c->end - p > 1 ? 2 : 1;
	c->p = p;
	text->n = (size_t)(p - text->p);
	return take(c, '"');
}

static bool take_number(struct cursor *c, uint64_t *number)
{
	const char *begin;
	uint64_t n = 0;

	skip_spaces(c);
	begin = c->p;
	for (; peek(c) >= '0' && peek(c) <= '9'; c->p++) {
		if (n > (UINT64_MAX - 9) / 10)
			return false;
		n = 10 * n + (uint64_t)(*c->p - '0');
	}
	*number = n;
	return c->p > begin;
}

/* A bracket and all up to the one that closes it. */
static bool take_nested(struct cursor *c, struct ort_text *text)
{
	struct ort_text inner;
	unsigned depth = 0;

	skip_spaces(c);
	text->p = c->p;
	do {
		char at = peek(c);

		if (at == '\0' || at == '\n')
			return false;
		if (at == '"') {
			if (!take_text(c, &inner))
				return false;
			continue;
		}
		depth += at == '[' || at == '{';
		depth -= at == ']' || at == '}';
		c->p++;
	} while (depth);
	text->n = (size_t)(c->p - text->p);
	return true;
}

/* What a key has as its value, whatever it is. */
static bool take_value(struct cursor *c, struct ort_text *text)
{
	skip_spaces(c);
	if (peek(c) == '"')
		return take_text(c, text);
	if (peek(c) == '[' || peek(c) == '{')
		return take_nested(c, text);
	text->p = c->p;
	while (c->p < c->end && !strchr(",}]\n", *c->p))
		c->p++;
	text->n = (size_t)(c->p - text->p);
	return text->n > 0;
}

static bool number_of(struct ort_text text, uint64_t *number)
{
	struct cursor c = {text.p, text.p + text.n};

	return take_number(&c, number);
}

/* Read "key": value pairs up to the closing brace; member takes the value. */
static bool take_members(struct cursor *c,
                         bool (*member)(struct ort_event *, struct ort_text, struct cursor *),
                         struct ort_event *event)
{
	struct ort_text key;

	if (!take(c, '{'))
		return false;
	if (take(c, '}'))
		return true;
	do {
		if (!take_text(c, &key) || !take(c, ':') || !member(event, key, c))
			return false;
	} while (take(c, ','));
	return take(c, '}');
}

static bool argument(struct ort_event *event, struct ort_text key, struct cursor *c)
{
	struct ort_text value;

	if (!take_value(c, &value))
		return false;
	if (ort_text_is(key, "op_name"))
		event->op = value;
	else if (ort_text_is(key, "input_type_shape"))
		event->inputs = value;
	else if (ort_text_is(key, "output_type_shape"))
		event->outputs = value;
	else if (ort_text_is(key, "parameter_size"))
		return number_of(value, &event->weight_bytes);
	return true;
}

static bool field(struct ort_event *event, struct ort_text key, struct cursor *c)
{
	struct ort_text value;

	skip_spaces(c);
	if (ort_text_is(key, "args") && peek(c) == '{')
		return take_members(c, argument, event);
	if (!take_value(c, &value))
		return false;
	if (ort_text_is(key, "cat"))
		event->is_node = ort_text_is(value, "Node");
	else if (ort_text_is(key, "name"))
		event->name = value;
	else if (ort_text_is(key, "ts"))
		return number_of(value, &event->start_us);
	else if (ort_text_is(key, "dur"))
		return number_of(value, &event->time_us);
	else if (ort_text_is(key, "tid"))
		return number_of(value, &event->thread);
	return true;
}

static void cut_ending(struct ort_text *name, const char *ending)
{
	size_t n = strlen(ending);

	if (name->n >= n && memcmp(name->p + name->n - n, ending, n) == 0)
		name->n -= n;
}

bool ort_profile_next(struct ort_text *rest, struct ort_event *event, unsigned *skipped)
{
	struct cursor c = {rest->p, rest->p + rest->n};
	bool whole = false;

	while (!whole && c.p < c.end) {
		const char *begin = memchr(c.p, '{', (size_t)(c.end - c.p));

		c.p = begin ? begin : c.end;
		if (!begin)
			break;
		memset(event, 0, sizeof(*event));
		whole = take_members(&c, field, event);
		if (!whole) {
			const char *line = memchr(begin, '\n', (size_t)(c.end - begin));

			++*skipped;
			c.p = line ? line : c.end;
		}
	}
	rest->n = (size_t)(c.end - c.p);
	rest->p = c.p;
	if (whole)
		cut_ending(&event->name, "_kernel_time");
	return whole;
}

/* ---- tensors ---- */

static uint8_t dtype_of(struct ort_text name)
{
	static const struct {
		const char *name;
		uint8_t dtype;
	} known[] = {
	        {"float", PROF_DTYPE_FLOAT32},       {"float16", PROF_DTYPE_FLOAT16},
	        {"bfloat16", PROF_DTYPE_BFLOAT16},   {"double", PROF_DTYPE_FLOAT64},
	        {"int8", PROF_DTYPE_INT8},           {"uint8", PROF_DTYPE_UINT8},
	        {"int16", PROF_DTYPE_INT16},         {"int32", PROF_DTYPE_INT32},
	        {"int64", PROF_DTYPE_INT64},         {"bool", PROF_DTYPE_BOOL},
	        {"Int4x2", PROF_DTYPE_INT4},         {"UInt4x2", PROF_DTYPE_INT4},
	        {"float8e4m3fn", PROF_DTYPE_FLOAT8}, {"float8e5m2", PROF_DTYPE_FLOAT8},
	};

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (ort_text_is(name, known[i].name))
			return known[i].dtype;
	return PROF_DTYPE_UNKNOWN;
}

static bool take_dims(struct cursor *c, struct ort_tensor *t)
{
	uint64_t dim;

	t->n_dims = 0;
	if (!take(c, '['))
		return false;
	if (take(c, ']'))
		return true;
	do {
		if (!take_number(c, &dim))
			return false;
		if (t->n_dims == ORT_DIMS) {
			t->dims[0] *= t->dims[1];
			memmove(t->dims + 1, t->dims + 2, (ORT_DIMS - 2) * sizeof(dim));
			t->n_dims--;
		}
		t->dims[t->n_dims++] = dim;
	} while (take(c, ','));
	return take(c, ']');
}

bool ort_profile_tensor(struct ort_text *list, struct ort_tensor *tensor)
{
	struct cursor c = {list->p, list->p + list->n};
	struct ort_text type;
	bool found;

	if (!take(&c, '['))
		take(&c, ',');
	found = take(&c, '{') && take_text(&c, &type) && take(&c, ':') && take_dims(&c, tensor)
	        && take(&c, '}');
	if (found)
		tensor->dtype = dtype_of(type);
	list->n = (size_t)(c.end - c.p);
	list->p = c.p;
	return found;
}
