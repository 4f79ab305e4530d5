/* trace_decode.c: one thread's operations, in order of their start.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/trace_decode.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 256 };
#define TICK_LIMIT (1ull << 60)

int decoder_init(struct decoder *d, struct trace *t, const struct trace_stream *stream, bool children)
{
	memset(d, 0, sizeof(*d));
	d->trace = t;
	d->stream = stream;
	d->children = children;
	d->state.successors = calloc(PROF_SUCCESSORS, sizeof(*d->state.successors));
	return d->state.successors ? 0 : -1;
}

void decoder_release(struct decoder *d)
{
	free(d->state.successors);
	free(d->queue);
	free(d->counters);
	memset(d, 0, sizeof(*d));
}

static bool next_chunk(struct decoder *d)
{
	const struct trace_chunk *before = d->chunk, *c;

	if (before)
		trace_let_go(d->trace, before->payload, before->payload + before->used);
	if (d->next_chunk == d->stream->n_chunks)
		return false;
	c = &d->stream->chunks[d->next_chunk++];
	d->chunk = c;
	d->p = c->payload;
	d->end = c->payload + c->used;
	prof_stream_reset(&d->state, c->base_tick, c->serial);
	d->step = trace_step_index(d->trace, c->step);
	/* Where records enclose others the header counts children as well; then
	 * our own count is better, unless a chunk is missing. */
	if (d->stream->encloses && before && before->serial + 1 == c->serial)
		return true;
	d->group = c->nth > 1 ? c->group : 0;
	d->k = c->group_index;
	return true;
}

static void take_event(struct decoder *d, const struct prof_record *r)
{
	if (r->id == PROF_EVENT_GROUP) {
		d->group = r->field[2] > 1 ? (uint32_t)r->field[0] : 0;
		d->k = 0;
	} else if (r->id == PROF_EVENT_SKIP) {
		d->k += (uint32_t)r->field[0];
	} else if (r->id == PROF_EVENT_STEP) {
		d->step = trace_step_index(d->trace, r->field[0]);
	}
}

static uint32_t keep_counters(struct decoder *d, const struct prof_record *r)
{
	uint64_t *grown = array_grow(d->counters, &d->counter_capacity,
	                             (size_t)d->n_counters + PROF_MAX_COUNTERS, sizeof(*grown));
	unsigned at = d->n_counters;

	if (!grown)
		return 0;
	d->counters = grown;
	memcpy(grown + at, r->counters, r->n_counters * sizeof(*grown));
	d->n_counters += r->n_counters;
	return at + 1;
}

/* e encloses those at the queue's end that start no earlier and end no later:
 * put it before them, or in their place when children are not wanted. */
static struct decoded *adopt_children(struct decoder *d, const struct decoded *e)
{
	struct decoded *q = d->queue, *at;
	unsigned first = d->n, kept;
	uint64_t children = 0;

	while (first > d->ready && q[first - 1].start >= e->start)
		first--;
	kept = first;
	for (unsigned i = first; i < d->n; i++) {
		bool inside = q[i].end <= e->end;

		if (inside && q[i].depth == 0) {
			children += q[i].end - q[i].start;
			if (e->group && q[i].group == e->group && q[i].k < d->k)
				d->k = q[i].k;
		}
		if (inside && !d->children)
			continue;
		q[i].depth += inside && q[i].depth < UINT16_MAX;
		q[kept++] = q[i];
	}
	at = &q[first];
	memmove(at + 1, at, (kept - first) * sizeof(*at));
	d->n = kept + 1;
	*at = *e;
	at->children = children;
	return at;
}

static void take_operation(struct decoder *d, const struct prof_record *r)
{
	struct decoded *e = &d->queue[d->n];

	*e = (struct decoded){
	        .start = r->start, .end = r->end, .desc = r->id, .step = d->step, .group = d->group};
	if (__builtin_expect(r->n_counters, 0)) {
		e->counters = keep_counters(d, r);
		e->n_counters = e->counters ? r->n_counters : 0;
	}
	if (__builtin_expect(r->encloses, 0)) {
		struct decoded copy = *e;

		e = adopt_children(d, &copy);
	} else {
		d->n++;
	}
	e->k = d->k++;
}

static void impossible(struct decoder *d)
{
	const struct trace_chunk *c = d->chunk;

	trace_problem(d->trace,
	              "thread %" PRIu32 ": the record at byte %" PRIu64
	              " has an impossible time; the rest of its chunk is left out",
	              c->thread,
	              c->offset + sizeof(struct prof_chunk_header) + (uint64_t)(d->p - c->payload));
	d->p = d->end;
}

/* The commonest forms, decoded from one word: the predicted operation, neither
 * counters nor children. False, and nothing is changed, when what is at *p is
 * another; there must be eight bytes of chunk. */
static inline bool take_plain(struct decoder *d, struct prof_stream *s, const uint8_t **p)
{
	uint64_t word = prof_load64(*p), gap, duration, start, end;
	struct decoded *e = &d->queue[d->n];
	struct prof_successor expected;
	unsigned more, bits;

	if (!(word & 7u))
		return false;
	more = 1 + (unsigned)__builtin_ctz((unsigned)word);
	bits = prof_gap_bits(more + 1);
	word = (word & (((uint64_t)1 << (8 * more + 8)) - 1)) >> more;
	expected = prof_stream_predict(s);
	gap = prof_unzigzag(word & ((1u << bits) - 1)) + expected.gap;
	duration = prof_unzigzag(word >> bits) + expected.duration;
	start = s->last_end + gap;
	end = start + duration;
	if (__builtin_expect((gap | duration | end) > TICK_LIMIT, 0))
		return false;
	prof_stream_learn(s, expected.next, gap, duration);
	*e = (struct decoded){.start = start,
	                      .end = end,
	                      .desc = expected.next,
	                      .step = d->step,
	                      .group = d->group,
	                      .k = d->k++};
	s->last_end = end;
	*p += more + 1;
	d->n++;
	return true;
}

/* Up to `limit` records of the chunk; false at its end. */
static bool decode_some(struct decoder *d, unsigned limit)
{
	struct prof_stream state = d->state;
	struct prof_record r;
	const uint8_t *p = d->p, *end = d->end, *next;
	unsigned n_counters = d->chunk->n_counters;
	bool v1 = d->trace->version == 1;

	for (; limit; p = next, limit--) {
		next = p;
		if (!v1 && end - p >= 8 && take_plain(d, &state, &next))
			continue;
		next = d->trace->priv->get_record(&state, p, end, n_counters, &r);
		if (!next || next == p)
			break;
		if (__builtin_expect(r.end > TICK_LIMIT || r.start > r.end, 0)) {
			d->p = p;
			impossible(d);
			return false;
		}
		if (__builtin_expect(r.is_event, 0))
			take_event(d, &r);
		else
			take_operation(d, &r);
	}
	d->state = state;
	d->p = p;
	return limit == 0;
}

/* Operations that nothing later can enclose. */
static void settle_ready(struct decoder *d, bool chunk_done)
{
	uint64_t bound = d->chunk->later_encloses;

	if (!d->stream->encloses) {
		d->ready = d->n;
		return;
	}
	if (!chunk_done && d->chunk->encloses)
		return;
	while (d->ready < d->n && d->queue[d->ready].start < bound)
		d->ready++;
}

bool decoder_more(struct decoder *d)
{
	unsigned ready = d->ready - d->head;

	if (d->head)
		memmove(d->queue, d->queue + d->head, (d->n - d->head) * sizeof(*d->queue));
	d->n -= d->head;
	d->ready = ready;
	d->head = 0;
	if (!d->n)
		d->n_counters = 0;
	while (d->ready == ready) {
		struct decoded *grown;
		bool going_on;

		if (!d->chunk || d->p == d->end) {
			if (!next_chunk(d)) {
				d->ready = d->n;
				break;
			}
		}
		grown = array_grow(d->queue, &d->capacity, (size_t)d->n + BATCH, sizeof(*grown));
		if (!grown)
			break;
		d->queue = grown;
		going_on = decode_some(d, BATCH);
		if (!going_on)
			d->p = d->end;
		settle_ready(d, !going_on);
	}
	return d->ready > ready;
}
