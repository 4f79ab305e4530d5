/* energy_model.c: joules of operations, by regression over the meters' intervals.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/energy/energy_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNTERS_MAX  3u
#define INTERVALS_MAX 65536u

enum column { STATIC, MATRIX, ATTENTION, ELEMENTS, MOVES, FIRST_COUNTER };

static const char *const column_names[FIRST_COUNTER] = {"static power", "matrix products", "attention",
                                                        "element-wise", "moves"};

_Static_assert(FIRST_COUNTER + COUNTERS_MAX == ENERGY_FIT_MAX, "columns of the fit");

/* The column of each class of ops.def. */
#define CLASS_LINEAR    MATRIX
#define CLASS_MATMUL    MATRIX
#define CLASS_CONV      MATRIX
#define CLASS_GEMM      MATRIX
#define CLASS_ATTENTION ATTENTION
#define CLASS_ELEMENT   ELEMENTS
#define CLASS_ROWS      ELEMENTS
#define CLASS_OTHER     ELEMENTS
#define CLASS_MOVE      MOVES

struct energy_model {
	struct trace *trace;
	unsigned n_columns;
	unsigned counters[COUNTERS_MAX]; /* of column FIRST_COUNTER + i */
	double *rates;                   /* [descriptor * COUNTERS_MAX + i]: events a second of busy time */
	double *borders;                 /* of intervals, ns; n_intervals + 1 of them */
	unsigned n_intervals;
	double *x, *y; /* x: [interval * n_columns + column] */
	struct energy_fit fit;
	struct energy_use whole; /* of the recording */
	double scale;
};

static enum column column_of(unsigned op)
{
	switch (op) {
#define PROF_OP(number, id, name, class, flops, special, note)                                               \
	case number:                                                                                         \
		return CLASS_##class;
#include <prof/ops.def>
#undef PROF_OP
	default:
		return ELEMENTS;
	}
}

/* ---- counters ---- */

/* Events a second of each descriptor's counted time. */
static int find_rates(struct energy_model *m, struct diag *d)
{
	struct trace *t = m->trace;
	unsigned n = t->n_counters < COUNTERS_MAX ? t->n_counters : COUNTERS_MAX;
	double *counted = calloc((size_t)t->n_descs + 1, sizeof(*counted)), sums[COUNTERS_MAX] = {0};
	struct trace_cursor *c = trace_cursor_open(t);
	struct op_event ev;
	int more = -1;

	m->rates = calloc((size_t)t->n_descs * COUNTERS_MAX + 1, sizeof(*m->rates));
	while (counted && c && m->rates && (more = trace_cursor_next(c, &ev, d)) > 0) {
		counted[ev.desc] += ev.n_counters ? (double)ev.counted_ns / 1e9 : 0;
		for (unsigned i = 0; ev.n_counters && i < n; i++) {
			m->rates[ev.desc * COUNTERS_MAX + i] += (double)ev.counters[i];
			sums[i] += (double)ev.counters[i];
		}
	}
	for (unsigned i = 0; more == 0 && i < t->n_descs; i++)
		for (unsigned k = 0; k < n; k++)
			m->rates[i * COUNTERS_MAX + k] /= counted[i] > 0 ? counted[i] : 1;
	for (unsigned i = 0; i < n; i++) {
		m->counters[m->n_columns - FIRST_COUNTER] = i;
		m->n_columns += sums[i] > 0;
	}
	trace_cursor_close(c);
	free(counted);
	return more ? -1 : 0;
}

static double use_of(const struct energy_model *m, const struct op_event *ev, unsigned column)
{
	double busy_s = (double)ev->busy_ns / 1e9;
	unsigned counter;

	if (column < FIRST_COUNTER)
		return column == column_of(m->trace->descs[ev->desc].op) ? busy_s : 0;
	counter = m->counters[column - FIRST_COUNTER];
	return m->rates[ev->desc * COUNTERS_MAX + counter] * busy_s;
}

void energy_model_add(const struct energy_model *m, const struct op_event *ev, struct energy_use *use)
{
	for (unsigned i = STATIC + 1; i < m->n_columns; i++)
		use->x[i] += use_of(m, ev, i);
}

/* ---- intervals ---- */

/* Borders at the meters' readings, but for those much closer together than
 * most: a meter is not read anew that fast. */
static int find_intervals(struct energy_model *m, const struct energy *e)
{
	unsigned n, kept = 0;
	double *times = energy_sample_times(e, &n), apart;

	if (!times)
		return -1;
	apart = n > 1 ? (times[n - 1] - times[0]) / (n - 1) / 2 : 0;
	if (n > INTERVALS_MAX)
		apart = (times[n - 1] - times[0]) / INTERVALS_MAX;
	for (unsigned i = 0; i < n; i++)
		if (!kept || times[i] >= times[kept - 1] + apart)
			times[kept++] = times[i];
	m->borders = times;
	m->n_intervals = kept ? kept - 1 : 0;
	m->x = calloc((size_t)m->n_intervals * m->n_columns + 1, sizeof(*m->x));
	m->y = calloc((size_t)m->n_intervals + 1, sizeof(*m->y));
	if (!m->x || !m->y)
		return -1;
	for (unsigned i = 0; i < m->n_intervals; i++) {
		m->x[i * m->n_columns + STATIC] = (times[i + 1] - times[i]) / 1e9;
		m->y[i] = energy_between(e, times[i], times[i + 1]).joules;
		m->whole.x[STATIC] += m->x[i * m->n_columns + STATIC];
	}
	return 0;
}

static unsigned interval_at(const struct energy_model *m, double ns)
{
	unsigned low = 0, high = m->n_intervals;

	while (low < high) { /* the first that ends later */
		unsigned middle = low + (high - low) / 2;

		if (m->borders[middle + 1] <= ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* An operation's use, evenly over its time, to the intervals it was in. */
static void spread(struct energy_model *m, const struct op_event *ev)
{
	double from = (double)ev->start_ns, to = from + (double)ev->time_ns;

	for (unsigned i = interval_at(m, from); i < m->n_intervals && m->borders[i] < to; i++) {
		double part = fmin(to, m->borders[i + 1]) - fmax(from, m->borders[i]);

		for (unsigned k = STATIC + 1; k < m->n_columns; k++)
			m->x[i * m->n_columns + k] += use_of(m, ev, k) * part / (to - from);
	}
}

static int spread_all(struct energy_model *m, struct diag *d)
{
	struct trace_cursor *c = trace_cursor_open(m->trace);
	struct op_event ev;
	int more = -1;

	while (c && (more = trace_cursor_next(c, &ev, d)) > 0)
		if (ev.timed && ev.time_ns) {
			spread(m, &ev);
			energy_model_add(m, &ev, &m->whole);
		}
	trace_cursor_close(c);
	return more ? -1 : 0;
}

static void find_scale(struct energy_model *m)
{
	double measured = 0, fitted = 0;

	for (unsigned i = 0; i < m->n_intervals; i++)
		measured += m->y[i];
	for (unsigned k = 0; k < m->n_columns; k++)
		fitted += m->fit.weight[k] * m->whole.x[k];
	m->scale = fitted > 0 ? measured / fitted : 1;
}

struct energy_model *energy_model_new(struct trace *t, const struct energy *e, struct diag *d)
{
	struct energy_model *m = calloc(1, sizeof(*m));

	diag_set(d, "%s: out of memory", t->path);
	if (!m)
		return NULL;
	m->trace = t;
	m->n_columns = FIRST_COUNTER;
	if (!energy_is_measured(e)) {
		diag_set(d, "%s: no meter of the host was read", t->path);
	} else if (!find_rates(m, d) && !find_intervals(m, e) && !spread_all(m, d)
	           && !energy_fit(m->x, m->y, m->n_intervals, m->n_columns, &m->fit, d)) {
		find_scale(m);
		return m;
	}
	energy_model_free(m);
	return NULL;
}

void energy_model_free(struct energy_model *m)
{
	if (!m)
		return;
	free(m->rates);
	free(m->borders);
	free(m->x);
	free(m->y);
	free(m);
}

/* ---- answers ---- */

struct energy_figure energy_model_price(const struct energy_model *m, const struct energy_use *use)
{
	double sum = 0;

	for (unsigned i = 0; i < m->n_columns; i++)
		sum += m->fit.weight[i] * use->x[i];
	return (struct energy_figure){m->scale * sum, m->scale * energy_fit_error(&m->fit, use->x)};
}

struct energy_figure energy_model_static(const struct energy_model *m)
{
	struct energy_use use = {.x = {[STATIC] = m->whole.x[STATIC]}};

	return energy_model_price(m, &use);
}

const struct energy_fit *energy_model_fit(const struct energy_model *m)
{
	return &m->fit;
}

unsigned energy_model_columns(const struct energy_model *m)
{
	return m->n_columns;
}

const char *energy_model_column(const struct energy_model *m, unsigned i)
{
	return i < FIRST_COUNTER ? column_names[i] : m->trace->counters[m->counters[i - FIRST_COUNTER]].name;
}

const char *energy_model_unit(const struct energy_model *m, unsigned i)
{
	(void)m;
	return i < FIRST_COUNTER ? "W" : "J";
}

double energy_model_scale(const struct energy_model *m)
{
	return m->scale;
}
