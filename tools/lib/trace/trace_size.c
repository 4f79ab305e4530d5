/* trace_size.c: what a trace's bytes are for, and what a longer one would weigh.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/trace_size.h"

#include <math.h>
#include <prof/trace_codec.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/trace_private.h"

enum { LEAST_STEPS = 4, LEAST_OPERATIONS = 1000 };

/* A META chunk leaves some bytes for last words, one of operations for the
 * largest record. */
#define CHUNK_ROOM (PROF_CHUNK_ALIGN - sizeof(struct prof_chunk_header))
#define META_ROOM  (CHUNK_ROOM - 1024.0)
#define OPERATIONS_ROOM                                                                                      \
	(CHUNK_ROOM - 2.0 * PROF_RECORD_MAX_BYTES - PROF_MAX_COUNTERS * PROF_COUNTER_MAX_BYTES)

struct measure {
	struct trace *trace;
	struct trace_size *size;
	unsigned n_buckets;   /* steps, and one for what is outside of them */
	double *bytes;        /* of operation records, by step */
	double *records;      /* likewise */
	double *counted;      /* records with counters, likewise */
	double *counter_part; /* bytes of counters, likewise */
	double *names;        /* bytes of names that came in it or before the next */
	double heads, timed;  /* bytes of step records; of clock and energy readings */
	unsigned n_heads;
	struct prof_successor *successors;
};

/* ---- names ---- */

static unsigned step_bucket(const struct measure *m, const uint8_t *p)
{
	uint32_t index;

	memcpy(&index, p + sizeof(struct prof_meta), sizeof(index));
	return index < m->n_buckets - 1 ? index : m->n_buckets - 1;
}

static void walk_names(struct measure *m, const struct trace_chunk *c, unsigned *bucket)
{
	struct prof_meta r;

	for (uint64_t pos = 0; pos + sizeof(r) <= c->used; pos += r.size_bytes) {
		const uint8_t *p = c->payload + pos;

		memcpy(&r, p, sizeof(r));
		if (!r.type || r.size_bytes < sizeof(r) || r.size_bytes > c->used - pos)
			return;
		switch (r.type) {
		case PROF_META_STEP:
		case PROF_META_STEP_NEXT:
			*bucket = step_bucket(m, p);
			m->heads += r.size_bytes;
			m->n_heads++;
			break;
		case PROF_META_STEP_END:
		case PROF_META_STEP_TOOK:
			m->heads += r.size_bytes;
			break;
		case PROF_META_CLOCK_SYNC:
		case PROF_META_ENERGY_SAMPLE:
			m->timed += r.size_bytes;
			break;
		case PROF_META_STRING:
		case PROF_META_SITE:
		case PROF_META_DESC:
			m->names[*bucket] += r.size_bytes;
			break;
		default:
			m->size->once_bytes += r.size_bytes;
		}
	}
}

/* ---- operations ---- */

static double counters_bytes(const struct measure *m, const uint8_t *p, const uint8_t *end, unsigned n)
{
	struct prof_record r;
	const uint8_t *after;

	if (m->trace->version == 1 || (*p & 15u) != 1u << 3)
		return 0;
	after = prof_get_counters(p, end, n, &r);
	return after ? (double)(after - p) : 0;
}

static void walk_operations(struct measure *m, const struct trace_chunk *c)
{
	struct prof_stream s = {.successors = m->successors};
	const uint8_t *p = c->payload, *end = p + c->used, *next;
	uint32_t step = trace_step_index(m->trace, c->step);
	struct prof_record r;

	memset(m->successors, 0, PROF_SUCCESSORS * sizeof(*m->successors));
	prof_stream_reset(&s, c->base_tick, c->serial);
	for (; (next = m->trace->priv->get_record(&s, p, end, c->n_counters, &r)) && next != p; p = next) {
		unsigned bucket;

		if (r.is_event && r.id == PROF_EVENT_STEP)
			step = trace_step_index(m->trace, r.field[0]);
		bucket = step ? step - 1 : m->n_buckets - 1;
		m->bytes[bucket] += (double)(next - p);
		if (r.is_event)
			continue;
		m->records[bucket]++;
		m->counted[bucket] += r.n_counters > 0;
		m->counter_part[bucket] += r.n_counters ? counters_bytes(m, p, end, c->n_counters) : 0;
		if (r.n_counters > m->size->n_counters)
			m->size->n_counters = r.n_counters;
	}
}

/* ---- the mean step ---- */

/* Operations of each step as a reader sees them, slices together. */
static int count_operations(struct measure *m, double *operations, struct diag *d)
{
	struct trace_cursor *c = trace_cursor_open(m->trace);
	struct op_event ev;

	if (!c)
		return diag_set(d, "%s: out of memory", m->trace->path);
	while (trace_cursor_next(c, &ev, NULL) == 1)
		operations[ev.step >= 0 ? (unsigned)ev.step : m->n_buckets - 1]++;
	trace_cursor_close(c);
	return 0;
}

static double sum(const double *v, unsigned from, unsigned to)
{
	double all = 0;

	while (from < to)
		all += v[from++];
	return all;
}

static unsigned first_decode(const struct trace *t)
{
	unsigned i = 0;

	while (i < t->n_steps && t->steps[i].phase != PROF_PHASE_DECODE)
		i++;
	return i;
}

/* Where a step begins; for the one after the last, where that ends, or the trace. */
static double begins_s(const struct trace *t, unsigned step)
{
	uint64_t end_ns = step ? t->steps[step - 1].end_ns : 0;

	return (double)(step < t->n_steps ? t->steps[step].start_ns : end_ns ? end_ns : t->end_ns) / 1e9;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* How far steps are from their mean; their order is lost. */
static void find_spread(struct trace_size *s, double *bytes, unsigned n)
{
	unsigned half = n / 2;

	qsort(bytes, n, sizeof(*bytes), by_size);
	s->lighter = s->heavier = 1;
	if (!half || s->step_bytes <= 0)
		return;
	s->lighter = sum(bytes, 0, half) / half / s->step_bytes;
	s->heavier = sum(bytes, n - half, n) / half / s->step_bytes;
}

static void settle_steps(struct measure *m, const double *operations)
{
	const struct trace *t = m->trace;
	struct trace_size *s = m->size;
	unsigned first = first_decode(t), last = t->n_steps, from = first + (last - first + 1) / 2;
	double n = last - from, tokens = 0, sites = sum(m->names, 0, m->n_buckets);

	for (unsigned i = from; i < last; i++)
		tokens += t->steps[i].tokens;
	s->n_steady = last - from;
	s->step_bytes = sum(m->bytes, from, last) / n;
	s->step_records = sum(m->records, from, last) / n;
	s->step_operations = sum(operations, from, last) / n;
	s->counter_bytes = sum(m->counter_part, from, last) / n;
	s->counted_fraction = s->step_records ? sum(m->counted, from, last) / n / s->step_records : 0;
	s->step_tokens = tokens / n;
	s->step_s = (begins_s(t, last) - begins_s(t, from)) / n;
	s->step_head_bytes = m->n_heads ? m->heads / m->n_heads : 0;
	/* The first decode steps bring what all share; new names come later as contexts grow. */
	s->step_name_bytes = sum(m->names, first + 1, last) / (last - first - 1);
	s->once_bytes += sites - sum(m->names, first + 1, last);
	s->before_steps = first;
	s->before_bytes = sum(m->bytes, 0, first) + m->bytes[m->n_buckets - 1] + first * s->step_head_bytes;
	s->before_operations = sum(operations, 0, first) + operations[m->n_buckets - 1];
	s->before_s = begins_s(t, first);
	for (unsigned i = 0; i < first; i++)
		s->before_tokens += t->steps[i].tokens;
	s->relearn_bytes = fmax(0, m->bytes[first] - s->step_bytes);
	find_spread(s, m->bytes + from, last - from);
}

/* Without steps one operation is as good as another. */
static void settle_operations(struct measure *m, const double *operations)
{
	struct trace_size *s = m->size;
	double n = sum(operations, 0, m->n_buckets), records = sum(m->records, 0, m->n_buckets);

	s->n_steady = (unsigned)n;
	s->step_bytes = sum(m->bytes, 0, m->n_buckets) / n;
	s->step_records = records / n;
	s->step_operations = s->lighter = s->heavier = 1;
	s->step_s = (double)m->trace->end_ns / 1e9 / n;
	s->counter_bytes = sum(m->counter_part, 0, m->n_buckets) / n;
	s->counted_fraction = sum(m->counted, 0, m->n_buckets) / records;
	s->once_bytes += sum(m->names, 0, m->n_buckets) + m->heads;
}

static int settle(struct measure *m, struct diag *d)
{
	const struct trace *t = m->trace;
	struct trace_size *s = m->size;
	double *operations = calloc(m->n_buckets, sizeof(*operations));
	double all;
	int result = -1;

	if (!operations) {
		diag_set(d, "%s: out of memory", t->path);
		return -1;
	}
	if (count_operations(m, operations, d))
		goto out;
	all = sum(operations, 0, m->n_buckets);
	s->has_steps = t->n_steps >= first_decode(t) + LEAST_STEPS;
	for (unsigned i = 0; i < t->priv->n_streams; i++)
		s->n_threads += t->priv->streams[i].n_chunks > 0;
	s->timed_bytes_s = t->end_ns ? m->timed / ((double)t->end_ns / 1e9) : 0;
	if (s->has_steps) {
		settle_steps(m, operations);
	} else if (all >= LEAST_OPERATIONS) {
		settle_operations(m, operations);
	} else {
		diag_set(d,
		         "%s: is too short to tell: it has %.0f operations and %u steps, of %d operations or "
		         "%d "
		         "decode steps",
		         t->path, all, t->n_steps, LEAST_OPERATIONS, LEAST_STEPS);
		goto out;
	}
	result = 0;
out:
	free(operations);
	return result;
}

static int check_kind(const struct trace *t, struct diag *d)
{
	if (t->is_list)
		return diag_set(d, "%s: is an op list; what a recording weighs only a recorded trace tells",
		                t->path);
	if (t->n_processes > 1)
		return diag_set(d,
		                "%s: has several processes; each of their traces can be estimated by itself",
		                t->path);
	if (t->dropped)
		return diag_set(
		        d,
		        "%s: its start was given up (limit on size); a short trace without a limit is "
		        "needed",
		        t->path);
	return 0;
}

int trace_size_measure(struct trace *t, struct trace_size *s, struct diag *d)
{
	struct measure m = {.trace = t, .size = s, .n_buckets = t->n_steps + 1};
	unsigned bucket = 0;
	int result;

	memset(s, 0, sizeof(*s));
	if (check_kind(t, d))
		return -1;
	m.bytes = calloc((size_t)m.n_buckets * 5, sizeof(*m.bytes));
	m.successors = calloc(PROF_SUCCESSORS, sizeof(*m.successors));
	if (!m.bytes || !m.successors) {
		result = diag_set(d, "%s: out of memory", t->path);
		goto out;
	}
	m.records = m.bytes + m.n_buckets;
	m.counted = m.records + m.n_buckets;
	m.counter_part = m.counted + m.n_buckets;
	m.names = m.counter_part + m.n_buckets;
	for (unsigned i = 0; i < t->priv->n_metas; i++)
		walk_names(&m, &t->priv->metas[i], &bucket);
	for (unsigned i = 0; i < t->priv->n_timelines; i++)
		walk_names(&m, &t->priv->timelines[i], &bucket);
	for (unsigned i = 0; i < t->priv->n_streams; i++)
		for (unsigned j = 0; j < t->priv->streams[i].n_chunks; j++)
			walk_operations(&m, &t->priv->streams[i].chunks[j]);
	result = settle(&m, d);
out:
	free(m.bytes);
	free(m.successors);
	return result;
}

/* ---- a longer run ---- */

void trace_size_run_of(const struct trace_size *s, double steps, struct trace_size_run *run)
{
	double steady = fmax(0, steps - s->before_steps);

	run->steps = steps;
	run->operations = s->before_operations + steady * s->step_operations;
	run->tokens = steady * s->step_tokens;
	run->seconds = s->before_s + steady * s->step_s;
}

/* What a chunk holds of operations: it begins with its predictions unlearned. */
static double operations_room(const struct trace_size *s)
{
	double relearn = s->n_threads ? s->relearn_bytes / s->n_threads : 0;

	return fmax(OPERATIONS_ROOM - relearn, OPERATIONS_ROOM / 4);
}

/* What a limit keeps of a longer run: all of the names; the chunk that the
 * timeline has open, and an older one until it is the oldest of all; of each
 * thread a chunk that is partly filled. Where a thread's chunk was given up,
 * what other threads have of before is left out. How full chunks are at the end,
 * and how far threads' chunks are apart, is chance: a half on the average.
 * So is which steps are there, light ones or heavy ones. */
static void predict_kept(const struct trace_size *s, struct trace_size_run *run, double name_chunks)
{
	double threads = s->n_threads ? s->n_threads : 1;
	double operations = s->step_bytes / operations_room(s);
	double timeline = (s->step_head_bytes + s->step_s * s->timed_bytes_s) / META_ROOM;
	double limit = floor(run->limit_bytes / PROF_CHUNK_ALIGN), room = limit - name_chunks - 1;
	double left_out = 2 * threads - 1;

	run->kept_steps = fmin(run->steps, fmax(0, room - left_out / 2) / (operations + timeline));
	run->kept_least =
	        fmin(run->steps, fmax(0, room - left_out - (timeline > 0)) / operations / s->heavier);
	run->kept_most = fmin(run->steps, fmax(0, room) / operations / s->lighter);
	run->kept_s = run->kept_steps * s->step_s;
	run->bytes = limit * PROF_CHUNK_ALIGN;
}

void trace_size_predict(const struct trace_size *s, struct trace_size_run *run)
{
	double steady = fmax(0, run->steps - s->before_steps), threads = s->n_threads ? s->n_threads : 1;
	double names = s->once_bytes + steady * s->step_name_bytes;
	double timed = run->seconds * s->timed_bytes_s + steady * s->step_head_bytes;
	double operations = s->before_bytes + steady * s->step_bytes;
	double operation_chunks = threads * fmax(1, ceil(operations / threads / operations_room(s)));
	double chunks =
	        ceil((names + timed + sizeof(struct prof_file_header)) / META_ROOM) + operation_chunks;
	double name_chunks = ceil((names + sizeof(struct prof_file_header)) / META_ROOM);

	run->bytes = chunks * PROF_CHUNK_ALIGN;
	run->step_bytes =
	        PROF_CHUNK_ALIGN
	        * ((s->step_name_bytes + s->step_head_bytes + s->step_s * s->timed_bytes_s) / META_ROOM
	           + s->step_bytes / operations_room(s));
	run->kept_steps = run->kept_least = run->kept_most = run->steps;
	run->kept_s = run->seconds;
	/* A limited file has chunks of the timeline's own. */
	if (run->limit_bytes
	    && (name_chunks + ceil(timed / META_ROOM) + operation_chunks) * PROF_CHUNK_ALIGN
	               > run->limit_bytes)
		predict_kept(s, run, name_chunks);
}
