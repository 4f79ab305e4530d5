/* names.h: the functions that the shim stands in for without a file of hooks, by name.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_NAMES_H
#define PRELOAD_NAMES_H

#include <stdbool.h>

/* The family that records a function ("blas"), null for one that no table has. */
const char *names_family(const char *name);

/* Whether calls of other functions can be described as this one's are (`like`). */
bool names_can_be_like(const char *name);

/* The name of such a function that is nearest to a mistyped one; null: none is near. */
const char *names_nearest_like(const char *name);

#endif
