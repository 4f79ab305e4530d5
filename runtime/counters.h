/* counters.h: the processor's and the kernel's counters, through PAPI.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_COUNTERS_H
#define PROF_RUNTIME_COUNTERS_H

#include <stdint.h>

struct thread;

/* Load PAPI and start the calling thread's counters, if there are to be any,
 * and not when first due: that may be in the middle of a measured step. Lock
 * not held. */
void counters_prepare(struct thread *t);

/* How many there are of an operation with counters. */
unsigned counters_number(void);

/* The raw clock at which a new thread's first reading is due. */
uint64_t counters_first_due(void);

/* A thread ends: the calling one. Lock not held. */
void counters_detach(struct thread *t);

/* In a forked child: PAPI begins anew. */
void counters_after_fork(void);

#endif
