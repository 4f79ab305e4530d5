/* ort_channel.c: where the profile of a run comes out.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/ort/ort_channel.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/process/files.h"
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
	pid_t pid;      /* of the process whose folder it is */
	pid_t user;     /* thread that took it first */
	bool shared;    /* others have since */
	bool told;      /* its options profile */
	unsigned users; /* runs with it in progress */
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

	if (!c->folder[0] && !make_folder(c)) {
		prof_note("ONNX Runtime's nodes are not recorded: no folder for its profiles in /dev/shm or "
		          "/tmp");
		return false;
	}
	snprintf(prefix, sizeof(prefix), "%s/run", c->folder);
	status = enable((OrtRunOptions *)(uintptr_t)c->options, prefix);
	c->told = !status;
	if (c->told)
		return true;
	((ort_release_fn *)api[ORT_RELEASE_STATUS])(status);
	rmdir(c->folder);
	c->folder[0] = '\0';
	return false;
}

/* Lock held. Tell the program's options to profile no longer. */
static void untell(void *const *api, struct ort_channel *c)
{
	OrtStatus *status = ((ort_disable_profiling_fn *)api[ORT_DISABLE_PROFILING])(
	        (OrtRunOptions *)(uintptr_t)c->options);

	if (status)
		((ort_release_fn *)api[ORT_RELEASE_STATUS])(status);
	c->told = status != NULL;
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

/* In a forked child the folder and the runs in progress are the parent's. */
static void make_ours(struct ort_channel *c)
{
	if (c->pid == getpid())
		return;
	c->pid = getpid();
	c->folder[0] = '\0';
	c->users = 0;
}

/* Options change only while no run has them. */
static struct ort_channel *retake(void *const *api, struct ort_channel *c, bool wanted)
{
	if (c->state == ALONE)
		return NULL;
	make_ours(c);
	if (c->users == 0 && wanted && (!c->told || !c->folder[0]) && !tell(api, c))
		return NULL;
	if (c->users == 0 && !wanted && c->told)
		untell(api, c);
	return c;
}

static struct ort_channel *take(void *const *api, const OrtRunOptions *options, bool wanted)
{
	struct ort_channel *c = find(options);
	OrtStatus *status;

	if (c)
		return retake(api, c, wanted);
	c = wanted ? find_free() : NULL;
	if (!c)
		return NULL;
	c->options = options;
	c->pid = getpid();
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

struct ort_channel *ort_channel_take(void *const *api, const OrtRunOptions *options, bool wanted,
                                     const OrtRunOptions **used)
{
	pid_t self = (pid_t)syscall(SYS_gettid);
	struct ort_channel *c;
	struct guard g;

	*used = options;
	if (!(wanted || (options && n_channels)) || !lock(&g))
		return NULL;
	c = take(api, options, wanted);
	if (c) {
		*used = c->options;
		c->users++;
		c->user = c->user ? c->user : self;
		c->shared |= c->user != self;
		c->state = c->state == IDLE ? TAKEN : c->state;
	}
	unlock(&g);
	return c;
}

static void remove_file(const char *name, void *arg)
{
	char path[FOLDER + 256];

	snprintf(path, sizeof(path), "%s/%s", (const char *)arg, name);
	unlink(path);
}

/* What is left once nobody runs is no run's any more: pieces that others cut off. */
void ort_channel_give(struct ort_channel *c)
{
	struct guard g;

	if (!lock(&g))
		return;
	c->users -= c->users != 0;
	if (c->users == 0 && c->shared)
		files_list(c->folder, remove_file, c->folder);
	c->state = c->state == TAKEN ? IDLE : c->state;
	unlock(&g);
}

/* A vforked child has its parent's channels before it. */
static bool is_over(const struct ort_channel *c)
{
	return (c->state == IDLE || c->state == USERS) && !c->users && c->pid == getpid();
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
	unsigned i = 0;

	while (i < n_channels && !is_over(&channels[i]))
		i++;
	if (i == n_channels || !lock(&g))
		return;
	for (; i < n_channels; i++)
		if (is_over(&channels[i]))
			drop(&channels[i]);
	unlock(&g);
}

/* ---- files ---- */

struct search {
	const struct ort_channel *channel;
	ort_owner_fn *owner;
	struct ort_buffer *buffer;
	struct ort_text found;
};

static bool make_room(struct ort_buffer *b, size_t bytes)
{
	size_t room = b->room ? b->room : 1 << 16;
	char *p;

	if (bytes <= b->room)
		return true;
	while (room < bytes)
		room *= 2;
	p = memory_pages(room);
	if (!p)
		return false;
	if (b->p)
		memory_unpages(b->p, b->room);
	*b = (struct ort_buffer){p, room};
	return true;
}

/* Not mapped: another run may cut the file off meanwhile. */
static struct ort_text read_file(const char *path, struct ort_buffer *buffer)
{
	struct ort_text text = {NULL, 0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t got;

	if (fd < 0)
		return text;
	if (fstat(fd, &st) == 0 && st.st_size > 0 && make_room(buffer, (size_t)st.st_size)) {
		text.p = buffer->p;
		while (text.n < (size_t)st.st_size
		       && (got = read(fd, buffer->p + text.n, (size_t)st.st_size - text.n)) > 0)
			text.n += (size_t)got;
	}
	close(fd);
	return text;
}

static void look(const char *name, void *arg)
{
	struct search *s = arg;
	char path[FOLDER + 256];
	struct ort_text text;

	if (s->found.p)
		return;
	snprintf(path, sizeof(path), "%s/%s", s->channel->folder, name);
	text = read_file(path, s->buffer);
	if (text.p && s->channel->state == USERS && s->channel->shared && s->owner(text) != ORT_MINE)
		return;
	unlink(path);
	s->found = text;
}

bool ort_channel_read(const struct ort_channel *c, ort_owner_fn *owner, struct ort_buffer *buffer,
                      struct ort_text *text)
{
	struct search s = {.channel = c, .owner = owner, .buffer = buffer};

	files_list(c->folder, look, &s);
	*text = s.found;
	return s.found.p != NULL;
}
