/* recorder_state.h: the recorder as a whole, for the modules of the runtime.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_RECORDER_STATE_H
#define PROF_RUNTIME_RECORDER_STATE_H

#include "runtime/clock/clock.h"

enum recorder_phase {
	RECORDER_OFF,     /* not started, or there is no memory */
	RECORDER_ARMED,   /* no operation yet, and so no file */
	RECORDER_OPEN,    /* there is a file */
	RECORDER_STOPPED, /* by trouble */
	RECORDER_ENDED    /* by the end of the program */
};

/* What costs, and how often it was done. */
struct recorder_work {
	uint64_t records;
	uint64_t site_hits;              /* call sites found in caches */
	uint64_t walks, walks_raw;       /* stacks walked; part of slow_raw */
	uint64_t cheap_sites;            /* call sites without a walk */
	uint64_t readings, readings_raw; /* of counters; no part of slow_raw */
};

struct recorder {
	enum recorder_phase state; /* changed with the lock held, atomically */
	struct clock_setup clock;
	uint8_t run_id[16];
	uint64_t slow_raw;               /* clock spent in slow paths by all threads; atomic */
	uint64_t records, lost, skipped; /* of threads that ended */
	struct recorder_work work;       /* likewise */
};

extern struct recorder recorder;

static inline enum recorder_phase recorder_phase(void)
{
	return __atomic_load_n(&recorder.state, __ATOMIC_ACQUIRE);
}

static inline uint64_t recorder_ticks(uint64_t raw)
{
	return (raw - recorder.clock.epoch_raw) >> recorder.clock.tick_shift;
}

/* Time that a slow path took, to be told as the recorder's own. */
static inline void recorder_spent(uint64_t raw_start)
{
	__atomic_fetch_add(&recorder.slow_raw, prof_clock() - raw_start, __ATOMIC_RELAXED);
}

/* Create the file and write what waits. Lock held; false when it came to a halt. */
bool recorder_open(void);

/* Recording stops here, for this reason. Lock held. */
void recorder_halt(const char *why);

/* Another phase. Lock held. */
void recorder_set_phase(enum recorder_phase phase);

/* The END of a trace that was halted, after its last note. Lock held. */
void ending_stopped(void);

/* Another program was to take this one's place, but the thread that wanted it
 * left: the trace goes on. Lock held. */
void ending_take_back(void);

/* This process turned out to be a child made without our handlers: begin anew,
 * or, when the parent was in the middle of something, not at all. Lock held. */
void recorder_orphan(bool torn);

#endif
