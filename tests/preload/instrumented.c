/* instrumented.c: a small network whose compiler calls a hook at each function's begin and end.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * instrumented [N]: products in nested functions, in recursion, after a longjmp and on
 * a thread; with N, that many calls of a function without one.
 */
#include <cblas.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NOINLINE __attribute__((noinline))

void *network(void *unused);
void leaf(int i);
static jmp_buf back;
static volatile int sum;

static NOINLINE void multiply(int m)
{
	float a[64] = {1, 2, 3}, c[64] = {0};

	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, 2, 3, 1, a, 3, a, 2, 0, c, 2);
	printf("%g\n", (double)c[0]);
}

static NOINLINE void attention(void)
{
	multiply(2);
	multiply(2);
}

static NOINLINE void feed_forward(void)
{
	multiply(4);
}

static NOINLINE void recursive(int depth)
{
	if (depth > 1)
		recursive(depth - 1);
	else
		multiply(5);
	sum += depth;
}

static NOINLINE void jumps(void)
{
	longjmp(back, 1);
}

static NOINLINE void jumped_over(void)
{
	if (setjmp(back) == 0)
		jumps();
	multiply(6);
}

NOINLINE void *network(void *unused)
{
	attention();
	feed_forward();
	return unused;
}

NOINLINE void leaf(int i)
{
	sum += i;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc > 1) {
		struct timespec begin, end;
		int n = atoi(argv[1]);

		multiply(1);
		clock_gettime(CLOCK_MONOTONIC, &begin);
		for (int i = 0; i < n; i++)
			leaf(i);
		clock_gettime(CLOCK_MONOTONIC, &end);
		fprintf(stderr, "%.1f ns a call\n",
		        ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec))
		                / n);
		return 0;
	}
	network(NULL);
	recursive(3);
	jumped_over();
	feed_forward();
	if (pthread_create(&thread, NULL, network, NULL) != 0)
		return 1;
	pthread_join(thread, NULL);
	multiply(7);
	return 0;
}
