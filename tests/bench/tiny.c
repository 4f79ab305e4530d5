/* tiny.c: a kernel so small that what is measured is the call alone.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/bench/tiny.h"

double ddot_(const int *n, const double *x, const int *incx, const double *y, const int *incy)
{
	return x[0] * y[0];
}
