/* hooks_blas.h: the BLAS functions that are hooked, by name.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_HOOKS_BLAS_H
#define PRELOAD_HOOKS_BLAS_H

#include "preload/thunk.h"

/* The hook of a function, or null. */
const struct hook *hooks_blas_find(const char *name);

#endif
