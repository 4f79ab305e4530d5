/* energy.h: the energy meters of the machine (powercap); lock held.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_ENERGY_H
#define PROF_RUNTIME_ENERGY_H

/* Read all meters, if the last reading was 5 ms ago or more; the first time
 * they are looked for. */
void energy_sample(void);

/* As energy_sample, however long ago the last one was. */
void energy_sample_now(void);

/* In a forked child: its trace counts from its own beginning. */
void energy_after_fork(void);

#endif
