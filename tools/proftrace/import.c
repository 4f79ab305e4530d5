/* import.c: proftrace import: a trace of an op list.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/trace_write.h"
#include "tools/proftrace/proftrace.h"

int command_import(int argc, char **argv)
{
	const char *output = NULL;
	const struct cli_option options[] = {
	        {"--output", 'o', CLI_STRING, "FILE", "where the trace goes", &output, 0, 0},
	        {0},
	};
	const struct cli_command command = {
	        "proftrace import",
	        "LIST -o TRACE",
	        "Make a binary trace of an op list (or of a trace, in canonical form).",
	        options,
	        1,
	        1,
	        "The trace appears whole or not at all.",
	        false};
	struct diag d;
	struct trace *t;
	char **args;
	unsigned n;
	int status = cli_parse(&command, argc, argv, &args, &n);

	if (status != CLI_GO_ON)
		return status;
	if (!output) {
		cli_error(command.tool, "no file given for the trace: use -o TRACE");
		return CLI_USAGE;
	}
	t = proftrace_open(command.tool, args[0], &(struct trace_options){.children = true});
	if (!t)
		return CLI_BAD_INPUT;
	status = trace_write(t, output, &d) ? cli_error(command.tool, d.text) : CLI_OK;
	trace_close(t);
	return cli_finish(command.tool, status);
}
