/* traces.c: the traces that a run has left.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The program may have been a shell script, so that any of its descendants may
 * have written the trace, and several may have: the first one to record takes
 * the name, the others put their process id before its extension; or all are in
 * a folder, which ranks of an MPI job have without being asked. A trace belongs
 * to this run when recording began after the program was started, and all
 * traces of the run carry the run id of the first.
 */
#include "tools/profrun/traces.h"

#include <fcntl.h>
#include <glob.h>
#include <prof/trace_format.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/lib/support/arena.h"
#include "tools/profrun/gather.h"

/* Whether the file at path is a trace that began at or after began_ns. */
static bool read_header(const char *path, uint64_t began_ns, struct prof_file_header *h, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && fstat(fd, st) == 0 && read(fd, h, sizeof(*h)) == (ssize_t)sizeof(*h)
	          && !memcmp(h->magic, PROF_TRACE_MAGIC, sizeof(h->magic))
	          && h->epoch_realtime_ns >= began_ns;

	if (fd >= 0)
		close(fd);
	return ok;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Also under another folder's name: the first trace has two (gather.h). */
static bool is_known(const struct run_traces *found, const char *path, const struct stat *file)
{
	const char *base = base_of(path);
	struct stat st;

	for (unsigned i = 0; i < found->list.n; i++)
		if (!strcmp(base_of(found->list.paths[i]), base)
		    && (!strcmp(found->list.paths[i], path)
		        || (stat(found->list.paths[i], &st) == 0 && st.st_ino == file->st_ino
		            && st.st_dev == file->st_dev)))
			return true;
	return false;
}

/* Without memory a trace is left out of the report. */
static void add_trace(struct run_traces *found, const char *path, uint64_t began_ns)
{
	struct trace_folder *list = &found->list;
	struct prof_file_header h;
	struct stat st;
	char **grown, *copy;

	if (!read_header(path, began_ns, &h, &st) || is_known(found, path, &st))
		return;
	if (list->n == 0)
		memcpy(found->run_id, h.run_id, sizeof(h.run_id));
	else if (memcmp(found->run_id, h.run_id, sizeof(h.run_id)) != 0)
		return;
	grown = array_grow(list->paths, &list->capacity, list->n, sizeof(*grown));
	if (!grown)
		return;
	list->paths = grown;
	copy = strdup(path);
	if (!copy)
		return;
	grown[list->n++] = copy;
	found->bytes += (double)st.st_size;
}

/* `text` with what glob(3) would take for a pattern made literal. */
static void put_literal(char *out, size_t bytes, const char *text, size_t n)
{
	size_t used = strlen(out);

	for (size_t i = 0; i < n && used + 3 < bytes; i++) {
		if (strchr("*?[\\", text[i]))
			out[used++] = '\\';
		out[used++] = text[i];
	}
	out[used] = '\0';
}

const char *run_traces_extension(const char *path)
{
	const char *dot = strrchr(base_of(path), '.');

	return dot ? dot : path + strlen(path);
}

/* The pattern that names of further processes' traces have: "*" for the process
 * id where output has %p, else before the extension. */
static void make_pattern(const char *output, char *pattern, size_t bytes)
{
	const char *place = strstr(output, "%p");
	const char *rest = place ? place + 2 : run_traces_extension(output);

	pattern[0] = '\0';
	put_literal(pattern, bytes, output, (size_t)((place ? place : rest) - output));
	strncat(pattern, place ? "*" : ".*", bytes - strlen(pattern) - 1);
	put_literal(pattern, bytes, rest, strlen(rest));
}

static void find_files(const char *output, pid_t pid, uint64_t began_ns, struct run_traces *found)
{
	char pattern[2 * PATH_MAX], mine[PATH_MAX];
	const char *p = strstr(output, "%p");
	glob_t g;

	if (p)
		snprintf(mine, sizeof(mine), "%.*s%ld%s", (int)(p - output), output, (long)pid, p + 2);
	else
		snprintf(mine, sizeof(mine), "%s", output);
	add_trace(found, mine, began_ns);
	make_pattern(output, pattern, sizeof(pattern));
	if (glob(pattern, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++)
			add_trace(found, g.gl_pathv[i], began_ns);
		globfree(&g);
	}
}

/* Named as this run's is a folder that holds all of its traces, and no others. */
static void find_in_folder(const char *folder, uint64_t began_ns, struct run_traces *found)
{
	unsigned beside = found->list.n;
	struct trace_folder all;
	struct diag d;

	if (trace_folder_list(folder, &all, &d))
		return;
	for (unsigned i = 0; i < all.n; i++)
		add_trace(found, all.paths[i], began_ns);
	if (!beside && found->list.n == all.n)
		snprintf(found->folder, sizeof(found->folder), "%s", folder);
	trace_folder_release(&all);
}

void run_traces_find(const char *output, pid_t pid, uint64_t began_ns, struct run_traces *found)
{
	char folder[PATH_MAX];
	struct stat st;

	memset(found, 0, sizeof(*found));
	if (stat(output, &st) == 0 && S_ISDIR(st.st_mode)) {
		find_in_folder(output, began_ns, found);
		return;
	}
	find_files(output, pid, began_ns, found);
	run_traces_folder(output, folder);
	find_in_folder(folder, began_ns, found);
}

void run_traces_release(struct run_traces *found)
{
	trace_folder_release(&found->list);
}
