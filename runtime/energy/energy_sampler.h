/* energy_sampler.h: a thread of ours that reads the energy meters; lock held.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_ENERGY_ENERGY_SAMPLER_H
#define PROF_RUNTIME_ENERGY_ENERGY_SAMPLER_H

#include "runtime/energy/energy_poll.h"

/* What the thread and the recorder share. */
extern struct energy_poll energy_shared;

/* Start the thread, which reads the n meters every period_ns; false when there
 * is none: errno says why. It ends by itself when recording has stopped. */
bool energy_sampler_start(struct energy_meter *meters, unsigned n, uint64_t period_ns);

/* Whether the thread runs; it may have found later than its start that it
 * cannot. Ends it when the program's user has changed: what reads files in the
 * name of another one must not go on. */
bool energy_sampler_runs(void);

/* Call `each` with what the thread has read since the last time. */
void energy_sampler_drain(void (*each)(const struct poll_reading *reading));

/* End the thread, and wait for that a short while. */
void energy_sampler_stop(void);

/* In a forked child, where there is no such thread. */
void energy_sampler_after_fork(void);

#endif
