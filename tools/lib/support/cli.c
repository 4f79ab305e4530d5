/* cli.c: option tables, help, and what else every command line has in common.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/support/cli.h"

#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/lib/support/diag.h"

enum { OPTIONS_MAX = 64 };

/* Long arrays have pages of their own, which realloc moves instead of copying what is in
 * them. That is so at the start, but glibc gives it up when the first of them is freed. */
void cli_begin(void)
{
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

static int usage_error(const struct cli_command *c, const char *text)
{
	fprintf(stderr, "%s: error: %s; try %s --help\n", c->tool, text, c->tool);
	return CLI_USAGE;
}

static void print_option(const struct cli_option *o)
{
	char left[128];
	int used = snprintf(left, sizeof(left), o->letter ? "  -%c, " : "      ", o->letter);

	snprintf(left + used, sizeof(left) - (size_t)used, o->argument ? "%s=%s" : "%s", o->name,
	         o->argument);
	if (strlen(left) > 28)
		printf("%s\n%30s%s\n", left, "", o->help);
	else
		printf("%-30s%s\n", left, o->help);
}

static int print_help(const struct cli_command *c)
{
	static const struct cli_option common[] = {
	        {"--help", 'h', CLI_FLAG, NULL, "show this help and end", NULL, 0, 0},
	        {"--version", 0, CLI_FLAG, NULL, "show the version and end", NULL, 0, 0},
	};

	printf("Usage: %s %s\n%s\n\nOptions:\n", c->tool, c->usage, c->summary);
	for (const struct cli_option *o = c->options; o && o->name; o++)
		print_option(o);
	for (unsigned i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		print_option(&common[i]);
	if (c->epilog)
		printf("\n%s\n", c->epilog);
	return cli_finish(c->tool, CLI_OK);
}

static int print_version(const struct cli_command *c)
{
	const char *space = strchr(c->tool, ' ');

	printf("%.*s %s\n", (int)(space ? space - c->tool : (long)strlen(c->tool)), c->tool, PROF_VERSION);
	return cli_finish(c->tool, CLI_OK);
}

static bool in_choices(const char *choices, const char *value, const char **where)
{
	size_t n = strlen(value);

	for (const char *p = choices; *p;) {
		size_t len = strcspn(p, "|");

		if (len == n && !memcmp(p, value, n)) {
			*where = value;
			return true;
		}
		p += len + (p[len] == '|');
	}
	return false;
}

static int take_number(const struct cli_command *c, const struct cli_option *o, const char *value)
{
	bool whole = o->kind == CLI_INT;
	char text[512], *end = NULL;
	double v;
	int64_t i = 0;

	errno = 0;
	if (whole) {
		i = strtoll(value, &end, 10);
		v = (double)i;
	} else {
		v = strtod(value, &end);
	}
	if (end == value || *end || errno == ERANGE || !isfinite(v)) {
		snprintf(text, sizeof(text), "%s needs a %snumber, not '%.200s'", o->name,
		         whole ? "whole " : "", value);
		return usage_error(c, text);
	}
	if ((o->min != 0 || o->max != 0) && (v < o->min || v > o->max)) {
		snprintf(text, sizeof(text), "%s must be between %.15g and %.15g, not %.200s", o->name,
		         o->min, o->max, value);
		return usage_error(c, text);
	}
	if (whole)
		*(int64_t *)o->value = i;
	else
		*(double *)o->value = v;
	return CLI_GO_ON;
}

static int take_value(const struct cli_command *c, const struct cli_option *o, const char *value)
{
	struct cli_list *list = o->value;
	char text[512];
	const char **items;

	switch (o->kind) {
	case CLI_STRING:
		*(const char **)o->value = value;
		return CLI_GO_ON;
	case CLI_LIST:
		items = realloc(list->items, (list->n + 1) * sizeof(*items));
		if (!items)
			return cli_error(c->tool, "out of memory");
		list->items = items;
		list->items[list->n++] = value;
		return CLI_GO_ON;
	case CLI_CHOICE:
		if (in_choices(o->argument, value, o->value))
			return CLI_GO_ON;
		snprintf(text, sizeof(text), "%s can be %s, not '%.200s'", o->name, o->argument, value);
		return usage_error(c, text);
	case CLI_INT:
	case CLI_DOUBLE:
		return take_number(c, o, value);
	default:
		return CLI_GO_ON;
	}
}

static int unknown_option(const struct cli_command *c, const char *arg, size_t len)
{
	const char *names[OPTIONS_MAX];
	char text[512], given[128];
	const char *nearest;
	unsigned n = 0;

	for (const struct cli_option *o = c->options; o && o->name && n < OPTIONS_MAX - 2; o++)
		names[n++] = o->name;
	names[n++] = "--help";
	names[n++] = "--version";
	snprintf(given, sizeof(given), "%.*s", len < 100 ? (int)len : 100, arg);
	nearest = diag_nearest(given, names, n);
	if (nearest)
		snprintf(text, sizeof(text), "unknown option '%s'; did you mean '%s'?", given, nearest);
	else
		snprintf(text, sizeof(text), "unknown option '%s'", given);
	fprintf(stderr, "%s: error: %s%s%s%s\n", c->tool, text, nearest ? "" : "; try ",
	        nearest ? "" : c->tool, nearest ? "" : " --help");
	return CLI_USAGE;
}

static const struct cli_option *find_long(const struct cli_command *c, const char *name, size_t len)
{
	for (const struct cli_option *o = c->options; o && o->name; o++)
		if (strlen(o->name) == len && !memcmp(o->name, name, len))
			return o;
	return NULL;
}

static const struct cli_option *find_short(const struct cli_command *c, char letter)
{
	for (const struct cli_option *o = c->options; o && o->name; o++)
		if (letter && o->letter == letter)
			return o;
	return NULL;
}

/* One option found, its value being what follows '=' or the next argument. */
static int take_option(const struct cli_command *c, const struct cli_option *o, const char *inline_value,
                       char **argv, int *i)
{
	char text[256];

	if (o->kind == CLI_FLAG) {
		snprintf(text, sizeof(text), "%s takes no value", o->name);
		if (inline_value)
			return usage_error(c, text);
		*(bool *)o->value = true;
		return CLI_GO_ON;
	}
	if (!inline_value && !argv[*i + 1]) {
		snprintf(text, sizeof(text), "%s needs a value: %s", o->name, o->argument);
		return usage_error(c, text);
	}
	return take_value(c, o, inline_value ? inline_value : argv[++*i]);
}

static int parse_long(const struct cli_command *c, char **argv, int *i)
{
	const char *arg = argv[*i];
	size_t len = strcspn(arg, "=");
	const struct cli_option *o = find_long(c, arg, len);

	if (o)
		return take_option(c, o, arg[len] ? arg + len + 1 : NULL, argv, i);
	if (!strcmp(arg, "--help"))
		return print_help(c);
	if (!strcmp(arg, "--version"))
		return print_version(c);
	return unknown_option(c, arg, len);
}

/* "-v", "-o FILE", "-oFILE", or several flags in one word. */
static int parse_short(const struct cli_command *c, char **argv, int *i)
{
	const char *letters = argv[*i] + 1;

	for (; *letters; letters++) {
		const struct cli_option *o = find_short(c, *letters);
		int status;

		if (!o && *letters == 'h')
			return print_help(c);
		if (!o)
			return unknown_option(c, argv[*i], strlen(argv[*i]));
		if (o->kind != CLI_FLAG)
			return take_option(c, o, letters[1] ? letters + 1 : NULL, argv, i);
		status = take_option(c, o, NULL, argv, i);
		if (status != CLI_GO_ON)
			return status;
	}
	return CLI_GO_ON;
}

int cli_parse(const struct cli_command *c, int argc, char **argv, char ***args, unsigned *n_args)
{
	unsigned n = 0;
	bool only_args = false;
	char text[256];

	for (int i = 1; i < argc; i++) {
		int status = CLI_GO_ON;

		if (only_args || argv[i][0] != '-' || !argv[i][1]) {
			argv[1 + n++] = argv[i];
			only_args = only_args || c->first_ends;
		} else if (!strcmp(argv[i], "--")) {
			only_args = true;
		} else {
			status = argv[i][1] == '-' ? parse_long(c, argv, &i) : parse_short(c, argv, &i);
		}
		if (status != CLI_GO_ON)
			return status;
	}
	if (n < c->min_args || n > c->max_args) {
		snprintf(text, sizeof(text), "%s: usage is %s %s",
		         n < c->min_args ? "too few arguments" : "too many arguments", c->tool, c->usage);
		return usage_error(c, text);
	}
	*args = argv + 1;
	*n_args = n;
	return CLI_GO_ON;
}

int cli_error(const char *tool, const char *text)
{
	fprintf(stderr, "%s: error: %s\n", tool, text);
	return CLI_BAD_INPUT;
}

bool cli_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no && *no);
}

int cli_finish(const char *tool, int status)
{
	bool failed = fflush(stdout) != 0;
	int why = errno;

	failed = ferror(stdout) || failed;
	if (!failed)
		return status;
	if (why != EPIPE)
		fprintf(stderr, "%s: error: standard output: %s\n", tool, strerror(why));
	return status == CLI_OK ? CLI_BAD_INPUT : status;
}

void cli_progress(const char *what, uint64_t done, uint64_t total)
{
	static struct timespec last;
	struct timespec now;
	double since;

	if (!isatty(STDERR_FILENO))
		return;
	if (done >= total) {
		fputs("\r\033[K", stderr);
		last = (struct timespec){0, 0};
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	since = (double)(now.tv_sec - last.tv_sec) + (double)(now.tv_nsec - last.tv_nsec) / 1e9;
	if (since < 0.1)
		return;
	last = now;
	fprintf(stderr, "\r%s: %.0f %%\033[K", what, 100.0 * (double)done / (double)total);
}

const char *cli_data_dir(const char *sub, char *buf, unsigned bytes)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	exe[n > 0 ? n : 0] = 0;
	slash = strrchr(exe, '/');
	if (slash)
		*slash = 0;
	if (strcmp(exe, PROF_BUILD_BIN)) {
		slash = strrchr(exe, '/');
		if (slash)
			*slash = 0;
		snprintf(buf, bytes, "%s/share/prof/%s", exe, sub);
		if (!access(buf, R_OK))
			return buf;
	}
	snprintf(buf, bytes, "%s/%s", PROF_SOURCE_DIR, sub);
	return buf;
}
