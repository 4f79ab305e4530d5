/* merge.c: proftrace merge: the traces of several processes as one.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/lib/support/arena.h"
#include "tools/lib/trace/trace_folder.h"
#include "tools/lib/trace/trace_unite.h"
#include "tools/proftrace/proftrace.h"

/* The traces named, those of folders among them. */
struct parts {
	struct trace **traces;
	unsigned n, capacity;
};

/* One of a folder that is a merge itself is left out; one that is named is not. */
static int add_trace(const char *tool, struct parts *p, const char *path, bool in_folder)
{
	struct trace **grown = array_grow(p->traces, &p->capacity, p->n, sizeof(*grown));
	struct trace *t;

	if (!grown)
		return cli_error(tool, "out of memory");
	p->traces = grown;
	t = proftrace_open(tool, path, NULL);
	if (!t)
		return CLI_BAD_INPUT;
	if (in_folder && *trace_fact_get(t, "merge.traces"))
		trace_close(t);
	else
		grown[p->n++] = t;
	return CLI_OK;
}

static int add_argument(const char *tool, struct parts *p, const char *path)
{
	struct trace_folder list;
	struct stat st;
	struct diag d;
	int status = CLI_OK;

	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return add_trace(tool, p, path, false);
	if (trace_folder_list(path, &list, &d))
		return cli_error(tool, d.text);
	for (unsigned i = 0; i < list.n && status == CLI_OK; i++)
		status = add_trace(tool, p, list.paths[i], true);
	trace_folder_release(&list);
	return status;
}

/* What came of it, as the file itself says. */
static int report(const char *tool, const char *output)
{
	struct trace *t = proftrace_open(tool, output, NULL);

	if (!t)
		return CLI_BAD_INPUT;
	printf("%s: %" PRIu64 " records of %u processes\nclock: %s\n", output, t->records, t->n_processes,
	       trace_fact_get(t, "merge.clock"));
	for (unsigned i = 0; i < t->n_processes; i++)
		printf("%s: %u step%s\n", t->processes[i].name, t->processes[i].n_steps,
		       t->processes[i].n_steps == 1 ? "" : "s");
	trace_close(t);
	return CLI_OK;
}

static int merge(const char *tool, char **args, unsigned n, const char *output,
                 const struct unite_options *options)
{
	struct parts p = {.n = 0};
	struct diag d;
	int status = CLI_OK;

	for (unsigned i = 0; i < n && status == CLI_OK; i++)
		status = add_argument(tool, &p, args[i]);
	if (status == CLI_OK && !p.n)
		status = cli_error(tool, "there is no trace in this folder but merged ones");
	if (status == CLI_OK && trace_unite(p.traces, p.n, options, output, &d))
		status = cli_error(tool, d.text);
	for (unsigned i = 0; i < p.n; i++)
		trace_close(p.traces[i]);
	free(p.traces);
	return status == CLI_OK ? report(tool, output) : status;
}

int command_merge(int argc, char **argv)
{
	struct unite_options unite = {.any_run = false};
	const char *output = NULL;
	const struct cli_option options[] = {
	        {"--output", 'o', CLI_STRING, "FILE", "where the merged trace goes", &output, 0, 0},
	        {"--any-run", 0, CLI_FLAG, NULL, "merge traces of different runs as well", &unite.any_run, 0,
	         0},
	        {0},
	};
	const struct cli_command command = {
	        "proftrace merge",
	        "[--any-run] TRACE... -o FILE",
	        "Put the traces of several processes on one clock, into one trace.",
	        options,
	        1,
	        ~0u,
	        "A folder stands for the traces in it. Each process keeps its operations, steps and "
	        "threads;\n"
	        "a meter of the machine that several of them read is counted once.",
	        false};
	char **args;
	unsigned n;
	int status = cli_parse(&command, argc, argv, &args, &n);

	if (status != CLI_GO_ON)
		return status;
	if (!output) {
		cli_error(command.tool, "no file given for the merged trace: use -o FILE");
		return CLI_USAGE;
	}
	return cli_finish(command.tool, merge(command.tool, args, n, output, &unite));
}
