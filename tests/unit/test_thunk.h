/* test_thunk.h: what test_thunk.c and its short ways share.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TESTS_UNIT_TEST_THUNK_H
#define TESTS_UNIT_TEST_THUNK_H

#include <stdbool.h>

#include "preload/thunk/thunk.h"

/* The real functions, by the first byte of a hook's detail. */
extern void *const real_functions[];
extern int entered_shortly, left_shortly;

void *short_enter(struct hook_call *call);
bool short_exit(struct hook_call *call);

#endif
