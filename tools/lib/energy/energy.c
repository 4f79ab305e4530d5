/* energy.c: joules of a stretch of time, from a trace's energy samples.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/energy/energy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	double ns, joules;
};

struct meter {
	struct reading *readings; /* ascending */
	unsigned n;
	double max_w;
};

struct energy {
	const struct trace *trace;
	struct meter *meters;     /* by domain */
	struct reading *readings; /* of all of them */
};

static int by_time(const void *a, const void *b)
{
	const struct reading *x = a, *y = b;

	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

/* The largest power over an interval that is not much shorter than others: two
 * readings within one update of the meter say nothing of power. */
static double max_power(const struct meter *m)
{
	double all = m->n > 1 ? m->readings[m->n - 1].ns - m->readings[0].ns : 0, max = 0;

	for (unsigned i = 1; i < m->n; i++) {
		double ns = m->readings[i].ns - m->readings[i - 1].ns;
		double w = (m->readings[i].joules - m->readings[i - 1].joules) / ns * 1e9;

		if (ns >= all / (m->n - 1) / 2 && w > max)
			max = w;
	}
	return max;
}

static void collect(struct energy *e)
{
	const struct trace *t = e->trace;
	struct reading *to = e->readings;

	for (unsigned d = 0; d < t->n_domains; d++) {
		struct meter *m = &e->meters[d];

		m->readings = to;
		for (unsigned i = 0; i < t->n_samples; i++)
			if (t->samples[i].domain == d + 1)
				m->readings[m->n++] = (struct reading){(double)t->samples[i].time_ns,
				                                       (double)t->samples[i].energy_uj / 1e6};
		qsort(m->readings, m->n, sizeof(*m->readings), by_time);
		m->max_w = max_power(m);
		to += m->n;
	}
}

struct energy *energy_new(const struct trace *t)
{
	struct energy *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->trace = t;
	e->meters = calloc(t->n_domains + 1, sizeof(*e->meters));
	e->readings = calloc(t->n_samples + 1, sizeof(*e->readings));
	if (!e->meters || !e->readings) {
		energy_free(e);
		return NULL;
	}
	collect(e);
	return e;
}

void energy_free(struct energy *e)
{
	if (!e)
		return;
	free(e->meters);
	free(e->readings);
	free(e);
}

static bool is_outermost(const struct energy *e, unsigned domain)
{
	return !e->trace->domains[domain].parent;
}

bool energy_is_measured(const struct energy *e)
{
	for (unsigned i = 0; i < e->trace->n_domains; i++)
		if (is_outermost(e, i) && e->meters[i].n > 1)
			return true;
	return false;
}

/* What the energy of a part of an interval may be wrong by, when it is taken for as large
 * a part of the interval's. */
static double slack_of(double all, double length_s, double share, double max_w)
{
	double even = all * share;
	double least = fmax(0, all - (1 - share) * length_s * max_w);
	double most = fmin(all, share * length_s * max_w);
	double slack = fmax(even - least, most - even);

	return slack > 1e-9 * all ? slack : 0; /* below what the arithmetic rounds: none */
}

/* Energy that a meter had counted at a time, and what is uncertain of it. Before
 * the first and after the last reading nothing is known to have been used. */
static struct energy_figure at(const struct meter *m, double ns)
{
	const struct reading *a, *b;
	double all, share;
	unsigned low = 0, high = m->n;

	while (low < high) { /* the first reading after ns */
		unsigned middle = low + (high - low) / 2;

		if (m->readings[middle].ns <= ns)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || low == m->n)
		return (struct energy_figure){m->readings[low ? m->n - 1 : 0].joules, 0};
	a = &m->readings[low - 1];
	b = &m->readings[low];
	all = b->joules - a->joules;
	share = (ns - a->ns) / (b->ns - a->ns);
	return (struct energy_figure){a->joules + all * share,
	                              slack_of(all, (b->ns - a->ns) / 1e9, share, m->max_w)};
}

struct energy_figure energy_domain_between(const struct energy *e, unsigned domain, double from_ns,
                                           double to_ns)
{
	const struct meter *m = &e->meters[domain];
	struct energy_figure from, to;

	if (m->n < 2)
		return (struct energy_figure){NAN, NAN};
	from = at(m, from_ns);
	to = at(m, to_ns);
	return (struct energy_figure){to.joules - from.joules, to.error_j + from.error_j};
}

struct energy_figure energy_between(const struct energy *e, double from_ns, double to_ns)
{
	struct energy_figure sum = {NAN, NAN};

	for (unsigned i = 0; i < e->trace->n_domains; i++) {
		struct energy_figure one;

		if (!is_outermost(e, i) || e->meters[i].n < 2)
			continue;
		one = energy_domain_between(e, i, from_ns, to_ns);
		sum.joules = isnan(sum.joules) ? one.joules : sum.joules + one.joules;
		sum.error_j = isnan(sum.error_j) ? one.error_j : sum.error_j + one.error_j;
	}
	return sum;
}

static double meter_error_of(const struct meter *m, const struct energy_stretch *s, unsigned n)
{
	double sum = 0;
	unsigned first = 0;

	for (unsigned i = 1; i < m->n; i++) {
		const struct reading *a = &m->readings[i - 1], *b = &m->readings[i];
		double covered = 0;

		while (first < n && s[first].to_ns <= a->ns)
			first++;
		for (unsigned k = first; k < n && s[k].from_ns < b->ns; k++)
			covered += fmin(s[k].to_ns, b->ns) - fmax(s[k].from_ns, a->ns);
		if (b->ns > a->ns)
			sum += slack_of(b->joules - a->joules, (b->ns - a->ns) / 1e9,
			                fmin(1, covered / (b->ns - a->ns)), m->max_w);
	}
	return sum;
}

double energy_error_of(const struct energy *e, const struct energy_stretch *stretches, unsigned n)
{
	double sum = 0;

	for (unsigned i = 0; i < e->trace->n_domains; i++)
		if (is_outermost(e, i) && e->meters[i].n > 1)
			sum += meter_error_of(&e->meters[i], stretches, n);
	return sum;
}

unsigned energy_domain_samples(const struct energy *e, unsigned domain, double *first_ns, double *last_ns)
{
	const struct meter *m = &e->meters[domain];

	*first_ns = m->n ? m->readings[0].ns : 0;
	*last_ns = m->n ? m->readings[m->n - 1].ns : 0;
	return m->n;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double *energy_sample_times(const struct energy *e, unsigned *n)
{
	double *times = calloc(e->trace->n_samples + 1, sizeof(*times));
	unsigned kept = 0;

	*n = 0;
	if (!times)
		return NULL;
	for (unsigned d = 0; d < e->trace->n_domains; d++)
		for (unsigned i = 0; is_outermost(e, d) && i < e->meters[d].n; i++)
			times[kept++] = e->meters[d].readings[i].ns;
	qsort(times, kept, sizeof(*times), by_value);
	for (unsigned i = 0; i < kept; i++)
		if (!*n || times[i] > times[*n - 1])
			times[(*n)++] = times[i];
	return times;
}

double energy_domain_idle_w(const struct energy *e, unsigned domain)
{
	char key[48], *end;
	const char *text;
	double w;

	snprintf(key, sizeof(key), "energy.%u.idle_w", domain + 1);
	text = trace_fact_get(e->trace, key);
	w = strtod(text, &end);
	return *text && !*end && w >= 0 && isfinite(w) ? w : NAN;
}

double energy_idle_w(const struct energy *e)
{
	double sum = 0;
	bool any = false;

	for (unsigned i = 0; i < e->trace->n_domains; i++) {
		if (!is_outermost(e, i) || e->meters[i].n < 2)
			continue;
		sum += energy_domain_idle_w(e, i);
		any = true;
	}
	return any ? sum : NAN;
}
