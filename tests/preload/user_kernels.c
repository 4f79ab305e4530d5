/* user_kernels.c: functions that a file of hooks names, in a library.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/preload/user_kernels.h"

#include <dlfcn.h>
#include <stddef.h>

int product(const struct sizes *s, float scale, int rows, double shift)
{
	return (int)((float)(rows * s->inner->columns) * scale + (float)shift);
}

long reduce_many(long a, long b, long c, long d, long e, long f, long n, const char *name)
{
	return a + b + c + d + e + f + n + name[0];
}

int again(int n)
{
	return n > 0 ? again(n - 1) + n : 0;
}

struct sizes *make_sizes(struct sizes *s)
{
	return s;
}

void leave_by(void (*how)(void))
{
	how();
}

/* There is none behind this library: dlsym() must know who asks. */
int next_is_missing(void)
{
	return dlsym(RTLD_NEXT, "product") == NULL;
}

/* Row-major, nothing transposed. */
void my_cblas_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a,
                    int lda, const float *b, int ldb, float beta, float *c, int ldc)
{
	for (int i = 0; i < m; i++)
		for (int j = 0; j < n; j++) {
			float sum = 0;

			for (int l = 0; l < k; l++)
				sum += a[i * lda + l] * b[l * ldb + j];
			c[i * ldc + j] = alpha * sum + beta * c[i * ldc + j];
		}
}
