/* hooks_torch.S: the exported operators of PyTorch.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/thunk/thunk_entry.inc"

HOOKS_BEGIN torch_hooks
#define TORCH_SYMBOL(symbol, name, signature, native, kind, rule, roles) HOOK_ENTRY symbol, torch_hooks;
#include "preload/torch/hooks_torch.def"
HOOKS_END
