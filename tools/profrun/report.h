/* report.h: the three lines after a run.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFRUN_REPORT_H
#define TOOLS_PROFRUN_REPORT_H

#include "tools/profrun/traces.h"

struct run_times {
	uint64_t began_realtime_ns; /* CLOCK_REALTIME before the program started */
	double wall_s;              /* from then to its end */
};

/* Why no file can be made where the trace is to be; null when it can. */
const char *report_unwritable(const char *output);

/* On standard error: where the traces are, what the run was, how to look at it;
 * or that there is no trace, and why. output: as PROFSHIM_OUTPUT had it. narrowed:
 * the options that leave operations out, as one would type them; "": none. */
void report_run(const char *output, const struct run_traces *found, const struct run_times *times,
                const char *narrowed);

#endif
