/* trace_merge.c: binary traces, from the next commit on.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace_private.h"

int trace_chunks_read(struct trace *t, struct diag *d)
{
	return diag_set(d, "%s: binary traces are read from the next commit on", t->path);
}

int trace_meta_read(struct trace *t, struct diag *d)
{
	return 0;
}

int merge_open(struct trace_cursor *c)
{
	return -1;
}

bool merge_next(struct trace_cursor *c, struct op_event *ev)
{
	return false;
}

void merge_close(struct trace_cursor *c)
{
}
