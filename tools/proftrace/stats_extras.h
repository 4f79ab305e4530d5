/* stats_extras.h: the columns of proftrace stats that have to be asked for.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Totals of counters, figures derived from them, the share of the host's peak,
 * and times less what recording cost. For programs each estimate is two
 * columns, value and error, and a row says how many slices were counted; for
 * people it is one, "1.23 G +-0.4 %".
 */
#ifndef TOOLS_PROFTRACE_STATS_EXTRAS_H
#define TOOLS_PROFTRACE_STATS_EXTRAS_H

#include "tools/lib/counters/counter_metrics.h"
#include "tools/lib/replay/recording_cost.h"
#include "tools/lib/support/table.h"
#include "tools/proftrace/stats_groups.h"

enum { EXTRAS_MAX = 2 * (PROF_MAX_COUNTERS + 64) + 8, EXTRAS_NOTE_BYTES = 400 };

struct extra_options {
	bool counters, metrics, net;
	bool self;                /* times are without those of the operations inside */
	struct cli_list formulas; /* --metric NAME=FORMULA */
	const char *host;         /* profile for the peak; null: by the CPU's name */
};

struct extra_column {
	unsigned kind, index; /* private to stats_extras.c */
};

struct extras {
	const struct extra_options *options;
	const struct groups *groups;
	struct totals *totals; /* null: the trace has no counters, or none were asked for */
	struct metrics metrics;
	struct recording_cost cost;
	double peak_flops, clock_hz; /* NaN: unknown */
	char peak_source[200];
	bool people;
	struct table_column columns[EXTRAS_MAX];
	struct extra_column kinds[EXTRAS_MAX];
	unsigned n;
	double slices, counted, borrowed; /* of all groups */

	/* --net: the operations that enclose the next one, by thread */
	struct enclosing *stacks;
};

/* -1 and d: a formula that is wrong, an unknown host, no memory. */
int extras_init(struct extras *x, struct groups *gs, const struct extra_options *o, bool people,
                struct diag *d);
void extras_release(struct extras *x);

/* Whether operations inside of others are needed too. */
bool extras_want_children(const struct extra_options *o);

/* Every operation, in the cursor's order; g null: a filter left it out. */
int extras_event(struct extras *x, struct group *g, const struct op_event *ev);

/* After the last operation; times are less recording then. */
int extras_settle(struct extras *x);

/* A column's figure; NaN: none, or a text. */
double extras_value(const struct extras *x, const struct group *g, unsigned column);

void extras_put_cells(const struct extras *x, const struct group *g, struct table *t);

/* Below a table for people: where the figures are from. */
void extras_put_notes(const struct extras *x, const struct trace *t);

#endif
