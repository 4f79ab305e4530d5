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

/* On standard error: where the traces are, what the run was, how to look at it;
 * or that there is no trace, and why. narrowed: the options that leave operations
 * out, as one would type them; "": none. */
void report_run(const struct run_traces *found, const struct run_times *times, const char *narrowed);

#endif
