/* output_folder.c: the folder that the traces of a run's processes share.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/trace/output_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/process/files.h"
#include "runtime/process/job.h"

#define MARK          ".run" /* a symbolic link to nowhere: the run's id in hexadecimal */
#define MARK_BYTES    32
#define PROGRAM_BYTES 64
#define TRIES_MAX     20
#define KEPT_MAX      100
#define SWEEPS_MAX    8 /* a folder whose files go while it is read may have to be read again */

enum whose { OURS, ANOTHERS, NOBODYS };

/* Lock held; host stacks can be small. */
static char mark_path[OUTPUT_PATH_BYTES + 32], file_path[OUTPUT_PATH_BYTES + 260];

static bool fail(struct output_why *why, const char *path, const char *what)
{
	snprintf(why->text, sizeof(why->text), "%.256s: %s: %s", path, what, strerror(errno));
	return false;
}

static void mark_text(const uint8_t run_id[16], char text[MARK_BYTES + 1])
{
	for (unsigned i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", run_id[i]);
}

static enum whose whose_folder(const char *path, const uint8_t run_id[16])
{
	char found[MARK_BYTES + 1], wanted[MARK_BYTES + 1];

	snprintf(mark_path, sizeof(mark_path), "%s/" MARK, path);
	if (readlink(mark_path, found, sizeof(found)) != MARK_BYTES)
		return NOBODYS;
	mark_text(run_id, wanted);
	return memcmp(found, wanted, MARK_BYTES) == 0 ? OURS : ANOTHERS;
}

static void count_entry(const char *name, void *arg)
{
	if (strcmp(name, MARK) != 0)
		++*(unsigned *)arg;
}

static bool is_empty(const char *path)
{
	unsigned n = 0;

	return files_list(path, count_entry, &n) == 0 && n == 0;
}

/* False with EEXIST where there is one. A link, and no file with the id in it:
 * it comes whole, and no limit on file sizes can be in the way. */
static bool put_mark(const char *path, const uint8_t run_id[16])
{
	char text[MARK_BYTES + 1];

	mark_text(run_id, text);
	snprintf(mark_path, sizeof(mark_path), "%s/" MARK, path);
	return symlink(text, mark_path) == 0;
}

/* ---- another run's folder ---- */

static void remove_trace(const char *name, void *arg)
{
	char magic[sizeof(PROF_TRACE_MAGIC)];

	snprintf(file_path, sizeof(file_path), "%s/%.255s", (const char *)arg, name);
	if (files_read(file_path, magic, sizeof(magic)) == sizeof(magic) - 1
	    && memcmp(magic, PROF_TRACE_MAGIC, sizeof(magic) - 1) == 0)
		unlink(file_path);
}

/* A run folder kept before: its traces go, as trace.bin~ would be replaced.
 * What else somebody put there stays, and then so does the folder. */
static bool remove_kept(char *kept)
{
	if (whose_folder(kept, (const uint8_t[16]){0}) == NOBODYS)
		return false;
	for (int i = 0; i < SWEEPS_MAX && !is_empty(kept); i++)
		files_list(kept, remove_trace, kept);
	if (!is_empty(kept))
		return false;
	snprintf(mark_path, sizeof(mark_path), "%s/" MARK, kept);
	unlink(mark_path);
	return rmdir(kept) == 0;
}

static bool keep_aside(const char *path, struct output_why *why)
{
	static char kept[OUTPUT_PATH_BYTES + 8];

	for (int i = 1; i < KEPT_MAX; i++) {
		if (i == 1)
			snprintf(kept, sizeof(kept), "%s~", path);
		else
			snprintf(kept, sizeof(kept), "%s~%d", path, i);
		if (rename(path, kept) == 0 || errno == ENOENT)
			return true;
		if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
			break;
		if (remove_kept(kept) && rename(path, kept) == 0)
			return true;
	}
	return fail(why, path, "an existing folder can't be kept as NAME~");
}

/* Under a lock on the parent, and looked at again: another process of this run
 * may have done it just now. */
static bool move_anothers(const char *path, const uint8_t run_id[16], struct output_why *why)
{
	static char parent[OUTPUT_PATH_BYTES];
	bool done = true;
	int fd;

	snprintf(parent, sizeof(parent), "%s", path);
	strrchr(parent, '/')[parent[0] == '/' && strrchr(parent, '/') == parent] = 0;
	fd = output_lock_folder(parent);
	if (whose_folder(path, run_id) == ANOTHERS)
		done = keep_aside(path, why);
	if (fd >= 0)
		close(fd);
	return done;
}

bool output_folder_ready(const char *path, const uint8_t run_id[16], struct output_why *why)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		bool made = mkdir(path, 0777) == 0;
		struct stat st;

		if (!made && errno != EEXIST)
			return fail(why, path, "the folder of the run can't be made");
		if (stat(path, &st) < 0)
			continue;
		errno = ENOTDIR;
		if (!S_ISDIR(st.st_mode))
			return fail(why, path, "the folder of the run can't be made");
		switch (whose_folder(path, run_id)) {
		case OURS:
			return true;
		case NOBODYS:
			if (!made && !is_empty(path))
				return true;
			if (!put_mark(path, run_id) && errno != EEXIST && errno != ENOENT)
				return fail(why, path, "the folder of the run can't be written to");
			break; /* whose it is now */
		case ANOTHERS:
			if (!move_anothers(path, run_id, why))
				return false;
			break;
		}
	}
	errno = EBUSY;
	return fail(why, path, "the folder of the run can't be made");
}

void output_folder_file(char *name, size_t bytes)
{
	char exe[OUTPUT_PATH_BYTES / 4], *program;
	ssize_t n;

	if (job_get()->launcher) {
		snprintf(name, bytes, "rank%d.bin", job_get()->rank);
		return;
	}
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = 0;
	program = strrchr(exe, '/');
	program = program && program[1] ? program + 1 : (char[]){"program"};
	program[strnlen(program, PROGRAM_BYTES)] = 0;
	snprintf(name, bytes, "%s.%d.bin", program, getpid());
}
