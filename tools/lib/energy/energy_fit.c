/* energy_fit.c: least squares with weights that are not negative.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/energy/energy_fit.h"

#include <math.h>
#include <string.h>

#define MAX        ENERGY_FIT_MAX
#define COLLINEAR  1e-4 /* of a column's square that must be its own */
#define PER_COLUMN 3u

/* Sums of products, of columns scaled to a mean square of 1. */
struct normal {
	unsigned k;
	double scale[MAX], gram[MAX][MAX], moment[MAX], square, mean;
};

static void add_up(struct normal *s, const double *x, const double *y, unsigned n, unsigned k)
{
	memset(s, 0, sizeof(*s));
	s->k = k;
	for (unsigned r = 0; r < n; r++) {
		for (unsigned i = 0; i < k; i++)
			s->scale[i] += x[r * k + i] * x[r * k + i] / n;
		s->mean += y[r] / n;
	}
	for (unsigned i = 0; i < k; i++)
		s->scale[i] = s->scale[i] > 0 ? sqrt(s->scale[i]) : 1;
	for (unsigned r = 0; r < n; r++) {
		const double *row = x + r * k;

		for (unsigned i = 0; i < k; i++) {
			for (unsigned j = 0; j <= i; j++)
				s->gram[i][j] += row[i] / s->scale[i] * row[j] / s->scale[j];
			s->moment[i] += row[i] / s->scale[i] * y[r];
		}
		s->square += (y[r] - s->mean) * (y[r] - s->mean);
	}
	for (unsigned i = 0; i < k; i++)
		for (unsigned j = i + 1; j < k; j++)
			s->gram[i][j] = s->gram[j][i];
}

/* Cholesky factor of the rows and columns in `set`; false when one of them
 * has less than `least` (of its square) that the ones before do not have. */
static bool factor(const struct normal *s, unsigned set, double least, double l[MAX][MAX])
{
	for (unsigned i = 0; i < s->k; i++) {
		if (!(set >> i & 1u))
			continue;
		for (unsigned j = 0; j <= i; j++) {
			double sum = s->gram[i][j];

			if (!(set >> j & 1u))
				continue;
			for (unsigned m = 0; m < j; m++)
				sum -= set >> m & 1u ? l[i][m] * l[j][m] : 0;
			if (j < i)
				l[i][j] = sum / l[j][j];
			else if (sum <= least * s->gram[i][i] || s->gram[i][i] <= 0)
				return false;
			else
				l[i][i] = sqrt(sum);
		}
	}
	return true;
}

/* Solve L L' w = b on the set; w is 0 elsewhere. */
static void solve(unsigned k, unsigned set, double l[MAX][MAX], const double *b, double *w)
{
	for (unsigned i = 0; i < k; i++) {
		w[i] = 0;
		if (!(set >> i & 1u))
			continue;
		w[i] = b[i];
		for (unsigned m = 0; m < i; m++)
			w[i] -= set >> m & 1u ? l[i][m] * w[m] : 0;
		w[i] /= l[i][i];
	}
	for (unsigned i = k; i-- > 0;) {
		if (!(set >> i & 1u))
			continue;
		for (unsigned m = i + 1; m < k; m++)
			w[i] -= set >> m & 1u ? l[m][i] * w[m] : 0;
		w[i] /= l[i][i];
	}
}

/* Columns that are not made up of those before them. */
static unsigned independent(const struct normal *s, struct energy_fit *f)
{
	double l[MAX][MAX];
	unsigned set = 0;

	for (unsigned i = 0; i < s->k; i++) {
		f->dropped[i] = !factor(s, set | 1u << i, COLLINEAR, l);
		if (!f->dropped[i])
			set |= 1u << i;
	}
	return set;
}

/* The subset with the smallest sum of squares and no negative weight; that sum
 * falls as moment . weight grows. */
static unsigned best_subset(const struct normal *s, unsigned all, double *best)
{
	double l[MAX][MAX], w[MAX], most = -1;
	unsigned chosen = 0;

	for (unsigned set = all; set; set = (set - 1) & all) {
		double gain = 0;
		bool negative = false;

		if (!factor(s, set, 0, l))
			continue;
		solve(s->k, set, l, s->moment, w);
		for (unsigned i = 0; i < s->k; i++) {
			negative |= w[i] < 0;
			gain += w[i] * s->moment[i];
		}
		if (!negative && gain > most) {
			most = gain;
			chosen = set;
			memcpy(best, w, sizeof(w));
		}
	}
	return chosen;
}

/* Inverse of the Gram matrix on the set, of unscaled columns. */
static void invert(const struct normal *s, unsigned set, double inverse[MAX][MAX])
{
	double l[MAX][MAX], unit[MAX], column[MAX];

	factor(s, set, 0, l);
	for (unsigned j = 0; j < s->k; j++) {
		memset(unit, 0, sizeof(unit));
		unit[j] = 1;
		solve(s->k, set, l, unit, column);
		for (unsigned i = 0; i < s->k; i++)
			inverse[i][j] = set >> i & set >> j & 1u ? column[i] / s->scale[i] / s->scale[j] : 0;
	}
}

static double form(const double m[MAX][MAX], const double *a, unsigned k)
{
	double sum = 0;

	for (unsigned i = 0; i < k; i++)
		for (unsigned j = 0; j < k; j++)
			sum += a[i] * m[i][j] * a[j];
	return sum;
}

/* Residuals of the fit, and those that each observation would have had, had it
 * not taken part: r / (1 - h), h being its leverage. */
static void judge(struct energy_fit *f, const struct normal *s, const double *x, const double *y)
{
	unsigned n = f->observations, k = f->n, used = 0;
	double sum = 0, left_out = 0;

	for (unsigned i = 0; i < k; i++)
		used += f->weight[i] > 0;
	for (unsigned r = 0; r < n; r++) {
		double miss = y[r], h = form((const double(*)[MAX])f->covariance, x + r * k, k);

		for (unsigned i = 0; i < k; i++)
			miss -= f->weight[i] * x[r * k + i];
		sum += miss * miss;
		miss /= h < 1 - 1e-9 ? 1 - h : 1e-9;
		left_out += miss * miss;
	}
	f->residual = sqrt(sum / (n - used));
	f->explained = 1 - sum / s->square;
	f->explained_new = 1 - left_out / s->square;
	for (unsigned i = 0; i < k; i++)
		for (unsigned j = 0; j < k; j++)
			f->covariance[i][j] *= f->residual * f->residual;
}

int energy_fit(const double *x, const double *y, unsigned n, unsigned k, struct energy_fit *f, struct diag *d)
{
	struct normal s;
	double w[MAX] = {0};
	unsigned set;

	memset(f, 0, sizeof(*f));
	f->n = k;
	f->observations = n;
	if (k > MAX || n < PER_COLUMN * k)
		return diag_set(d, "%u observations are too few to tell %u causes apart: %u are needed", n, k,
		                PER_COLUMN * k);
	add_up(&s, x, y, n, k);
	set = best_subset(&s, independent(&s, f), w);
	if (!set || s.square <= 0)
		return diag_set(d, "the energy never varies with what was done");
	for (unsigned i = 0; i < k; i++)
		f->weight[i] = set >> i & 1u ? w[i] / s.scale[i] : 0;
	invert(&s, set, f->covariance);
	judge(f, &s, x, y);
	return 0;
}

double energy_fit_error(const struct energy_fit *f, const double *a)
{
	double v = form((const double(*)[MAX])f->covariance, a, f->n);

	return v > 0 ? sqrt(v) : 0;
}
