/* region_names.h: regions that are functions, as their authors wrote them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_TRACE_REGION_NAMES_H
#define TOOLS_LIB_TRACE_REGION_NAMES_H

#include "tools/lib/support/arena.h"

/* A path of regions in which the linker's names of C++ functions (_Z...) are
 * replaced by C++ without parameters: interned in the arena, or the path itself
 * when there is nothing to replace. */
const char *region_names_readable(struct arena *a, const char *path);

/* Length of a function's name in C++ without its parameters and what follows
 * these, as people call it; of another name, its length. */
size_t region_names_short_bytes(const char *name);

#endif
