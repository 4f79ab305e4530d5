/* cli.h: what every tool's command line has in common.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A tool has a table of options; parsing, --help, and the check of the man
 * page against it derive from the table.
 */
#ifndef TOOLS_LIB_SUPPORT_CLI_H
#define TOOLS_LIB_SUPPORT_CLI_H

#include <stdbool.h>
#include <stdint.h>

enum cli_kind {
	CLI_FLAG,   /* bool */
	CLI_STRING, /* const char *; the last one wins */
	CLI_LIST,   /* struct cli_list; may be repeated */
	CLI_INT,    /* int64_t */
	CLI_DOUBLE, /* double */
	CLI_CHOICE, /* const char *, one of `argument`, "text|json|csv" */
};

struct cli_list {
	const char **items; /* malloc'ed array of borrowed strings */
	unsigned n;
};

struct cli_option {
	const char *name; /* "--arch" */
	char letter;      /* 'a' for -a, 0: none */
	enum cli_kind kind;
	const char *argument; /* "NAME"; choices for CLI_CHOICE; null for flags */
	const char *help;     /* one line, lower case, no full stop */
	void *value;          /* where it goes */
	double min, max;      /* for numbers; both 0: any */
};

struct cli_command {
	const char *tool;                 /* "proftrace stats": what errors and --help call it */
	const char *usage;                /* "[OPTION]... TRACE" */
	const char *summary;              /* one sentence */
	const struct cli_option *options; /* ended by a null name */
	unsigned min_args, max_args;      /* positional ones; max ~0u: any number */
	const char *epilog;               /* more text for --help, or null */
	bool first_ends; /* the first argument ends the options: what follows belongs to another program */
};

enum { CLI_GO_ON = -1, CLI_OK = 0, CLI_BAD_INPUT = 1, CLI_USAGE = 2 };

/* What every tool does first. */
void cli_begin(void);

/* Parse argv[1..); options and arguments may mix, "--" ends options,
 * --name=value works. Returns CLI_GO_ON with *args / *n_args (args is argv
 * rearranged), or an exit status after printing help (0), version (0) or one
 * line of usage error (2, with the nearest option for a mistyped one).
 * --help and --version are always there. */
int cli_parse(const struct cli_command *c, int argc, char **argv, char ***args, unsigned *n_args);

/* "TOOL: error: TEXT" on standard error; returns CLI_BAD_INPUT. */
int cli_error(const char *tool, const char *text);

/* Whether to colour standard output: a terminal, and NO_COLOR is not set. */
bool cli_colour(void);

/* End of a tool: flush standard output; CLI_BAD_INPUT with one line when
 * writing failed (a full disk, a closed pipe is silent). */
int cli_finish(const char *tool, int status);

/* Progress of long work on standard error when that is a terminal, at most ten
 * times a second; done >= total clears the line. */
void cli_progress(const char *what, uint64_t done, uint64_t total);

/* Where data files are: DIR/share/prof/SUB beside the executable's bin/ when
 * installed, the source tree's SUB when run from a build. Into buf; returns buf. */
const char *cli_data_dir(const char *sub, char *buf, unsigned bytes);

#endif
