/* counter_metrics.h: figures derived from a trace's counters.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The recorder leaves the formulas in the trace, as facts
 * "counters.metric.GROUP.NAME" with "UNIT = FORMULA": a trace stays readable
 * when the groups change. A formula is applied to totals of counters; its error
 * follows from theirs to first order (the delta method): that of the total of
 * the formula's linear approximation, so that what two counters of one sample
 * have in common is not counted as uncertainty of their quotient.
 */
#ifndef TOOLS_LIB_COUNTERS_COUNTER_METRICS_H
#define TOOLS_LIB_COUNTERS_COUNTER_METRICS_H

#include "tools/lib/counters/counter_groups.h"
#include "tools/lib/counters/counter_totals.h"

struct metric {
	const char *name; /* "ipc"; "FLOPS.ipc" where two groups differ about it */
	const char *unit, *text;
	struct formula formula;
};

struct metrics {
	struct metric **list;
	unsigned n, capacity;
	const char *problems[16]; /* formulas that cannot be used, and why */
	unsigned n_problems;
	unsigned n_counters;
	const char *names[PROF_MAX_COUNTERS + COUNTER_INPUTS];
	struct arena arena;
};

/* All of a trace; -1 without memory. */
int metrics_of_trace(struct metrics *m, const struct trace *t);

/* One more: "NAME=FORMULA"; -1 and d when it cannot be. */
int metrics_add(struct metrics *m, const char *definition, struct diag *d);
void metrics_release(struct metrics *m);

struct estimate {
	double value, error; /* NaN: unknown */
};

/* inputs[COUNTER_INPUTS]: of the same operations; NaN: not known. s null: the
 * trace has no counters. */
struct estimate metric_estimate(const struct metrics *m, const struct metric *metric, const struct totals *s,
                                unsigned group, const double *inputs);

#endif
