/* region.h: the user's regions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_REGION_H
#define PROF_RUNTIME_REGION_H

#include <stdint.h>

struct thread;

/* The string of the regions open on a thread, joined with dots; 0: none. */
uint32_t region_string(const struct thread *t);

#endif
