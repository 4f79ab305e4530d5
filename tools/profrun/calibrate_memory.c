/* calibrate_memory.c: bandwidth of reading, by how much is read and how many threads read.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/lib/support/cli.h"
#include "tools/profrun/calibrate_run.h"

#define KIB           1024.0
#define SMALLEST      (32 * KIB)
#define LARGEST       (512 * KIB * KIB)
#define SECONDS_EACH  0.2
#define BYTES_A_TURN  (4 * KIB * KIB) /* read between two looks at the clock */
#define VECTOR_FLOATS 16u

typedef float vector __attribute__((vector_size(VECTOR_FLOATS * sizeof(float))));

struct reading {
	char *data;
	size_t part; /* bytes of each thread */
};

/* Each compiled for what the processor has. Sums, as products do, so that nothing
 * is left out; four, so that additions wait for no other. */
#if defined(__x86_64__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
static float
sum_of(const char *data, size_t bytes)
{
	vector sum[4] = {{0}};
	float total = 0;

	for (size_t i = 0; i + 4 * sizeof(vector) <= bytes; i += 4 * sizeof(vector))
		for (unsigned k = 0; k < 4; k++)
			sum[k] += *(const vector *)(const void *)(data + i + k * sizeof(vector));
	for (unsigned k = 0; k < VECTOR_FLOATS; k++)
		total += sum[0][k] + sum[1][k] + sum[2][k] + sum[3][k];
	return total;
}

static double read_turn(void *arg, unsigned thread)
{
	const struct reading *r = arg;
	volatile float sink;
	double done = 0;

	do {
		sink = sum_of(r->data + thread * r->part, r->part);
		done += (double)r->part;
	} while (done < BYTES_A_TURN);
	(void)sink;
	return done;
}

static int measure(struct calibration *c, unsigned threads, double bytes, double scale, struct diag *d)
{
	struct reading r = {.part = (size_t)(bytes / threads) / 1024 * 1024};
	struct calibration_bandwidth *b;
	double rate;

	r.data = aligned_alloc(4096, (r.part * threads + 4095) / 4096 * 4096);
	if (!r.data)
		return diag_set(d, "out of memory for measuring %.0f MiB", bytes / KIB / KIB);
	memset(r.data, 0, r.part * threads);
	rate = calibrate_rate(read_turn, &r, threads, SECONDS_EACH * scale);
	free(r.data);
	b = rate > 0 ? calibration_add_bandwidth(c) : NULL;
	if (!b)
		return diag_set(d, "%u threads could not be started", threads);
	*b = (struct calibration_bandwidth){threads, bytes, rate / 1e9};
	return 0;
}

int calibrate_memory(struct calibration *c, unsigned threads, double scale, struct diag *d)
{
	double memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
	double largest = LARGEST < memory / 4 ? LARGEST : memory / 4;
	unsigned n = 0, i = 0, t;

	while (calibrate_threads(n, threads))
		n++;
	for (double bytes = SMALLEST; bytes <= largest; bytes *= 2) {
		i++;
		for (unsigned k = 0; (t = calibrate_threads(k, threads)); k++) {
			cli_progress("memory", i * n + k, 15 * n + n);
			if (measure(c, t, bytes * t > largest ? largest : bytes * t, scale, d))
				return -1;
		}
	}
	cli_progress("memory", 1, 1);
	return 0;
}
