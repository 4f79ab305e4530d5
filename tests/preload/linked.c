/* linked.c: two products; built with every kind of linking that breaks hooks.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <cblas.h>
#include <stdio.h>

void dgemm_(const char *ta, const char *tb, const int *m, const int *n, const int *k, const double *alpha,
            const double *a, const int *lda, const double *b, const int *ldb, const double *beta, double *c,
            const int *ldc);

int main(void)
{
	float a[6] = {1, 2, 3, 4, 5, 6}, c[4] = {0};
	double d[6] = {1, 2, 3, 4, 5, 6}, e[4] = {0}, one = 1, zero = 0;
	int two = 2, three = 3;

	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, 2, 2, 3, 1.5F, a, 3, a, 3, 0, c, 2);
	dgemm_("N", "T", &two, &two, &three, &one, d, &two, d, &two, &zero, e, &two);
	printf("%g %g %g %g\n", c[0], c[1], c[2], c[3]);
	printf("%g %g %g %g\n", e[0], e[1], e[2], e[3]);
	return 0;
}
