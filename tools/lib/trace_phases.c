/* trace_phases.c: which steps are prefill and which decode.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A phase that the trace gives stands. Else the first step is prefill, and
 * every step of more than one token a sequence. With --last-layer NAME neither
 * counts: the first execution of NAME ends prefill.
 */
#include <string.h>

#include "tools/lib/trace_private.h"

static void by_steps(struct trace *t)
{
	for (unsigned i = 0; i < t->n_steps; i++) {
		struct trace_step *s = &t->steps[i];
		uint32_t sequences = s->sequences ? s->sequences : 1;

		s->phase = s->given                                                ? s->given
		           : t->priv->first_step + i == 0 || s->tokens > sequences ? PROF_PHASE_PREFILL
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

/* The step in which NAME first ran is the last one of prefill. */
static int by_last_layer(struct trace *t, const char *name, struct diag *d)
{
	struct trace_cursor *c = trace_cursor_open(t);
	struct op_event ev;
	int found = 0, border = -1;
	bool ran_before = t->priv->first_step > 0; /* in a step that was given up */

	if (!c)
		return diag_set(d, "%s: out of memory", t->path);
	while (!found && trace_cursor_next(c, &ev, d) == 1) {
		found = !strcmp(t->descs[ev.desc].context, name);
		border = ran_before ? -1 : ev.step;
	}
	trace_cursor_close(c);
	if (!found)
		return no_such_context(t, name, d);
	for (unsigned i = 0; i < t->n_steps; i++)
		t->steps[i].phase = (int)i <= border ? PROF_PHASE_PREFILL : PROF_PHASE_DECODE;
	return 0;
}

int trace_phases_decide(struct trace *t, struct diag *d)
{
	by_steps(t);
	return t->priv->options.last_layer ? by_last_layer(t, t->priv->options.last_layer, d) : 0;
}
