/* tiny.c: a kernel so small that what is measured is the call alone.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/bench/tiny.h"

double bench_tiny(const double *x, const double *y)
{
	return x[0] * y[0];
}
