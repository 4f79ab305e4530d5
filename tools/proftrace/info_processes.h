/* info_processes.h: what proftrace info says of the processes of a merged trace.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFTRACE_INFO_PROCESSES_H
#define TOOLS_PROFTRACE_INFO_PROCESSES_H

#include "tools/lib/trace/trace.h"

/* What a process's operations add up to. */
struct process_sums {
	uint64_t operations;
	double time_ns;
};

/* sums: one for each process. Nothing is shown of a trace of a single one. */
void info_show_processes(const struct trace *t, const struct process_sums *sums);

/* As the value of a JSON key. */
void info_put_processes(const struct trace *t, const struct process_sums *sums);

/* The facts of one process (index plus 1), or of all (0), as a JSON object. */
void info_put_facts(const struct trace *t, uint32_t process);

#endif
