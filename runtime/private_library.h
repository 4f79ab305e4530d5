/* private_library.h: a library that we bring along, unseen by the program.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_PRIVATE_LIBRARY_H
#define PROF_RUNTIME_PRIVATE_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>

/* Load a library into a scope of its own, so that the program's symbols and
 * exceptions never meet it; null when it can't be had. The descriptors that it
 * keeps are high ones: a program that counts its descriptors, or closes all
 * and opens its own, never finds the library's in their place. */
void *private_library_open(const char *name);

/* Whether the module at an address (its load bias) is one that was loaded here, and
 * not the program's. */
bool private_library_is(uintptr_t bias);

#endif
