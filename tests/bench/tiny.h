/* tiny.h: the function of another library that is hooked, under a name the shim knows.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TESTS_BENCH_TINY_H
#define TESTS_BENCH_TINY_H

/* As BLAS declares it; but it does one product, whatever n is. */
double ddot_(const int *n, const double *x, const int *incx, const double *y, const int *incy);

#endif
