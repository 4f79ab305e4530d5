/* info.c: proftrace info: what a trace holds, and what is missing in it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/lib/support/json_text.h"
#include "tools/lib/replay/recording_cost.h"
#include "tools/proftrace/info_processes.h"
#include "tools/proftrace/proftrace.h"

static const char *clock_name(enum prof_clock_kind kind)
{
	switch (kind) {
	case PROF_CLOCK_TSC:
		return "time stamp counter";
	case PROF_CLOCK_MONOTONIC:
		return "clock_gettime(CLOCK_MONOTONIC)";
	case PROF_CLOCK_CNTVCT:
		return "virtual counter";
	default:
		return "none: imported";
	}
}

/* One line of "what: value" for people. */
static void row(const char *what, const char *value)
{
	printf("%-14s %s\n", what, value);
}

static void show_file(const struct trace *t)
{
	char buf[768], end[512], size[32];

	table_format_value(TABLE_BYTES, (double)t->size_bytes, size, sizeof(size));
	row("trace", t->path);
	snprintf(buf, sizeof(buf), "%s, %s, %s", t->is_list ? "op list" : "binary trace", size,
	         trace_end_text(t, end, sizeof(end)));
	row("file", buf);
	if (t->is_list)
		return;
	snprintf(buf, sizeof(buf), "%s, %.6g ns a tick", clock_name(t->clock), t->tick_ns);
	row("clock", buf);
	if (t->epoch_realtime_ns) {
		time_t at = (time_t)(t->epoch_realtime_ns / 1000000000);
		struct tm tm;

		if (gmtime_r(&at, &tm) && strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M:%S UTC", &tm))
			row("recorded", buf);
	}
}

static void show_operations(const struct trace *t, uint64_t operations, double time_ns)
{
	char buf[256], a[32], b[32];

	snprintf(buf, sizeof(buf), "%" PRIu64 " in %" PRIu64 " records of %u kinds on %u threads", operations,
	         t->records, t->n_descs, t->n_threads);
	row("operations", buf);
	snprintf(buf, sizeof(buf), "%s in operations, %s from the start to the last moment known (measured)",
	         table_format_value(TABLE_SECONDS, time_ns / 1e9, a, sizeof(a)),
	         table_format_value(TABLE_SECONDS, (double)t->end_ns / 1e9, b, sizeof(b)));
	row("time", time_ns > 0 ? buf : "not recorded");
	if (operations && !t->is_list) {
		snprintf(buf, sizeof(buf), "%.2f bytes of file an operation",
		         (double)t->size_bytes / (double)operations);
		row("size", buf);
	}
}

static void show_steps(const struct trace *t)
{
	uint64_t steps[3] = {0}, tokens[3] = {0};
	char buf[256];

	for (unsigned i = 0; i < t->n_steps; i++) {
		steps[t->steps[i].phase]++;
		tokens[t->steps[i].phase] += t->steps[i].tokens;
	}
	snprintf(buf, sizeof(buf),
	         "%u: %" PRIu64 " prefill (%" PRIu64 " tokens), %" PRIu64 " decode (%" PRIu64 " tokens)",
	         t->n_steps, steps[PROF_PHASE_PREFILL], tokens[PROF_PHASE_PREFILL], steps[PROF_PHASE_DECODE],
	         tokens[PROF_PHASE_DECODE]);
	row("steps", buf);
}

static void show_counters(const struct trace *t)
{
	for (unsigned i = 0; i < t->n_counters; i++)
		printf("%-14s %s (%s, %.0f ns a reading)\n", "counter", t->counters[i].name,
		       t->counters[i].kind == PROF_COUNTER_HARDWARE ? "hardware" : "software",
		       t->counters[i].read_ns);
}

static void show_energy(const struct trace *t)
{
	for (unsigned i = 0; i < t->n_domains; i++) {
		uint64_t first = 0, last = 0;
		unsigned n = 0;
		char buf[32];

		for (unsigned j = 0; j < t->n_samples; j++) {
			if (t->samples[j].domain != i + 1)
				continue;
			first = n++ ? first : t->samples[j].energy_uj;
			last = t->samples[j].energy_uj;
		}
		printf("%-14s %s: %s in %u samples (measured)\n", "energy", t->domains[i].name,
		       table_format_value(TABLE_JOULES, (double)(last - first) / 1e6, buf, sizeof(buf)), n);
	}
}

static void show_costs(const struct trace *t)
{
	struct recording_cost c = recording_cost_of(t);
	char buf[200], total[32];

	for (unsigned i = 0; i < t->n_costs; i++)
		printf("%-14s %s = %.6g (%s)\n", "cost", t->costs[i].name, t->costs[i].value,
		       strcmp(t->costs[i].name, "total_ns") ? "measured" : "estimated");
	if (isnan(c.total_ns) || !t->end_ns)
		return;
	table_format_value(TABLE_SECONDS, c.total_ns / 1e9, total, sizeof(total));
	snprintf(buf, sizeof(buf),
	         "%s in all, %.2g %% of the run (costs measured one by one, times how often)", total,
	         c.total_ns / (double)t->end_ns * 100);
	row("recording", buf);
}

static void show_missing(const struct trace *t)
{
	char left_out[256];

	for (unsigned i = 0; i < t->n_missing; i++)
		printf("%-14s counter %s: %s\n", "missing", t->missing[i].name, t->missing[i].why);
	for (unsigned i = 0; i < t->n_notes; i++)
		row("missing", t->notes[i]);
	if (!t->n_domains)
		row("missing", "energy: no meter of the host was read");
	if (t->dropped && t->n_processes == 1) { /* else notes tell it of each */
		char at[32];

		printf("%-14s the first %" PRIu64 " operation records were given up (limit on size): "
		       "the trace holds what began from %s on\n",
		       "missing", t->dropped,
		       table_format_value(TABLE_SECONDS, (double)t->kept_ns / 1e9, at, sizeof(at)));
	}
	if (*trace_left_out_text(t, left_out, sizeof(left_out)))
		row("missing", left_out);
	if (t->lost)
		printf("%-14s %" PRIu64 " operations were seen and not recorded\n", "missing", t->lost);
	for (unsigned i = 0; i < t->n_problems; i++)
		row("damaged", t->problems[i]);
}

static void show_facts(const struct trace *t)
{
	for (unsigned i = 0; i < t->n_facts; i++) {
		const struct trace_fact *f = &t->facts[i];

		printf("%-14s %s", f->key, f->value);
		if (f->process)
			printf(" (%s)", t->processes[f->process - 1].name);
		putchar('\n');
	}
}

/* Modules that calls came through; a Python with all its libraries has hundreds of others. */
static void show_modules(const struct trace *t)
{
	bool *calls = calloc((size_t)t->n_modules + 1, sizeof(*calls));
	unsigned others = 0;

	for (unsigned i = 0; calls && i < t->n_sites; i++)
		for (unsigned j = 0; j < t->sites[i].n_frames; j++)
			if (t->sites[i].frames[j].module <= t->n_modules)
				calls[t->sites[i].frames[j].module] = true;
	for (unsigned i = 0; i < t->n_modules; i++) {
		if (!calls || calls[i + 1])
			row("module", t->modules[i].path);
		else
			others++;
	}
	if (others)
		printf("%-14s and %u more, in no call site; proftrace dump --meta has all\n", "module",
		       others);
	free(calls);
}

/* Both are given what the trace's operations add up to, by process. */
static void show_text(const struct trace *t, const struct process_sums *sums, uint64_t operations,
                      double time_ns)
{
	show_file(t);
	show_facts(t);
	show_operations(t, operations, time_ns);
	info_show_processes(t, sums);
	show_steps(t);
	show_counters(t);
	show_energy(t);
	show_costs(t);
	show_modules(t);
	show_missing(t);
}

static void put_strings(const char *key, const char *const *strings, unsigned n)
{
	printf(", \"%s\": [", key);
	for (unsigned i = 0; i < n; i++) {
		fputs(i ? ", " : "", stdout);
		json_text_put(stdout, strings[i]);
	}
	putchar(']');
}

static void show_json(const struct trace *t, const struct process_sums *sums, uint64_t operations,
                      double time_ns)
{
	fputs("{\"path\": ", stdout);
	json_text_put(stdout, t->path);
	printf(", \"kind\": \"%s\", \"complete\": %s, \"size_bytes\": %" PRIu64 ", \"operations\": %" PRIu64
	       ", \"records\": %" PRIu64
	       ", \"kinds\": %u, \"threads\": %u, \"steps\": %u, \"time_ns\": %.0f, \"end_ns\": %" PRIu64
	       ", \"lost\": %" PRIu64 ", \"dropped\": %" PRIu64 ", \"kept_ns\": %" PRIu64
	       ", \"skipped\": %" PRIu64 ", \"steps_absent\": %" PRIu64 ", \"facts\": ",
	       t->is_list ? "op list" : "binary", t->state == PROF_STATE_CLOSED ? "true" : "false",
	       t->size_bytes, operations, t->records, t->n_descs, t->n_threads, t->n_steps, time_ns,
	       t->end_ns, t->lost, t->dropped, t->kept_ns, t->skipped, trace_steps_absent(t));
	info_put_facts(t, 0);
	fputs(", \"processes\": ", stdout);
	info_put_processes(t, sums);
	fputs(", \"costs\": {", stdout);
	for (unsigned i = 0; i < t->n_costs; i++) {
		fputs(i ? ", " : "", stdout);
		json_text_put(stdout, t->costs[i].name);
		printf(": %.17g", t->costs[i].value);
	}
	putchar('}');
	put_strings("notes", t->notes, t->n_notes);
	put_strings("problems", t->problems, t->n_problems);
	puts("}");
}

int command_info(int argc, char **argv)
{
	const char *format = "text";
	const struct cli_option options[] = {
	        {"--format", 0, CLI_CHOICE, "text|json", "what to print", &format, 0, 0},
	        {0},
	};
	const struct cli_command command = {"proftrace info",
	                                    "[OPTION]... TRACE",
	                                    "Say what a trace holds, and what is missing in it.",
	                                    options,
	                                    1,
	                                    1,
	                                    NULL,
	                                    false};
	struct process_sums *sums;
	struct trace_cursor *c;
	struct op_event ev;
	struct trace *t;
	uint64_t operations = 0;
	double time_ns = 0;
	char **args;
	unsigned n;
	int status = cli_parse(&command, argc, argv, &args, &n);

	if (status != CLI_GO_ON)
		return status;
	t = proftrace_open(command.tool, args[0], NULL);
	c = t ? trace_cursor_open(t) : NULL;
	sums = t ? calloc(t->n_processes, sizeof(*sums)) : NULL;
	if (!c || !sums) {
		free(sums);
		trace_cursor_close(c);
		trace_close(t);
		return CLI_BAD_INPUT;
	}
	for (; trace_cursor_next(c, &ev, NULL) == 1; operations++) {
		struct process_sums *s = &sums[trace_process_index(t, &ev)];

		time_ns += (double)ev.time_ns;
		s->time_ns += (double)ev.time_ns;
		s->operations++;
	}
	trace_cursor_close(c);
	if (!strcmp(format, "json"))
		show_json(t, sums, operations, time_ns);
	else
		show_text(t, sums, operations, time_ns);
	free(sums);
	trace_close(t);
	return cli_finish(command.tool, CLI_OK);
}
