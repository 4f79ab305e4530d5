/* stats_groups.h: operations grouped by some of their keys.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFTRACE_STATS_GROUPS_H
#define TOOLS_PROFTRACE_STATS_GROUPS_H

#include "tools/lib/support/arena.h"
#include "tools/lib/support/cli.h"
#include "tools/lib/model/op_math.h"
#include "tools/lib/trace/symbolize.h"
#include "tools/lib/trace/trace.h"

enum { GROUP_KEYS_MAX = 12, GROUP_FILTERS_MAX = 32 };

struct group {
	const char *cells[GROUP_KEYS_MAX];
	unsigned number; /* in order of appearance */
	double calls, time_ns, flops, bytes;
	double recording_ns; /* of its time, what recording took; only when asked for */
	bool timed;
};

struct group_filter {
	unsigned key;
	const char *pattern;
};

struct tuple;

struct groups {
	struct trace *trace;
	struct symbolizer *symbolizer;
	struct arena arena;
	unsigned keys[GROUP_KEYS_MAX], n_keys;
	struct group_filter filters[GROUP_FILTERS_MAX];
	unsigned n_filters;
	bool by_step, by_phase, by_thread; /* some key or filter asks for it */
	struct op_work *work;              /* by descriptor */
	struct group **groups;
	unsigned n, capacity;
	struct tuple *tuples;
	unsigned n_tuples, n_slots;
};

/* Keys by their names with commas between; -1 and d for one that is unknown. */
int groups_init(struct groups *gs, struct trace *t, const char *by, const struct cli_list *filters,
                struct diag *d);
void groups_release(struct groups *gs);
const char *group_key_name(unsigned key);

/* The group of an operation, null when a filter leaves it out; -1 without memory. */
int groups_find(struct groups *gs, const struct op_event *ev, struct group **g);

#endif
