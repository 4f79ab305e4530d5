/* region.h: the regions open on a thread, a user's or a compiler's.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_REGION_H
#define PROF_RUNTIME_REGION_H

#include <stdint.h>

struct thread;

/* The string of the regions open on a thread, joined with dots; 0: none. Lock held. */
uint32_t region_string(struct thread *t);

#endif
