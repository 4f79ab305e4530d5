/* wheel_blas.h: a few functions of a BLAS under the names that wheels give them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TESTS_PRELOAD_WHEEL_BLAS_H
#define TESTS_PRELOAD_WHEEL_BLAS_H

#include <stdint.h>

void scipy_cblas_sgemm64_(int order, int trans_a, int trans_b, int64_t m, int64_t n, int64_t k, float alpha,
                          const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c,
                          int64_t ldc);
double scipy_cblas_ddot64_(int64_t n, const double *x, int64_t step_x, const double *y, int64_t step_y);
void scipy_dgemv_64_(const char *trans, const int64_t *m, const int64_t *n, const double *alpha,
                     const double *a, const int64_t *lda, const double *x, const int64_t *step_x,
                     const double *beta, double *y, const int64_t *step_y, int64_t trans_bytes);
void scipy_dgesv_64_(const int64_t *n, const int64_t *right_sides, double *a, const int64_t *lda,
                     int64_t *pivots, double *b, const int64_t *ldb, int64_t *info);
int scipy_openblas_get_num_threads64_(void);

#endif
