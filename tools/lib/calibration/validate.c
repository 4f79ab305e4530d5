/* validate.c: predicted against measured times, operation by operation.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Two passes: the first tells how many threads the run had and what is typical of
 * each descriptor, the second compares every execution.
 */
#include "tools/lib/calibration/validate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/support/arena.h"
#include "tools/lib/model/model_job.h"

double error_quantile(const struct error_histogram *h, double p)
{
	uint64_t until = 0;

	for (unsigned i = 0; h->n && i < ERROR_BINS; i++) {
		until += h->bins[i];
		if ((double)until >= p * (double)h->n)
			return (i + 1) * ERROR_BIN;
	}
	return NAN;
}

static void count_error(struct error_histogram *h, double error)
{
	double bin = fabs(error) / ERROR_BIN;

	h->bins[bin < ERROR_BINS ? (unsigned)bin : ERROR_BINS - 1]++;
	h->n++;
}

static struct validation_group *group_of(struct validation *v, const char *name, enum prof_phase phase,
                                         bool by_context)
{
	struct validation_group *g;

	for (unsigned i = 0; i < v->n_groups; i++) {
		g = &v->groups[i];
		if (g->phase == phase && g->by_context == by_context && !strcmp(g->name, name))
			return g;
	}
	g = array_grow(v->groups, &v->group_capacity, v->n_groups, sizeof *g);
	if (!g)
		return NULL;
	v->groups = g;
	g = &v->groups[v->n_groups++];
	memset(g, 0, sizeof *g);
	g->name = name;
	g->phase = phase;
	g->by_context = by_context;
	return g;
}

/* What a descriptor's executions are compared with. */
struct expected {
	double ns;
	bool fitted;
	uint32_t group[3][2]; /* by phase: of its kind and its context, plus 1 */
};

static void predict(const struct trace *t, const struct arch *a, const struct model_options *o,
                    const struct calibration_run *run, struct expected *expected)
{
	static const struct model_ctx as_called = {0, 0, 0};
	struct model_device dev = {
	        .arch = a, .options = o, .threads = run->threads, .weight_bytes = run->weight_bytes};

	for (unsigned i = 0; i < t->n_descs; i++) {
		struct model_job job;
		struct cost c;

		model_job_make(&job, &t->descs[i], o, &as_called);
		model_roofline_price(&job, &dev, &c);
		expected[i].fitted = a->calibration && calibration_find(a->calibration, &t->descs[i]);
		expected[i].ns = c.cell[COST_TIME];
		if (expected[i].fitted) /* told apart, for the steps alone */
			expected[i].ns -= calibration_between_ns(a->calibration, run);
	}
}

static int find_groups(struct validation *v, const struct op_desc *d, struct expected *e,
                       enum prof_phase phase)
{
	const char *names[2] = {op_name(d->op), *d->context ? d->context : "(none)"};

	for (unsigned k = 0; k < 2; k++) {
		struct validation_group *g = group_of(v, names[k], phase, k);

		if (!g)
			return -1;
		e->group[phase][k] = (uint32_t)(g - v->groups) + 1;
	}
	return 0;
}

static int compare(struct validation *v, struct trace *t, struct expected *expected, struct diag *d)
{
	struct trace_cursor *c = trace_cursor_open(t);
	struct op_event ev;
	int rc = c ? 0 : diag_set(d, "out of memory");

	while (c && (rc = trace_cursor_next(c, &ev, d)) > 0) {
		struct expected *e = &expected[ev.desc];
		double measured = (double)ev.time_ns;

		if (!ev.timed || !ev.time_ns)
			continue;
		v->outside_ns += ev.step < 0 ? measured : 0;
		if (!e->group[ev.phase][0] && find_groups(v, &t->descs[ev.desc], e, ev.phase)) {
			rc = diag_set(d, "out of memory");
			break;
		}
		for (unsigned k = 0; k < 2; k++) {
			struct validation_group *g = &v->groups[e->group[ev.phase][k] - 1];

			g->measured_ns += measured;
			g->predicted_ns += e->ns;
			count_error(&g->errors, e->ns / measured - 1);
		}
		v->measured_ns += measured;
		v->predicted_ns += e->ns;
		count_error(&v->errors, e->ns / measured - 1);
		v->unpriced += !e->fitted;
	}
	trace_cursor_close(c);
	return rc;
}

static void keep_points(struct validation *v, const struct trace *t, const struct desc_times *times,
                        const struct expected *expected)
{
	for (unsigned i = 0; i < t->n_descs; i++)
		if (times[i].n)
			v->points[v->n_points++] = (struct validation_point){
			        t->descs[i].op, desc_times_median(&times[i]), expected[i].ns, times[i].n};
}

struct validation *validate(struct trace *t, const struct arch *a, const struct model_options *o,
                            struct diag *d)
{
	size_t n = t->n_descs ? t->n_descs : 1;
	struct validation *v = calloc(1, sizeof *v);
	struct expected *expected = calloc(n, sizeof *expected);
	struct desc_times *times = NULL;
	int rc = v && expected ? 0 : diag_set(d, "out of memory");

	if (!rc && !(v->points = calloc(n, sizeof *v->points)))
		rc = diag_set(d, "out of memory");
	if (!rc && !(times = desc_times_read(t, &v->run, d)))
		rc = -1;
	if (!rc) {
		predict(t, a, o, &v->run, expected);
		rc = compare(v, t, expected, d);
	}
	if (!rc)
		keep_points(v, t, times, expected);
	if (!rc)
		v->wall_ns = trace_steps_ns(t);
	if (!rc && v->wall_ns > 0)
		v->wall_ns += v->outside_ns;
	if (!rc && a->calibration)
		v->between_ns = (double)v->errors.n * calibration_between_ns(a->calibration, &v->run);
	free(times);
	free(expected);
	if (!rc)
		return v;
	validation_free(v);
	return NULL;
}

void validation_free(struct validation *v)
{
	if (!v)
		return;
	free(v->groups);
	free(v->points);
	free(v);
}
