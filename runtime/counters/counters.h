/* counters.h: the processor's and the kernel's counters, through PAPI.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_COUNTERS_COUNTERS_H
#define PROF_RUNTIME_COUNTERS_COUNTERS_H

#include <stdint.h>

struct thread;

/* Load PAPI and start the calling thread's counters, if there are to be any and
 * they are due; called before a step begins, rather than amid it. Lock not held. */
void counters_prepare(struct thread *t);

/* How many there are of an operation with counters (counter_set.c). */
unsigned counters_number(void);

/* The raw clock at which a new thread's first reading is due. */
uint64_t counters_first_due(void);

/* A thread ends: the calling one. Lock not held. */
void counters_detach(struct thread *t);

/* The trace ends: say so when counters were wanted but never due. Lock held. */
void counters_end(void);

/* In a forked child: PAPI begins anew. */
void counters_after_fork(void);

#endif
