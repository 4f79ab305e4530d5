/* bench_record.c: what the recorder takes for an operation, in nanoseconds and bytes.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * bench_record [OPERATIONS]: one line a way of recording, the median of rounds.
 * The trace is written to a folder of its own and removed.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/recorder.h"
#include "tests/bench/rounds.h"

#define DESCS   340 /* a token of an 8-layer model */
#define CHECKED 100000

static struct prof_thread *t;
static uint32_t descs[DESCS];

/* Times run ahead of the clock here, so this comes after all that reads it. */
static void record_only(long n)
{
	static uint64_t at;

	if (!at)
		at = prof_clock();
	for (long i = 0, d = 0; i < n; i++, d = d + 1 < DESCS ? d + 1 : 0) {
		prof_record(t, descs[d], at, at + 2000);
		at += 2100;
	}
}

static void clocks_only(long n)
{
	for (long i = 0; i < 2 * n; i++)
		prof_clock();
}

static void with_clocks(long n)
{
	for (long i = 0, d = 0; i < n; i++, d = d + 1 < DESCS ? d + 1 : 0) {
		uint64_t start = prof_clock();

		prof_record(t, descs[d], start, prof_clock());
	}
}

static __attribute__((noinline)) void one_call(long d)
{
	uint64_t start = prof_clock();

	prof_call_site(t, __builtin_return_address(0), __builtin_frame_address(0));
	prof_record(t, descs[d], start, prof_clock());
}

static void with_call_site(long n)
{
	for (long i = 0, d = 0; i < n; i++, d = d + 1 < DESCS ? d + 1 : 0)
		one_call(d);
}

static void with_counters(long n)
{
	for (long i = 0, d = 0; i < n; i++, d = d + 1 < DESCS ? d + 1 : 0) {
		struct prof_counter_values v = {.valid = false};
		uint64_t start = prof_clock();

		if (prof_counters_due(t, descs[d], start))
			prof_counters_read(t, &v);
		prof_record_counted(t, descs[d], start, prof_clock(), &v);
	}
}

static void measure(const char *what, void (*run)(long), long n)
{
	double rounds[BENCH_ROUNDS];

	run(n / 10 + 1);
	for (int i = 0; i < BENCH_ROUNDS; i++) {
		double start = bench_now_ns();

		run(n);
		rounds[i] = (bench_now_ns() - start) / (double)n;
	}
	printf("%-34s %8.1f ns\n", what, bench_median(rounds, BENCH_ROUNDS));
}

/* In whole chunks, so that of many operations. */
static void measure_bytes(const char *path)
{
	struct stat before, after;

	if (stat(path, &before) < 0)
		return;
	for (int i = 0; i < 10; i++)
		record_only(CHECKED);
	if (stat(path, &after) == 0)
		printf("%-34s %8.2f bytes\n", "an operation in the trace",
		       (double)(after.st_size - before.st_size) / (10.0 * CHECKED));
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/bench_record.XXXXXX", path[64];
	struct prof_desc_spec spec = {.op = PROF_OP_LINEAR, .layer = -1};
	long n = bench_calls(argc, argv, 200000);

	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/trace.bin", folder);
	setenv("PROFSHIM_OUTPUT", path, 1);
	setenv("PROFSHIM_BUDGET", "100", 1);
	prof_runtime_start();
	t = prof_thread_get();
	for (int i = 0; t && i < DESCS; i++) {
		spec.layer = i;
		descs[i] = prof_intern_desc(t, &spec);
	}
	if (t) {
		measure("two clock readings", clocks_only, n);
		measure("a record and two clock readings", with_clocks, n);
		measure("... and a call site in the cache", with_call_site, n);
		measure("... and counters at each", with_counters, n / 20 + 1);
		measure("a record alone", record_only, n);
		measure_bytes(path);
	}
	prof_runtime_stop();
	unlink(path);
	rmdir(folder);
	return t ? 0 : 1;
}
