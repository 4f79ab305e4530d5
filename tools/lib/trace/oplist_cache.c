/* oplist_cache.c: lines of an op list that differ only in step and times.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A line's key is its text with those values cut out. A line with a value that
 * is not a plain whole number has no key and is parsed every time.
 */
#include "tools/lib/trace/oplist_cache.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { SLOTS = 4096, KEY_MAX = 4096, VALUE_STEP = 0, VALUE_START, VALUE_TIME, VALUES };

struct entry {
	uint32_t key_bytes, desc;
	struct oplist_op op;
	char key[];
};

struct oplist_cache {
	struct entry *slots[SLOTS]; /* one candidate a slot: the last one wins */
	uint64_t values[VALUES];
	uint32_t key_bytes; /* of the line looked for last, 0: it has no key */
	uint32_t slot;
	char key[KEY_MAX];
};

struct oplist_cache *oplist_cache_new(void)
{
	return calloc(1, sizeof(struct oplist_cache));
}

void oplist_cache_free(struct oplist_cache *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < SLOTS; i++)
		free(c->slots[i]);
	free(c);
}

/* Which value a key at the top level names, or -1. */
static int value_of(const char *key, size_t bytes)
{
	if (bytes == 4 && !memcmp(key, "step", 4))
		return VALUE_STEP;
	if (bytes == 8 && !memcmp(key, "start_ns", 8))
		return VALUE_START;
	if (bytes == 7 && !memcmp(key, "time_ns", 7))
		return VALUE_TIME;
	return -1;
}

/* The end of the string that starts at p, after its quote; null without one. */
static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : NULL;
}

/* After a key: ": 123" at p. The digits' end, and their value; null when it is
 * anything else. *from is where the digits start. */
static const char *plain_number(const char *p, const char *end, int which, const char **from, uint64_t *value)
{
	unsigned limit = which == VALUE_STEP ? 9 : 18;
	uint64_t v = 0;

	while (p < end && *p == ' ')
		p++;
	if (p >= end || *p++ != ':')
		return NULL;
	while (p < end && *p == ' ')
		p++;
	for (*from = p; p < end && *p >= '0' && *p <= '9'; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	if (p == *from || p >= end || (size_t)(p - *from) > limit || (**from == '0' && p - *from > 1)
	    || !strchr(", }", *p) || !*p)
		return NULL;
	*value = v;
	return p;
}

/* Cut the values out of a line into c->key and c->values. */
static bool make_key(struct oplist_cache *c, const char *text, size_t bytes)
{
	const char *p = text, *end = text + bytes, *kept = text, *from;
	unsigned depth = 0;

	c->key_bytes = 0;
	memset(c->values, 0, sizeof(c->values));
	if (!bytes || bytes > KEY_MAX)
		return false;
	while (p < end) {
		const char *string = p;
		int which;

		if (*p != '"') {
			depth += *p == '{' || *p == '[';
			depth -= *p == '}' || *p == ']';
			p++;
			continue;
		}
		p = string_end(p, end);
		if (!p)
			return false;
		which = depth == 1 ? value_of(string + 1, (size_t)(p - string) - 2) : -1;
		if (which < 0)
			continue;
		p = plain_number(p, end, which, &from, &c->values[which]);
		if (!p)
			return false;
		memcpy(c->key + c->key_bytes, kept, (size_t)(from - kept));
		c->key_bytes += (uint32_t)(from - kept);
		kept = p;
	}
	memcpy(c->key + c->key_bytes, kept, (size_t)(end - kept));
	c->key_bytes += (uint32_t)(end - kept);
	return true;
}

const struct oplist_op *oplist_cache_find(struct oplist_cache *c, const char *text, size_t bytes,
                                          uint32_t *desc)
{
	struct entry *e;

	if (!make_key(c, text, bytes)) {
		c->key_bytes = 0;
		return NULL;
	}
	c->slot = (uint32_t)XXH3_64bits(c->key, c->key_bytes) % SLOTS;
	e = c->slots[c->slot];
	if (!e || e->key_bytes != c->key_bytes || memcmp(e->key, c->key, c->key_bytes))
		return NULL;
	if (e->op.step >= 0)
		e->op.step = (int64_t)c->values[VALUE_STEP];
	if (e->op.n_slices == 1)
		e->op.busy_ns = e->op.counted_ns = c->values[VALUE_TIME];
	e->op.start_ns = c->values[VALUE_START];
	e->op.time_ns = c->values[VALUE_TIME];
	*desc = e->desc;
	return &e->op;
}

void oplist_cache_add(struct oplist_cache *c, const struct oplist_op *op, uint32_t desc)
{
	struct entry *e;

	if (!c->key_bytes || op->n_slices != 1 || (op->has_time && op->busy_ns != op->time_ns)
	    || op->step_tokens || op->step_sequences || op->step_ctx_max || op->step_ctx_sum
	    || op->step_start_ns || op->step_end_ns
	    || (op->desc.flags & PROF_DESC_UNTIMED && *op->desc.extra))
		return;
	e = malloc(sizeof(*e) + c->key_bytes);
	if (!e)
		return;
	e->op = *op;
	e->desc = desc;
	e->key_bytes = c->key_bytes;
	memcpy(e->key, c->key, c->key_bytes);
	free(c->slots[c->slot]);
	c->slots[c->slot] = e;
}
