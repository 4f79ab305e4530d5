/* counter_groups.h: files that name counters and what follows from them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * docs/counters.md describes the files below arch/counters. The shim reads them
 * in its own, simpler way; what is checked here is what it relies on.
 */
#ifndef TOOLS_LIB_COUNTERS_COUNTER_GROUPS_H
#define TOOLS_LIB_COUNTERS_COUNTER_GROUPS_H

#include <prof/trace_format.h>

#include "tools/lib/support/arena.h"
#include "tools/lib/counters/formula.h"

/* The last two are what the recorder has room for. */
enum { COUNTER_ALTERNATIVES = 8, COUNTER_METRICS = 32, COUNTER_NAME_MAX = 127, COUNTER_FORMULA_MAX = 1000 };

/* Names that a formula may use besides the events', after them in values. */
enum counter_input {
	COUNTER_TIME,     /* time: seconds, measured */
	COUNTER_FLOPS,    /* flops: of the operations, computed from their shapes */
	COUNTER_BYTES,    /* bytes: likewise */
	COUNTER_CLOCK_HZ, /* clock_hz: of the host's cores, where it is known */
	COUNTER_INPUTS
};
extern const char *const counter_input_names[COUNTER_INPUTS];

struct counter_event {
	const char *names[COUNTER_ALTERNATIVES]; /* the first one the machine has is taken */
	unsigned n_names;
};

struct counter_metric {
	const char *name, *unit, *text;
	unsigned line, column; /* of the formula */
	struct formula *formula;
};

struct counter_group {
	const char *about, *source; /* "" when not given; source: several lines joined */
	struct counter_event events[PROF_MAX_COUNTERS];
	unsigned n_events;
	struct counter_metric metrics[COUNTER_METRICS];
	unsigned n_metrics;
	struct arena arena; /* holds the texts and formulas */
};

/* Read a group; `file` is for d, which gets file:line:column. On failure
 * nothing is left to release. */
int counter_group_parse(struct counter_group *g, const char *text, size_t bytes, const char *file,
                        struct diag *d);
int counter_group_load(struct counter_group *g, const char *file, struct diag *d);
void counter_group_release(struct counter_group *g);

#endif
