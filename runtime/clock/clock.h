/* clock.h: the clock of the recorder, read twice for every operation.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A raw reading is a processor's counter where it can be trusted (one file per
 * CPU: clock_x86_64.h, clock_aarch64.h), else nanoseconds of CLOCK_MONOTONIC.
 * Which one is decided once, before anything is recorded.
 */
#ifndef PROF_RUNTIME_CLOCK_CLOCK_H
#define PROF_RUNTIME_CLOCK_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)
#include "runtime/clock/clock_x86_64.h"
#elif defined(__aarch64__)
#include "runtime/clock/clock_aarch64.h"
#else
#error "runtime/clock/clock.h: this CPU needs a file of its own, see clock_x86_64.h"
#endif

/* Whether readings come from the system (set until clock_start). */
extern bool prof_clock_system __attribute__((visibility("hidden")));

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t prof_clock_monotonic(void);

/* A raw reading. Hot. */
static inline uint64_t prof_clock(void)
{
	if (__builtin_expect(prof_clock_system, 0))
		return prof_clock_monotonic();
	return prof_clock_cpu();
}

/* What the header of a trace says of the clock. */
struct clock_setup {
	uint32_t kind;       /* enum prof_clock_kind */
	uint32_t tick_shift; /* ticks = (raw - epoch_raw) >> tick_shift */
	uint64_t epoch_raw;
	uint64_t epoch_realtime_ns;
	uint64_t epoch_monotonic_ns;
	double raw_ns; /* nanoseconds of one raw unit, as the system says; 0: it does not */
};

/* Choose the clock and take its epoch: once, before any other use. */
void clock_start(struct clock_setup *setup);

/* One moment on both clocks. */
struct clock_pair {
	uint64_t raw;
	uint64_t monotonic_ns;
	uint64_t error_raw; /* the raw clock went this far around the other's reading */
};

/* The best of a few readings of both clocks. */
struct clock_pair clock_pair_read(void);

/* Nanoseconds of a raw unit: what the system says, else measured since the
 * epoch (for which some time must have passed; at least a millisecond is
 * waited for). */
double clock_raw_ns(const struct clock_setup *setup);

/* ---- one per CPU ---- */

/* Whether the counter runs at one rate on all cores and in all sleep states. */
bool clock_cpu_trusted(void);

/* Nanoseconds of one unit of the counter, as CPU or hypervisor say; 0: they
 * do not. */
double clock_cpu_raw_ns(void);

#endif
