/* trace_unite.h: the traces of several processes as one.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * On one clock, with one table of names; every operation, step and thread stays
 * its process's, and a meter of the machine that several processes read is
 * there once. docs/processes.md says how. Operations are streamed: memory goes
 * with what has a name, not with them.
 */
#ifndef TOOLS_LIB_TRACE_TRACE_UNITE_H
#define TOOLS_LIB_TRACE_TRACE_UNITE_H

#include <stdio.h>

#include "tools/lib/trace/trace.h"

struct unite_options {
	bool any_run; /* of different runs as well */
};

/* The n traces (opened, n at least 1) as a trace at `path`. Fails when one is
 * an op list or has no clock, when two are the same, when their runs differ. */
int trace_unite(struct trace *const *traces, unsigned n, const struct unite_options *options,
                const char *path, struct diag *d);

/* The same into a file that is open, which is closed; `name` is for messages. */
int trace_unite_stream(struct trace *const *traces, unsigned n, const struct unite_options *options,
                       FILE *file, const char *name, struct diag *d);

#endif
