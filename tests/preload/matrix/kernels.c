/* kernels.c: a "BLAS" that does what a test wants inside its call.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/preload/matrix/kernels.h"

#include <stddef.h>

__thread void (*kernel_inside)(void);

void cblas_sgemm(int layout, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc)
{
	if (kernel_inside)
		kernel_inside();
	*c = (float)(m + 1000 * n) + 1e6F * (float)k + (alpha - 1) + beta;
}
