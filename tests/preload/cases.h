/* cases.h: what the awkward library does; each under the name of a BLAS routine.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TESTS_PRELOAD_CASES_H
#define TESTS_PRELOAD_CASES_H

#ifdef __cplusplus
extern "C" {
#endif

float cblas_sdot(int n, const float *x, int incx, const float *y, int incy);
void cblas_sscal(int n, float a, float *x, int incx);            /* throws the int n */
void cblas_sswap(int n, float *x, int incx, float *y, int incy); /* longjmp()s to *x */
double cblas_dnrm2(int n, const double *x, int incx);            /* calls itself n times */
double cblas_dasum(int n, const double *x, int incx);            /* errno in, errno 66 out */
float cblas_snrm2(int n, const float *x, int incx);              /* the rounding mode in force */
void cblas_sgemv(int layout, int trans, int m, int n, float alpha, const float *a, int lda, const float *x,
                 int incx, float beta, float *y, int incy); /* ends in a jump to cblas_sger */
void cblas_sger(int layout, int m, int n, float alpha, const float *x, int incx, const float *y, int incy,
                float *a, int lda);
void cblas_sgemm_batch(int layout, const int *ta, const int *tb, const int *m, const int *n, const int *k,
                       const float *alpha, const float **a, const int *lda, const float **b, const int *ldb,
                       const float *beta, float **c, const int *ldc, int groups, const int *sizes);

#ifdef __cplusplus
}
#endif

#endif
