/* trace_list_order.c: the operations of an op list, put in order.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Where every operation says when it started they are put in the order of their
 * starts, as in a binary trace; else the list's own order is the order. Then
 * each knows which ones it holds.
 */
#include <stdlib.h>

#include "tools/lib/trace/trace_list.h"

int list_by_start(const void *a, const void *b)
{
	const struct list_event *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return x->thread < y->thread ? -1 : x->thread > y->thread;
}

/* A stable sort: self_ns is not known yet and holds the list's order meanwhile. */
static int by_start_and_order(const void *a, const void *b)
{
	const struct list_event *x = a, *y = b;
	int order = list_by_start(a, b);

	return order ? order : x->self_ns < y->self_ns ? -1 : x->self_ns > y->self_ns;
}

static void sort_events(struct trace_private *priv)
{
	bool sorted = true;

	for (unsigned i = 1; i < priv->n_events && sorted; i++)
		sorted = list_by_start(&priv->events[i - 1], &priv->events[i]) <= 0;
	if (sorted)
		return;
	for (unsigned i = 0; i < priv->n_events; i++)
		priv->events[i].self_ns = i;
	qsort(priv->events, priv->n_events, sizeof(*priv->events), by_start_and_order);
	for (unsigned i = 0; i < priv->n_events; i++)
		priv->events[i].self_ns = priv->events[i].time_ns;
}

/* The operations in progress on a thread, outermost first: indices of events. */
struct lineage {
	unsigned *events, n, capacity;
};

#define WHEN_UNKNOWN (PROF_DESC_UNTIMED | PROF_DESC_UNPLACED)

static bool encloses(const struct trace *t, const struct list_event *parent, const struct list_event *e)
{
	uint32_t outer = t->descs[parent->desc].flags & WHEN_UNKNOWN;
	uint32_t inner = t->descs[e->desc].flags & WHEN_UNKNOWN;

	if (outer != inner)
		return false; /* one has a place in time, the other has not */
	if (inner)
		return true; /* the list's order is all that is known */
	return e->start_ns + e->time_ns <= parent->start_ns + parent->time_ns;
}

/* Take the time of a child off its parent's: the last operation before it on its
 * thread that is less deep. Without one, or outside of it, it is nobody's child. */
static int place(struct trace *t, struct lineage *l, unsigned index)
{
	struct list_event *events = t->priv->events, *e = &events[index], *parent = NULL;
	unsigned *grown;

	while (l->n) {
		parent = &events[l->events[l->n - 1]];
		if (parent->depth < e->depth && encloses(t, parent, e))
			break;
		parent = NULL;
		l->n--;
	}
	e->depth = parent ? parent->depth + 1 : 0;
	if (parent) {
		uint64_t until = e->start_ns + e->time_ns - parent->start_ns;

		parent->self_ns -= e->time_ns < parent->self_ns ? e->time_ns : parent->self_ns;
		if (parent->busy_ns < until && until <= parent->time_ns)
			parent->busy_ns = until; /* its thread was at work at least until then */
	}
	grown = array_grow(l->events, &l->capacity, l->n, sizeof(*grown));
	if (!grown)
		return -1;
	l->events = grown;
	grown[l->n++] = index;
	return 0;
}

static int find_self_times(struct trace *t)
{
	struct lineage *threads = calloc(t->n_threads + 1, sizeof(*threads));
	int result = 0;

	if (!threads)
		return -1;
	for (unsigned i = 0; i < t->priv->n_events && !result; i++)
		result = place(t, &threads[t->priv->events[i].thread], i);
	for (unsigned i = 0; i <= t->n_threads; i++)
		free(threads[i].events);
	free(threads);
	return result;
}

int list_put_in_order(struct trace *t, bool sort, struct diag *d)
{
	if (sort)
		sort_events(t->priv);
	return find_self_times(t) ? diag_set(d, "%s: out of memory", t->path) : 0;
}
