/* info_processes.c: what proftrace info says of the processes of a merged trace.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/proftrace/info_processes.h"

#include <inttypes.h>
#include <stdio.h>

#include "tools/lib/support/json_text.h"
#include "tools/lib/support/table.h"

static unsigned count_threads(const struct trace *t, uint32_t process)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->n_threads; i++)
		n += t->threads[i].process == process;
	return n;
}

/* An op list tells a process's name and rank alone. */
static void show_origin(const struct trace_process *p)
{
	char start[32];

	printf("%-14s %s: ", "process", *p->name ? p->name : "without a name");
	if (p->pid)
		printf("process %" PRIu32 " of %" PRIu32 " on machine %" PRIu32 ", from %s on: ", p->pid,
		       p->ppid, p->machine,
		       table_format_value(TABLE_SECONDS, (double)p->start_ns / 1e9, start, sizeof(start)));
}

void info_show_processes(const struct trace *t, const struct process_sums *sums)
{
	for (unsigned i = 0; i < t->n_processes && t->n_processes > 1; i++) {
		const struct trace_process *p = &t->processes[i];
		char time[32];

		show_origin(p);
		printf("%" PRIu64 " operations, %s, %u steps, %u threads\n", sums[i].operations,
		       table_format_value(TABLE_SECONDS, sums[i].time_ns / 1e9, time, sizeof(time)),
		       p->n_steps, count_threads(t, i));
	}
}

void info_put_facts(const struct trace *t, uint32_t process)
{
	const char *separator = "";

	putchar('{');
	for (unsigned i = 0; i < t->n_facts; i++) {
		if (t->facts[i].process != process)
			continue;
		fputs(separator, stdout);
		json_text_put(stdout, t->facts[i].key);
		fputs(": ", stdout);
		json_text_put(stdout, t->facts[i].value);
		separator = ", ";
	}
	putchar('}');
}

void info_put_processes(const struct trace *t, const struct process_sums *sums)
{
	putchar('[');
	for (unsigned i = 0; i < t->n_processes; i++) {
		const struct trace_process *p = &t->processes[i];

		fputs(i ? ", {\"name\": " : "{\"name\": ", stdout);
		json_text_put(stdout, p->name);
		printf(", \"pid\": %" PRIu32 ", \"ppid\": %" PRIu32 ", \"machine\": %" PRIu32, p->pid,
		       p->ppid, p->machine);
		if (p->rank >= 0)
			printf(", \"rank\": %" PRId32 ", \"ranks\": %" PRIu32, p->rank, p->ranks);
		printf(", \"start_ns\": %" PRIu64 ", \"operations\": %" PRIu64
		       ", \"time_ns\": %.0f, \"steps\": %u, \"threads\": %u, \"facts\": ",
		       p->start_ns, sums[i].operations, sums[i].time_ns, p->n_steps, count_threads(t, i));
		info_put_facts(t, i + 1);
		putchar('}');
	}
	putchar(']');
}
