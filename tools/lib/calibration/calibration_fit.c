/* calibration_fit.c: rates of an engine's kernels from recorded runs.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/calibration/calibration_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/support/arena.h"
#include "tools/lib/model/model.h"
#include "tools/lib/model/op_math.h"

/* Measurements of one descriptor that count for more than so many say nothing new. */
#define MOST_WEIGHT 30.0

/* ---- times ---- */

static int by_value(const void *a, const void *b)
{
	const struct weighted *x = a, *y = b;

	return x->value < y->value ? -1 : x->value > y->value;
}

double weighted_quantile(struct weighted *values, size_t n, double p)
{
	double sum = 0, until = 0;

	if (!n)
		return NAN;
	qsort(values, n, sizeof *values, by_value);
	for (size_t i = 0; i < n; i++)
		sum += values[i].weight;
	for (size_t i = 0; i < n; i++) {
		until += values[i].weight;
		if (until >= p * sum)
			return values[i].value;
	}
	return values[n - 1].value;
}

double desc_times_median(const struct desc_times *times)
{
	struct weighted values[TIMES_KEPT];
	unsigned kept = times->n < TIMES_KEPT ? (unsigned)times->n : TIMES_KEPT;

	for (unsigned i = 0; i < kept; i++)
		values[i] = (struct weighted){times->ns[i], 1};
	return weighted_quantile(values, kept, 0.5);
}

/* The n-th time; later ones take the place of earlier ones at random, so that
 * each is kept with the same probability (Vitter's algorithm R, 1985). */
static void keep_time(struct desc_times *times, uint64_t ns, uint64_t *random)
{
	uint64_t at = times->n++;

	times->sum_ns += (double)ns;
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	if (at >= TIMES_KEPT)
		at = (*random >> 33) % times->n;
	if (at < TIMES_KEPT)
		times->ns[at] = (float)ns;
}

struct weight {
	const char *name;
	double bytes;
};

static int by_name(const void *a, const void *b)
{
	const struct weight *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

double trace_weight_bytes(const struct trace *t)
{
	struct weight *all = calloc(t->n_descs ? t->n_descs : 1, sizeof *all);
	unsigned n = 0;
	double sum = 0;

	for (unsigned i = 0; all && i < t->n_descs; i++) {
		const struct op_operand *o = op_operand_get(&t->descs[i], PROF_OPERAND_WEIGHT);
		double bytes = o ? op_dtype_bytes(o->dtype, op_elements(o)) : 0;

		if (o)
			all[n++] = (struct weight){*o->name ? o->name : t->descs[i].native,
			                           bytes * op_experts_held(&t->descs[i])};
	}
	if (n)
		qsort(all, n, sizeof *all, by_name);
	for (unsigned i = 0; i < n; i++)
		if (i == 0 || !*all[i].name || strcmp(all[i].name, all[i - 1].name) != 0)
			sum += all[i].bytes;
	free(all);
	return sum;
}

struct desc_times *desc_times_read(struct trace *t, struct calibration_run *run, struct diag *d)
{
	struct desc_times *times = calloc(t->n_descs ? t->n_descs : 1, sizeof *times);
	struct trace_cursor *c = times ? trace_cursor_open(t) : NULL;
	uint64_t random = 1;
	struct op_event ev;
	int rc = 0;

	*run = (struct calibration_run){.threads = 1};
	if (!c) {
		free(times);
		diag_set(d, "out of memory");
		return NULL;
	}
	while ((rc = trace_cursor_next(c, &ev, d)) > 0) {
		run->threads = fmax(run->threads, ev.n_slices);
		if (ev.timed && ev.time_ns)
			keep_time(&times[ev.desc], ev.time_ns, &random);
	}
	trace_cursor_close(c);
	run->weight_bytes = trace_weight_bytes(t);
	if (rc == 0)
		return times;
	free(times);
	return NULL;
}

double trace_steps_ns(const struct trace *t)
{
	double sum = 0;

	for (unsigned i = 0; i < t->n_steps; i++)
		if (t->steps[i].spanned && t->steps[i].end_ns > t->steps[i].start_ns)
			sum += (double)(t->steps[i].end_ns - t->steps[i].start_ns);
	return sum;
}

/* ---- fitting ---- */

/* What of the steps' time is no operation's, for each of them. */
static int add_between(struct fit_set *s, const struct trace *t, const struct desc_times *times,
                       const struct calibration_run *run)
{
	double steps_ns = trace_steps_ns(t), n = 0, operations_ns = 0;
	struct fit_point *p;

	for (unsigned i = 0; i < t->n_descs; i++) {
		n += (double)times[i].n;
		operations_ns += times[i].sum_ns;
	}
	if (steps_ns <= operations_ns || n == 0)
		return 0;
	p = array_grow(s->between, &s->between_capacity, s->n_between, sizeof *p);
	if (!p)
		return -1;
	s->between = p;
	p = &s->between[s->n_between++];
	*p = (struct fit_point){.x = {1, run->threads - 1}, .y = (steps_ns - operations_ns) / n, .weight = 1};
	return 0;
}

int fit_set_add(struct fit_set *s, const struct calibration *c, struct trace *t, struct diag *d)
{
	struct calibration_run run;
	struct desc_times *times = desc_times_read(t, &run, d);

	if (!times)
		return -1;
	if (add_between(s, t, times, &run)) {
		free(times);
		return diag_set(d, "out of memory");
	}
	for (unsigned i = 0; i < t->n_descs; i++) {
		struct fit_measurement *grown, *m;

		if (!times[i].n)
			continue;
		grown = array_grow(s->items, &s->capacity, s->n, sizeof *grown);
		if (!grown) {
			free(times);
			return diag_set(d, "out of memory");
		}
		s->items = grown;
		m = &grown[s->n++];
		calibration_key(&t->descs[i], &m->key);
		calibration_terms(c, &t->descs[i], &run, m->point.x);
		m->point.y = desc_times_median(&times[i]);
		m->point.weight = fmin((double)times[i].n, MOST_WEIGHT);
		m->key.operations = (double)times[i].n;
	}
	free(times);
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct calibration_rate *x = &((const struct fit_measurement *)a)->key;
	const struct calibration_rate *y = &((const struct fit_measurement *)b)->key;

	if (x->op != y->op)
		return x->op < y->op ? -1 : 1;
	if (x->dtype != y->dtype)
		return x->dtype < y->dtype ? -1 : 1;
	if (x->rows != y->rows)
		return x->rows < y->rows ? -1 : 1;
	return strcmp(x->context, y->context);
}

/* Where all points are of one count of threads, what these cost each other can't be
 * told from what each operation costs: until others' is known (borrow_sync), the sum
 * of both is in the first coefficient, and less the count of threads in the second. */
static void sum_sync(const struct fit_point *points, size_t n, double c[FIT_TERMS])
{
	for (size_t i = 1; i < n; i++)
		if (points[i].x[1] != points[0].x[1])
			return;
	c[0] += c[1] * points[0].x[1];
	c[1] = -(points[0].x[1] + 1);
}

/* What threads cost each other in other kinds: the median of those of the same
 * operation, else of all, else what was measured. */
static double others_sync(const struct calibration *c, unsigned op, struct weighted *found, double measured)
{
	for (int any = 0; any < 2; any++) {
		size_t n = 0;

		for (unsigned i = 0; i < c->n_rates; i++)
			if (c->rates[i].c[1] >= 0 && (any || c->rates[i].op == op))
				found[n++] = (struct weighted){c->rates[i].c[1], c->rates[i].operations};
		if (n)
			return weighted_quantile(found, n, 0.5);
	}
	return measured;
}

static int borrow_sync(struct calibration *c, double measured)
{
	struct weighted *found = calloc(c->n_rates + 1, sizeof *found);
	double *sync = calloc(c->n_rates + 1, sizeof *sync);

	for (unsigned i = 0; found && sync && i < c->n_rates; i++)
		sync[i] = others_sync(c, c->rates[i].op, found, measured);
	for (unsigned i = 0; found && sync && i < c->n_rates; i++) {
		double *own = c->rates[i].c, others = -own[1] - 1;

		if (own[1] >= 0)
			continue;
		own[1] = sync[i];
		own[0] = fmax(0, own[0] - sync[i] * others);
	}
	free(found);
	free(sync);
	return found && sync ? 0 : -1;
}

/* One kind's measurements, items[0..n). */
static int fit_kind(const struct fit_measurement *items, size_t n, struct calibration *c)
{
	struct fit_point *points = calloc(n, sizeof *points);
	struct weighted *errors = calloc(n, sizeof *errors);
	struct calibration_rate *rate = points && errors ? calibration_add_rate(c) : NULL;

	if (rate) {
		*rate = items->key;
		rate->operations = 0;
		for (size_t i = 0; i < n; i++) {
			points[i] = items[i].point;
			rate->operations += items[i].key.operations;
		}
		if (fit_nonnegative(points, n, rate->c))
			c->n_rates--; /* nothing that a time could follow from */
		for (size_t i = 0; i < n; i++)
			errors[i] = (struct weighted){fabs(fit_value(&points[i], rate->c) / points[i].y - 1),
			                              items[i].key.operations};
		rate->median_error = weighted_quantile(errors, n, 0.5);
		rate->p90_error = weighted_quantile(errors, n, 0.9);
		sum_sync(points, n, rate->c);
	}
	free(points);
	free(errors);
	return rate ? 0 : -1;
}

int fit_set_make(struct fit_set *s, struct calibration *c, struct diag *d)
{
	double between[FIT_TERMS] = {0};

	c->n_rates = 0;
	if (fit_nonnegative(s->between, s->n_between, between) == 0)
		memcpy(c->between, between, sizeof c->between);
	if (s->n)
		qsort(s->items, s->n, sizeof *s->items, by_key);
	for (unsigned first = 0, end; first < s->n; first = end) {
		for (end = first + 1; end < s->n && by_key(&s->items[first], &s->items[end]) == 0; end++)
			;
		if (fit_kind(&s->items[first], end - first, c))
			return diag_set(d, "out of memory");
	}
	return borrow_sync(c, s->sync_ns) ? diag_set(d, "out of memory") : 0;
}

void fit_set_release(struct fit_set *s)
{
	free(s->items);
	free(s->between);
	memset(s, 0, sizeof *s);
}
