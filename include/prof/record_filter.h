/* record_filter.h: what to record, as PROFSHIM_FILTER says it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *   op=linear|matmul,m>=64,weight[0]>1000,context=blk.0.*,time>=10us
 *
 * Terms with commas between, all of which must hold: KEY, a comparison, a value.
 *   op, family, dtype (of any operand), context, name   = or !=, then patterns
 *       (* and ? stand for anything and for one character), with | between
 *   m, n, k, rows, elements, or ROLE[DIMENSION] of an operand   = != < <= > >=
 *       and a whole number; an operation that has no such figure is left out
 *   time   > or >= and a number with ns, us, ms or s: the operation's duration
 * The shim obeys it, profrun checks it: both read it here.
 */
#ifndef PROF_RECORD_FILTER_H
#define PROF_RECORD_FILTER_H

#include <prof/kinds.h>
#include <prof/record_switch.h>

#define PROF_FILTER_TERMS 16u

enum prof_filter_key {
	PROF_FILTER_OP,
	PROF_FILTER_FAMILY,
	PROF_FILTER_DTYPE,
	PROF_FILTER_CONTEXT,
	PROF_FILTER_NAME,
	PROF_FILTER_M, /* from here on: numbers */
	PROF_FILTER_N,
	PROF_FILTER_K,
	PROF_FILTER_ROWS,
	PROF_FILTER_ELEMENTS,
	PROF_FILTER_TIME,
	PROF_FILTER_DIMENSION,
	PROF_FILTER_KEYS
};

enum prof_filter_compare {
	PROF_FILTER_EQUAL,
	PROF_FILTER_UNEQUAL,
	PROF_FILTER_LESS,
	PROF_FILTER_AT_MOST,
	PROF_FILTER_MORE,
	PROF_FILTER_AT_LEAST
};

struct prof_filter_term {
	enum prof_filter_key key;
	enum prof_filter_compare compare;
	const char *text; /* the value, in the setting */
	size_t bytes;
	uint64_t number;         /* of a key that is a number; ns of time */
	uint8_t role, dimension; /* of PROF_FILTER_DIMENSION */
};

struct prof_filter {
	unsigned n;
	struct prof_filter_term terms[PROF_FILTER_TERMS];
};

/* What a word that is wrong should have been: for those who look for the nearest. */
enum prof_filter_words {
	PROF_FILTER_NO_WORDS,
	PROF_FILTER_KEY_WORDS,
	PROF_FILTER_OP_WORDS,
	PROF_FILTER_DTYPE_WORDS,
};

struct prof_filter_error {
	size_t at, bytes; /* the part of the setting that is wrong */
	const char *what;
	enum prof_filter_words words;
};

static const char *const prof_filter_keys[PROF_FILTER_KEYS] = {
        "op", "family", "dtype", "context", "name", "m", "n", "k", "rows", "elements", "time", NULL};

static inline const char *prof_filter_op_name(unsigned op)
{
	switch (op) {
#define PROF_OP(number, id, text, cls, flops, special, note)                                                 \
	case number:                                                                                         \
		return text;
#include <prof/ops.def>
#undef PROF_OP
	default:
		return NULL;
	}
}

static inline const char *prof_filter_dtype_name(unsigned dtype)
{
	switch (dtype) {
#define PROF_DTYPE(number, id, text, block, bytes, compute)                                                  \
	case number:                                                                                         \
		return text;
#include <prof/dtypes.def>
#undef PROF_DTYPE
	default:
		return NULL;
	}
}

static inline const char *prof_filter_role_name(unsigned role)
{
	switch (role) {
#define PROF_OPERAND(number, id, text)                                                                       \
	case number:                                                                                         \
		return text;
#include <prof/operands.def>
#undef PROF_OPERAND
	default:
		return NULL;
	}
}

/* Whether one of the patterns, with | between, is `text`. */
static inline bool prof_filter_matches(const char *patterns, size_t bytes, const char *text)
{
	const char *p = patterns, *end = patterns + bytes;

	for (;;) {
		const char *bar = (const char *)memchr(p, '|', (size_t)(end - p)), *stop = bar ? bar : end;

		if (prof_glob_match(p, (size_t)(stop - p), text))
			return true;
		if (!bar)
			return false;
		p = bar + 1;
	}
}

static inline bool prof_filter_wrong(struct prof_filter_error *e, const char *setting, const char *from,
                                     const char *to, const char *what)
{
	e->at = (size_t)(from - setting);
	e->bytes = (size_t)(to - from);
	e->what = what;
	return false;
}

/* Every name among the patterns must be one that there is; one with a * or ? may
 * stand for any. */
static inline bool prof_filter_check_names(const struct prof_filter_term *t, const char *setting,
                                           struct prof_filter_error *e)
{
	bool ops = t->key == PROF_FILTER_OP;
	const char *p = t->text, *end = p + t->bytes;

	while (p <= end) {
		size_t bytes = 0;
		bool known = false;

		while (p + bytes < end && p[bytes] != '|')
			bytes++;
		for (unsigned i = 0; i < PROF_OP_LIMIT && !known; i++) {
			const char *name = ops ? prof_filter_op_name(i) : prof_filter_dtype_name(i);

			known = name && prof_glob_match(p, bytes, name);
		}
		if (!known) {
			e->words = ops ? PROF_FILTER_OP_WORDS : PROF_FILTER_DTYPE_WORDS;
			return prof_filter_wrong(e, setting, p, p + bytes,
			                         ops ? "is no kind of operation" : "is no data type");
		}
		p += bytes + 1;
	}
	return true;
}

/* The key of a term: one of the list, or ROLE[DIMENSION]. */
static inline bool prof_filter_key_parse(struct prof_filter_term *t, const char *p, const char *end)
{
	const char *open = (const char *)memchr(p, '[', (size_t)(end - p));
	uint64_t dimension;

	for (unsigned i = 0; prof_filter_keys[i]; i++)
		if (prof_text_is(p, (size_t)(end - p), prof_filter_keys[i])) {
			t->key = (enum prof_filter_key)i;
			return true;
		}
	if (!open || end[-1] != ']' || prof_text_number(open + 1, end - 1, &dimension) != end - 1
	    || dimension >= 6)
		return false;
	for (unsigned role = 1; role < PROF_OPERAND_LIMIT; role++) {
		const char *name = prof_filter_role_name(role);

		if (name && prof_text_is(p, (size_t)(open - p), name)) {
			t->key = PROF_FILTER_DIMENSION;
			t->role = (uint8_t)role;
			t->dimension = (uint8_t)dimension;
			return true;
		}
	}
	return false;
}

/* The comparison at p; the byte after it, or null. */
static inline const char *prof_filter_compare_parse(struct prof_filter_term *t, const char *p,
                                                    const char *end)
{
	bool more = end - p > 1 && p[1] == '=';

	if (p == end)
		return NULL;
	if (*p == '=') {
		t->compare = PROF_FILTER_EQUAL;
		return p + 1;
	}
	if (*p == '!' && more) {
		t->compare = PROF_FILTER_UNEQUAL;
		return p + 2;
	}
	if (*p == '!')
		return NULL;
	t->compare = *p == '<' ? (more ? PROF_FILTER_AT_MOST : PROF_FILTER_LESS)
	                       : (more ? PROF_FILTER_AT_LEAST : PROF_FILTER_MORE);
	return p + 1 + more;
}

static inline bool prof_filter_time_parse(struct prof_filter_term *t)
{
	static const struct {
		char name[3];
		uint64_t ns;
	} units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
	const char *end = t->text + t->bytes, *unit = prof_text_number(t->text, end, &t->number);

	for (unsigned i = 0; unit && i < 4; i++)
		if (prof_text_is(unit, (size_t)(end - unit), units[i].name)
		    && t->number <= UINT64_MAX / 4 / units[i].ns) {
			t->number *= units[i].ns;
			return true;
		}
	return false;
}

static inline bool prof_filter_value_check(struct prof_filter_term *t, const char *setting,
                                           struct prof_filter_error *e)
{
	const char *end = t->text + t->bytes;

	if (!t->bytes)
		return prof_filter_wrong(e, setting, t->text, end, "should be a value");
	if (t->key == PROF_FILTER_TIME) {
		if (t->compare < PROF_FILTER_MORE)
			return prof_filter_wrong(e, setting, t->text, end,
			                         "can be a least time alone: time>= or time>");
		return prof_filter_time_parse(t)
		       || prof_filter_wrong(e, setting, t->text, end,
		                            "is no time: it can be a whole number with ns, us, ms or s");
	}
	if (t->key >= PROF_FILTER_M)
		return prof_text_number(t->text, end, &t->number) == end
		       || prof_filter_wrong(e, setting, t->text, end, "is no whole number");
	if (t->compare > PROF_FILTER_UNEQUAL)
		return prof_filter_wrong(e, setting, t->text, end,
		                         "is a name: it can be compared with = and !=");
	return (t->key != PROF_FILTER_OP && t->key != PROF_FILTER_DTYPE)
	       || prof_filter_check_names(t, setting, e);
}

static inline bool prof_filter_term_parse(struct prof_filter *f, const char *setting, const char *p,
                                          const char *end, struct prof_filter_error *e)
{
	struct prof_filter_term *t = &f->terms[f->n];
	const char *key_end = p, *value;

	if (f->n == PROF_FILTER_TERMS)
		return prof_filter_wrong(e, setting, p, end, "is one term too many: there can be 16");
	while (key_end < end && !strchr("=!<>", *key_end))
		key_end++;
	if (p == key_end || !prof_filter_key_parse(t, p, key_end)) {
		e->words = PROF_FILTER_KEY_WORDS;
		return prof_filter_wrong(e, setting, p, key_end, "is nothing that can be filtered by");
	}
	value = prof_filter_compare_parse(t, key_end, end);
	if (!value)
		return prof_filter_wrong(e, setting, p, end, "has no comparison: = != < <= > >=");
	t->text = value;
	t->bytes = (size_t)(end - value);
	if (!prof_filter_value_check(t, setting, e))
		return false;
	f->n++;
	return true;
}

/* Read a whole setting, which must live as long as *f. False and *e when it is
 * wrong; *f then takes everything. */
static inline bool prof_filter_parse(const char *setting, struct prof_filter *f, struct prof_filter_error *e)
{
	const char *p = setting;

	memset(f, 0, sizeof(*f));
	memset(e, 0, sizeof(*e));
	while (*p) {
		const char *end = p + strcspn(p, ",");

		if (!prof_filter_term_parse(f, setting, p, end, e)) {
			memset(f, 0, sizeof(*f));
			return false;
		}
		p = *end ? end + 1 : end;
	}
	return true;
}

static inline bool prof_filter_number_holds(const struct prof_filter_term *t, uint64_t value)
{
	switch (t->compare) {
	case PROF_FILTER_EQUAL:
		return value == t->number;
	case PROF_FILTER_UNEQUAL:
		return value != t->number;
	case PROF_FILTER_LESS:
		return value < t->number;
	case PROF_FILTER_AT_MOST:
		return value <= t->number;
	case PROF_FILTER_MORE:
		return value > t->number;
	default:
		return value >= t->number;
	}
}

#endif
