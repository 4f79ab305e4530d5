/* ort_channel.c: where the profile of a run comes out.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/ort_channel.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/files.h"
#include "runtime/guard.h"
#include "runtime/memory.h"
#include "runtime/recorder.h"

enum {
	CHANNELS = 256,
	FOLDER = 48,
	LOCK_TRIES = 100000, /* of a thread that may hold the lock no longer: ours go on without */
};

enum state {
	FREE,
	IDLE,  /* our options, for a run without any */
	TAKEN, /* the same, in a run */
	USERS, /* the program's options */
	ALONE, /* the program's, which profile for the program */
};

struct ort_channel {
	enum state state;
	pid_t pid;   /* of the process whose folder it is */
	pid_t user;  /* thread that took it first */
	bool shared; /* others have since */
	const OrtRunOptions *options;
	char folder[FOLDER];
};

static struct ort_channel channels[CHANNELS];
static unsigned n_channels; /* that were ever in use */
static pid_t holder;
static unsigned folders_made;

/* ---- the lock: a child of fork() takes it from a thread that it does not have ---- */

static bool lock(struct guard *g)
{
	pid_t self = getpid();

	guard_calm(g);
	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		pid_t seen = __atomic_load_n(&holder, __ATOMIC_RELAXED);

		if (seen != self
		    && __atomic_compare_exchange_n(&holder, &seen, self, false, __ATOMIC_ACQUIRE,
		                                   __ATOMIC_RELAXED))
			return true;
		sched_yield();
	}
	guard_uncalm(g);
	return false;
}

static void unlock(const struct guard *g)
{
	__atomic_store_n(&holder, 0, __ATOMIC_RELEASE);
	guard_uncalm(g);
}

/* ---- folders ---- */

static bool make_folder(struct ort_channel *c)
{
	static const char *const places[] = {"/dev/shm", "/tmp"};

	for (unsigned i = 0; i < 2; i++) {
		for (unsigned tries = 0; tries < 16; tries++) {
			snprintf(c->folder, sizeof(c->folder), "%s/prof-run-%d-%u", places[i], (int)getpid(),
			         folders_made++);
			if (mkdir(c->folder, 0700) == 0)
				return true;
		}
	}
	c->folder[0] = '\0';
	return false;
}

/* Lock held. Tell a channel's options where its files go. */
static bool tell(void *const *api, struct ort_channel *c)
{
	ort_enable_profiling_fn *enable = (ort_enable_profiling_fn *)api[ORT_ENABLE_PROFILING];
	char prefix[FOLDER + 8];
	OrtStatus *status;

	if (!make_folder(c)) {
		prof_note("ONNX Runtime's nodes are not recorded: no folder for its profiles in /dev/shm or "
		          "/tmp");
		return false;
	}
	c->pid = getpid();
	snprintf(prefix, sizeof(prefix), "%s/run", c->folder);
	status = enable((OrtRunOptions *)(uintptr_t)c->options, prefix);
	if (!status)
		return true;
	((ort_release_fn *)api[ORT_RELEASE_STATUS])(status);
	rmdir(c->folder);
	return false;
}

/* ---- the table; lock held ---- */

static struct ort_channel *find(const OrtRunOptions *options)
{
	for (unsigned i = 0; i < n_channels; i++) {
		struct ort_channel *c = &channels[i];

		if (options ? c->state >= USERS && c->options == options : c->state == IDLE)
			return c;
	}
	return NULL;
}

static struct ort_channel *find_free(void)
{
	unsigned i = 0;

	while (i < n_channels && channels[i].state != FREE)
		i++;
	if (i == CHANNELS) {
		prof_note("some of ONNX Runtime's nodes are not recorded: more than %d sets of run options",
		          CHANNELS);
		return NULL;
	}
	n_channels = i == n_channels ? i + 1 : n_channels;
	memset(&channels[i], 0, sizeof(channels[i]));
	return &channels[i];
}

static struct ort_channel *take(void *const *api, const OrtRunOptions *options)
{
	struct ort_channel *c = find(options);
	OrtStatus *status;

	if (c)
		return c->state == ALONE || (c->pid != getpid() && !tell(api, c)) ? NULL : c;
	c = find_free();
	if (!c)
		return NULL;
	c->options = options;
	if (!options) {
		status = ((ort_create_run_options_fn *)api[ORT_CREATE_RUN_OPTIONS])(
		        (OrtRunOptions **)(uintptr_t)&c->options);
		if (status) {
			((ort_release_fn *)api[ORT_RELEASE_STATUS])(status);
			return NULL;
		}
	}
	if (!tell(api, c))
		return NULL;
	c->state = options ? USERS : IDLE;
	return c;
}

struct ort_channel *ort_channel_take(void *const *api, const OrtRunOptions *options,
                                     const OrtRunOptions **used)
{
	pid_t self = (pid_t)syscall(SYS_gettid);
	struct ort_channel *c;
	struct guard g;

	*used = options;
	if (!lock(&g))
		return NULL;
	c = take(api, options);
	if (c) {
		*used = c->options;
		c->user = c->user ? c->user : self;
		c->shared |= c->user != self;
		c->state = c->state == IDLE ? TAKEN : c->state;
	}
	unlock(&g);
	return c;
}

void ort_channel_give(struct ort_channel *c)
{
	if (c && c->state == TAKEN)
		__atomic_store_n(&c->state, IDLE, __ATOMIC_RELEASE);
}

static void remove_file(const char *name, void *arg)
{
	char path[FOLDER + 256];

	snprintf(path, sizeof(path), "%s/%s", (const char *)arg, name);
	unlink(path);
}

static void drop(struct ort_channel *c)
{
	if (c->pid == getpid() && c->folder[0]) {
		files_list(c->folder, remove_file, c->folder);
		rmdir(c->folder);
	}
	c->state = FREE;
}

void ort_channel_forget(const OrtRunOptions *options)
{
	struct ort_channel *c;
	struct guard g;

	if (!options || !lock(&g))
		return;
	c = find(options);
	if (c)
		drop(c);
	unlock(&g);
}

void ort_channel_leave(const OrtRunOptions *options, bool alone)
{
	struct ort_channel *c;
	struct guard g;

	if (!options || !lock(&g))
		return;
	c = find(options);
	if (c)
		drop(c);
	c = alone ? find_free() : NULL;
	if (c) {
		c->options = options;
		c->state = ALONE;
	}
	unlock(&g);
}

void ort_channels_remove(void)
{
	struct guard g;

	if (!n_channels || !lock(&g))
		return;
	for (unsigned i = 0; i < n_channels; i++)
		if (channels[i].state == IDLE || channels[i].state == USERS)
			drop(&channels[i]);
	unlock(&g);
}

/* ---- files ---- */

struct search {
	const struct ort_channel *channel;
	ort_owner_fn *owner;
	struct ort_file found;
};

/* Not mapped: another run may cut the file off meanwhile. */
static struct ort_file read_file(const char *path)
{
	struct ort_file file = {{NULL, 0}, 0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t got;
	char *p;

	if (fd < 0)
		return file;
	if (fstat(fd, &st) == 0 && st.st_size > 0 && (p = memory_pages((size_t)st.st_size))) {
		while (file.text.n < (size_t)st.st_size
		       && (got = read(fd, p + file.text.n, (size_t)st.st_size - file.text.n)) > 0)
			file.text.n += (size_t)got;
		file.text.p = p;
		file.room = (size_t)st.st_size;
	}
	close(fd);
	return file;
}

static void look(const char *name, void *arg)
{
	struct search *s = arg;
	char path[FOLDER + 256];
	struct ort_file file;

	if (s->found.text.p)
		return;
	snprintf(path, sizeof(path), "%s/%s", s->channel->folder, name);
	file = read_file(path);
	if (file.text.p && s->channel->state == USERS
	    && s->owner(file.text, s->channel->shared) != ORT_MINE) {
		ort_channel_close(file);
		return;
	}
	unlink(path);
	s->found = file;
}

bool ort_channel_open(struct ort_channel *c, ort_owner_fn *owner, struct ort_file *file)
{
	struct search s = {.channel = c, .owner = owner};

	files_list(c->folder, look, &s);
	*file = s.found;
	return s.found.text.p != NULL;
}

void ort_channel_close(struct ort_file file)
{
	memory_unpages((void *)(uintptr_t)file.text.p, file.room);
}
