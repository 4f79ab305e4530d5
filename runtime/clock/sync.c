/* sync.c: the recorder's clock against the system's.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/clock/sync.h"

#include <stdbool.h>

#include "runtime/cost.h"
#include "runtime/energy/energy.h"
#include "runtime/trace/meta.h"
#include "runtime/trace/note.h"
#include "runtime/recorder_state.h"

#define APART_NS     100000000u
#define TOLERANCE    1e-3 /* twice what the kernel may slew CLOCK_MONOTONIC by */
#define TOLERANCE_NS 100000.0

static uint64_t last_ns;
static bool told;

/* The rate that the header promises must hold until here, else the counter
 * was stopped, changed its rate, or differs between cores. */
static void check(const struct clock_pair *now)
{
	double raw_ns = (double)(now->raw - recorder.clock.epoch_raw) * recorder.clock.raw_ns;
	double ns = (double)(now->monotonic_ns - recorder.clock.epoch_monotonic_ns);
	double off = raw_ns > ns ? raw_ns - ns : ns - raw_ns;

	if (told || recorder.clock.raw_ns <= 0
	    || off <= ns * TOLERANCE + TOLERANCE_NS + (double)now->error_raw * recorder.clock.raw_ns)
		return;
	told = true;
	note_add(
	        "The processor's counter and CLOCK_MONOTONIC disagree: they are %.0f us apart after %.0f ms; "
	        "times are those of the counter, fitted to the system's clock.",
	        off / 1e3, ns / 1e6);
}

void sync_now(void)
{
	struct clock_pair now = clock_pair_read();
	struct prof_meta_clock_sync m = {.tick = recorder_ticks(now.raw),
	                                 .monotonic_ns = now.monotonic_ns,
	                                 .error_ticks = now.error_raw >> recorder.clock.tick_shift};
	struct iovec part = {&m, sizeof(m)};

	last_ns = now.monotonic_ns;
	meta_add(PROF_META_CLOCK_SYNC, &part, 1);
	check(&now);
}

void sync_when_due(void)
{
	if (prof_clock_monotonic() - last_ns < APART_NS)
		return;
	sync_now();
	energy_sample(prof_clock());
	cost_refresh();
}
