/* test_thunk_short.c: the short ways of test_thunk.c, which have no vector registers.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/unit/test_thunk.h"

int entered_shortly, left_shortly;

void *short_enter(struct hook_call *call)
{
	entered_shortly++;
	return real_functions[call->hook->detail[0]];
}

bool short_exit(struct hook_call *call)
{
	left_shortly++;
	return true;
}
