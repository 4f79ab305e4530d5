/* function_name.h: names and functions of this process, from their module's file.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_CALL_SITE_FUNCTION_NAME_H
#define PROF_RUNTIME_CALL_SITE_FUNCTION_NAME_H

#include <stddef.h>
#include <stdint.h>

/* The name, as the linker knows it, of the function that holds an address, which
 * must be in a module that stays loaded meanwhile; "libx.so+0x1234" where the file
 * has no symbol for it. Returns its length, cut to bytes - 1. Reads the file
 * each time; asks neither the loader nor anybody else, so the lock may be held. */
size_t function_name(const void *address, char *text, size_t bytes);

/* Where the function of a name lies in the program (not in a library), though it
 * need not be exported; 0 when there is none. As above. */
uintptr_t function_in_program(const char *name);

#endif
