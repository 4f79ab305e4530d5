/* output_name.c: which name the trace of this process gets.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/trace/output_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/process/job.h"
#include "runtime/trace/output_folder.h"

#define NAMES_MAX    1000
#define LOCK_TRIES   100 /* of a millisecond */
#define FOLDER_TRIES 10
#define NAME_ROOM    192 /* for what is put behind a path: a file in a folder, a process's number */

static bool fail(struct output_why *why, const char *path, const char *what)
{
	snprintf(why->text, sizeof(why->text), "%.256s: %s: %s", path, what, strerror(errno));
	return false;
}

bool output_expand(const char *pattern, int pid, char *path, size_t size)
{
	size_t n = 0;

	while (*pattern) {
		char number[16] = {*pattern, 0};
		size_t bytes;

		if (pattern[0] == '%' && pattern[1] == 'p') {
			snprintf(number, sizeof(number), "%d", pid);
			pattern++;
		}
		bytes = strlen(number);
		if (n + bytes >= size)
			return false;
		memcpy(path + n, number, bytes);
		n += bytes;
		pattern++;
	}
	path[n] = 0;
	return n > 0;
}

/* The path from the root, so that it holds when the program goes elsewhere. */
static bool absolute(char path[OUTPUT_PATH_BYTES])
{
	static char folder[OUTPUT_PATH_BYTES]; /* lock held; host stacks can be small */
	size_t folder_bytes, path_bytes = strlen(path) + 1;

	if (path[0] == '/')
		return true;
	if (!getcwd(folder, sizeof(folder)))
		return false;
	folder_bytes = strlen(folder);
	if (folder_bytes + 1 + path_bytes > OUTPUT_PATH_BYTES) {
		errno = ENAMETOOLONG;
		return false;
	}
	memmove(path + folder_bytes + 1, path, path_bytes);
	memcpy(path, folder, folder_bytes);
	path[folder_bytes] = '/';
	return true;
}

/* A lock on the folder keeps two processes from moving each other's trace
 * away. Where it can't be had within a moment it is done without. */
int output_lock_folder(const char *path)
{
	struct timespec pause = {0, 1000000};
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < LOCK_TRIES && fd >= 0; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
			break;
		nanosleep(&pause, NULL);
	}
	return fd;
}

static void lock_folder(struct output_name *name)
{
	char *slash = strrchr(name->final, '/');
	char kept = slash[1];

	slash[1] = 0;
	name->folder = output_lock_folder(name->final);
	slash[1] = kept;
}

static void unlock_folder(struct output_name *name)
{
	if (name->folder >= 0)
		close(name->folder);
	name->folder = -1;
}

/* Whether `path` asks for a folder, which it then is, without a slash behind. */
static bool asks_for_folder(char *path, bool is_one_file)
{
	size_t n = strlen(path);
	char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
	struct stat st;
	bool asks = path[n - 1] == '/' || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));

	while (n > 1 && path[n - 1] == '/')
		path[--n] = 0;
	if (asks || is_one_file || !job_is_parallel())
		return asks;
	strcpy(dot && dot > slash + 1 ? dot : path + n, ".d");
	return true;
}

static bool make_temporary(struct output_name *name)
{
	snprintf(name->temporary, sizeof(name->temporary), "%.*s.%d.new", OUTPUT_PATH_BYTES - NAME_ROOM,
	         name->final, getpid());
	unlink(name->temporary);
	name->fd = open(name->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
	return name->fd >= 0;
}

/* In the folder, which somebody may remove as soon as it is there. */
static bool begin_in_folder(struct output_name *name, const uint8_t run_id[16], struct output_why *why)
{
	size_t n = strlen(name->final);

	name->has_pid = !job_get()->launcher;
	for (int i = 0; i < FOLDER_TRIES; i++) {
		name->final[n] = 0;
		if (!output_folder_ready(name->final, run_id, why))
			return false;
		name->final[n] = '/';
		output_folder_file(name->final + n + 1, sizeof(name->final) - n - 1);
		if (make_temporary(name))
			return true;
		if (errno != ENOENT)
			break;
	}
	return fail(why, name->final, "the trace can't be created");
}

bool output_name_begin(struct output_name *name, const char *pattern, const uint8_t run_id[16],
                       struct output_why *why)
{
	name->fd = name->folder = -1;
	name->has_pid = false;
	if (!output_expand(pattern, getpid(), name->final, sizeof(name->final) - NAME_ROOM)) {
		errno = ENAMETOOLONG;
		return fail(why, pattern, "no name for a trace");
	}
	if (!absolute(name->final))
		return fail(why, pattern, "no name for a trace");
	if (strlen(name->final) + NAME_ROOM > OUTPUT_PATH_BYTES) {
		errno = ENAMETOOLONG;
		return fail(why, pattern, "no name for a trace");
	}
	if (asks_for_folder(name->final, strstr(pattern, "%p") != NULL))
		return begin_in_folder(name, run_id, why);
	return make_temporary(name) || fail(why, name->final, "the trace can't be created");
}

void output_name_abandon(struct output_name *name)
{
	unlink(name->temporary);
	unlock_folder(name);
}

/* Rename without replacing, by whichever way the file system has; EEXIST when
 * the name is taken. */
static bool claim(struct output_name *name)
{
	if (renameat2(AT_FDCWD, name->temporary, AT_FDCWD, name->final, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	if (link(name->temporary, name->final) < 0)
		return false;
	unlink(name->temporary);
	return true;
}

enum taken { TAKEN_BY_US, TAKEN_BEFORE, TAKEN_FOR_GOOD };

/* Who has the name: a trace of this run, a file of an earlier one, or
 * something that is no file and must stay where it is. */
static enum taken who_has(const char *path, const uint8_t run_id[16])
{
	struct prof_file_header header;
	enum taken taken = TAKEN_BEFORE;
	struct stat st;
	int fd;

	if (lstat(path, &st) < 0)
		return TAKEN_BEFORE;
	if (!S_ISREG(st.st_mode))
		return S_ISLNK(st.st_mode) ? TAKEN_BEFORE : TAKEN_FOR_GOOD;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return TAKEN_BEFORE;
	if (read(fd, &header, sizeof(header)) == (ssize_t)sizeof(header)
	    && memcmp(header.magic, PROF_TRACE_MAGIC, sizeof(header.magic)) == 0
	    && memcmp(header.run_id, run_id, sizeof(header.run_id)) == 0)
		taken = TAKEN_BY_US;
	close(fd);
	return taken;
}

/* trace.bin becomes trace.<pid>.bin, then trace.<pid>.<n>.bin. */
static void next_name(const char *first, struct output_name *name, int n)
{
	const char *base = strrchr(first, '/') + 1;
	const char *dot = strrchr(base, '.');
	int stem = dot && dot > base ? (int)(dot - first) : (int)strlen(first);

	if (name->has_pid)
		snprintf(name->final, OUTPUT_PATH_BYTES, "%.*s.%d%s", stem, first, n + 1, first + stem);
	else if (n == 1)
		snprintf(name->final, OUTPUT_PATH_BYTES, "%.*s.%d%s", stem, first, getpid(), first + stem);
	else
		snprintf(name->final, OUTPUT_PATH_BYTES, "%.*s.%d.%d%s", stem, first, getpid(), n,
		         first + stem);
}

static bool keep_aside(const char *path, struct output_why *why)
{
	static char kept[OUTPUT_PATH_BYTES + 2];

	snprintf(kept, sizeof(kept), "%s~", path);
	if (rename(path, kept) == 0 || errno == ENOENT)
		return true;
	return fail(why, path, "an existing file can't be kept as NAME~");
}

bool output_name_end(struct output_name *name, const uint8_t run_id[16], struct output_why *why)
{
	static char first[OUTPUT_PATH_BYTES];
	int n = 1;

	memcpy(first, name->final, sizeof(first));
	lock_folder(name);
	for (int tries = 0; tries < NAMES_MAX; tries++) {
		enum taken taken;

		if (claim(name)) {
			unlock_folder(name);
			return true;
		}
		if (errno != EEXIST)
			return fail(why, name->final, "the trace can't get its name");
		taken = who_has(name->final, run_id);
		if (taken == TAKEN_FOR_GOOD)
			return fail(why, name->final, "what has the trace's name is no file");
		if (taken == TAKEN_BEFORE && !keep_aside(name->final, why))
			return false;
		if (taken == TAKEN_BY_US)
			next_name(first, name, n++);
	}
	errno = EEXIST;
	return fail(why, first, "there are too many traces of this run");
}
