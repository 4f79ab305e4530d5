/* interner.h: equal bytes, equal number.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_SUPPORT_INTERNER_H
#define TOOLS_LIB_SUPPORT_INTERNER_H

#include "tools/lib/support/arena.h"

/* All zero is an empty one. */
struct interner {
	struct arena arena;
	struct interned *slots;
	uint32_t n, n_slots;
};

void interner_release(struct interner *t);

/* The number of these bytes, from 0 in the order in which they came: 1 when
 * they are new, 0 when they were known, -1 without memory. */
int interner_add(struct interner *t, const void *bytes, size_t size, uint32_t *number);

#endif
