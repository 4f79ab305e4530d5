/* check.c: proftrace check: verify a trace, recover what is sound.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <inttypes.h>

#include "tools/lib/trace/trace_write.h"
#include "tools/proftrace/proftrace.h"

/* Read every operation: what is wrong inside chunks shows then. */
static int read_all(struct trace *t, uint64_t *operations, struct diag *d)
{
	struct trace_cursor *c = trace_cursor_open(t);
	struct op_event ev;
	int more;

	*operations = 0;
	if (!c)
		return diag_set(d, "%s: out of memory", t->path);
	while ((more = trace_cursor_next(c, &ev, d)) == 1)
		++*operations;
	trace_cursor_close(c);
	return more;
}

static void report(const struct trace *t, uint64_t operations)
{
	char end[512];

	for (unsigned i = 0; i < t->n_problems; i++)
		printf("%s: %s\n", t->path, t->problems[i]);
	printf("%s: %s: %" PRIu64 " operations in %" PRIu64 " records, %u steps", t->path,
	       t->n_problems ? "damaged; sound are" : "sound", operations, t->records, t->n_steps);
	if (t->state != PROF_STATE_CLOSED || t->end_reason != PROF_END_EXIT)
		printf("; %s", trace_end_text(t, end, sizeof(end)));
	if (t->dropped)
		printf("; %s%" PRIu64 " records were given up (limit on size)",
		       t->n_processes > 1 ? "" : "the first ", t->dropped);
	if (*trace_left_out_text(t, end, sizeof(end)))
		printf("; %s", end);
	if (t->lost)
		printf("; %" PRIu64 " operations were seen and not recorded", t->lost);
	putchar('\n');
}

int command_check(int argc, char **argv)
{
	const char *output = NULL;
	bool recover = false;
	const struct cli_option options[] = {
	        {"--recover", 0, CLI_FLAG, NULL, "write what is sound to the file of --output", &recover, 0,
	         0},
	        {"--output", 'o', CLI_STRING, "FILE", "where the sound part goes", &output, 0, 0},
	        {0},
	};
	const struct cli_command command = {"proftrace check",
	                                    "[--recover -o FILE] TRACE",
	                                    "Verify a trace; with --recover, write what is sound of it anew.",
	                                    options,
	                                    1,
	                                    1,
	                                    "Ends with status 1 when something is wrong with the trace.",
	                                    false};
	struct trace *t;
	struct diag d;
	uint64_t operations;
	char **args;
	unsigned n;
	int status = cli_parse(&command, argc, argv, &args, &n);

	if (status != CLI_GO_ON)
		return status;
	if (recover != (output != NULL)) {
		cli_error(command.tool, "--recover and -o FILE belong together");
		return CLI_USAGE;
	}
	if (trace_open(args[0], &(struct trace_options){.children = true}, &t, &d))
		return cli_error(command.tool, d.text);
	if (read_all(t, &operations, &d)) {
		status = cli_error(command.tool, d.text);
	} else {
		report(t, operations);
		status = t->n_problems ? CLI_BAD_INPUT : CLI_OK;
		if (recover && (t->is_list ? trace_write(t, output, &d) : trace_recover(t, output, &d)))
			status = cli_error(command.tool, d.text);
	}
	trace_close(t);
	return cli_finish(command.tool, status);
}
