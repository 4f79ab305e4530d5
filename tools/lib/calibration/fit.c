/* fit.c: a few coefficients, none below zero, from many measurements.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/calibration/fit.h"

#include <math.h>
#include <string.h>

enum { TURNS = 20 };
#define SMALL_ERROR 0.02 /* relative: below it errors count squared */
#define WORTH       0.02 /* part of the error that a further term must take away */

double fit_value(const struct fit_point *p, const double *c)
{
	double sum = 0;

	for (unsigned i = 0; i < FIT_TERMS; i++)
		sum += p->x[i] * c[i];
	return sum;
}

/* a x = b of order n by elimination with pivots on the diagonal, which is
 * enough for what is positive definite; false when it is not. */
static int solve(double a[FIT_TERMS][FIT_TERMS], double *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (!(a[i][i] > 1e-12))
			return 0;
		for (unsigned r = i + 1; r < n; r++) {
			double f = a[r][i] / a[i][i];

			for (unsigned k = i; k < n; k++)
				a[r][k] -= f * a[i][k];
			b[r] -= f * b[i];
		}
	}
	for (unsigned i = n; i-- > 0;) {
		for (unsigned k = i + 1; k < n; k++)
			b[i] -= a[i][k] * b[k];
		b[i] /= a[i][i];
	}
	return 1;
}

/* The terms of one subset. */
struct subset {
	unsigned term[FIT_TERMS], n;
	double size[FIT_TERMS]; /* of a term over the points, so that all are about 1 */
};

/* A step of weighted least squares of relative errors; 0 when a coefficient
 * would be below zero or is not determined. */
static int least_squares(const struct fit_point *points, size_t n, const struct subset *s, double *c)
{
	double a[FIT_TERMS][FIT_TERMS] = {{0}}, b[FIT_TERMS] = {0};

	for (size_t p = 0; p < n; p++) {
		const struct fit_point *at = &points[p];
		double error = fabs(fit_value(at, c) / at->y - 1);
		double w = at->weight / fmax(error, SMALL_ERROR);

		for (unsigned i = 0; i < s->n; i++) {
			double x = at->x[s->term[i]] / s->size[i] / at->y;

			b[i] += w * x;
			for (unsigned k = 0; k < s->n; k++)
				a[i][k] += w * x * at->x[s->term[k]] / s->size[k] / at->y;
		}
	}
	for (unsigned i = s->n; i-- > 0;) /* as part of the largest */
		if (!(a[i][i] > 0))
			return 0;
	if (!solve(a, b, s->n))
		return 0;
	memset(c, 0, FIT_TERMS * sizeof(*c));
	for (unsigned i = 0; i < s->n; i++) {
		if (b[i] < 0)
			return 0;
		c[s->term[i]] = b[i] / s->size[i];
	}
	return 1;
}

static double error_of(const struct fit_point *points, size_t n, const double *c)
{
	double sum = 0;

	for (size_t p = 0; p < n; p++)
		sum += points[p].weight * fabs(fit_value(&points[p], c) / points[p].y - 1);
	return sum;
}

static struct subset make_subset(unsigned mask, const struct fit_point *points, size_t n)
{
	struct subset s = {.n = 0};

	for (unsigned i = 0; i < FIT_TERMS; i++) {
		double size = 0;

		if (!(mask >> i & 1u))
			continue;
		for (size_t p = 0; p < n; p++)
			size = fmax(size, points[p].x[i] / points[p].y);
		s.size[s.n] = size > 0 ? size : 1;
		s.term[s.n++] = i;
	}
	return s;
}

int fit_nonnegative(const struct fit_point *points, size_t n, double *c)
{
	double best = INFINITY;

	for (unsigned mask = 1; n && mask < 1u << FIT_TERMS; mask++) {
		struct subset s = make_subset(mask, points, n);
		double try[FIT_TERMS] = {0}, error;
		int found = s.n <= n;

		for (unsigned turn = 0; turn < TURNS && found; turn++)
			found = least_squares(points, n, &s, try);
		if (!found)
			continue;
		error = error_of(points, n, try) * (1 + WORTH * s.n);
		if (error < best) {
			best = error;
			memcpy(c, try, sizeof(try));
		}
	}
	return isfinite(best) ? 0 : -1;
}
