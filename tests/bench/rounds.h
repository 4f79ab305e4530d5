/* rounds.h: time a loop in rounds and print the median, as every benchmark here does.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TESTS_BENCH_ROUNDS_H
#define TESTS_BENCH_ROUNDS_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BENCH_ROUNDS 9

static inline double bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline int bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median of the rounds' nanoseconds a call; the array is sorted. */
static inline double bench_median(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), bench_compare);
	return values[n / 2];
}

/* Calls in a round: argv[1], or `otherwise`. */
static inline long bench_calls(int argc, char **argv, long otherwise)
{
	long n = argc > 1 ? strtol(argv[1], NULL, 10) : otherwise;

	return n > 0 ? n : otherwise;
}

#endif
