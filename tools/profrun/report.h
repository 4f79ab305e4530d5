/* report.h: the three lines after a run.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFRUN_REPORT_H
#define TOOLS_PROFRUN_REPORT_H

#include <stdint.h>
#include <sys/types.h>

struct run_times {
	uint64_t began_realtime_ns; /* CLOCK_REALTIME before the program started */
	double wall_s;              /* from then to its end */
};

/* On standard error: where the trace is, what the run was, how to look at it;
 * or that there is no trace, and why. output: as PROFSHIM_OUTPUT had it. */
void report_run(const char *output, pid_t pid, const struct run_times *times);

#endif
