/* trace_limit.c: a trace whose size was limited, and whose start was given up.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The header tells the tick before which chunks were used again. Other threads
 * may still have operations of before, and the one that was in progress then
 * has lost some of its slices; so has the step in progress its operations. All
 * of that is left out: what is shown is whole.
 */
#include <prof/trace_codec.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/trace_private.h"

/* The start of the first operation of a chunk, 0 when it has none. */
static uint64_t first_start(const struct trace_chunk *c, struct prof_successor *successors)
{
	struct prof_stream s = {.successors = successors};
	const uint8_t *p = c->payload, *end = p + c->used, *next;
	struct prof_record r;

	memset(successors, 0, PROF_SUCCESSORS * sizeof(*successors));
	prof_stream_reset(&s, c->base_tick, c->serial);
	for (; (next = prof_get_record(&s, p, end, c->n_counters, &r)) && next != p; p = next)
		if (!r.is_event)
			return r.start;
	return 0;
}

/* A thread whose part of a group was given up in the middle: where it goes on,
 * all threads are done with the operation before. */
static int find_torn_groups(struct trace *t, uint64_t *cut, struct diag *d)
{
	struct prof_successor *successors = calloc(PROF_SUCCESSORS, sizeof(*successors));

	if (!successors)
		return diag_set(d, "%s: out of memory", t->path);
	for (unsigned i = 0; i < t->priv->n_streams; i++) {
		const struct trace_stream *s = &t->priv->streams[i];
		const struct trace_chunk *c = s->chunks;
		uint64_t start = 0;

		if (s->n_chunks && c->serial && c->group && c->nth > 1)
			start = first_start(c, successors);
		*cut = start > *cut ? start : *cut;
	}
	free(successors);
	return 0;
}

/* The first moment from `cut` on at which no step is in progress; `cut` itself
 * when no step begins afterwards. Times of steps are ticks still. */
static uint64_t between_steps(const struct trace *t, uint64_t cut)
{
	uint64_t at = cut;
	unsigned first = 0;

	for (unsigned i = 0; i < t->n_steps; i++) {
		const struct trace_step *s = &t->steps[i];

		if (s->start_ns < at && s->end_ns > at)
			at = s->end_ns;
	}
	while (first < t->n_steps && t->steps[first].start_ns < at)
		first++;
	return first < t->n_steps ? at : cut;
}

/* Steps that were over by then are none of this trace's. */
static void drop_steps(struct trace *t, uint64_t cut)
{
	unsigned n = 0;

	while (n < t->n_steps && t->steps[n].start_ns < cut && t->steps[n].end_ns <= cut
	       && (t->steps[n].end_ns || n + 1 < t->n_steps))
		n++;
	if (!n)
		return;
	memmove(t->steps, t->steps + n, (t->n_steps - n) * sizeof(*t->steps));
	t->n_steps -= n;
	t->priv->first_step += n;
}

int trace_limit_apply(struct trace *t, struct diag *d)
{
	struct trace_private *priv = t->priv;

	if (!priv->cut_tick)
		return 0;
	if (find_torn_groups(t, &priv->cut_tick, d))
		return -1;
	priv->cut_tick = between_steps(t, priv->cut_tick);
	drop_steps(t, priv->cut_tick);
	return 0;
}
