/* bench_features.c: a hooked call at a depth of the stack, on some threads.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * bench_features CALLS DEPTH THREADS prints nanoseconds a call (the mean over
 * the threads of each one's median round) and how many calls were made in all.
 */
#include <pthread.h>

#include "tests/bench/rounds.h"
#include "tests/bench/tiny.h"

enum { THREADS_MAX = 64, FRAMES_ABOVE = 2 /* the thread's own, and work() */ };

static long calls, depth;
static pthread_barrier_t together;
static double took_ns[THREADS_MAX];

static __attribute__((noinline)) void measure(double *median)
{
	int n = 1, inc = 1;
	double x = 1.5, y = 2.5, sum = 0, ns[BENCH_ROUNDS];

	for (unsigned r = 0; r < BENCH_ROUNDS; r++) {
		double began;

		pthread_barrier_wait(&together);
		began = bench_now_ns();
		for (long i = 0; i < calls; i++)
			sum += ddot_(&n, &x, &inc, &y, &inc);
		ns[r] = (bench_now_ns() - began) / (double)calls;
	}
	*median = sum > 0 ? bench_median(ns, BENCH_ROUNDS) : 0;
}

/* The last store keeps the call from becoming a jump. */
static __attribute__((noinline)) void descend(long levels, double *median)
{
	double here = 0;

	if (levels > 0)
		descend(levels - 1, &here);
	else
		measure(&here);
	*median = here;
}

static void *work(void *arg)
{
	descend(depth - FRAMES_ABOVE - 2, arg);
	return NULL;
}

int main(int argc, char **argv)
{
	long threads = argc > 3 ? strtol(argv[3], NULL, 10) : 1;
	pthread_t thread[THREADS_MAX];
	double sum = 0;

	calls = bench_calls(argc, argv, 20000);
	depth = argc > 2 ? strtol(argv[2], NULL, 10) : 5;
	if (threads < 1 || threads > THREADS_MAX || depth < FRAMES_ABOVE + 2
	    || pthread_barrier_init(&together, NULL, (unsigned)threads) != 0)
		return 1;
	for (long i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, work, &took_ns[i]) != 0)
			return 1;
	for (long i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		sum += took_ns[i];
	}
	printf("ns_per_call %.4g\ncalls %ld\n", sum / (double)threads, calls * threads * BENCH_ROUNDS);
	return 0;
}
