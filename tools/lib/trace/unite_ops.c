/* unite_ops.c: the operations of several traces, stream by stream.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Record by record: ids, times, steps and groups become those of the whole, and
 * everything stays in its place. One stream is in memory at a time, of which
 * one chunk is being written.
 */
#include <prof/trace_codec.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/unite_private.h"

#define TICK_LIMIT (1ull << 60)
/* Of an operation whose description is lost: in the parts, and so in the whole. */
#define NO_DESC (PROF_MAX_DESCS - 1)
/* What one record takes at most, an event before it, and the zeros behind it. */
#define RECORD_ROOM (2 * PROF_RECORD_MAX_BYTES + PROF_MAX_COUNTERS * PROF_COUNTER_MAX_BYTES + 8)
/* The file's first chunk is shorter than the others. */
#define PAYLOAD_BYTES (PROF_CHUNK_ALIGN - sizeof(struct prof_file_header) - sizeof(struct prof_chunk_header))

struct output {
	struct unite *unite;
	const struct unite_part *part;
	struct prof_successor *read_successors, *successors;
	struct prof_stream in, out;
	struct prof_chunk_header head; /* state at the start of the chunk */
	uint32_t thread, serial;
	uint32_t group, group_index, step; /* now */
	uint8_t ith, nth;
	uint64_t cut_end; /* what began before is left out: a limit gave up the rest of it */
	uint32_t left_out;
	uint8_t payload[PROF_CHUNK_ALIGN], *p;
};

static void begin_chunk(struct output *o)
{
	o->head = (struct prof_chunk_header){.kind = PROF_CHUNK_OPS,
	                                     .thread = o->thread,
	                                     .serial = o->serial,
	                                     .base_tick = o->out.last_end,
	                                     .group = o->group,
	                                     .group_index = o->group_index,
	                                     .step = o->step,
	                                     .n_counters = (uint8_t)o->unite->n_counters,
	                                     .ith = o->ith,
	                                     .nth = o->nth};
	prof_stream_reset(&o->out, o->out.last_end, o->serial);
	o->p = o->payload;
}

static int flush(struct output *o)
{
	if (o->p > o->payload) {
		if (trace_file_chunk(o->unite->file, &o->head, o->payload, (uint32_t)(o->p - o->payload)))
			return -1;
		o->serial++;
	}
	begin_chunk(o);
	return 0;
}

static uint32_t step_of(const struct unite_part *part, uint64_t step)
{
	uint32_t index = trace_step_index(part->trace, step);

	return index ? index + part->first_step : 0;
}

/* Slices are counted, those left out too. */
static void put_left_out(struct output *o)
{
	if (o->left_out && o->group)
		o->p = prof_put_event(o->p, PROF_EVENT_SKIP, 1, o->left_out, 0, 0);
	o->group_index += o->group ? o->left_out : 0;
	o->left_out = 0;
}

/* Whether what is in force at a chunk's start is what is now. */
static bool goes_on(const struct output *o, const struct trace_chunk *c)
{
	const struct unite_part *part = o->part;

	return o->step == step_of(part, c->step) && o->group == (c->group ? c->group + part->first_group : 0)
	       && (!o->group || o->group_index == c->group_index)
	       && unite_tick(o->unite, part, c->base_tick) >= o->out.last_end;
}

/* Chunks that follow each other are one stream, cut anew. Where the part goes on
 * after a gap, what is in force is what its chunk says; the gap stays one, as
 * slices can't be counted over it. */
static int enter_chunk(struct output *o, const struct trace_chunk *c, const struct trace_chunk *before)
{
	const struct unite_part *part = o->part;
	bool follows = before && before->serial + 1 == c->serial;

	prof_stream_reset(&o->in, c->base_tick, c->serial);
	put_left_out(o);
	if (follows && goes_on(o, c))
		return 0;
	if (flush(o))
		return -1;
	o->serial += before && !follows;
	o->out.last_end = unite_tick(o->unite, part, c->base_tick);
	o->group = c->group ? c->group + part->first_group : 0;
	o->group_index = c->group_index;
	o->step = step_of(part, c->step);
	o->ith = c->ith;
	o->nth = c->nth;
	begin_chunk(o);
	return 0;
}

static void put_event(struct output *o, const struct prof_record *r, uint64_t before)
{
	const struct unite_part *part = o->part;
	uint64_t a = r->field[0];

	switch (r->id) {
	case PROF_EVENT_GROUP:
		o->group = a ? (uint32_t)a + part->first_group : 0;
		o->group_index = 0;
		o->ith = (uint8_t)(r->field[1] < 255 ? r->field[1] : 255);
		o->nth = (uint8_t)(r->field[2] < 255 ? r->field[2] : 255);
		o->p = prof_put_event(o->p, PROF_EVENT_GROUP, 3, o->group, r->field[1], r->field[2]);
		break;
	case PROF_EVENT_STEP:
		o->step = step_of(part, a);
		o->p = prof_put_event(o->p, PROF_EVENT_STEP, 1, o->step, 0, 0);
		break;
	case PROF_EVENT_TIME:
		a = unite_tick(o->unite, part, before + a) - unite_tick(o->unite, part, before);
		o->p = prof_put_event(o->p, PROF_EVENT_TIME, 1, a, 0, 0);
		o->out.last_end += a;
		break;
	default: /* a number of operations */
		o->p = prof_put_event(o->p, (enum prof_event)r->id, 1, a, 0, 0);
		o->group_index += r->id == PROF_EVENT_SKIP && o->group ? (uint32_t)a : 0;
	}
}

static void put_operation(struct output *o, const struct prof_record *r)
{
	const struct unite_part *part = o->part;
	uint32_t desc = r->id < part->trace->n_descs ? part->descs[r->id] : NO_DESC;
	uint64_t counters[PROF_MAX_COUNTERS];
	unsigned n = r->n_counters ? o->unite->n_counters : 0;

	for (unsigned i = 0; i < n; i++)
		counters[i] = part->counters[i] < r->n_counters ? r->counters[part->counters[i]] : 0;
	o->p = prof_put_op(&o->out, o->p, desc, unite_tick(o->unite, part, r->start),
	                   unite_tick(o->unite, part, r->end), counters, n);
	o->group_index += o->group != 0;
	o->unite->records++;
}

/* Where the start of a trace was given up: everything that begins before what
 * began before the cut has ended. */
static uint64_t find_cut_end(struct output *o, const struct trace_stream *s)
{
	const struct trace_private *priv = o->part->trace->priv;
	uint64_t cut = priv->cut_tick, cut_end = cut;
	struct prof_record r = {.n_counters = 0};

	for (unsigned i = 0; cut && i < s->n_chunks; i++) {
		const struct trace_chunk *c = &s->chunks[i];
		const uint8_t *p = c->payload, *end = p + c->used, *next;

		memset(o->read_successors, 0, PROF_SUCCESSORS * sizeof(*o->read_successors));
		prof_stream_reset(&o->in, c->base_tick, c->serial);
		for (; (next = priv->get_record(&o->in, p, end, c->n_counters, &r)) && next != p; p = next)
			if (!r.is_event && r.start < cut && r.end > cut_end)
				cut_end = r.end;
	}
	return cut_end;
}

static int copy_chunk(struct output *o, const struct trace_chunk *c)
{
	const uint8_t *p = c->payload, *end = p + c->used, *next;
	struct prof_record r = {.n_counters = 0};
	uint64_t before = c->base_tick;

	for (; (next = o->part->trace->priv->get_record(&o->in, p, end, c->n_counters, &r)) && next != p;
	     p = next) {
		if (r.end > TICK_LIMIT || r.start > r.end)
			break; /* as readers do */
		if (o->p + RECORD_ROOM > o->payload + PAYLOAD_BYTES && flush(o))
			return -1;
		if (!r.is_event && r.start < o->cut_end) {
			o->left_out++;
		} else {
			put_left_out(o);
			if (r.is_event)
				put_event(o, &r, before);
			else
				put_operation(o, &r);
		}
		before = o->in.last_end;
	}
	return 0;
}

static int copy_stream(struct output *o, const struct trace_stream *s)
{
	o->serial = o->group = o->group_index = o->step = o->ith = o->nth = 0;
	o->left_out = 0;
	o->in = (struct prof_stream){.successors = o->read_successors};
	o->cut_end = find_cut_end(o, s);
	o->out = (struct prof_stream){.successors = o->successors};
	memset(o->read_successors, 0, PROF_SUCCESSORS * sizeof(*o->read_successors));
	memset(o->successors, 0, PROF_SUCCESSORS * sizeof(*o->successors));
	begin_chunk(o);
	for (unsigned i = 0; i < s->n_chunks; i++)
		if (enter_chunk(o, &s->chunks[i], i ? &s->chunks[i - 1] : NULL)
		    || copy_chunk(o, &s->chunks[i]))
			return -1;
	o->left_out = 0;
	return flush(o);
}

int unite_ops_write(struct unite *u)
{
	struct output *o = calloc(1, sizeof(*o));
	int result = -1;

	if (!o || !(o->successors = calloc(PROF_SUCCESSORS, sizeof(*o->successors)))
	    || !(o->read_successors = calloc(PROF_SUCCESSORS, sizeof(*o->successors)))) {
		unite_no_memory(u);
		goto out;
	}
	o->unite = u;
	for (unsigned i = 0; i < u->n; i++) {
		const struct trace_private *priv = u->parts[i].trace->priv;

		o->part = &u->parts[i];
		for (unsigned j = 0; j < priv->n_streams; j++) {
			o->thread = o->part->first_thread + j + 1;
			if (copy_stream(o, &priv->streams[j]))
				goto out;
		}
	}
	result = 0;
out:
	if (o) {
		free(o->successors);
		free(o->read_successors);
	}
	free(o);
	return result;
}
