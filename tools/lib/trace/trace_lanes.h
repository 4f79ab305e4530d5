/* trace_lanes.h: streams of operations to be written.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_TRACE_TRACE_LANES_H
#define TOOLS_LIB_TRACE_TRACE_LANES_H

#include <prof/trace_codec.h>

#include "tools/lib/support/arena.h"
#include "tools/lib/trace/trace.h"
#include "tools/lib/trace/trace_file.h"

/* A stream being written: a thread of the file. */
struct lane {
	unsigned index; /* of its THREAD record, less 1 */
	uint32_t tid, process;
	struct prof_stream stream;
	struct prof_chunk_header head; /* state at the start of the chunk */
	uint8_t *payload, *p;
	uint64_t first_tick;
	uint32_t group, group_index, step; /* now */
	uint8_t ith, nth;
};

struct lanes {
	struct trace_file *file;
	const struct trace *trace;
	struct diag *diag;
	struct lane **lanes;
	unsigned n, capacity;
	uint32_t n_groups; /* groups handed out */
	uint64_t records;
};

struct lane_op {
	uint32_t desc, step; /* step: index plus 1, 0: none */
	uint64_t start, end;
	const uint64_t *counters; /* as many as the trace has, or null */
};

/* A lane of a thread (its tid and process) whose operations have all ended at
 * `start`, made when there is none; one after lane `after` when that is not ~0. Null and diag:
 * too many at once. */
struct lane *lanes_find(struct lanes *s, const struct trace_thread *of, uint64_t start, unsigned after);

int lane_group(struct lanes *s, struct lane *l, uint32_t group, unsigned ith, unsigned nth);
int lane_put(struct lanes *s, struct lane *l, const struct lane_op *op);

/* Write what is in memory still; then the THREAD records. */
int lanes_flush(struct lanes *s);
int lanes_write_threads(struct lanes *s);
void lanes_release(struct lanes *s);

#endif
