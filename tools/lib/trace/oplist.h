/* oplist.h: one line of an op list, taken apart.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * DESIGN.md sections 4 and 7 name the keys. What an operation is (shapes,
 * types, names) goes into a descriptor; what one execution was (times, step,
 * thread, counters) stays beside it.
 */
#ifndef TOOLS_LIB_TRACE_OPLIST_H
#define TOOLS_LIB_TRACE_OPLIST_H

#include "tools/lib/support/arena.h"
#include "tools/lib/support/diag.h"
#include "tools/lib/trace/op.h"

struct json_t;

struct oplist_op {
	struct op_desc desc;   /* strings interned in the arena; id and site are 0 */
	int64_t step;          /* -1: none */
	enum prof_phase phase; /* UNKNOWN: none */
	uint32_t step_tokens, step_sequences, step_ctx_max; /* 0: not said */
	uint64_t step_ctx_sum, step_start_ns, step_end_ns;
	bool has_start, has_time;
	uint64_t start_ns, time_ns, busy_ns;
	uint32_t n_slices, depth;
	int64_t thread;      /* -1: none */
	const char *process; /* its name, "": none */
	int64_t rank;        /* of that process, -1: none */
	unsigned n_counters;
	uint32_t n_counted;  /* slices that the counters are of */
	uint64_t counted_ns; /* and their time */
	const char *counter_names[PROF_MAX_COUNTERS];
	uint64_t counters[PROF_MAX_COUNTERS];
	unsigned n_frames;
	const char *frames[PROF_MAX_FRAMES]; /* as written: "module+0x12" */
};

/* Take one line (no newline needed at its end) apart; file and line are for d. */
int oplist_parse(const char *text, size_t bytes, struct arena *a, const char *file, unsigned line,
                 struct oplist_op *op, struct diag *d);

/* As above, of a JSON object already parsed; the object is changed. */
int oplist_take(struct json_t *object, struct arena *a, const char *file, unsigned line, struct oplist_op *op,
                struct diag *d);

#endif
