/* families.h: how each family of hooks is started.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_FAMILIES_H
#define PRELOAD_FAMILIES_H

#define PRELOAD_FAMILY(name) void hooks_##name##_start(void);
#include "preload/families.def"
#undef PRELOAD_FAMILY

#endif
