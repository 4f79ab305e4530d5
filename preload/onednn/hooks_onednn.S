/* hooks_onednn.S: the exported names of oneDNN that go through the thunk.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/thunk/thunk_entry.inc"

HOOKS_BEGIN onednn_hooks
#define ONEDNN_SYMBOL(name, is, stack_words, a, b, c) HOOK_ENTRY name, onednn_hooks;
#include "preload/onednn/hooks_onednn.def"
HOOKS_END
