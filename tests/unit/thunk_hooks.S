/* thunk_hooks.S: the entries of test_thunk.c's hooks.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/thunk/thunk_entry.inc"

	HOOKS_BEGIN thunk_hooks
#define SIGNATURE(name) HOOK_ENTRY hooked_##name, thunk_hooks
#include "tests/unit/thunk_signatures.def"
#undef SIGNATURE
	HOOKS_END
