/* traces.h: the traces that a run has left.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFRUN_TRACES_H
#define TOOLS_PROFRUN_TRACES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tools/lib/trace/trace_folder.h"

struct run_traces {
	struct trace_folder list; /* the first is of the process that took the name */
	char folder[PATH_MAX];    /* where all of them are and nothing else; "": none asked for */
	uint8_t run_id[16];
	double bytes; /* in all */
};

/* Those of the run whose program was started at began_ns of CLOCK_REALTIME as
 * process `pid`. output: as PROFSHIM_OUTPUT had it. */
void run_traces_find(const char *output, pid_t pid, uint64_t began_ns, struct run_traces *found);

/* Where the extension of a path is, or its end. */
const char *run_traces_extension(const char *path);
void run_traces_release(struct run_traces *found);

#endif
