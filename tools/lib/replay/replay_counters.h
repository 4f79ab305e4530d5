/* replay_counters.h: the recorded run's counters, phase by phase.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_REPLAY_REPLAY_COUNTERS_H
#define TOOLS_LIB_REPLAY_REPLAY_COUNTERS_H

#include "tools/lib/counters/counter_metrics.h"
#include "tools/lib/support/json_out.h"
#include "tools/lib/replay/measured.h"

enum { REPLAY_COUNTERS_ALL = MEASURED_PHASES, REPLAY_COUNTERS_PHASES };

struct replay_counters {
	const struct trace *trace;
	struct totals *phases, *all; /* null: the trace has no counters */
	struct metrics metrics;
	double *flops, *bytes; /* by descriptor */
	double inputs[REPLAY_COUNTERS_PHASES][COUNTER_INPUTS];
};

/* -1 without memory. */
int replay_counters_begin(struct replay_counters *c, const struct trace *t);
int replay_counters_event(struct replay_counters *c, const struct op_event *ev);
int replay_counters_end(struct replay_counters *c);
void replay_counters_release(struct replay_counters *c);

/* "counters": {NAME: {"value", "error"}, ...}, "metrics": {...}, "counted_slices",
 * "slices", "estimated_slices" into the object in progress, of a phase or of
 * all; nothing when there are none. */
void replay_counters_json(const struct replay_counters *c, unsigned phase, struct json_out *j);

/* How they came about, in a sentence; "" when there are none. */
void replay_counters_note(const struct replay_counters *c, char *buf, unsigned bytes);

#endif
