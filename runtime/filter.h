/* filter.h: PROFSHIM_FILTER obeyed.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_FILTER_H
#define PROF_RUNTIME_FILTER_H

#include "runtime/recorder.h"
#include "runtime/thread.h"

/* When the clock is known; lock held. */
void filter_start(void);

/* Whether operations of this kind are wanted. Lock held. */
bool filter_takes(const struct prof_desc_spec *spec);

/* Whether operations are left out by their duration. */
bool filter_by_time(void);

/* One operation, which is recorded, left out, or, in a group, held until it is
 * known whether another thread's part of it lasts long enough. */
void filter_record(struct thread *t, uint32_t desc, uint64_t raw_start, uint64_t raw_end);

/* The thread leaves its group, or its chunk: what was held is decided. */
void filter_settle(struct thread *t);

/* Operations of the group that are behind the thread, recorded or not. */
uint32_t filter_group_index(const struct thread *t);

#endif
