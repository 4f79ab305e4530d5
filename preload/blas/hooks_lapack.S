/* hooks_lapack.S: the exported LAPACK names.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/thunk/thunk_entry.inc"

HOOKS_BEGIN lapack_hooks
#define LAPACK_SYMBOL(name, shape, type, wide) HOOK_ENTRY name, lapack_hooks;
#include "preload/blas/hooks_lapack.def"
HOOKS_END
