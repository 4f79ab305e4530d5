/* user_kernels.h: functions that a file of hooks names.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TESTS_PRELOAD_USER_KERNELS_H
#define TESTS_PRELOAD_USER_KERNELS_H

struct sizes {
	char name[24];
	struct {
		long spare;
		int columns;
	} * inner;
};

int product(const struct sizes *s, float scale, int rows, double shift);
long reduce_many(long a, long b, long c, long d, long e, long f, long n, const char *name);
int again(int n);
struct sizes *make_sizes(struct sizes *s);
void leave_by(void (*how)(void));
int next_is_missing(void);
void my_cblas_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a,
                    int lda, const float *b, int ldb, float beta, float *c, int ldc);

#endif
