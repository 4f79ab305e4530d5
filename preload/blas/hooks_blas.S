/* hooks_blas.S: the exported BLAS names.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/thunk/thunk_entry.inc"

HOOKS_BEGIN blas_hooks
#define BLAS_SYMBOL(name, interface, shape, op, in, out) HOOK_ENTRY name, blas_hooks;
#include "preload/blas/hooks_blas.def"
HOOKS_END
