/* main.c: proftrace: look into traces, and turn them into text and back.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/lib/support/diag.h"
#include "tools/proftrace/proftrace.h"

static const struct {
	const char *name, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
#define PROFTRACE_COMMAND(name, help) {#name, help, command_##name},
#include "tools/proftrace/commands.def"
#undef PROFTRACE_COMMAND
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

struct trace *proftrace_open(const char *tool, const char *path, const struct trace_options *options)
{
	char problems[600];
	struct trace *t;
	struct diag d;

	if (trace_open(path, options, &t, &d)) {
		cli_error(tool, d.text);
		return NULL;
	}
	if (t->n_problems)
		fprintf(stderr, "%s: warning: %s: %s\n", tool, path,
		        trace_problems_text(t, problems, sizeof(problems)));
	return t;
}

enum table_format proftrace_format(const char *name)
{
	return !strcmp(name, "json") ? TABLE_JSON : !strcmp(name, "csv") ? TABLE_CSV : TABLE_FOR_PEOPLE;
}

const char *proftrace_phase(enum prof_phase phase)
{
	return phase == PROF_PHASE_PREFILL ? "prefill" : phase == PROF_PHASE_DECODE ? "decode" : "";
}

const char *proftrace_time(uint64_t time_ns, char *buf, unsigned bytes)
{
	snprintf(buf, bytes, "%" PRIu64 ".%09" PRIu64, time_ns / 1000000000, time_ns % 1000000000);
	return buf;
}

static int show_help(void)
{
	printf("Usage: proftrace COMMAND [OPTION]... [ARGUMENT]...\n"
	       "Look into traces of libprofshim.so, and turn them into text and back.\n\nCommands:\n");
	for (unsigned i = 0; i < COMMANDS; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].help);
	printf("  %-8s %s\n", "help", "show this help and end, or that of a command");
	printf("\nOptions:\n  -h, --help                  show this help and end\n"
	       "      --version               show the version and end\n"
	       "\nproftrace COMMAND --help tells of a command's options.\n");
	return cli_finish("proftrace", CLI_OK);
}

static int unknown_command(const char *name)
{
	const char *names[COMMANDS + 1], *nearest;

	for (unsigned i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	names[COMMANDS] = "help";
	nearest = diag_nearest(name, names, COMMANDS + 1);
	if (nearest)
		fprintf(stderr, "proftrace: error: unknown command '%.100s'; did you mean '%s'?\n", name,
		        nearest);
	else
		fprintf(stderr, "proftrace: error: unknown command '%.100s'; try proftrace --help\n", name);
	return CLI_USAGE;
}

static int run_command(const char *name, int argc, char **argv)
{
	for (unsigned i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return commands[i].run(argc, argv);
	return unknown_command(name);
}

int main(int argc, char **argv)
{
	static char help[] = "--help";
	char *as_help[] = {argv[0], help, NULL};

	cli_begin();
	if (argc < 2) {
		fprintf(stderr, "proftrace: error: no command given; try proftrace --help\n");
		return CLI_USAGE;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("proftrace %s\n", PROF_VERSION);
		return cli_finish("proftrace", CLI_OK);
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || (!strcmp(argv[1], "help") && argc == 2))
		return show_help();
	if (!strcmp(argv[1], "help") && argv[2][0] == '-')
		return show_help();
	if (!strcmp(argv[1], "help"))
		return run_command(argv[2], 2, as_help);
	return run_command(argv[1], argc - 1, argv + 1);
}
