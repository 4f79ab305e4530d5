/* filters.c: a program of which a part is to be recorded: products, dots, and a function of its own.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * filters N: N times dot and product from the same two places, the function twice, with 1 and 2 rows.
 */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((noinline)) int own_kernel(int rows);
int own_kernel(int rows)
{
	static volatile int sum;

	return sum += rows;
}

int main(int argc, char **argv)
{
	double a[16] = {1}, b[16] = {2}, c[16] = {0}, sum = 0;
	int n = argc > 1 ? atoi(argv[1]) : 100;

	for (int i = 0; i < n; i++) {
		sum += cblas_ddot(16, a, 1, b, 1);
		cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, 4, 4, 4, 1, a, 4, b, 4, 1, c, 4);
		sum += own_kernel(1);
		sum += own_kernel(2);
	}
	printf("%.17g %.17g\n", sum, c[0]);
	return 0;
}
