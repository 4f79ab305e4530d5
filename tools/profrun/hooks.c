/* hooks.c: what would be hooked in a program, how, and why not.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Only the shim inside the program can say: it is asked by PROFSHIM_LIST, and
 * writes lines (preload/user/user_list.h) to a file in memory instead of letting the
 * program run.
 */
#include "tools/profrun/hooks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/lib/support/cli.h"
#include "tools/profrun/launch.h"

enum { FIELDS_MAX = 12, LINE_BYTES = 8192 };

/* One line that was told. */
struct line {
	char *field[FIELDS_MAX]; /* those that are missing are "" */
	unsigned n;
	struct line *next;
	char text[];
};

struct answer {
	struct line *first, **last;
	bool ended;
};

static struct line *new_line(const char *text)
{
	struct line *l = calloc(1, sizeof(*l) + strlen(text) + 1);
	char *p;

	if (!l)
		return NULL;
	p = strcpy(l->text, text);
	while (p && l->n < FIELDS_MAX)
		l->field[l->n++] = strsep(&p, "\t");
	for (unsigned i = l->n; i < FIELDS_MAX; i++)
		l->field[i] = l->text + strlen(text);
	return l;
}

static int read_answer(int fd, struct answer *a, struct diag *d)
{
	FILE *f = fdopen(fd, "r");
	char text[LINE_BYTES];

	if (!f) {
		close(fd);
		return diag_set(d, "out of memory");
	}
	a->last = &a->first;
	while (fgets(text, sizeof(text), f)) {
		text[strcspn(text, "\n")] = '\0';
		a->ended = a->ended || !strcmp(text, "end");
		*a->last = new_line(text);
		if (!*a->last)
			break;
		a->last = &(*a->last)->next;
	}
	fclose(f);
	return 0;
}

static void release(struct answer *a)
{
	while (a->first) {
		struct line *next = a->first->next;

		free(a->first);
		a->first = next;
	}
}

static bool is(const struct line *l, const char *word)
{
	return !strcmp(l->field[0], word);
}

/* ---- the list ---- */

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const struct table_column list_columns[] = {
        {"function", "function", TABLE_TEXT},
        {"module", "module", TABLE_TEXT},
        {"offset", "offset", TABLE_TEXT},
        {"as", "as", TABLE_TEXT},
        {"by", "by", TABLE_TEXT},
        {"calls", "calls", TABLE_COUNT},
        {"said by", "said_by", TABLE_TEXT},
        {"why not", "why_not", TABLE_TEXT},
};

static void add_hook(struct table *t, const struct line *l, const char *file)
{
	char said[600];

	snprintf(said, sizeof(said), "%s:%s", file_name(file), l->field[1]);
	table_row(t);
	table_text(t, *l->field[4] ? l->field[4] : l->field[2]);
	table_text(t, file_name(l->field[5]));
	table_text(t, l->field[6]);
	table_text(t, l->field[3]);
	table_text(t, l->field[7]);
	table_number(t, strtod(l->field[8], NULL));
	table_text(t, said);
	table_text(t, l->field[9]);
}

/* Where the shim stands in by name, there is no offset. */
static void add_known(struct table *t, const struct line *l)
{
	char by[40];

	snprintf(by, sizeof(by), "%s%s%.20s", strcmp(l->field[6], "no") ? "built in" : "",
	         !strcmp(l->field[6], "entry") ? ", " : "", l->field[6]);
	table_row(t);
	table_text(t, l->field[1]);
	table_text(t, file_name(l->field[3]));
	table_text(t, l->field[5]);
	table_text(t, l->field[2]);
	table_text(t, by);
	table_number(t, strtod(l->field[4], NULL));
	table_text(t, "");
	table_text(t, l->field[7]);
}

/* Loaders keep names by hashes: people look for them in their order. */
static int by_name(const void *a, const void *b)
{
	const struct line *const *x = a, *const *y = b;

	return strcmp((*x)->field[1], (*y)->field[1]);
}

/* What is built in, from l on, that one module calls; the line behind it. */
static const struct line *add_module(struct table *t, const struct line *l)
{
	const struct line *end = l, **sorted;
	size_t n = 0;

	for (; end && is(end, "known") && !strcmp(end->field[3], l->field[3]); end = end->next)
		n++;
	sorted = calloc(n, sizeof(*sorted));
	for (size_t i = 0; i < n; i++, l = l->next) {
		if (sorted)
			sorted[i] = l;
		else
			add_known(t, l);
	}
	if (sorted)
		qsort((void *)sorted, n, sizeof(*sorted), by_name);
	for (size_t i = 0; sorted && i < n; i++)
		add_known(t, sorted[i]);
	free((void *)sorted);
	return end;
}

static int print_list(const struct answer *a, enum table_format format)
{
	struct table *t = table_new(list_columns, sizeof(list_columns) / sizeof(list_columns[0]));
	const struct line *l = a->first;
	const char *file = "";

	if (!t)
		return -1;
	while (l) {
		if (is(l, "known")) {
			l = add_module(t, l);
			continue;
		}
		if (is(l, "file"))
			file = l->field[1];
		else if (is(l, "hook"))
			add_hook(t, l, file);
		l = l->next;
	}
	table_print(t, format, cli_colour(), stdout);
	table_free(t);
	return 0;
}

/* ---- one function ---- */

static const struct table_column explain_columns[] = {
        {"what", "what", TABLE_TEXT},     {"function", "function", TABLE_TEXT},
        {"module", "module", TABLE_TEXT}, {"offset", "offset", TABLE_TEXT},
        {"bytes", "bytes", TABLE_COUNT},  {"calls", "calls", TABLE_COUNT},
        {"why", "why", TABLE_TEXT},
};

static void add_row(struct table *t, const char *what, const char *const text[4], const double number[2])
{
	table_row(t);
	table_text(t, what);
	for (unsigned i = 0; i < 3; i++)
		table_text(t, text[i]);
	for (unsigned i = 0; i < 2; i++)
		table_number(t, number[i]);
	table_text(t, text[3]);
}

static void add_explained(struct table *t, const struct line *l)
{
	char why[512];

	if (is(l, "function")) {
		snprintf(why, sizeof(why), "in %s: %s%s", l->field[5],
		         *l->field[6] ? "its entry can't be taken over: " : "its entry can be taken over",
		         l->field[6]);
		add_row(t, "defined", (const char *[]){l->field[1], file_name(l->field[2]), l->field[3], why},
		        (double[]){strtod(l->field[4], NULL), strtod(l->field[7], NULL)});
	} else if (is(l, "calls")) {
		snprintf(why, sizeof(why), "leads to %s", *l->field[3] ? file_name(l->field[3]) : "nothing");
		add_row(t, "called", (const char *[]){l->field[1], file_name(l->field[2]), "", why},
		        (double[]){0, strtod(l->field[4], NULL)});
	} else if (is(l, "hook")) {
		snprintf(why, sizeof(why), "as %s by line %s%s%s", l->field[3], l->field[1],
		         *l->field[9] ? ": " : "", l->field[9]);
		add_row(t, *l->field[7] && strcmp(l->field[7], "no") ? "hooked" : "not hooked",
		        (const char *[]){*l->field[4] ? l->field[4] : l->field[2], file_name(l->field[5]),
		                         l->field[6], why},
		        (double[]){0, strtod(l->field[8], NULL)});
	} else if (is(l, "known")) {
		snprintf(why, sizeof(why), "built in, family %s%s%s", l->field[2], *l->field[7] ? ": " : "",
		         l->field[7]);
		add_row(t, strcmp(l->field[6], "no") ? "hooked" : "not hooked",
		        (const char *[]){l->field[1], file_name(l->field[3]), l->field[5], why},
		        (double[]){0, strtod(l->field[4], NULL)});
	} else if (is(l, "near")) {
		add_row(t, "like it", (const char *[]){l->field[1], file_name(l->field[2]), "", l->field[3]},
		        (double[]){0, 0});
	}
}

static int print_explained(const struct answer *a, const struct hooks_request *request, struct diag *d)
{
	struct table *t = table_new(explain_columns, sizeof(explain_columns) / sizeof(explain_columns[0]));
	bool found = false;
	char near[512] = "";

	if (!t)
		return diag_set(d, "out of memory");
	for (const struct line *l = a->first; l; l = l->next) {
		add_explained(t, l);
		found = found || is(l, "function") || is(l, "calls") || is(l, "known");
		if (is(l, "near"))
			snprintf(near + strlen(near), sizeof(near) - strlen(near), "%s %s%s",
			         *near ? "," : "", l->field[1], *l->field[3] ? " (a copy of a part)" : "");
	}
	for (const struct line *l = a->first; l && !found; l = l->next)
		if (is(l, "later")) {
			snprintf(near, sizeof(near),
			         "built in, family %s: nothing that is here when the program begins has or "
			         "calls it; what it opens later may",
			         l->field[2]);
			add_row(t, "known", (const char *[]){l->field[1], "", "", near}, (double[]){0, 0});
			found = true;
		}
	if (found)
		table_print(t, request->format, cli_colour(), stdout);
	table_free(t);
	if (found)
		return 0;
	return diag_set(d,
	                "%s: there is no function of this name: it is inlined everywhere, static in a "
	                "stripped file, or called otherwise%s%s",
	                request->explain, *near ? "; there is" : "", near);
}

/* ---- asking ---- */

static int ask(const struct launch_request *program, const struct hooks_request *request, struct answer *a,
               struct diag *d)
{
	int fd = memfd_create("hooks", 0), status;
	struct launch_end end;
	char text[512];

	if (fd < 0)
		return diag_set(d, "%s", strerror(errno));
	snprintf(text, sizeof(text), "%d%s%s", fd, request->explain ? " " : "",
	         request->explain ? request->explain : "");
	if (setenv("PROFSHIM_LIST", text, 1) != 0 || launch_wait(program, &end) != 0) {
		close(fd);
		return diag_set(d, "%s: it can't be started", program->path);
	}
	status = (int)lseek(fd, 0, SEEK_SET);
	return status == 0 ? read_answer(fd, a, d) : diag_set(d, "%s", strerror(errno));
}

int hooks_tell(const struct launch_request *program, const struct hooks_request *request, struct diag *d)
{
	struct answer a = {NULL, NULL, false};
	int status = ask(program, request, &a, d);

	for (const struct line *l = a.first; l && status == 0; l = l->next)
		if (is(l, "error"))
			status = diag_set(d, "%s", l->field[1]);
	if (status == 0 && !a.ended)
		status = diag_set(d, "%s: libprofshim.so did not answer from inside it", program->path);
	if (status == 0)
		status = request->explain ? print_explained(&a, request, d) : print_list(&a, request->format);
	release(&a);
	return status;
}
