/* filter.c: PROFSHIM_FILTER obeyed.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * All but the duration is decided once for each kind of operation. The duration
 * is that of the operation: where threads share it, it is kept whole as soon
 * as one part lasts long enough. A part that does not is held until the thread
 * comes to its next operation; by then all threads are done with the one
 * before, and have left a mark if theirs was long. What is left out of a group
 * is counted in the stream (event SKIP), so that the k-th operation stays the
 * k-th.
 */
#include "runtime/filter.h"

#include <prof/record_filter.h>
#include <stdio.h>

#include "runtime/config.h"
#include "runtime/trace/meta.h"
#include "runtime/recorder_state.h"
#include "runtime/say.h"

#define GROUPS_MARKED 256u /* groups at once; of more, some share a place and forget */
#define OPS_MARKED    16u  /* operations that threads of a group are apart at most */

static struct prof_filter filter;
static uint64_t least_raw; /* duration that is long enough, raw clock; 0: any */
static uint64_t marks[GROUPS_MARKED][OPS_MARKED];

void filter_start(void)
{
	const char *setting = config_get()->text[CONFIG_FILTER];
	struct prof_filter_error e;
	char sentence[320];

	if (!prof_filter_parse(setting, &filter, &e)) {
		snprintf(sentence, sizeof(sentence), "%s: column %u: '%.*s' %s; everything is recorded",
		         config_name(CONFIG_FILTER), (unsigned)e.at + 1, (int)(e.bytes < 64 ? e.bytes : 64),
		         setting + e.at, e.what);
		say_line(sentence);
	}
	for (unsigned i = 0; i < filter.n; i++) {
		const struct prof_filter_term *t = &filter.terms[i];
		uint64_t ns = t->number + (t->compare == PROF_FILTER_MORE);
		double raw_ns = t->key == PROF_FILTER_TIME ? clock_raw_ns(&recorder.clock) : 0;
		uint64_t raw = raw_ns > 0 ? (uint64_t)((double)ns / raw_ns) : 0;

		least_raw = raw > least_raw ? raw : least_raw;
	}
}

/* ---- by kind ---- */

static const char *text_of(uint32_t string)
{
	static char text[4097]; /* lock held */
	const struct prof_meta_string *m = meta_find(PROF_META_STRING, string);
	uint32_t bytes = m && m->bytes < sizeof(text) ? m->bytes : 0;

	if (bytes)
		memcpy(text, m + 1, bytes);
	text[bytes] = 0;
	return text;
}

static const struct prof_operand_spec *operand(const struct prof_desc_spec *spec, uint8_t role)
{
	for (unsigned i = 0; i < spec->n_operands; i++)
		if (spec->operands[i].role == role && spec->operands[i].n_dims)
			return &spec->operands[i];
	return NULL;
}

static bool attribute(const struct prof_desc_spec *spec, uint16_t attr, uint64_t *value)
{
	for (unsigned i = 0; i < spec->n_attrs; i++)
		if (spec->attrs[i].attr == attr && spec->attrs[i].value >= 0) {
			*value = (uint64_t)spec->attrs[i].value;
			return true;
		}
	return false;
}

/* Of an operation without BLAS's m, n, k: the output is rows by n, each element a
 * sum over k. False when its shapes do not say. */
static bool from_shapes(const struct prof_desc_spec *spec, enum prof_filter_key key, uint64_t *value)
{
	const struct prof_operand_spec *out = operand(spec, PROF_OPERAND_OUTPUT);
	const struct prof_operand_spec *in = operand(spec, PROF_OPERAND_INPUT);
	uint64_t rows = 1;

	if (key == PROF_FILTER_K) {
		*value = in ? in->dims[in->n_dims - 1] : 0;
		return in != NULL;
	}
	if (!out)
		return false;
	for (unsigned i = 0; i + 1 < out->n_dims; i++)
		rows *= out->dims[i];
	*value = key == PROF_FILTER_N          ? out->dims[out->n_dims - 1]
	         : key == PROF_FILTER_ELEMENTS ? rows * out->dims[out->n_dims - 1]
	                                       : rows;
	return true;
}

static bool figure(const struct prof_desc_spec *spec, const struct prof_filter_term *t, uint64_t *value)
{
	const struct prof_operand_spec *o;
	uint64_t n = 1;

	switch (t->key) {
	case PROF_FILTER_DIMENSION:
		o = operand(spec, t->role);
		*value = o && t->dimension < o->n_dims ? o->dims[t->dimension] : 0;
		return o && t->dimension < o->n_dims;
	case PROF_FILTER_N:
		return attribute(spec, PROF_ATTR_N, value) || from_shapes(spec, t->key, value);
	case PROF_FILTER_K:
		return attribute(spec, PROF_ATTR_K, value) || from_shapes(spec, t->key, value);
	case PROF_FILTER_ELEMENTS:
		if (from_shapes(spec, t->key, value))
			return true;
		if (!attribute(spec, PROF_ATTR_M, value))
			return attribute(spec, PROF_ATTR_N, value);
		attribute(spec, PROF_ATTR_N, &n);
		*value *= n;
		return true;
	default:
		return attribute(spec, PROF_ATTR_M, value) || from_shapes(spec, t->key, value);
	}
}

static bool has_dtype(const struct prof_desc_spec *spec, const struct prof_filter_term *t)
{
	for (unsigned i = 0; i < spec->n_operands; i++) {
		const char *name = prof_filter_dtype_name(spec->operands[i].dtype);

		if (name && prof_filter_matches(t->text, t->bytes, name))
			return true;
	}
	return false;
}

static bool matches(const struct prof_desc_spec *spec, const struct prof_filter_term *t)
{
	const char *op;

	switch (t->key) {
	case PROF_FILTER_OP:
		op = prof_filter_op_name(spec->op);
		return op && prof_filter_matches(t->text, t->bytes, op);
	case PROF_FILTER_DTYPE:
		return has_dtype(spec, t);
	case PROF_FILTER_FAMILY:
		return prof_filter_matches(t->text, t->bytes, text_of(spec->family));
	case PROF_FILTER_CONTEXT:
		return prof_filter_matches(t->text, t->bytes, text_of(spec->context));
	default:
		return prof_filter_matches(t->text, t->bytes, text_of(spec->name));
	}
}

bool filter_takes(const struct prof_desc_spec *spec)
{
	for (unsigned i = 0; i < filter.n; i++) {
		const struct prof_filter_term *t = &filter.terms[i];
		uint64_t value;
		bool holds = true;

		if (t->key >= PROF_FILTER_M && t->key != PROF_FILTER_TIME)
			holds = figure(spec, t, &value) && prof_filter_number_holds(t, value);
		else if (t->key < PROF_FILTER_M)
			holds = matches(spec, t) == (t->compare == PROF_FILTER_EQUAL);
		if (!holds)
			return false;
	}
	return true;
}

/* ---- by duration ---- */

bool filter_by_time(void)
{
	return least_raw > 0;
}

uint32_t filter_group_index(const struct thread *t)
{
	const struct position *at = &t->position;

	return at->group ? (uint32_t)(t->pub.records - at->group_records) + at->group_skipped : 0;
}

static uint64_t *mark_of(const struct thread *t, uint32_t k)
{
	return &marks[t->position.group % GROUPS_MARKED][k % OPS_MARKED];
}

static uint64_t mark_value(const struct thread *t, uint32_t k)
{
	return (uint64_t)t->position.group << 32 | (k + 1);
}

static void leave_out(struct thread *t)
{
	prof_count(&t->pub.skipped);
	if (!t->position.group)
		return;
	t->position.group_skipped++;
	t->position.skip_untold++;
}

static void record(struct thread *t, uint32_t desc, uint64_t raw_start, uint64_t raw_end)
{
	if (t->position.skip_untold)
		thread_tell_skipped(t);
	prof_record_now(&t->pub, desc, raw_start, raw_end);
}

void filter_settle(struct thread *t)
{
	struct held *h = &t->held;
	uint32_t k = filter_group_index(t);

	if (!h->is)
		return;
	h->is = false;
	if (__atomic_load_n(mark_of(t, k), __ATOMIC_ACQUIRE) == mark_value(t, k))
		record(t, h->desc, h->raw_start, h->raw_end);
	else
		leave_out(t);
}

void filter_record(struct thread *t, uint32_t desc, uint64_t raw_start, uint64_t raw_end)
{
	bool is_long = raw_end - raw_start >= least_raw;
	uint32_t k;

	filter_settle(t);
	k = filter_group_index(t);
	if (is_long && t->position.nth > 1)
		__atomic_store_n(mark_of(t, k), mark_value(t, k), __ATOMIC_RELEASE);
	if (is_long)
		record(t, desc, raw_start, raw_end);
	else if (t->position.nth > 1)
		t->held = (struct held){true, desc, raw_start, raw_end};
	else
		leave_out(t);
}
