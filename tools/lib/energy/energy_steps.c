/* energy_steps.c: the machine's energy shared out among the steps of a run.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/energy/energy_steps.h"

#include <math.h>
#include <stdlib.h>

struct border {
	double ns;
	unsigned step;
	bool begins;
};

/* At one moment ends come first, so that steps one after the other do not meet. */
static int by_time(const void *a, const void *b)
{
	const struct border *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return (int)x->begins - (int)y->begins;
}

static bool is_whole(const struct trace_step *s)
{
	return s->end_ns > s->start_ns;
}

static unsigned list_borders(const struct trace *t, struct border *borders)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->n_steps; i++) {
		if (!is_whole(&t->steps[i]))
			continue;
		borders[n++] = (struct border){(double)t->steps[i].start_ns, i, true};
		borders[n++] = (struct border){(double)t->steps[i].end_ns, i, false};
	}
	qsort(borders, n, sizeof(*borders), by_time);
	return n;
}

static void leave(unsigned *active, unsigned *n, unsigned step)
{
	unsigned i = 0;

	while (i < *n && active[i] != step)
		i++;
	if (i < *n)
		active[i] = active[--*n];
}

static void begin(const struct energy *e, const struct trace_step *s, struct energy_step *to)
{
	struct energy_figure f = {NAN, NAN};

	if (is_whole(s))
		f = energy_between(e, (double)s->start_ns, (double)s->end_ns);
	/* Unknown stays unknown; else the sweep adds up from nothing. */
	*to = (struct energy_step){isnan(f.joules) ? NAN : 0, f.error_j, 0};
}

int energy_of_steps(const struct energy *e, const struct trace *t, struct energy_step *steps)
{
	struct border *borders = calloc(2 * (size_t)t->n_steps + 1, sizeof(*borders));
	unsigned *active = calloc((size_t)t->n_steps + 1, sizeof(*active));
	unsigned n, n_active = 0;

	if (!borders || !active) {
		free(borders);
		free(active);
		return -1;
	}
	for (unsigned i = 0; i < t->n_steps; i++)
		begin(e, &t->steps[i], &steps[i]);
	n = list_borders(t, borders);
	for (unsigned i = 0; i < n; i++) {
		double ns = n_active ? borders[i].ns - borders[i - 1].ns : 0;
		double joules = ns > 0 ? energy_between(e, borders[i - 1].ns, borders[i].ns).joules : 0;

		for (unsigned k = 0; k < n_active; k++) {
			steps[active[k]].joules += joules / n_active;
			steps[active[k]].machine_ns += ns / n_active;
		}
		if (borders[i].begins)
			active[n_active++] = borders[i].step;
		else
			leave(active, &n_active, borders[i].step);
	}
	free(borders);
	free(active);
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct energy_stretch *x = a, *y = b;

	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

/* Steps of several processes lie within each other. */
static unsigned unite(struct energy_stretch *s, unsigned n)
{
	unsigned kept = 0;

	qsort(s, n, sizeof(*s), by_start);
	for (unsigned i = 0; i < n; i++)
		if (kept && s[i].from_ns <= s[kept - 1].to_ns)
			s[kept - 1].to_ns = fmax(s[kept - 1].to_ns, s[i].to_ns);
		else
			s[kept++] = s[i];
	return kept;
}

double energy_error_of_phase(const struct energy *e, const struct trace *t, enum prof_phase phase)
{
	struct energy_stretch *s = calloc((size_t)t->n_steps + 1, sizeof(*s));
	unsigned n = 0;
	double error;

	for (unsigned i = 0; s && i < t->n_steps; i++)
		if (is_whole(&t->steps[i]) && t->steps[i].phase == phase)
			s[n++] = (struct energy_stretch){(double)t->steps[i].start_ns,
			                                 (double)t->steps[i].end_ns};
	error = s ? energy_error_of(e, s, unite(s, n)) : NAN;
	free(s);
	return error;
}
