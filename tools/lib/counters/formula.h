/* formula.h: formulas of counter groups: parsed once, evaluated often.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *     sum     = product { ("+" | "-") product }
 *     product = factor { ("*" | "/") factor }
 *     factor  = number | name | "(" sum ")" | ("+" | "-") factor
 *             | ("min" | "max") "(" sum "," sum ")"
 *
 * Names of events hold ':' and '-' (perf::PAGE-FAULTS, L1_DTLB_MISS:ALL): at
 * every place the longest of the known names that stands there is taken, and
 * only when none does is the text read in another way.
 */
#ifndef TOOLS_LIB_COUNTERS_FORMULA_H
#define TOOLS_LIB_COUNTERS_FORMULA_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/lib/support/diag.h"

enum { FORMULA_STEPS = 256, FORMULA_DEPTH = 32, FORMULA_NAMES = 32 };

/* What a formula may refer to: names[i] stands for values[i]. */
struct formula_names {
	const char *const *names;
	unsigned n; /* at most FORMULA_NAMES */
};

struct formula_step {
	uint8_t action; /* private to formula.c */
	uint8_t name;
	double number;
};

/* Steps for a stack machine, operands first. */
struct formula {
	unsigned n_steps;
	uint32_t uses; /* bit i: names[i] occurs */
	struct formula_step steps[FORMULA_STEPS];
};

/* Returns 0; or -1 with *column (from 1) where it went wrong and d saying what,
 * an unknown name with the nearest one. */
int formula_parse(struct formula *f, const char *text, const struct formula_names *names, unsigned *column,
                  struct diag *d);

/* The value; NaN after a division by zero, or where a value used is NaN. */
double formula_value(const struct formula *f, const double *values);

/* The same with the partial derivatives by the n first values: slopes[i] is
 * that by values[i]. Of min and max it is the chosen one's. */
double formula_slopes(const struct formula *f, const double *values, unsigned n, double *slopes);

#endif
