/* energy_poll.h: what the meters' thread and its recorder share.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_ENERGY_ENERGY_POLL_H
#define PROF_RUNTIME_ENERGY_ENERGY_POLL_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/energy/energy_meter.h"

#define POLL_METERS_MAX 64
#define POLL_SLOTS      8192u /* a power of two */

/* One reading, in the ring from the thread to whoever writes it down. */
struct poll_reading {
	uint64_t raw; /* clock */
	double sum_uj;
	uint32_t meter;
};

enum poll_state { POLL_STARTING, POLL_RUNNING, POLL_REFUSED };

struct energy_poll {
	/* set before the thread starts */
	struct energy_meter *meters;
	unsigned n_meters;
	uint64_t period_ns;
	double raw_ns;             /* nanoseconds of a unit of the raw clock */
	bool clock_is_system;      /* the raw clock is CLOCK_MONOTONIC */
	struct poll_reading *ring; /* POLL_SLOTS of them */
	const int *recorder_phase; /* the thread ends when it is at or beyond `last_phase` */
	int last_phase;
	/* shared, atomic */
	uint32_t stop;           /* futex: 1 ends the thread */
	uint32_t state;          /* enum poll_state */
	uint32_t reading;        /* 1: somebody reads the meters */
	uint32_t written, taken; /* slots of the ring, ever */
	uint32_t dropped;        /* readings for which the ring had no slot */
	int thread;              /* its id, zeroed by the kernel when it ends */
	/* the thread's own */
	struct meter_fds fds[POLL_METERS_MAX];
	double told_uj[POLL_METERS_MAX];
	uint64_t told_raw[POLL_METERS_MAX];
	double told_uw[POLL_METERS_MAX];
};

/* The thread: arg is the struct energy_poll. Returns when it is to end. */
int energy_poll(void *arg);

/* Take the right to read the meters; false when another one reads them now,
 * which is as good. */
static inline bool poll_try(struct energy_poll *p)
{
	return __atomic_exchange_n(&p->reading, 1, __ATOMIC_ACQUIRE) == 0;
}

static inline void poll_done(struct energy_poll *p)
{
	__atomic_store_n(&p->reading, 0, __ATOMIC_RELEASE);
}

#endif
