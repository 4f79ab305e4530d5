/* estimate.c: proftrace estimate: what a longer trace will weigh.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <math.h>
#include <prof/size_text.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/trace_size.h"
#include "tools/proftrace/proftrace.h"

/* A value and a half of one byte each way: most deltas of counters are some hundred to
 * some ten thousand. */
#define COUNTER_BYTES 2.0

#define MIB (1024.0 * 1024.0)

struct wish {
	int64_t steps, tokens, operations, counters;
	const char *time, *max_size;
	const char *format;
};

/* "90", "90s", "15m", "2h"; false when it is something else. */
static bool parse_time(const char *text, double *seconds)
{
	char *end;

	*seconds = text[0] >= '0' && text[0] <= '9' ? strtod(text, &end) : -1;
	if (*seconds < 0 || !isfinite(*seconds))
		return false;
	if (!*end || !strcmp(end, "s"))
		return true;
	*seconds *= !strcmp(end, "m") ? 60 : !strcmp(end, "h") ? 3600 : -1;
	return *seconds >= 0;
}

/* The run that is asked for, in steps. */
static int steps_of(const struct wish *w, const struct trace_size *s, double *steps, struct diag *d)
{
	double seconds;

	if (w->steps) {
		*steps = (double)w->steps;
		return s->has_steps ? 0 : diag_set(d, "--steps: the trace has too few steps to tell");
	}
	if (w->tokens) {
		*steps = s->step_tokens > 0 ? s->before_steps + (double)w->tokens / s->step_tokens : 0;
		return *steps > 0 ? 0
		                  : diag_set(d, "--tokens: the trace does not tell the tokens of its steps");
	}
	if (w->operations) {
		*steps = s->before_steps
		         + fmax(0, (double)w->operations - s->before_operations) / s->step_operations;
		return 0;
	}
	if (!parse_time(w->time ? w->time : "1h", &seconds))
		return diag_set(d, "--time: '%.100s' is no time: it can be a number with s, m or h", w->time);
	*steps = s->step_s > 0 ? s->before_steps + fmax(0, seconds - s->before_s) / s->step_s : 0;
	return *steps > 0 ? 0 : diag_set(d, "--time: the trace does not tell how long its steps take");
}

/* The trace as it would be with that many counters. */
static const char *change_counters(struct trace_size *s, int64_t counters)
{
	double before = s->counter_bytes;

	if (counters < 0)
		return "measured";
	if (s->n_counters) {
		s->counter_bytes *= (double)counters / s->n_counters;
		s->step_bytes += s->counter_bytes - before;
		return "modelled";
	}
	s->counter_bytes = s->step_records * (1 + COUNTER_BYTES * (double)counters) * (counters > 0);
	s->step_bytes += s->counter_bytes;
	return counters ? "assumed" : "measured";
}

static void row(struct table *t, const char *what, double value, const char *unit, const char *provenance)
{
	table_row(t);
	table_text(t, what);
	table_number(t, value);
	table_text(t, unit);
	table_text(t, provenance);
}

static void fill(struct table *t, const struct trace_size *s, const struct trace_size_run *run,
                 const char *step_source)
{
	const char *step = s->has_steps ? "steps" : "operations";
	row(t, "learned from", s->n_steady, step, "measured");
	row(t, "part that comes once", (s->once_bytes + s->before_bytes) / MIB, "MiB", "measured");
	row(t, s->has_steps ? "bytes a step" : "bytes an operation", s->step_bytes + s->step_head_bytes,
	    "bytes", step_source);
	row(t, "time of the run", run->seconds, "s", "modelled");
	if (s->has_steps)
		row(t, "steps of the run", run->steps, "", "modelled");
	row(t, "operations of the run", run->operations, "", "modelled");
	row(t, "size", run->bytes / MIB, "MiB", "modelled");
	if (s->step_s > 0)
		row(t, "growth an hour", run->step_bytes / MIB / s->step_s * 3600, "MiB", "modelled");
	if (s->step_tokens > 0)
		row(t, "growth for 1000 tokens", run->step_bytes / MIB / s->step_tokens * 1000, "MiB",
		    "modelled");
	if (!run->limit_bytes)
		return;
	row(t, "kept of it", run->kept_s, "s", "modelled");
	row(t, "kept of it", run->kept_steps, step, "modelled");
	row(t, "kept at least", run->kept_least, step, "modelled");
	row(t, "kept at most", run->kept_most, step, "modelled");
}

static int show(const char *tool, struct trace *t, const struct wish *w)
{
	static const struct table_column columns[] = {{"what", "what", TABLE_TEXT},
	                                              {"value", "value", TABLE_NUMBER},
	                                              {"unit", "unit", TABLE_TEXT},
	                                              {"provenance", "provenance", TABLE_TEXT}};
	struct trace_size_run run = {0};
	struct trace_size s;
	struct table *table;
	uint64_t limit = 0;
	const char *source;
	double steps = 0;
	struct diag d;

	if (w->max_size && (!prof_size_parse(w->max_size, &limit) || limit < PROF_MAX_SIZE_LEAST)) {
		diag_set(&d,
		         "--max-size: '%.100s' is no size: it can be a number of bytes, or one with K, M or "
		         "G, "
		         "and at least %uM",
		         w->max_size, PROF_MAX_SIZE_LEAST >> 20);
		cli_error(tool, d.text);
		return CLI_USAGE;
	}
	if (trace_size_measure(t, &s, &d) || steps_of(w, &s, &steps, &d))
		return cli_error(tool, d.text);
	source = change_counters(&s, w->counters);
	trace_size_run_of(&s, steps, &run);
	run.limit_bytes = (double)limit;
	trace_size_predict(&s, &run);
	table = table_new(columns, 4);
	if (!table)
		return cli_error(tool, "out of memory");
	fill(table, &s, &run, source);
	table_print(table, proftrace_format(w->format), cli_colour(), stdout);
	table_free(table);
	return CLI_OK;
}

int command_estimate(int argc, char **argv)
{
	struct wish w = {.counters = -1, .format = "text"};
	const struct cli_option options[] = {
	        {"--steps", 0, CLI_INT, "N", "a run of so many steps, the prompt's included", &w.steps, 1,
	         1e15},
	        {"--tokens", 0, CLI_INT, "N", "a run that generates so many tokens", &w.tokens, 1, 1e15},
	        {"--time", 0, CLI_STRING, "T", "a run so long: 90s, 15m, 2h (default: 1h)", &w.time, 0, 0},
	        {"--operations", 0, CLI_INT, "N", "a run of so many operations", &w.operations, 1, 1e15},
	        {"--counters", 0, CLI_INT, "N", "with so many counters (default: those of the trace)",
	         &w.counters, 0, PROF_MAX_COUNTERS},
	        {"--max-size", 0, CLI_STRING, "SIZE", "what PROFSHIM_MAX_SIZE of this would keep of it",
	         &w.max_size, 0, 0},
	        {"--format", 0, CLI_CHOICE, "text|json|csv", "how to print", &w.format, 0, 0},
	        {0},
	};
	const struct cli_command command = {
	        "proftrace estimate",
	        "[OPTION]... TRACE",
	        "Say what a longer trace of the same program will weigh.",
	        options,
	        1,
	        1,
	        "One of --steps, --tokens, --time and --operations says how long. The later half of the\n"
	        "trace's decode steps is taken for what is to come.",
	        false};
	struct trace *t;
	char **args;
	unsigned n;
	int status = cli_parse(&command, argc, argv, &args, &n);

	if (status != CLI_GO_ON)
		return status;
	if ((w.steps > 0) + (w.tokens > 0) + (w.operations > 0) + (w.time != NULL) > 1) {
		cli_error(command.tool, "--steps, --tokens, --time and --operations say the same: give one");
		return CLI_USAGE;
	}
	t = proftrace_open(command.tool, args[0], NULL);
	if (!t)
		return CLI_BAD_INPUT;
	status = show(command.tool, t, &w);
	trace_close(t);
	return cli_finish(command.tool, status);
}
