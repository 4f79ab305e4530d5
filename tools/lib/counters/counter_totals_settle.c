/* counter_totals_settle.c: what the strata's samples say of all, and with which error.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <math.h>

#include "tools/lib/counters/counter_totals_private.h"

enum { LEVELS = 5, TIMES_AS_VARIED = 100 };

/* ---- what the strata say ---- */

/* A residual is d + a x + b m: of the ratio, or of the mean. */
struct shift {
	double a, b;
};

static struct shift shift_of(const struct stratum *h, unsigned i, bool by_time)
{
	if (by_time)
		return (struct shift){h->guess[i] - h->y[i] / h->x, 0};
	return (struct shift){h->guess[i], -h->y[i] / h->m};
}

static double covariance(const struct stratum *h, unsigned n, unsigned i, unsigned j, struct shift p,
                         struct shift q)
{
	double dd = i >= j ? h->dd[i * n + j] : h->dd[j * n + i];
	double sum = dd + q.a * h->dx[i] + p.a * h->dx[j] + q.b * h->d[i] + p.b * h->d[j] + p.a * q.a * h->xx
	             + (p.a * q.b + p.b * q.a) * h->x + p.b * q.b * h->m;

	return sum / (h->observations - 1);
}

/* Variance of a total with residuals of variance v: `size` is what is not
 * counted, in slices, as the estimator sees it. */
static double variance(const struct stratum *h, double v, double size)
{
	return v * (size * size / h->m + h->rest);
}

/* A thread that lost its processor takes time and counts nothing. A sample that
 * met none of that does not know it: times vary far more outside of it then. */
static bool time_is_a_guide(const struct stratum *h)
{
	double in_sample = (h->xx - h->x * h->x / h->m) / (h->observations - 1);
	double in_rest = (h->rest_xx - h->rest_time * h->rest_time / h->rest) / (h->rest - 1);

	return !(in_rest > TIMES_AS_VARIED * in_sample); /* nor with one slice alone */
}

/* Small samples without the tail of a skewed distribution have both a low mean
 * and a low variance: taking the smaller variance at its word would take the
 * mean just then. It has to be smaller beyond chance: F at 95 %, by the normal
 * approximation of its logarithm (Fisher). */
static bool ratio_is_better(const struct stratum *h, unsigned n, unsigned i)
{
	struct shift ratio = shift_of(h, i, true), mean = shift_of(h, i, false);
	double size = h->rest_time / (h->x / h->m);
	double chance = exp(2 * 1.645 / sqrt(h->observations - 1));

	return variance(h, covariance(h, n, i, i, ratio, ratio), size)
	       <= variance(h, covariance(h, n, i, i, mean, mean), h->rest) * chance;
}

static int settle_stratum(struct totals *s, struct stratum *h)
{
	unsigned n = s->n_counters;
	double *result = totals_numbers(s, n * n);
	struct shift shift[PROF_MAX_COUNTERS];

	if (!result)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		h->by_time[i] = s->timed && h->x > 0 && time_is_a_guide(h) && ratio_is_better(h, n, i);
		shift[i] = shift_of(h, i, h->by_time[i]);
		h->rate[i] = h->y[i] / (h->by_time[i] ? h->x : h->m);
	}
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < n; j++)
			result[i * n + j] = covariance(h, n, i, j, shift[i], shift[j]);
	for (unsigned i = 0; i < n; i++)
		result[i * n + i] = result[i * n + i] > 0 ? result[i * n + i] : 0;
	h->dd = result;
	return 0;
}

/* ---- like strata ---- */

static uint64_t key_at(uint64_t like, unsigned level)
{
	static const unsigned dropped[LEVELS - 1] = {0, 32, 48, 63};

	return level < LEVELS - 1 ? like >> dropped[level] : 0;
}

static double size_of(const struct pool *p, double x, double m)
{
	return p->by_time ? x : m;
}

static void spread_of(const struct totals *s, struct pool *p)
{
	unsigned n = s->n_counters;

	for (unsigned h = 0; h < s->n_strata; h++) {
		const struct stratum *donor = &s->strata[h];
		double size = size_of(p, donor->x, donor->m);

		if (!donor->observations || size == 0 || key_at(donor->like, p->level) != p->key)
			continue;
		for (unsigned i = 0; i < n; i++)
			for (unsigned j = 0; j < n; j++)
				p->spread[i * n + j] += (donor->y[i] / size - p->rate[i])
				                        * (donor->y[j] / size - p->rate[j]) / (p->donors - 1);
	}
}

static int make_pool(struct totals *s, unsigned level, uint64_t key)
{
	struct pool *p = array_grow(s->pools, &s->pool_capacity, s->n_pools, sizeof(*p));
	unsigned n = s->n_counters;
	double size = 0;

	if (!p)
		return -1;
	s->pools = p;
	p += s->n_pools;
	*p = (struct pool){.level = level, .key = key, .by_time = s->timed};
	p->rate = totals_numbers(s, n + n * n);
	if (!p->rate)
		return -1;
	p->spread = p->rate + n;
	for (unsigned h = 0; h < s->n_strata; h++) {
		const struct stratum *donor = &s->strata[h];
		double its = size_of(p, donor->x, donor->m);

		if (!donor->observations || its == 0 || key_at(donor->like, level) != key)
			continue;
		p->only = donor;
		p->donors++;
		size += its;
		for (unsigned i = 0; i < n; i++)
			p->rate[i] += donor->y[i];
	}
	for (unsigned i = 0; i < n; i++)
		p->rate[i] /= size;
	if (p->donors > 1)
		spread_of(s, p);
	s->n_pools++;
	return 0;
}

/* The pool of that level that a stratum is in, made when there is none. */
static int find_pool(struct totals *s, const struct stratum *h, unsigned level)
{
	uint64_t key = key_at(h->like, level);

	for (unsigned i = 0; i < s->n_pools; i++)
		if (s->pools[i].level == level && s->pools[i].key == key)
			return (int)i;
	return make_pool(s, level, key) ? -1 : (int)s->n_pools - 1;
}

static bool has_spread(const struct pool *p)
{
	return p->donors > 1 || (p->donors == 1 && p->only->observations > 1);
}

static int choose_pool(struct totals *s, struct stratum *h)
{
	for (unsigned level = 0; level < LEVELS; level++) {
		h->pool = find_pool(s, h, level);
		if (h->pool < 0)
			return -1;
		if (has_spread(&s->pools[h->pool]))
			break;
	}
	return 0;
}

int totals_settle(struct totals *s)
{
	for (unsigned i = 0; i < s->n_strata; i++) {
		struct stratum *h = &s->strata[i];

		h->pool = -1;
		if (!h->observations && h->first && totals_observe(s, h, h->first, h->first_x))
			return -1; /* better than nothing */
		if (h->observations > 1 && settle_stratum(s, h))
			return -1;
	}
	for (unsigned i = 0; i < s->n_strata; i++)
		if (s->strata[i].observations < 2 && s->strata[i].rest > 0 && choose_pool(s, &s->strata[i]))
			return -1;
	return 0;
}

/* ---- totals ---- */

static double uncounted(const struct cell *c)
{
	return c->slices - c->counted;
}

static double uncounted_time(const struct cell *c)
{
	return c->time > c->counted_time ? c->time - c->counted_time : 0;
}

struct totals_counts totals_counts(const struct totals *s, unsigned group)
{
	struct totals_counts n = {0};

	for (const struct cell *c = group < s->n_groups ? s->groups[group].cells : NULL; c; c = c->next) {
		n.slices += c->slices;
		n.counted += c->counted;
		n.borrowed += s->strata[c->stratum].pool >= 0 ? uncounted(c) : 0;
	}
	return n;
}

double totals_value(const struct totals *s, unsigned group, unsigned counter)
{
	double total;

	if (group >= s->n_groups)
		return 0;
	total = s->groups[group].y[counter];
	for (const struct cell *c = s->groups[group].cells; c; c = c->next) {
		const struct stratum *h = &s->strata[c->stratum];
		bool by_time = h->by_time[counter];
		const double *rate = h->rate;

		if (uncounted(c) <= 0)
			continue;
		if (h->pool >= 0) {
			by_time = s->pools[h->pool].by_time;
			rate = s->pools[h->pool].rate;
		}
		total += rate[counter] * (by_time ? uncounted_time(c) : uncounted(c));
	}
	return total;
}

/* slopes' * matrix * slopes */
static double quadratic(const double *matrix, const double *slopes, unsigned n)
{
	double sum = 0;

	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < n; j++)
			sum += slopes[i] * slopes[j] * matrix[i * n + j];
	return sum > 0 ? sum : 0;
}

/* A variance, with its degrees of freedom as Welch and Satterthwaite add them. */
struct spread {
	double variance, squares;
};

static void add_variance(struct spread *sum, double v, double freedom)
{
	sum->variance += v;
	sum->squares += v * v / freedom;
}

/* What is left uncounted of size `time` and `slices`, by a stratum's own sample. */
static void add_own(struct spread *sum, const struct stratum *h, unsigned n, const double *slopes,
                    double time, double slices)
{
	double scaled[PROF_MAX_COUNTERS];

	for (unsigned i = 0; i < n; i++)
		scaled[i] = slopes[i] * (h->by_time[i] ? time / (h->x / h->m) : slices);
	add_variance(sum, quadratic(h->dd, scaled, n) / h->m + quadratic(h->dd, slopes, n) * slices,
	             h->observations - 1);
}

/* Of pool p's strata in a group. */
static void add_pool(struct spread *sum, const struct pool *p, unsigned n, const double *slopes)
{
	double v = quadratic(p->spread, slopes, n);

	if (p->size == 0)
		return;
	if (!has_spread(p))
		sum->variance = NAN;
	else if (p->donors > 1)
		add_variance(sum, v * (p->size * p->size / p->donors + p->sizes), p->donors - 1);
	else
		add_own(sum, p->only, n, slopes, p->by_time ? p->size : 0,
		        p->by_time ? p->size / (p->only->x / p->only->m) : p->size);
}

/* Student's t over the normal distribution's, both at 97.5 %: the expansion of
 * Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5. */
static double widening(double freedom)
{
	const double x = 1.959963984540054;
	double x2 = x * x, v = freedom < 1 ? 1 : freedom;
	double g1 = x * (x2 + 1) / 4;
	double g2 = x * ((5 * x2 + 16) * x2 + 3) / 96;
	double g3 = x * (((3 * x2 + 19) * x2 + 17) * x2 - 15) / 384;
	double g4 = x * ((((79 * x2 + 776) * x2 + 1482) * x2 - 1920) * x2 - 945) / 92160;

	return 1 + (g1 + (g2 + (g3 + g4 / v) / v) / v) / v / x;
}

double totals_error(const struct totals *s, unsigned group, const double *slopes)
{
	struct spread sum = {0, 0};

	for (unsigned i = 0; i < s->n_pools; i++)
		s->pools[i].size = s->pools[i].sizes = 0;
	for (const struct cell *c = group < s->n_groups ? s->groups[group].cells : NULL; c; c = c->next) {
		const struct stratum *h = &s->strata[c->stratum];
		struct pool *p = h->pool >= 0 ? &s->pools[h->pool] : NULL;

		if (uncounted(c) <= 0)
			continue;
		if (p) {
			double size = size_of(p, uncounted_time(c), uncounted(c));

			p->size += size;
			p->sizes += size * size;
		} else {
			add_own(&sum, h, s->n_counters, slopes, uncounted_time(c), uncounted(c));
		}
	}
	for (unsigned i = 0; i < s->n_pools; i++)
		add_pool(&sum, &s->pools[i], s->n_counters, slopes);
	if (isnan(sum.variance))
		return NAN;
	return sum.variance > 0 ? sqrt(sum.variance) * widening(sum.variance * sum.variance / sum.squares)
	                        : 0;
}

double totals_value_error(const struct totals *s, unsigned group, unsigned counter)
{
	double slopes[PROF_MAX_COUNTERS] = {0};

	slopes[counter] = 1;
	return totals_error(s, group, slopes);
}
