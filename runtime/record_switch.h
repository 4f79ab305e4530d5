/* record_switch.h: PROFSHIM_RECORD obeyed.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * recorder.h has what hooks ask: prof_wanted().
 */
#ifndef PROF_RUNTIME_RECORD_SWITCH_H
#define PROF_RUNTIME_RECORD_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

/* When notes can be taken; lock held. */
void record_switch_start(void);

/* Lock held; whether a signal of the program's own has taken the place of ours
 * is told. */
void record_switch_end(void);

/* A step of this number begins: whether it is to be recorded. The latest one
 * ended, and this number will be the next one's. Lock held. */
bool record_switch_step_begins(uint64_t number);
void record_switch_step_ended(uint64_t next);

/* Whether a region that now is open is one of those asked for: by its own name
 * or by its path. False when none is asked for. */
bool record_switch_names(const char *name, const char *path);

#endif
