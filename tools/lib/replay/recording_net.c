/* recording_net.c: times of operations and steps less what recording cost.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/replay/recording_net.h"

#include <stdlib.h>
#include <string.h>

struct work {
	const struct trace *trace;
	struct recording_cost cost;
	struct recording_net *net;
	double *operations; /* as inside_ns: how many */
	size_t *outermost;  /* by thread: the place of the operation in progress */
};

static size_t place_of(const struct op_event *ev)
{
	return (size_t)ev->desc * MEASURED_PHASES + ev->phase;
}

static void take_event(struct work *w, const struct op_event *ev)
{
	size_t *outermost = &w->outermost[ev->thread <= w->trace->n_threads ? ev->thread : 0];
	double whole = recording_cost_whole(&w->cost, &w->trace->descs[ev->desc], ev->n_counters > 0);

	if (!ev->timed)
		return;
	if (!ev->depth) {
		*outermost = place_of(ev);
		w->operations[*outermost]++;
	}
	w->net->inside_ns[*outermost] += ev->depth ? whole : recording_cost_inside(&w->cost);
	if (ev->step >= 0)
		w->net->steps_ns[ev->phase] += whole;
}

static int add_up(struct work *w, struct trace *t, struct diag *d)
{
	size_t n = (size_t)t->n_descs * MEASURED_PHASES + 1;
	struct trace_cursor *c = trace_cursor_open(t);
	struct op_event ev;
	int more = -1;

	w->net->inside_ns = calloc(n, sizeof(double));
	w->operations = calloc(n, sizeof(double));
	w->outermost = calloc(t->n_threads + 1, sizeof(size_t));
	if (!c || !w->net->inside_ns || !w->operations || !w->outermost)
		diag_set(d, "out of memory");
	else
		while ((more = trace_cursor_next(c, &ev, d)) > 0)
			take_event(w, &ev);
	for (size_t i = 0; !more && i < n; i++)
		w->net->inside_ns[i] /= w->operations[i] > 0 ? w->operations[i] : 1;
	trace_cursor_close(c);
	free(w->operations);
	free(w->outermost);
	return more;
}

int recording_net_make(struct recording_net *n, const char *path, const char *last_layer, struct diag *d)
{
	struct trace_options options = {.last_layer = last_layer, .children = true};
	struct work w = {.net = n};
	struct trace *t;
	int result;

	memset(n, 0, sizeof(*n));
	if (trace_open(path, &options, &t, d))
		return -1;
	w.trace = t;
	w.cost = recording_cost_of(t);
	if (w.cost.clock_ns > 0)
		result = add_up(&w, t, d);
	else
		result = diag_set(d, "%s: does not tell what recording cost", path);
	trace_close(t);
	if (result)
		recording_net_release(n);
	return result;
}

void recording_net_release(struct recording_net *n)
{
	free(n->inside_ns);
	memset(n, 0, sizeof(*n));
}

static uint64_t less(uint64_t time_ns, double ns)
{
	return (double)time_ns > ns ? (uint64_t)((double)time_ns - ns + 0.5) : 0;
}

void recording_net_apply(const struct recording_net *n, struct op_event *ev)
{
	double inside = n->inside_ns[place_of(ev)];

	if (!ev->timed)
		return;
	ev->time_ns = less(ev->time_ns, inside);
	ev->busy_ns = less(ev->busy_ns, inside * ev->n_slices);
	ev->self_ns = ev->self_ns < ev->time_ns ? ev->self_ns : ev->time_ns;
}
