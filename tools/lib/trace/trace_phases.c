/* trace_phases.c: which steps are prefill and which decode.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A phase that the trace gives stands. Else the first step is prefill, and
 * every step of more than one token a sequence. With --last-layer NAME neither
 * counts: the first execution of NAME ends prefill. Each process has a first.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/trace_private.h"

static void by_steps(struct trace *t)
{
	for (unsigned i = 0; i < t->n_steps; i++) {
		struct trace_step *s = &t->steps[i];
		uint32_t sequences = s->sequences ? s->sequences : 1;

		const struct trace_process *p = &t->processes[s->process];
		bool is_first = i == p->first_step && !p->steps_before;

		s->phase = s->given                            ? s->given
		           : is_first || s->tokens > sequences ? PROF_PHASE_PREFILL
		                                               : PROF_PHASE_DECODE;
	}
}

static int no_such_context(struct trace *t, const char *name, struct diag *d)
{
	const char *names[256], *nearest;
	unsigned n = 0;

	for (unsigned i = 0; i < t->n_descs && n < 256; i++)
		if (*t->descs[i].context)
			names[n++] = t->descs[i].context;
	nearest = diag_nearest(name, names, n);
	return diag_set(d, "%s: no operation has the context '%.100s'%s%s%s", t->path, name,
	                nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

/* The step in which NAME first ran is the last one of prefill. borders: by
 * process, that step, -1 before all, or INT_MAX where NAME did not run. Returns
 * in how many processes it did. */
static unsigned find_borders(struct trace *t, struct trace_cursor *c, const char *name, int *borders)
{
	struct op_event ev;
	struct diag d;
	unsigned found = 0;

	for (unsigned i = 0; i < t->n_processes; i++)
		borders[i] = INT_MAX;
	while (found < t->n_processes && trace_cursor_next(c, &ev, &d) == 1) {
		int *border = &borders[trace_process_of(t, &ev)];

		if (*border != INT_MAX || strcmp(t->descs[ev.desc].context, name) != 0)
			continue;
		*border = t->processes[trace_process_of(t, &ev)].steps_before ? -1 : ev.step;
		found++;
	}
	return found;
}

static int by_last_layer(struct trace *t, const char *name, struct diag *d)
{
	struct trace_cursor *c = trace_cursor_open(t);
	int *borders = calloc(t->n_processes, sizeof(*borders));
	int result = 0;

	if (!c || !borders)
		result = diag_set(d, "%s: out of memory", t->path);
	else if (!find_borders(t, c, name, borders))
		result = no_such_context(t, name, d);
	for (unsigned i = 0; i < t->n_steps && !result; i++)
		t->steps[i].phase =
		        (int)i <= borders[t->steps[i].process] ? PROF_PHASE_PREFILL : PROF_PHASE_DECODE;
	trace_cursor_close(c);
	free(borders);
	return result;
}

int trace_phases_decide(struct trace *t, struct diag *d)
{
	by_steps(t);
	return t->priv->options.last_layer ? by_last_layer(t, t->priv->options.last_layer, d) : 0;
}
