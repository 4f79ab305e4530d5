/* fit.h: a few coefficients, none below zero, from many measurements.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_CALIBRATION_FIT_H
#define TOOLS_LIB_CALIBRATION_FIT_H

#include <stddef.h>

#define FIT_TERMS 6u

struct fit_point {
	double x[FIT_TERMS]; /* what the terms multiply */
	double y;            /* measured, above 0 */
	double weight;       /* how often it was measured, above 0 */
};

/* Coefficients c[0..FIT_TERMS) >= 0 that make the weighted sum of relative
 * errors |x c - y| / y small: least squares, weighted anew by the errors until
 * they stay (Huber's estimate by iterated weights: Holland and Welsch 1977), over
 * every subset of the terms. A term stays only where it makes the sum smaller by
 * more than a fiftieth, so that few measurements don't give many terms.
 * 0, or -1 where there is no point (nothing is written then). */
int fit_nonnegative(const struct fit_point *points, size_t n, double *c);

double fit_value(const struct fit_point *p, const double *c);

#endif
