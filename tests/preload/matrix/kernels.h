/* kernels.h: a "BLAS" that does what a test wants inside its call.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TESTS_PRELOAD_MATRIX_KERNELS_H
#define TESTS_PRELOAD_MATRIX_KERNELS_H

#ifdef __cplusplus
extern "C" {
#endif

/* *c becomes m + 1000 n + 1000000 k, when alpha is 1 and beta 0. */
void cblas_sgemm(int layout, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc);

/* Called by cblas_sgemm on the threads that set it. */
extern __thread void (*kernel_inside)(void);

#ifdef __cplusplus
}
#endif

#endif
