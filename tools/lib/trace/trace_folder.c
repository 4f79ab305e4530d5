/* trace_folder.c: the traces in a folder, and their merge as one trace.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/trace_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/lib/trace/trace_private.h"
#include "tools/lib/trace/trace_unite.h"

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && !strcmp(name + n - m, end);
}

/* 1: a trace, 0: something else, -1: it can't be told. */
static int is_trace(const char *path, struct diag *d)
{
	char magic[sizeof(PROF_TRACE_MAGIC) - 1];
	struct stat st;
	ssize_t n;
	int fd;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return diag_set(d, "%s: %s", path, strerror(errno));
	n = read(fd, magic, sizeof(magic));
	close(fd);
	return n == (ssize_t)sizeof(magic) && !memcmp(magic, PROF_TRACE_MAGIC, sizeof(magic));
}

static int add_path(struct trace_folder *list, const char *folder, const char *name, struct diag *d)
{
	char **grown = array_grow(list->paths, &list->capacity, list->n, sizeof(*grown));
	size_t n = strlen(folder);
	char *path;
	int trace;

	if (grown)
		list->paths = grown;
	if (!grown || asprintf(&path, "%s%s%s", folder, n && folder[n - 1] == '/' ? "" : "/", name) < 0)
		return diag_set(d, "%s: out of memory", folder);
	trace = is_trace(path, d);
	if (trace > 0)
		list->paths[list->n++] = path;
	else
		free(path);
	return trace < 0 ? -1 : 0;
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

int trace_folder_list(const char *folder, struct trace_folder *list, struct diag *d)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	int result = 0;

	memset(list, 0, sizeof(*list));
	if (!dir)
		return diag_set(d, "%s: %s", folder, strerror(errno));
	while (!result && (e = readdir(dir)))
		if (e->d_name[0] != '.' && !ends_in(e->d_name, "~") && !ends_in(e->d_name, ".new")
		    && !ends_in(e->d_name, ".part"))
			result = add_path(list, folder, e->d_name, d);
	closedir(dir);
	if (!result && !list->n)
		result = diag_set(d, "%s: there is no trace in this folder", folder);
	if (result)
		trace_folder_release(list);
	else
		qsort(list->paths, list->n, sizeof(*list->paths), by_name);
	return result;
}

void trace_folder_release(struct trace_folder *list)
{
	for (unsigned i = 0; i < list->n; i++)
		free(list->paths[i]);
	free(list->paths);
	memset(list, 0, sizeof(*list));
}

/* ---- the merge ---- */

/* A file without a name. */
static int temporary_file(struct diag *d)
{
	const char *dir = getenv("TMPDIR");
	char path[4200];
	int fd;

	dir = dir && *dir ? dir : "/var/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "%.4000s/proftrace.XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return diag_set(d, "%s: %s: TMPDIR can name a folder for temporary files", dir,
		                strerror(errno));
	unlink(path);
	return fd;
}

static int unite_and_open(struct trace *const *traces, unsigned n, const char *name,
                          const struct trace_options *options, struct trace **out, struct diag *d)
{
	const struct unite_options none = {.any_run = false};
	int fd = temporary_file(d), copy, result = -1;
	FILE *stream;

	if (fd < 0)
		return -1;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	stream = copy >= 0 ? fdopen(copy, "w") : NULL;
	if (!stream) {
		diag_set(d, "%s: %s", name, strerror(errno));
		if (copy >= 0)
			close(copy);
	} else if (!trace_unite_stream(traces, n, &none, stream, name, d)) {
		result = trace_open_fd(fd, name, options, out, d);
	}
	close(fd);
	return result;
}

/* What was wrong with the parts is wrong with the whole. */
static void pass_on_problems(struct trace *whole, struct trace *const *traces, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const char *slash = strrchr(traces[i]->path, '/');

		for (unsigned j = 0; j < traces[i]->n_problems; j++)
			trace_problem(whole, "%s: %s", slash ? slash + 1 : traces[i]->path,
			              traces[i]->problems[j]);
	}
}

static int open_parts(const struct trace_folder *list, const struct trace_options *options,
                      struct trace **traces, unsigned *n, struct diag *d)
{
	struct trace_options mine = {.contexts_dir = options ? options->contexts_dir : NULL};

	for (unsigned i = 0; i < list->n; i++) {
		if (trace_open(list->paths[i], &mine, &traces[*n], d))
			return -1;
		if (*trace_fact_get(traces[*n], "merge.traces"))
			trace_close(traces[*n]);
		else
			++*n;
	}
	return 0;
}

int trace_folder_merge(const struct trace_folder *list, const char *name, const struct trace_options *options,
                       struct trace **out, struct diag *d)
{
	struct trace **traces = calloc(list->n, sizeof(*traces));
	unsigned n = 0;
	int result = -1;

	if (!traces)
		return diag_set(d, "%s: out of memory", name);
	if (open_parts(list, options, traces, &n, d))
		goto out;
	if (!n)
		diag_set(d, "%s: there is no trace in this folder but merged ones", name);
	else if (n == 1)
		result = trace_open(traces[0]->path, options, out, d);
	else
		result = unite_and_open(traces, n, name, options, out, d);
	if (!result && n > 1)
		pass_on_problems(*out, traces, n);
	if (!result && options && options->strict && (*out)->n_problems) {
		result = diag_set(d, "%s: %s", name, (*out)->problems[0]);
		trace_close(*out);
	}
out:
	for (unsigned i = 0; i < n; i++)
		trace_close(traces[i]);
	free(traces);
	return result;
}

int trace_folder_open(const char *folder, const struct trace_options *options, struct trace **out,
                      struct diag *d)
{
	struct trace_folder list;
	int result;

	if (trace_folder_list(folder, &list, d))
		return -1;
	result = trace_folder_merge(&list, folder, options, out, d);
	trace_folder_release(&list);
	return result;
}
