/* counter_set.h: the events that are counted, and threads' sets of them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * All functions call PAPI: lock not held, signals blocked.
 */
#ifndef PROF_RUNTIME_COUNTERS_COUNTER_SET_H
#define PROF_RUNTIME_COUNTERS_COUNTER_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/counters/counter_plan.h"

/* Where groups are found, when not in the places of this machine: tests set it. */
extern const struct counter_places *counter_set_places;

/* The first set: settle which of the events asked for are counted, tell them
 * and what is missing in the trace, and start them on the calling thread. */
bool counter_set_first(int *set);

/* The same events for the calling thread, another one. */
bool counter_set_make(int *set);

/* What a reading itself adds to each counter, the least seen: to be taken off
 * a difference of two readings. Settled with the first set. */
const uint64_t *counter_set_own(void);

/* The calling thread's set ends. */
void counter_set_drop(int *set);

/* A counter that was asked for is missing. */
void counter_set_tell_missing(const char *name, const char *why);

/* In a forked child: nothing is settled. */
void counter_set_after_fork(void);

#endif
