/* descriptor.h: descriptors of operations, interned (prof_intern_desc in recorder.h).
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_TRACE_DESCRIPTOR_H
#define PROF_RUNTIME_TRACE_DESCRIPTOR_H

#include <stdint.h>

/* How many there are. Takes the lock. */
uint32_t descriptor_number(void);

#endif
