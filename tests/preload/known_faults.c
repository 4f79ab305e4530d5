/* known_faults.c: products with matrices of which a known number of pages was never touched.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *     known_faults CALLS [MICROSECONDS]
 *
 * prints the page faults that the products must take; it waits so long before each.
 */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROWS = 64, COLUMNS = 1024, PAGE_FLOATS = 1024, PAGES = ROWS * COLUMNS / PAGE_FLOATS };

static unsigned seed = 1;

static unsigned any(unsigned below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 16) % below;
}

int main(int argc, char **argv)
{
	static float x[COLUMNS], y[ROWS];
	int calls = argc > 1 ? atoi(argv[1]) : 0, wait_us = argc > 2 ? atoi(argv[2]) : 0;
	long faults = 0;

	cblas_sgemv(CblasRowMajor, CblasNoTrans, ROWS, 1, 1.0f, x, 1, x, 1, 0.0f, y,
	            1); /* its code and buffers */
	for (int i = 0; i < calls; i++) {
		unsigned touched = any(PAGES + 1);
		size_t bytes = sizeof(float) * ROWS * COLUMNS;
		float *a = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (a == MAP_FAILED || madvise(a, bytes, MADV_NOHUGEPAGE) != 0)
			return 1;
		if (wait_us)
			usleep((useconds_t)wait_us);
		for (unsigned p = 0; p < touched; p++)
			a[p * PAGE_FLOATS] = 1.0f;
		faults += PAGES - (long)touched;
		cblas_sgemv(CblasRowMajor, CblasNoTrans, ROWS, COLUMNS, 1.0f, a, COLUMNS, x, 1, 0.0f, y, 1);
		munmap(a, bytes);
	}
	printf("%ld\n", faults);
	return 0;
}
