/* tiny.h: the function of another library that the tracers hook.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TESTS_BENCH_TINY_H
#define TESTS_BENCH_TINY_H

double bench_tiny(const double *x, const double *y);

#endif
