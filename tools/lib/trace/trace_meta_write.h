/* trace_meta_write.h: everything of a trace but its operations, as records.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_TRACE_TRACE_META_WRITE_H
#define TOOLS_LIB_TRACE_TRACE_META_WRITE_H

#include "tools/lib/trace/trace.h"
#include "tools/lib/trace/trace_file.h"

/* Facts, modules, sites, counters, energy, descriptors, steps, costs, notes.
 * Threads and the end are written by those who know them. */
int meta_write_all(struct trace_file *f, const struct trace *t);
/* From here on, records are of this process of t (an index). Nothing is written where
 * t is of a single one, of which the header and the facts tell. */
int meta_write_process(struct trace_file *f, const struct trace *t, uint32_t process);
/* index: its place among the values of operations; ~0u: none, as it is missing. */
int meta_write_counter(struct trace_file *f, const struct trace_counter *c, uint32_t index);
int meta_write_note(struct trace_file *f, const char *text);
/* `records` as written; what was lost and skipped is as in t. */
int meta_write_end(struct trace_file *f, uint64_t tick, uint64_t records, const struct trace *t);

#endif
