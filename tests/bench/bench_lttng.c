/* bench_lttng.c: one LTTng-UST event of 24 bytes a call, to be run inside a tracing session.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Prints nanoseconds an event and how many events were made in all.
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "tests/bench/lttng_provider.inc"

#include <stdio.h>

#include "tests/bench/rounds.h"

int main(int argc, char **argv)
{
	long calls = bench_calls(argc, argv, 100000);
	double ns[BENCH_ROUNDS];

	for (unsigned r = 0; r < BENCH_ROUNDS; r++) {
		double began = bench_now_ns();

		for (long i = 0; i < calls; i++)
			lttng_ust_tracepoint(prof_bench, operation, (uint64_t)i, (uint64_t)i + 1, 7);
		ns[r] = (bench_now_ns() - began) / (double)calls;
	}
	printf("ns_per_call %.4g\ncalls %ld\n", bench_median(ns, BENCH_ROUNDS), calls * BENCH_ROUNDS);
	return 0;
}
