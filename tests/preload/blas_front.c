/* blas_front.c: a library that hands BLAS on to another one that it opens, as FlexiBLAS does.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Debian has no package of FlexiBLAS. The library behind it is named by BLAS_BACK
 * and asked for its functions by handle.
 */
#include <dlfcn.h>
#include <stdlib.h>

typedef void gemm_fn(int, int, int, int, int, int, float, const float *, int, const float *, int, float,
                     float *, int);
typedef float dot_fn(int, const float *, int, const float *, int);
gemm_fn cblas_sgemm;
dot_fn cblas_sdot;

static void *behind(const char *name)
{
	static void *handle;
	void *function;

	if (!handle)
		handle = dlopen(getenv("BLAS_BACK"), RTLD_NOW | RTLD_LOCAL);
	function = handle ? dlsym(handle, name) : NULL;
	if (!function)
		abort();
	return function;
}

void cblas_sgemm(int layout, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc)
{
	((gemm_fn *)behind("cblas_sgemm"))(layout, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

float cblas_sdot(int n, const float *x, int incx, const float *y, int incy)
{
	return ((dot_fn *)behind("cblas_sdot"))(n, x, incx, y, incy);
}
