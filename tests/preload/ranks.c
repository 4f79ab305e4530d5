/* ranks.c: an MPI program whose ranks compute one after another, and then each its own.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * In round i rank i % ranks multiplies, between two barriers that all pass: so
 * the products of all ranks have one order in time. Then rank r makes r + 1
 * products of a matrix and a vector, whose size is its own.
 */
#include <cblas.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 4, SIZE = 48 };

static double *matrix(int rows, int columns)
{
	double *m = malloc(sizeof(*m) * (size_t)rows * (size_t)columns);

	for (int i = 0; m && i < rows * columns; i++)
		m[i] = i % 7;
	return m;
}

int main(int argc, char **argv)
{
	int rank, ranks, n;
	double *a, *b, *c, sum = 0, all = 0;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &ranks);
	n = SIZE * (rank + 1);
	a = matrix(n, n);
	b = matrix(n, n);
	c = matrix(n, n);
	if (!a || !b || !c)
		MPI_Abort(MPI_COMM_WORLD, 1);
	for (int i = 0; i < ROUNDS * ranks; i++) {
		MPI_Barrier(MPI_COMM_WORLD);
		if (i % ranks == rank)
			cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, a, n, b, n, 0, c,
			            n);
		MPI_Barrier(MPI_COMM_WORLD);
	}
	for (int i = 0; i <= rank; i++)
		cblas_dgemv(CblasRowMajor, CblasNoTrans, n, n, 1, c, n, b, 1, 0, a, 1);
	for (int i = 0; i < n; i++)
		sum += a[i];
	MPI_Reduce(&sum, &all, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
	if (rank == 0)
		printf("%d ranks: %.17g\n", ranks, all);
	free(a);
	free(b);
	free(c);
	MPI_Finalize();
	return 0;
}
