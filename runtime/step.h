/* step.h: the end of what prof_step() began; lock held.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_STEP_H
#define PROF_RUNTIME_STEP_H

/* The program ends, and with it the step it began last. */
void step_finish(void);

/* In a forked child: no steps yet. */
void step_after_fork(void);

#endif
