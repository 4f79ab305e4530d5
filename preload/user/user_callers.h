/* user_callers.h: how many places of a module call a function directly.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_USER_USER_CALLERS_H
#define PRELOAD_USER_USER_CALLERS_H

#include <stdint.h>

/* Calls and jumps with the function's address in the instruction, in the code of
 * the module that it is in. None, although it is used, means that the compiler has
 * put copies of it in place of the calls, or that it is called by a pointer. What
 * looks like such an instruction inside another one is counted, which is rare. */
unsigned user_callers_count(uintptr_t function);

#endif
