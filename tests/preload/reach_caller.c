/* reach_caller.c: a library that multiplies, in the manner that WAY_... says.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdio.h>

typedef void gemm_fn(int, int, int, int, int, int, float, const float *, int, const float *, int, float,
                     float *, int);
void reach_multiply(void);

#ifdef WAY_HIDDEN
#define VISIBLE __attribute__((visibility("hidden")))
#else
#define VISIBLE __attribute__((visibility("default")))
#endif
VISIBLE gemm_fn cblas_sgemm;

void reach_multiply(void)
{
	float a[6] = {1, 2, 3, 4, 5, 6}, c[4] = {0};
#ifdef WAY_NEXT
	gemm_fn *gemm = (gemm_fn *)dlsym(RTLD_NEXT, "cblas_sgemm");
#else
	gemm_fn *gemm = NULL;
#endif

	if (gemm)
		gemm(101, 111, 111, 2, 2, 3, 1, a, 3, a, 2, 0, c, 2);
	else
		cblas_sgemm(101, 111, 111, 2, 2, 3, 1, a, 3, a, 2, 0, c, 2);
	printf("%g %g %g %g\n", (double)c[0], (double)c[1], (double)c[2], (double)c[3]);
}
