/* trace_lanes.c: streams of operations to be written.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/trace_lanes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/trace_meta_write.h"

/* Operations of a thread that overlap: real programs have as many as threads. */
enum { LANES_MAX = 1024, CHUNK_BYTES = PROF_CHUNK_ALIGN };

/* Room that a step, a group and an operation with counters need at most. */
#define RECORDS_ROOM (3 * PROF_RECORD_MAX_BYTES + PROF_MAX_COUNTERS * PROF_COUNTER_MAX_BYTES + 8)

static void begin_chunk(struct lanes *s, struct lane *l, uint32_t serial)
{
	l->head = (struct prof_chunk_header){.kind = PROF_CHUNK_OPS,
	                                     .thread = l->index + 1,
	                                     .serial = serial,
	                                     .base_tick = l->stream.last_end,
	                                     .group = l->group,
	                                     .group_index = l->group_index,
	                                     .step = l->step,
	                                     .n_counters = (uint8_t)s->trace->n_counters,
	                                     .ith = l->ith,
	                                     .nth = l->nth};
	prof_stream_reset(&l->stream, l->stream.last_end, serial);
	l->p = l->payload;
}

static int flush(struct lanes *s, struct lane *l)
{
	if (l->p == l->payload)
		return 0;
	if (trace_file_chunk(s->file, &l->head, l->payload, (uint32_t)(l->p - l->payload)))
		return -1;
	begin_chunk(s, l, l->head.serial + 1);
	return 0;
}

/* A chunk must fit where the file is now: the first one is shorter. */
static int make_room(struct lanes *s, struct lane *l)
{
	size_t used = (size_t)(l->p - l->payload);
	size_t limit = CHUNK_BYTES - sizeof(struct prof_file_header) - sizeof(struct prof_chunk_header);

	return used + RECORDS_ROOM > limit ? flush(s, l) : 0;
}

static struct lane *lane_new(struct lanes *s, const struct trace_thread *of)
{
	struct lane **grown = array_grow(s->lanes, &s->capacity, s->n, sizeof(*grown));
	struct lane *l = calloc(1, sizeof(*l));

	if (grown)
		s->lanes = grown;
	if (l) {
		l->payload = malloc(CHUNK_BYTES);
		l->stream.successors = calloc(PROF_SUCCESSORS, sizeof(*l->stream.successors));
	}
	if (!grown || !l || !l->payload || !l->stream.successors) {
		diag_set(s->diag, "%s: out of memory", s->trace->path);
		if (l) {
			free(l->payload);
			free(l->stream.successors);
		}
		free(l);
		return NULL;
	}
	l->index = s->n;
	l->tid = of->tid;
	l->process = of->process;
	begin_chunk(s, l, 0);
	s->lanes[s->n++] = l;
	return l;
}

struct lane *lanes_find(struct lanes *s, const struct trace_thread *of, uint64_t start, unsigned after)
{
	for (unsigned i = after == ~0u ? 0 : after + 1; i < s->n; i++) {
		struct lane *l = s->lanes[i];

		if (l->tid == of->tid && l->process == of->process
		    && (l->stream.last_end <= start || (l->p == l->payload && !l->head.serial)))
			return l;
	}
	if (s->n == LANES_MAX) {
		diag_set(s->diag, "%s: more than %d operations overlap at %" PRIu64 " ns", s->trace->path,
		         LANES_MAX, start);
		return NULL;
	}
	return lane_new(s, of);
}

int lane_group(struct lanes *s, struct lane *l, uint32_t group, unsigned ith, unsigned nth)
{
	if (make_room(s, l))
		return -1;
	l->p = prof_put_event(l->p, PROF_EVENT_GROUP, 3, group, ith, nth);
	l->group = group;
	l->group_index = 0;
	l->ith = (uint8_t)(ith < 255 ? ith : 255);
	l->nth = (uint8_t)(nth < 255 ? nth : 255);
	return 0;
}

int lane_put(struct lanes *s, struct lane *l, const struct lane_op *op)
{
	unsigned n = op->counters ? s->trace->n_counters : 0;

	if (make_room(s, l))
		return -1;
	if (op->step != l->step) {
		l->p = prof_put_event(l->p, PROF_EVENT_STEP, 1, op->step, 0, 0);
		l->step = op->step;
	}
	l->p = prof_put_op(&l->stream, l->p, op->desc, op->start, op->end, op->counters, n);
	l->group_index += l->group != 0;
	s->records++;
	return 0;
}

int lanes_flush(struct lanes *s)
{
	for (unsigned i = 0; i < s->n; i++)
		if (flush(s, s->lanes[i]))
			return -1;
	return 0;
}

static const char *thread_name(const struct trace *t, const struct lane *l)
{
	for (unsigned i = 0; i < t->n_threads; i++)
		if (t->threads[i].tid == l->tid && t->threads[i].process == l->process)
			return t->threads[i].name;
	return "";
}

int lanes_write_threads(struct lanes *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		struct prof_meta_thread m = {
		        .head = {.type = PROF_META_THREAD}, .index = i + 1, .tid = s->lanes[i]->tid};
		const char *name = thread_name(s->trace, s->lanes[i]);

		memcpy(m.name, name, strnlen(name, sizeof(m.name)));
		if ((!i || s->lanes[i]->process != s->lanes[i - 1]->process)
		    && meta_write_process(s->file, s->trace, s->lanes[i]->process))
			return -1;
		if (trace_file_meta(s->file, &m.head, sizeof(m), NULL, 0))
			return -1;
	}
	return 0;
}

void lanes_release(struct lanes *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		free(s->lanes[i]->payload);
		free(s->lanes[i]->stream.successors);
		free(s->lanes[i]);
	}
	free(s->lanes);
}
