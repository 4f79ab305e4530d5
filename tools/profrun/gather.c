/* gather.c: one folder for the traces of a run of several processes.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The folder is like those that the processes of a run make themselves when they are
 * asked for one: a symbolic link to nowhere, `.run`, says whose it is, and that of
 * another run is kept as NAME~.
 */
#include "tools/profrun/gather.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <prof/trace_format.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK       ".run"
#define MARK_BYTES 32
#define PATH_ROOM  300 /* behind the folder: a name in it */

enum whose { NOT_THERE, OURS, ANOTHER_RUNS, NOT_MARKED };

struct folder {
	char path[PATH_MAX], mark[MARK_BYTES + 1];
};

static enum whose whose_folder(const char *path, const char *mark)
{
	char name[PATH_MAX + PATH_ROOM], found[MARK_BYTES + 1];
	struct stat st;

	snprintf(name, sizeof(name), "%s/" MARK, path);
	if (readlink(name, found, sizeof(found)) == MARK_BYTES)
		return memcmp(found, mark, MARK_BYTES) == 0 ? OURS : ANOTHER_RUNS;
	return lstat(path, &st) == 0 ? NOT_MARKED : NOT_THERE;
}

static bool is_trace(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char magic[sizeof(PROF_TRACE_MAGIC) - 1];
	bool is = fd >= 0 && read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic)
	          && memcmp(magic, PROF_TRACE_MAGIC, sizeof(magic)) == 0;

	if (fd >= 0)
		close(fd);
	return is;
}

/* What a run kept before goes, as trace.bin~ is replaced: its traces and its mark. A
 * folder in which there is anything else stays. */
static bool remove_kept(const char *path)
{
	char name[PATH_MAX + PATH_ROOM];
	const struct dirent *e;
	DIR *dir;

	if (whose_folder(path, "") != ANOTHER_RUNS || !(dir = opendir(path)))
		return false;
	while ((e = readdir(dir))) {
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (is_trace(name))
			unlink(name);
	}
	closedir(dir);
	snprintf(name, sizeof(name), "%s/" MARK, path);
	unlink(name);
	return rmdir(path) == 0;
}

static bool keep_aside(const char *path)
{
	char kept[PATH_MAX + 1];

	snprintf(kept, sizeof(kept), "%s~", path);
	return rename(path, kept) == 0 || (remove_kept(kept) && rename(path, kept) == 0);
}

static bool make_folder(const struct folder *f)
{
	char name[PATH_MAX + PATH_ROOM];
	enum whose whose = whose_folder(f->path, f->mark);

	if (whose == OURS)
		return true;
	if (whose == NOT_MARKED || (whose == ANOTHER_RUNS && !keep_aside(f->path)))
		return false;
	snprintf(name, sizeof(name), "%s/" MARK, f->path);
	if (mkdir(f->path, 0777) != 0)
		return false;
	if (symlink(f->mark, name) == 0)
		return true;
	rmdir(f->path);
	return false;
}

static bool has_ended(const char *path)
{
	struct prof_file_header h;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ended = fd >= 0 && read(fd, &h, sizeof(h)) == (ssize_t)sizeof(h) && kill((pid_t)h.pid, 0) != 0
	             && errno == ESRCH;

	if (fd >= 0)
		close(fd);
	return ended;
}

static bool is_same(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_ino == other.st_ino
	       && one.st_dev == other.st_dev;
}

/* One more name for the trace; the new one is told. A process that runs on may open
 * its trace again, by the old one. */
static bool take_in(const struct folder *f, char **path, bool is_first)
{
	const char *slash = strrchr(*path, '/');
	char *name;

	if (asprintf(&name, "%s/%s", f->path, slash ? slash + 1 : *path) < 0)
		return false;
	if (link(*path, name) != 0 && !(errno == EEXIST && is_same(*path, name))) {
		free(name);
		return false;
	}
	if (!is_first && has_ended(*path))
		unlink(*path);
	free(*path);
	*path = name;
	return true;
}

static bool is_in(const struct folder *f, const char *path)
{
	size_t n = strlen(f->path);

	return strncmp(path, f->path, n) == 0 && path[n] == '/';
}

void run_traces_folder(const char *output, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%.*s.d", (int)(run_traces_extension(output) - output), output);
}

void run_traces_gather(const char *output, struct run_traces *found)
{
	struct folder f;

	if (*found->folder || found->list.n < 2 || strstr(output, "%p"))
		return;
	run_traces_folder(output, f.path);
	for (unsigned i = 0; i < MARK_BYTES / 2; i++)
		snprintf(f.mark + 2 * i, 3, "%02x", found->run_id[i]);
	if (strlen(f.path) + PATH_ROOM > PATH_MAX || !make_folder(&f))
		return;
	for (unsigned i = 0; i < found->list.n; i++) {
		if (is_in(&f, found->list.paths[i]) || take_in(&f, &found->list.paths[i], i == 0))
			continue;
		return;
	}
	memcpy(found->folder, f.path, sizeof(found->folder));
}
