/* calibrate_run.h: work on several threads for a while, and how much was done.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFRUN_CALIBRATE_RUN_H
#define TOOLS_PROFRUN_CALIBRATE_RUN_H

#include <stddef.h>

#include "tools/lib/calibration/calibration.h"

#define CALIBRATE_MAX_THREADS 1024u

/* One turn of the work on one thread; returns how much it did (bytes, FLOPs). */
typedef double calibrate_work(void *arg, unsigned thread);

/* Work a second of all threads together over `seconds` of time: median of three
 * parts. 0 when the threads could not be started. */
double calibrate_rate(calibrate_work *work, void *arg, unsigned threads, double seconds);

/* Nanoseconds of a meeting of so many threads, which wait for each other spinning. */
double calibrate_barrier_ns(unsigned threads);

double calibrate_now_s(void);

/* The parts of a calibration. `scale` is how long a measurement takes, 1 for a
 * calibration of about a minute. 0 or -1 and an error. */
int calibrate_memory(struct calibration *c, unsigned threads, double scale, struct diag *d);
int calibrate_compute(struct calibration *c, unsigned threads, double scale, struct diag *d);

/* 1, 2, 4, ... and `most` at last: the n-th count of threads, 0 after that. */
unsigned calibrate_threads(unsigned n, unsigned most);

#endif
