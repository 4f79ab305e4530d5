/* reach_copy.c: a BLAS function of one's own, as from a library that was linked in.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifdef WAY_HIDDEN
#define VISIBLE __attribute__((visibility("hidden")))
#else
#define VISIBLE __attribute__((visibility("default")))
#endif
VISIBLE void cblas_sgemm(int layout, int ta, int tb, int m, int n, int k, float alpha, const float *a,
                         int lda, const float *b, int ldb, float beta, float *c, int ldc);

void cblas_sgemm(int layout, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc)
{
	(void)layout, (void)ta, (void)tb;
	for (int i = 0; i < m; i++)
		for (int j = 0; j < n; j++) {
			float sum = 0;

			for (int l = 0; l < k; l++)
				sum += a[i * lda + l] * b[l * ldb + j];
			c[i * ldc + j] = alpha * sum + beta * c[i * ldc + j];
		}
}
