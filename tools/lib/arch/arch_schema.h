/* arch_schema.h: what accelerator files may hold, and whether one does.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_ARCH_ARCH_SCHEMA_H
#define TOOLS_LIB_ARCH_ARCH_SCHEMA_H

#include <stdio.h>

#include "tools/lib/arch/arch.h"

/* A JSON Schema of accelerator files, made from arch_keys.def, for editors. */
void arch_schema_print(FILE *out);

/* How well a profile's numbers say where they are from. */
struct arch_pedigree {
	unsigned numbers;           /* that the profile has */
	unsigned sourced;           /* of those, with a source of their own */
	unsigned assumed;           /* of those, whose source is no public one */
	unsigned may_range, ranged; /* that can have a range, and that have one */
	unsigned scoped;            /* that say what they count: a cell, a device, a board ... */
};
struct arch_pedigree arch_pedigree_of(const struct arch *a);

#endif
