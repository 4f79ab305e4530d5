/* bench_tiny.c: calls through the PLT, to be run bare, under the shim and under other tracers.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Prints nanoseconds a call and how many calls were made in all.
 */
#include <stdio.h>

#include "tests/bench/rounds.h"
#include "tests/bench/tiny.h"

int main(int argc, char **argv)
{
	long calls = bench_calls(argc, argv, 200000);
	int n = 1, inc = 1;
	double x = 1.5, y = 2.5, sum = 0, ns[BENCH_ROUNDS];

	for (unsigned r = 0; r < BENCH_ROUNDS; r++) {
		double began = bench_now_ns();

		for (long i = 0; i < calls; i++)
			sum += ddot_(&n, &x, &inc, &y, &inc);
		ns[r] = (bench_now_ns() - began) / (double)calls;
	}
	printf("ns_per_call %.4g\ncalls %ld\n", bench_median(ns, BENCH_ROUNDS), calls * BENCH_ROUNDS);
	return sum == 3.75 * (double)calls * BENCH_ROUNDS ? 0 : 1;
}
