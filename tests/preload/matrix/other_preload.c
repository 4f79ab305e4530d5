/* other_preload.c: somebody else's preload library, which counts the same calls.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <dlfcn.h>
#include <stdio.h>

#include "tests/preload/matrix/kernels.h"

typedef void sgemm(int, int, int, int, int, int, float, const float *, int, const float *, int, float,
                   float *, int);

static unsigned long calls;

void cblas_sgemm(int layout, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc)
{
	static sgemm *cached;
	sgemm *next = __atomic_load_n(&cached, __ATOMIC_RELAXED);

	if (!next) {
		next = (sgemm *)dlsym(RTLD_NEXT, "cblas_sgemm");
		__atomic_store_n(&cached, next, __ATOMIC_RELAXED);
	}
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
	next(layout, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

__attribute__((destructor)) static void tell(void)
{
	if (calls)
		printf("another library saw %lu calls\n", calls);
	fflush(stdout);
}
