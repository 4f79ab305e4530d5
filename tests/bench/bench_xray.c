/* bench_xray.c: a call of a function that clang made ready for LLVM's XRay, recorded in FDR mode.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Built with clang and -fxray-instrument whatever the rest is built with, for
 * XRay is of use only to who can build the program anew. Prints nanoseconds a
 * call, with and without, and how many calls were recorded. The log goes where
 * XRAY_OPTIONS says.
 */
#include <stdio.h>
#include <string.h>

#include "tests/bench/rounds.h"

/* Of xray/xray_log_interface.h and xray/xray_interface.h, which are C++. */
int __xray_log_init_mode(const char *mode, const char *config);
int __xray_log_finalize(void);
int __xray_log_flushLog(void);
int __xray_patch(void);
enum { XRAY_LOG_INITIALIZED = 2, XRAY_LOG_FINALIZED = 4, XRAY_LOG_FLUSHED = 2, XRAY_PATCHED = 1 };

/* As tiny.c's, but of this program: XRay changes the functions themselves. */
__attribute__((noinline, xray_always_instrument)) static double kernel(const int *n, const double *x,
                                                                       const double *y)
{
	__asm__ volatile("" : : "r"(n));
	return x[0] * y[0];
}

static double measure(long calls)
{
	double x = 1.5, y = 2.5, sum = 0, ns[BENCH_ROUNDS];
	int n = 1;

	for (unsigned r = 0; r < BENCH_ROUNDS; r++) {
		double began = bench_now_ns();

		for (long i = 0; i < calls; i++)
			sum += kernel(&n, &x, &y);
		ns[r] = (bench_now_ns() - began) / (double)calls;
	}
	return sum > 0 ? bench_median(ns, BENCH_ROUNDS) : 0;
}

/* Short calls as well, and room for all, so that none is dropped: dropping is
 * cheaper than recording. */
int main(int argc, char **argv)
{
	long calls = bench_calls(argc, argv, 200000);
	char config[96];
	double bare = measure(calls), recorded;

	snprintf(config, sizeof(config), "func_duration_threshold_us=0:buffer_size=1048576:buffer_max=%ld",
	         calls * BENCH_ROUNDS * 64 / 1048576 + 4);
	if (__xray_log_init_mode("xray-fdr", config) != XRAY_LOG_INITIALIZED
	    || __xray_patch() != XRAY_PATCHED) {
		fprintf(stderr, "bench_xray: error: XRay does not start\n");
		return 1;
	}
	recorded = measure(calls);
	if (__xray_log_finalize() != XRAY_LOG_FINALIZED || __xray_log_flushLog() != XRAY_LOG_FLUSHED) {
		fprintf(stderr, "bench_xray: error: XRay does not write its log\n");
		return 1;
	}
	printf("bare_ns %.4g\nns_per_call %.4g\ncalls %ld\n", bare, recorded, calls * BENCH_ROUNDS);
	return 0;
}
