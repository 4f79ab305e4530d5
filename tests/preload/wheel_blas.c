/* wheel_blas.c: a few functions of a BLAS under the names that wheels give them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/preload/wheel_blas.h"

/* Row-major, nothing transposed. */
void scipy_cblas_sgemm64_(int order, int trans_a, int trans_b, int64_t m, int64_t n, int64_t k, float alpha,
                          const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c,
                          int64_t ldc)
{
	for (int64_t i = 0; i < m; i++)
		for (int64_t j = 0; j < n; j++) {
			float sum = 0;

			for (int64_t l = 0; l < k; l++)
				sum += a[i * lda + l] * b[l * ldb + j];
			c[i * ldc + j] = alpha * sum + beta * c[i * ldc + j];
		}
}

double scipy_cblas_ddot64_(int64_t n, const double *x, int64_t step_x, const double *y, int64_t step_y)
{
	double sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += x[i * step_x] * y[i * step_y];
	return sum;
}

/* Column-major, not transposed. */
void scipy_dgemv_64_(const char *trans, const int64_t *m, const int64_t *n, const double *alpha,
                     const double *a, const int64_t *lda, const double *x, const int64_t *step_x,
                     const double *beta, double *y, const int64_t *step_y, int64_t trans_bytes)
{
	for (int64_t i = 0; i < *m; i++) {
		double sum = 0;

		for (int64_t j = 0; j < *n; j++)
			sum += a[j * *lda + i] * x[j * *step_x];
		y[i * *step_y] = *alpha * sum + *beta * y[i * *step_y];
	}
}

/* One right side; the pivots are as they come. */
void scipy_dgesv_64_(const int64_t *n, const int64_t *right_sides, double *a, const int64_t *lda,
                     int64_t *pivots, double *b, const int64_t *ldb, int64_t *info)
{
	for (int64_t k = 0; k < *n; k++) {
		pivots[k] = k + 1;
		for (int64_t i = k + 1; i < *n; i++) {
			double f = a[k * *lda + i] / a[k * *lda + k];

			for (int64_t j = k; j < *n; j++)
				a[j * *lda + i] -= f * a[j * *lda + k];
			b[i] -= f * b[k];
		}
	}
	for (int64_t k = *n - 1; k >= 0; k--) {
		for (int64_t j = k + 1; j < *n; j++)
			b[k] -= a[j * *lda + k] * b[j];
		b[k] /= a[k * *lda + k];
	}
	*info = 0;
}

int scipy_openblas_get_num_threads64_(void)
{
	return 1;
}
