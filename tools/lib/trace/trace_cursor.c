/* trace_cursor.c: operations one after the other, in order of their start.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * trace_merge.c does the work for binary traces, trace_list_stream.c for long op
 * lists; a short one's operations are in memory. What all share is the phase.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/trace_list.h"

struct trace_cursor *trace_cursor_open(struct trace *t)
{
	struct trace_cursor *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->trace = t;
	c->children = t->priv->options.children;
	c->last_layer = t->priv->options.last_layer;
	c->phases = calloc(t->n_processes, sizeof(*c->phases));
	if (c->phases && t->priv->streamed)
		c->stream = list_stream_open(t);
	if (!c->phases || (!t->is_list && merge_open(c)) || (t->priv->streamed && !c->stream)) {
		free(c->phases);
		free(c);
		return NULL;
	}
	for (unsigned i = 0; i < t->n_processes; i++)
		c->phases[i] = (struct cursor_phase){.border_passed = t->processes[i].steps_before > 0,
		                                     .last = t->processes[i].steps_before ? PROF_PHASE_DECODE
		                                             : t->processes[i].n_steps    ? PROF_PHASE_UNKNOWN
		                                                                       : PROF_PHASE_PREFILL};
	return c;
}

void list_event_tell(const struct trace *t, const struct list_event *e, const uint64_t *counters,
                     struct op_event *ev)
{
	ev->desc = e->desc;
	ev->step = (int32_t)e->step - 1;
	ev->thread = e->thread;
	ev->n_slices = e->n_slices;
	ev->depth = e->depth;
	ev->start_ns = e->start_ns;
	ev->time_ns = e->time_ns;
	ev->self_ns = e->self_ns;
	ev->busy_ns = e->busy_ns;
	ev->timed = !(t->descs[e->desc].flags & PROF_DESC_UNTIMED);
	ev->n_counters = e->counters ? t->n_counters : 0;
	ev->n_counted = e->n_counted;
	ev->counted_ns = e->counted_ns;
	if (e->counters)
		memcpy(ev->counters, counters, t->n_counters * sizeof(ev->counters[0]));
}

static int kept_next(struct trace_cursor *c, struct op_event *ev)
{
	const struct trace_private *priv = c->trace->priv;
	const struct list_event *e;

	do {
		if (c->next == priv->n_events)
			return 0;
		e = &priv->events[c->next++];
	} while (e->depth && !c->children);
	list_event_tell(c->trace, e, e->counters ? priv->list_counters + e->counters - 1 : NULL, ev);
	return 1;
}

/* An operation outside of every step takes the phase of its process's step
 * before it. What comes before the first one (a network is made, its weights are
 * filled) has none; in a process without any step all is prefill. */
static inline void set_phase(struct trace_cursor *c, struct op_event *ev)
{
	const struct trace *t = c->trace;
	struct cursor_phase *p = &c->phases[trace_process_of(t, ev)];

	if (c->last_layer) {
		ev->phase = p->border_passed ? PROF_PHASE_DECODE : PROF_PHASE_PREFILL;
		if (!p->border_passed && !strcmp(t->descs[ev->desc].context, c->last_layer))
			p->border_passed = true;
		return;
	}
	if (ev->step >= 0)
		p->last = t->steps[ev->step].phase;
	ev->phase = p->last;
}

/* Of a list: one line, one operation. */
static int list_read(struct trace_cursor *c, struct op_event *ev, unsigned n, struct diag *d)
{
	unsigned got = 0;
	int more = 1;

	while (got < n && more > 0) {
		more = c->stream ? list_stream_next(c->stream, &ev[got], d) : kept_next(c, &ev[got]);
		got += more > 0;
	}
	return more < 0 ? -1 : (int)got;
}

int trace_cursor_read(struct trace_cursor *c, struct op_event *ev, unsigned n, struct diag *d)
{
	int got = c->merge ? (int)merge_read(c, ev, n) : list_read(c, ev, n, d);

	for (int i = 0; i < got; i++)
		set_phase(c, &ev[i]);
	return got;
}

int trace_cursor_next(struct trace_cursor *c, struct op_event *ev, struct diag *d)
{
	return trace_cursor_read(c, ev, 1, d);
}

void trace_cursor_close(struct trace_cursor *c)
{
	if (!c)
		return;
	merge_close(c);
	list_stream_close(c->stream);
	free(c->phases);
	free(c);
}
