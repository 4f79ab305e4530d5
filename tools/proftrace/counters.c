/* counters.c: proftrace counters: which groups of counters there are, and what they say.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Every file below the folder is read and checked, whatever is shown of it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/lib/counters/counter_families.h"
#include "tools/lib/counters/counter_groups.h"
#include "tools/proftrace/proftrace.h"

enum { FILES = 1024, FAMILIES_BYTES = 1 << 16 };

struct file {
	char family[64], group[64];
	struct counter_group content;
};

struct folder {
	const char *dir;
	struct file *files[FILES];
	unsigned n;
};

static void release(struct folder *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		counter_group_release(&f->files[i]->content);
		free(f->files[i]);
	}
	f->n = 0;
}

static int by_name(const void *a, const void *b)
{
	const struct file *x = *(struct file *const *)a, *y = *(struct file *const *)b;
	int order = strcmp(x->family, y->family);

	return order ? order : strcmp(x->group, y->group);
}

static int read_group(struct folder *f, const char *family, const char *name, struct diag *d)
{
	size_t n = strlen(name);
	struct file *file;
	char path[4600];

	if (n < 7 || strcmp(name + n - 6, ".group") != 0)
		return 0;
	snprintf(path, sizeof(path), "%s/%s/%s", f->dir, family, name);
	file = f->n < FILES ? calloc(1, sizeof(*file)) : NULL;
	if (!file)
		return diag_at(d, path, 0, 0, "no room for one more group");
	memcpy(file->family, family, strlen(family) < 63 ? strlen(family) : 63);
	memcpy(file->group, name, n - 6 < 63 ? n - 6 : 63);
	if (counter_group_load(&file->content, path, d)) {
		free(file);
		return -1;
	}
	f->files[f->n++] = file;
	return 0;
}

static int read_family(struct folder *f, const char *family, struct diag *d)
{
	struct dirent *entry;
	char path[4400];
	DIR *dir;
	int result = 0;

	snprintf(path, sizeof(path), "%s/%s", f->dir, family);
	dir = opendir(path);
	if (!dir)
		return errno == ENOTDIR ? 0 : diag_at(d, path, 0, 0, "cannot be read: %s", strerror(errno));
	while (!result && (entry = readdir(dir)))
		result = read_group(f, family, entry->d_name, d);
	closedir(dir);
	return result;
}

/* Every family that a CPU can be of has a folder. */
static int check_families(const struct folder *f, struct diag *d)
{
	static struct counter_families all;
	static char text[FAMILIES_BYTES];
	char path[4400];
	struct stat st;
	size_t bytes;
	FILE *in;

	snprintf(path, sizeof(path), "%s/families", f->dir);
	in = fopen(path, "re");
	if (!in)
		return diag_at(d, path, 0, 0, "cannot be read: %s", strerror(errno));
	bytes = fread(text, 1, sizeof(text), in);
	fclose(in);
	if (bytes == sizeof(text))
		return diag_at(d, path, 0, 0, "too large for a list of families");
	if (counter_families_parse(&all, text, bytes, path, d))
		return -1;
	for (unsigned i = 0; i < all.n; i++) {
		char folder[4500];

		snprintf(folder, sizeof(folder), "%s/%s", f->dir, all.list[i].name);
		if (stat(folder, &st) || !S_ISDIR(st.st_mode))
			return diag_at(d, path, all.list[i].line, 1, "there is no folder %s", folder);
	}
	return 0;
}

static int read_folder(struct folder *f, struct diag *d)
{
	struct dirent *entry;
	DIR *dir = opendir(f->dir);
	int result = 0;

	if (!dir)
		return diag_at(d, f->dir, 0, 0, "cannot be read: %s", strerror(errno));
	while (!result && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < 64)
			result = read_family(f, entry->d_name, d);
	closedir(dir);
	qsort(f->files, f->n, sizeof(*f->files), by_name);
	return result || check_families(f, d) ? -1 : 0;
}

/* ---- what is wanted ---- */

/* That some file is of such a family or group; `family`: which of them. */
static int check_known(const struct folder *f, const char *name, bool family, struct diag *d)
{
	const char *names[FILES], *nearest;

	for (unsigned i = 0; i < f->n; i++) {
		names[i] = family ? f->files[i]->family : f->files[i]->group;
		if (!strcmp(names[i], name))
			return 0;
	}
	nearest = diag_nearest(name, names, f->n);
	return diag_set(d, "there is no %s '%.60s'%s%s%s", family ? "family" : "group", name,
	                nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static int choose(struct folder *f, const char *family, char **groups, unsigned n, struct diag *d)
{
	unsigned kept = 0;

	if (family && check_known(f, family, true, d))
		return -1;
	for (unsigned i = 0; i < n; i++)
		if (check_known(f, groups[i], false, d))
			return -1;
	for (unsigned i = 0; i < f->n; i++) {
		struct file *file = f->files[i];
		bool wanted = n == 0;

		for (unsigned j = 0; j < n; j++)
			wanted |= !strcmp(groups[j], file->group);
		if (wanted && (!family || !strcmp(family, file->family))) {
			f->files[kept++] = file;
			continue;
		}
		counter_group_release(&file->content);
		free(file);
	}
	f->n = kept;
	if (kept)
		return 0;
	return diag_set(d, "family '%.60s' has no such group; it is taken from generic or software", family);
}

/* ---- what is shown ---- */

static void show_list(const struct folder *f, enum table_format format)
{
	static const struct table_column columns[] = {
	        {"family", "family", TABLE_TEXT},  {"group", "group", TABLE_TEXT},
	        {"events", "events", TABLE_COUNT}, {"metrics", "metrics", TABLE_COUNT},
	        {"about", "about", TABLE_TEXT},
	};
	struct table *t = table_new(columns, 5);

	for (unsigned i = 0; t && i < f->n; i++) {
		table_row(t);
		table_text(t, f->files[i]->family);
		table_text(t, f->files[i]->group);
		table_number(t, f->files[i]->content.n_events);
		table_number(t, f->files[i]->content.n_metrics);
		table_text(t, f->files[i]->content.about);
	}
	if (t)
		table_print(t, format, cli_colour(), stdout);
	table_free(t);
}

static void join(const struct counter_event *e, char *buf, size_t bytes)
{
	size_t used = 0;

	buf[0] = 0;
	for (unsigned i = 1; i < e->n_names && used < bytes; i++)
		used += (size_t)snprintf(buf + used, bytes - used, "%s%s", i > 1 ? "|" : "", e->names[i]);
}

static void start_row(struct table *t, const struct file *f, const char *kind, const char *name)
{
	table_row(t);
	table_text(t, f->family);
	table_text(t, f->group);
	table_text(t, kind);
	table_text(t, name);
}

static void show_details(const struct folder *f, enum table_format format)
{
	static const struct table_column columns[] = {
	        {"family", "family", TABLE_TEXT}, {"group", "group", TABLE_TEXT},
	        {"kind", "kind", TABLE_TEXT},     {"name", "name", TABLE_TEXT},
	        {"unit", "unit", TABLE_TEXT},     {"formula, or else", "formula", TABLE_TEXT},
	};
	struct table *t = table_new(columns, 6);
	char others[1024];

	for (unsigned i = 0; t && i < f->n; i++) {
		const struct counter_group *g = &f->files[i]->content;

		for (unsigned j = 0; j < g->n_events; j++) {
			start_row(t, f->files[i], "event", g->events[j].names[0]);
			table_text(t, "");
			join(&g->events[j], others, sizeof(others));
			table_text(t, others);
		}
		for (unsigned j = 0; j < g->n_metrics; j++) {
			start_row(t, f->files[i], "metric", g->metrics[j].name);
			table_text(t, g->metrics[j].unit);
			table_text(t, g->metrics[j].text);
		}
		start_row(t, f->files[i], "source", g->source);
	}
	if (t)
		table_print(t, format, cli_colour(), stdout);
	table_free(t);
}

/* Installed below share/prof, in the source tree below arch. */
static const char *default_dir(char *buf, unsigned bytes)
{
	struct stat st;

	cli_data_dir("counters", buf, bytes);
	return stat(buf, &st) ? cli_data_dir("arch/counters", buf, bytes) : buf;
}

int command_counters(int argc, char **argv)
{
	const char *format = "text", *family = NULL, *dir = NULL;
	const struct cli_option options[] = {
	        {"--family", 0, CLI_STRING, "NAME", "groups of one CPU family only", &family, 0, 0},
	        {"--dir", 0, CLI_STRING, "FOLDER", "where the groups are instead of those installed", &dir, 0,
	         0},
	        {"--format", 0, CLI_CHOICE, "text|json|csv", "what to print", &format, 0, 0},
	        {0},
	};
	const struct cli_command command = {
	        "proftrace counters",
	        "[OPTION]... [GROUP]...",
	        "Show the groups of counters, or the events and formulas of some.",
	        options,
	        0,
	        ~0u,
	        "All files are checked; PROFSHIM_COUNTERS takes the groups' names.",
	        false};
	static struct folder f;
	struct diag d;
	char buf[4096], **args;
	unsigned n;
	int status = cli_parse(&command, argc, argv, &args, &n);

	if (status != CLI_GO_ON)
		return status;
	f.dir = dir ? dir : default_dir(buf, sizeof(buf));
	if (read_folder(&f, &d) || choose(&f, family, args, n, &d)) {
		release(&f);
		return cli_error(command.tool, d.text);
	}
	if (n)
		show_details(&f, proftrace_format(format));
	else
		show_list(&f, proftrace_format(format));
	release(&f);
	return cli_finish(command.tool, CLI_OK);
}
