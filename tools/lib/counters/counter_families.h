/* counter_families.h: which CPU has which counter groups.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_COUNTERS_COUNTER_FAMILIES_H
#define TOOLS_LIB_COUNTERS_COUNTER_FAMILIES_H

#include <stddef.h>

#include "tools/lib/support/diag.h"

enum { COUNTER_FAMILIES = 64, COUNTER_RANGES = 16 };

struct counter_range {
	unsigned long first, last;
};

struct counter_family {
	char name[64];   /* the folder with its groups */
	char vendor[64]; /* "": any */
	struct counter_range families[COUNTER_RANGES], models[COUNTER_RANGES];
	unsigned n_families, n_models; /* 0: any */
	unsigned line;
};

struct counter_families {
	struct counter_family list[COUNTER_FAMILIES];
	unsigned n;
};

/* Lines "NAME vendor=TEXT family=NUMBERS model=NUMBERS"; d gets file:line:column. */
int counter_families_parse(struct counter_families *all, const char *text, size_t bytes, const char *file,
                           struct diag *d);

/* The first that fits a CPU as /proc/cpuinfo shows it, or null. */
const struct counter_family *counter_families_find(const struct counter_families *all, const char *vendor,
                                                   unsigned long family, unsigned long model);

#endif
