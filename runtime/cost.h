/* cost.h: what recording itself costs.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_COST_H
#define PROF_RUNTIME_COST_H

struct recorder_work;

/* A COST record. Lock held. */
void cost_add(const char *name, double value);

/* Measure a reading of the clock and a record, and add both. Lock held. */
void cost_measure(void);

/* Add what was done and the estimate of what it cost in all: slow paths and
 * readings of counters as measured; operations with two readings of the clock
 * each, and call sites found in the cache, at the costs measured. A reader takes
 * the last record of a name. Lock held. */
void cost_total(const struct recorder_work *work);

/* The same until now, when the last time is some seconds ago: what a program
 * that is killed leaves. Lock held. */
void cost_refresh(void);

#endif
