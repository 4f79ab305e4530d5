/* module.h: the program and its libraries, where they are in memory.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_CALL_SITE_MODULE_H
#define PROF_RUNTIME_CALL_SITE_MODULE_H

#include <prof/trace_format.h>
#include <stdbool.h>
#include <stdint.h>

/* Moves on when a library may have gone; atomic. */
extern uint32_t module_changes __attribute__((visibility("hidden")));

/* That number. Hot. */
static inline uint32_t module_generation(void)
{
	return __atomic_load_n(&module_changes, __ATOMIC_ACQUIRE);
}

/* Look at what is loaded, if that has changed since. Asks the loader, so: lock
 * not held. */
void module_refresh(void);

/* An address as a frame: of a module known, else as it is; *ours: it is in the
 * library (not the program) that this code is in. Lock held. */
struct prof_frame module_frame(const void *address, bool *ours);

#endif
