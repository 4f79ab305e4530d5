/* output.c: the file of the trace: its growth, its end.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/trace/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/config.h"
#include "runtime/trace/output_name.h"
#include "runtime/trace/ring.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define HIGH_FD    100 /* programs that count on low descriptors are left theirs */
#define PAGE_BYTES 4096u

static struct {
	int fd;
	dev_t dev;
	ino_t ino;
	uint64_t size_bytes;
	uint64_t limit_bytes;            /* of its size: whole chunks, 0: none */
	struct prof_file_header *header; /* its page, mapped for good */
	char path[OUTPUT_PATH_BYTES];
} out = {.fd = -1};

static bool fail(struct output_why *why, const char *what)
{
	snprintf(why->text, sizeof(why->text), "%.256s: %s: %s", out.path, what, strerror(errno));
	return false;
}

static bool is_ours(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == out.dev && st.st_ino == out.ino;
}

/* Up and out of the way, where the limit on descriptors allows it. */
static int move_high(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);

	if (high < 0)
		return fd;
	close(fd);
	return high;
}

/* The program may have closed our descriptor, and may have opened another file
 * under its number: then that is the program's, and ours is opened again. */
static bool hold_file(struct output_why *why)
{
	int fd;

	if (is_ours(out.fd))
		return true;
	fd = open(out.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (!is_ours(fd)) {
		if (fd >= 0) {
			close(fd);
			errno = ESTALE;
		}
		return fail(why, "the program closed the trace, and it can't be opened again");
	}
	out.fd = move_high(fd);
	return true;
}

static bool write_zeros(uint64_t offset, uint64_t bytes)
{
	static const char zeros[PROF_CHUNK_ALIGN];

	while (bytes > 0) {
		ssize_t n =
		        pwrite(out.fd, zeros, bytes < sizeof(zeros) ? bytes : sizeof(zeros), (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		offset += (uint64_t)n;
		bytes -= (uint64_t)n;
	}
	return true;
}

/* Space on the disk, so that no store into the mapping can fail; then zeros
 * into the page cache in one go, after which the pages of the mapping come
 * three times cheaper than one by one (seen on ext4: 50 us a chunk, not 170). */
static bool reserve(uint64_t offset, uint64_t bytes)
{
	int rc;

	do
		rc = fallocate(out.fd, 0, (off_t)offset, (off_t)bytes);
	while (rc < 0 && errno == EINTR);
	if (rc < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO))
		return false; /* else the call itself can't be had, and the zeros take the space */
	return write_zeros(offset, bytes);
}

/* Going past the limit would raise SIGXFSZ: ask before. */
static bool extend(uint64_t bytes, struct output_why *why)
{
	struct rlimit limit;
	struct stat st;

	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY
	    && out.size_bytes + bytes > limit.rlim_cur) {
		errno = EFBIG;
		return fail(why, "the trace reached the limit on file sizes");
	}
	if (fstat(out.fd, &st) == 0 && (uint64_t)st.st_size < out.size_bytes) {
		errno = ESTALE;
		return fail(why, "the trace was cut short by someone");
	}
	if (!reserve(out.size_bytes, bytes))
		return fail(why, "the trace can't grow");
	return true;
}

static bool map_header(struct output_why *why)
{
	out.header = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, out.fd, 0);
	if (out.header == MAP_FAILED) {
		out.header = NULL;
		return fail(why, "the trace can't be mapped");
	}
	return true;
}

static bool set_limit(struct output_why *why)
{
	uint64_t chunks = config_get()->max_size_bytes / PROF_CHUNK_ALIGN;

	out.limit_bytes = chunks * PROF_CHUNK_ALIGN;
	if (!chunks || ring_start(chunks))
		return true;
	return fail(why, "there is no memory to keep its chunks in order");
}

/* The file gets its name last: with its header and its first chunk in place. */
bool output_open(const char *pattern, const struct prof_file_header *header, struct output_why *why)
{
	static struct output_name name; /* lock held; host stacks can be small */
	struct stat st;

	memset(why, 0, sizeof(*why));
	out.size_bytes = 0;
	if (!set_limit(why))
		return false;
	if (!output_name_begin(&name, pattern, header->run_id, why))
		return false;
	memcpy(out.path, name.temporary, sizeof(out.path));
	out.fd = move_high(name.fd);
	if (fstat(out.fd, &st) < 0) {
		fail(why, "the trace can't be examined");
		goto undo;
	}
	out.dev = st.st_dev;
	out.ino = st.st_ino;
	if (!extend(PROF_CHUNK_ALIGN, why) || !map_header(why))
		goto undo;
	memcpy(out.header, header, sizeof(*header));
	if (!output_name_end(&name, header->run_id, why))
		goto undo;
	memcpy(out.path, name.final, sizeof(out.path));
	return true;
undo:
	output_name_abandon(&name);
	output_forget();
	return false;
}

/* The oldest chunk is used again. Whoever finds the file between any two of
 * these stores finds the whole chunk or none: what it held counts as given up
 * first, then it stops being a chunk, and only then is it overwritten. (By
 * write(), which fails on a full disk where a copy is made on writing.) */
static bool give_up_oldest(uint64_t *offset, struct output_why *why)
{
	const struct ring_chunk *oldest = ring_oldest();
	uint64_t records;

	if (!oldest) {
		snprintf(why->text, sizeof(why->text),
		         "%.256s: names, shapes and the threads' open chunks alone take the %llu bytes of %s",
		         out.path, (unsigned long long)out.limit_bytes, config_name(CONFIG_MAX_SIZE));
		return false;
	}
	*offset = oldest->offset;
	records = oldest->records;
	if (oldest->end_tick > out.header->kept_tick)
		__atomic_store_n(&out.header->kept_tick, oldest->end_tick, __ATOMIC_RELEASE);
	if (!write_zeros(*offset, sizeof(struct prof_chunk_header)))
		return fail(why, "the trace can't be written");
	ring_drop();
	__atomic_store_n(&out.header->dropped_records, out.header->dropped_records + records,
	                 __ATOMIC_RELEASE);
	return write_zeros(*offset, PROF_CHUNK_ALIGN) || fail(why, "the trace can't be written");
}

static bool find_room(uint64_t *offset, struct output_why *why)
{
	if (output_is_full())
		return give_up_oldest(offset, why);
	*offset = out.size_bytes;
	if (out.size_bytes > 0 && !extend(PROF_CHUNK_ALIGN, why))
		return false;
	out.size_bytes += PROF_CHUNK_ALIGN;
	return true;
}

void *output_grow(uint64_t *offset, struct output_why *why)
{
	void *chunk;

	if (!hold_file(why) || !find_room(offset, why))
		return NULL;
	chunk = mmap(NULL, PROF_CHUNK_ALIGN, PROT_READ | PROT_WRITE, MAP_SHARED, out.fd, (off_t)*offset);
	if (chunk == MAP_FAILED) {
		fail(why, "the trace can't be mapped");
		return NULL;
	}
	madvise(chunk, PROF_CHUNK_ALIGN, MADV_POPULATE_WRITE); /* an older kernel does without */
	return chunk;
}

bool output_is_limited(void)
{
	return out.limit_bytes > 0;
}

bool output_is_full(void)
{
	return out.limit_bytes && out.size_bytes + PROF_CHUNK_ALIGN > out.limit_bytes;
}

void output_unmap(void *chunk)
{
	munmap(chunk, PROF_CHUNK_ALIGN);
}

void output_set_state(enum prof_file_state state)
{
	if (out.header)
		__atomic_store_n(&out.header->state, (uint32_t)state, __ATOMIC_RELEASE);
}

const char *output_path(void)
{
	return out.path;
}

void output_forget(void)
{
	if (out.header)
		munmap(out.header, PAGE_BYTES);
	if (is_ours(out.fd))
		close(out.fd);
	out.header = NULL;
	out.fd = -1;
	out.path[0] = 0;
}
