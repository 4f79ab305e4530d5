/* sync.h: the recorder's clock against the system's.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_CLOCK_SYNC_H
#define PROF_RUNTIME_CLOCK_SYNC_H

/* Write where both clocks stand. Lock held. */
void sync_now(void);

/* As sync_now, unless that was done in the last tenth of a second. */
void sync_when_due(void);

#endif
