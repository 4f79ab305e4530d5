/* energy_papi.h: energy meters that PAPI reads; lock not held.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * PAPI may wait for the loader and for locks of its own, and allocates: it is
 * asked at the borders of steps, before the lock is taken.
 */
#ifndef PROF_RUNTIME_ENERGY_ENERGY_PAPI_H
#define PROF_RUNTIME_ENERGY_ENERGY_PAPI_H

#include "runtime/energy/energy_source.h"

#define ENERGY_PAPI_MAX 32

/* Find and start the energy events that PAPI knows on this machine; a meter's
 * folder is the event. Returns null, or why there are none, in a few words. */
const char *energy_papi_open(struct energy_find *f);

/* What the meters stand at; false when PAPI can't say. */
bool energy_papi_read(uint64_t values[ENERGY_PAPI_MAX]);

/* In a forked child, which has no such set of events. */
void energy_papi_after_fork(void);

#endif
