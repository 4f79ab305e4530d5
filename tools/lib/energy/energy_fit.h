/* energy_fit.h: least squares with weights that are not negative.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * For a handful of columns every subset is tried: the best of those whose
 * ordinary least squares solution has no negative weight is the answer
 * (Lawson and Hanson, Solving Least Squares Problems, chapter 23).
 */
#ifndef TOOLS_LIB_ENERGY_ENERGY_FIT_H
#define TOOLS_LIB_ENERGY_ENERGY_FIT_H

#include <stdbool.h>

#include "tools/lib/support/diag.h"

#define ENERGY_FIT_MAX 8u

struct energy_fit {
	unsigned n; /* columns */
	unsigned observations;
	double weight[ENERGY_FIT_MAX]; /* 0: dropped, or the best one would be negative */
	bool dropped
	        [ENERGY_FIT_MAX]; /* a column that those before it make up to 1 part in 10^4, or of zeros */
	double covariance[ENERGY_FIT_MAX][ENERGY_FIT_MAX]; /* of the weights that are not 0 */
	double residual;      /* standard deviation of an observation about the fit */
	double explained;     /* R^2: part of the variance of y that the fit explains */
	double explained_new; /* the same for observations left out of the fit, one at a time */
};

/* Fit y[n] by x[n][k], rows one after the other. -1 and d when there are fewer
 * than three observations a column, or y never varies. */
int energy_fit(const double *x, const double *y, unsigned n, unsigned k, struct energy_fit *f,
               struct diag *d);

/* The standard error of sum(a[i] weight[i]). */
double energy_fit_error(const struct energy_fit *f, const double *a);

#endif
