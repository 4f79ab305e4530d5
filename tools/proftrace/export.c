/* export.c: proftrace export: a trace as an op list.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/oplist_write.h"
#include "tools/lib/support/outfile.h"
#include "tools/proftrace/proftrace.h"

static int write_list(struct trace *t, FILE *out, struct diag *d)
{
	struct trace_cursor *c = trace_cursor_open(t);
	struct oplist_writer *w = oplist_writer_new(t, out);
	struct op_event ev;
	int more = -1;

	if (!c || !w) {
		diag_set(d, "%s: out of memory", t->path);
		goto done;
	}
	while ((more = trace_cursor_next(c, &ev, d)) == 1) {
		if (oplist_write(w, &ev)) {
			more = diag_set(d, "%s: out of memory", t->path);
			break;
		}
		if (ferror(out)) /* outfile_commit says why */
			break;
	}
done:
	oplist_writer_free(w);
	trace_cursor_close(c);
	return more < 0 ? -1 : 0;
}

int command_export(int argc, char **argv)
{
	const char *output = NULL;
	const struct cli_option options[] = {
	        {"--output", 'o', CLI_STRING, "FILE", "where the list goes instead of standard output",
	         &output, 0, 0},
	        {0},
	};
	const struct cli_command command = {
	        "proftrace export",
	        "TRACE [-o FILE]",
	        "Write a trace as an op list: JSON lines, one operation a line.",
	        options,
	        1,
	        1,
	        "Read it directly wherever a trace is read, or use proftrace import.",
	        false};
	struct outfile out;
	struct diag d;
	struct trace *t;
	char **args;
	unsigned n;
	int status = cli_parse(&command, argc, argv, &args, &n);

	if (status != CLI_GO_ON)
		return status;
	t = proftrace_open(command.tool, args[0], &(struct trace_options){.children = true});
	if (!t)
		return CLI_BAD_INPUT;
	status = CLI_OK;
	if (outfile_open(&out, output, &d) || write_list(t, out.file, &d) || outfile_commit(&out, &d))
		status = cli_error(command.tool, d.text);
	outfile_abandon(&out);
	trace_close(t);
	return status;
}
