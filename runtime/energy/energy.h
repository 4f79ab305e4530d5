/* energy.h: the energy meters of the machine; lock held, unless said otherwise.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * PROFSHIM_ENERGY says which source is taken (energy_source.h). Meters that
 * files hold are read by a thread of ours and at the borders of steps; those of
 * PAPI at the borders alone.
 */
#ifndef PROF_RUNTIME_ENERGY_ENERGY_H
#define PROF_RUNTIME_ENERGY_ENERGY_H

#include <stdint.h>

/* What may wait for the loader or PAPI, before the lock is taken for one of the
 * functions below: lock not held. */
void energy_prepare(void);

/* Write down what the thread has read; read all meters, if the last reading
 * here was 5 ms ago or more. The first time they are looked for. The samples
 * are dated `raw`, which is now or was just now: the border that they are for. */
void energy_sample(uint64_t raw);

/* As energy_sample, however long ago the last one was. */
void energy_sample_now(uint64_t raw);

/* Write down what the thread has read. */
void energy_drain(void);

/* The last sample; the thread ends, and what there is to be said of the meters
 * is said. */
void energy_end(void);

/* In a forked child: its trace counts from its own beginning. */
void energy_after_fork(void);

#endif
