// awkward.cc: a library whose "BLAS" routines throw, jump, recurse and look around.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cases.h"

#include <cerrno>
#include <cfenv>
#include <csetjmp>

float cblas_sdot(int n, const float *, int, const float *, int)
{
	return static_cast<float>(n);
}

void cblas_sscal(int n, float, float *, int)
{
	throw n;
}

void cblas_sswap(int n, float *x, int, float *, int)
{
	longjmp(*reinterpret_cast<jmp_buf *>(x), n);
}

double cblas_dnrm2(int n, const double *x, int incx)
{
	double (*volatile self)(int, const double *, int) = cblas_dnrm2; // as others see it

	return n == 0 ? 0 : 1 + self(n - 1, x, incx);
}

double cblas_dasum(int, const double *, int)
{
	int before = errno;

	errno = 66;
	return before;
}

float cblas_snrm2(int, const float *, int)
{
	return static_cast<float>(fegetround());
}

void cblas_sger(int layout, int m, int n, float alpha, const float *x, int incx, const float *y, int incy,
                float *a, int lda)
{
	*a = static_cast<float>(layout + m + n + incx + incy + lda) + alpha + *x + *y;
}

void cblas_sgemv(int layout, int, int m, int n, float alpha, const float *a, int lda, const float *x, int incx,
                 float, float *y, int incy)
{
	cblas_sger(layout, m, n, alpha, a, incx, x, incy, y, lda);
}

void cblas_sgemm_batch(int, const int *, const int *, const int *m, const int *n, const int *k, const float *,
                       const float **, const int *, const float **, const int *, const float *, float **c,
                       const int *, int groups, const int *sizes)
{
	for (int g = 0, product = 0; g < groups; g++)
		for (int i = 0; i < sizes[g]; i++)
			*c[product++] = static_cast<float>(m[g] * n[g] * k[g]);
}
