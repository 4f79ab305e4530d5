/* meta.c: the META records of the trace.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/trace/meta.h"

#include <string.h>

#include "runtime/trace/chunk.h"
#include "runtime/memory.h"
#include "runtime/recorder_state.h"

#define LAST_WORDS_BYTES 1024u /* of each chunk: for a NOTE that tells why there is no further one */
#define MARK_BYTES       4096u /* what is written at an end takes less */
#define TEXT_BYTES       4096u
#define WAITING_MAX      (4u << 20)

struct entry {
	struct entry *next;
	struct prof_meta meta; /* and its rest */
};

static struct entry *first, **last = &first;
static size_t waiting_bytes;

/* A series of chunks. */
struct series {
	struct chunk chunk;
	uint8_t *at;
	uint32_t serial; /* of the next chunk */
	uint16_t kind;   /* enum prof_chunk_kind */
};

static struct series names = {.kind = PROF_CHUNK_META};
static struct series timeline = {.kind = PROF_CHUNK_TIMELINE}; /* where the size of the file is limited */

static bool is_kept(uint16_t type)
{
	return type == PROF_META_FACT || type == PROF_META_MODULE || type == PROF_META_STRING
	       || type == PROF_META_SITE || type == PROF_META_DESC || type == PROF_META_ENERGY_DOMAIN;
}

/* Where a record goes: what goes with time is given up together with the
 * operations beside it. */
static struct series *series_of(uint16_t type)
{
	bool timed = type == PROF_META_CLOCK_SYNC || type == PROF_META_ENERGY_SAMPLE || type == PROF_META_STEP
	             || type == PROF_META_STEP_END || type == PROF_META_STEP_NEXT
	             || type == PROF_META_STEP_TOOK;

	return timed && output_is_limited() ? &timeline : &names;
}

static uint32_t total_bytes(const struct iovec *parts, int n)
{
	size_t bytes = 0;

	for (int i = 0; i < n; i++)
		bytes += parts[i].iov_len;
	return (uint32_t)((bytes + 7) & ~(size_t)7);
}

/* The parts one after another; the type last, as it makes the record valid. */
static void assemble(void *record, uint16_t type, const struct iovec *parts, int n)
{
	uint8_t *p = record;
	struct prof_meta *head = record;

	for (int i = 0; i < n; i++) {
		size_t skip = i == 0 ? sizeof(*head) : 0;

		if (parts[i].iov_len > skip)
			memcpy(p + skip, (const uint8_t *)parts[i].iov_base + skip, parts[i].iov_len - skip);
		p += parts[i].iov_len;
	}
	head->reserved = 0;
	head->size_bytes = total_bytes(parts, n);
	__atomic_store_n(&head->type, type, __ATOMIC_RELEASE);
}

static void put(struct series *s, uint16_t type, const struct iovec *parts, int n)
{
	assemble(s->at, type, parts, n);
	s->at += total_bytes(parts, n);
}

static void close_series(struct series *s)
{
	if (s->chunk.head && s->kind == PROF_CHUNK_TIMELINE)
		chunk_retire(&s->chunk, s->at, recorder_ticks(prof_clock()) + 1, 0);
	else if (s->chunk.head)
		chunk_seal(&s->chunk, s->at);
	chunk_forget(&s->chunk);
}

/* The full chunk stays open until there is a next one: if there is none, the
 * reason is written into it. */
static bool next_chunk(struct series *s)
{
	struct prof_chunk_header head = {.kind = s->kind, .serial = s->serial};
	struct output_why why;
	struct chunk next;

	if (!chunk_open(&next, &head, &why)) {
		recorder_halt(why.text);
		return false;
	}
	close_series(s);
	s->serial++;
	s->chunk = next;
	s->at = next.payload;
	return true;
}

static bool has_room(const struct series *s, uint32_t bytes)
{
	return s->chunk.head && bytes + LAST_WORDS_BYTES <= (size_t)(s->chunk.end - s->at);
}

uint32_t meta_timeline_chunk(uint32_t bytes)
{
	return timeline.serial + !has_room(&timeline, bytes);
}

static bool write_parts(uint16_t type, const struct iovec *parts, int n)
{
	struct series *s = series_of(type);

	if (!has_room(s, total_bytes(parts, n)) && !next_chunk(s))
		return false;
	put(s, type, parts, n);
	return true;
}

static const struct prof_meta *keep(uint16_t type, const struct iovec *parts, int n)
{
	uint32_t bytes = total_bytes(parts, n);
	struct entry *entry = memory_alloc(offsetof(struct entry, meta) + bytes);

	if (!entry)
		return NULL;
	assemble(&entry->meta, type, parts, n);
	*last = entry;
	last = &entry->next;
	return &entry->meta;
}

const void *meta_add(uint16_t type, const struct iovec *parts, int n)
{
	const struct prof_meta *kept = NULL;
	bool is_open = recorder.state == RECORDER_OPEN;

	if (recorder.state != RECORDER_ARMED && !is_open)
		return NULL;
	if (!is_open && !is_kept(type) && (waiting_bytes += total_bytes(parts, n)) > WAITING_MAX)
		return NULL;
	if (!is_open || is_kept(type))
		if (!(kept = keep(type, parts, n)))
			return NULL;
	if (is_open && !write_parts(type, parts, n))
		return NULL;
	return kept ? (const void *)kept : (const void *)&names;
}

const void *meta_find(uint16_t type, uint32_t id)
{
	for (const struct entry *e = first; e; e = e->next)
		if (e->meta.type == type && *(const uint32_t *)(&e->meta + 1) == id)
			return &e->meta;
	return NULL;
}

void meta_add_last(uint16_t type, const struct iovec *parts, int n)
{
	if (names.chunk.head && total_bytes(parts, n) <= (size_t)(names.chunk.end - names.at))
		put(&names, type, parts, n);
}

/* What was waiting and is not kept is dropped from the list: it is written
 * once, and must not be written again by a child. */
static void drop_unkept(void)
{
	struct entry **link = &first;

	waiting_bytes = 0;
	while (*link)
		if (is_kept((*link)->meta.type))
			link = &(*link)->next;
		else
			*link = (*link)->next;
	last = link;
}

bool meta_open(void)
{
	if (!next_chunk(&names)) /* the first chunk of a file is never given up */
		return false;
	for (const struct entry *e = first; e; e = e->next) {
		struct iovec part = {(void *)&e->meta, e->meta.size_bytes};

		if (!write_parts(e->meta.type, &part, 1))
			return false;
	}
	drop_unkept();
	return true;
}

void meta_close(void)
{
	close_series(&timeline);
	close_series(&names);
}

bool meta_mark(struct meta_mark *mark)
{
	if (!has_room(&names, MARK_BYTES) && !next_chunk(&names))
		return false;
	mark->serial = names.serial;
	mark->at = names.at;
	return true;
}

void meta_rewind(const struct meta_mark *mark)
{
	uint8_t *from = mark->serial == names.serial ? mark->at : names.chunk.payload;

	/* The first record's type first: then there are none behind it. */
	__atomic_store_n(&((struct prof_meta *)(void *)from)->type, 0, __ATOMIC_RELEASE);
	memset(from, 0, (size_t)(names.at - from));
	names.at = from;
}

void meta_restart(void)
{
	chunk_forget(&timeline.chunk);
	chunk_forget(&names.chunk);
	timeline.serial = names.serial = 0;
	drop_unkept();
}

struct iovec meta_text(const char *text, uint32_t *bytes)
{
	size_t n = strnlen(text, TEXT_BYTES - 1);

	*bytes = (uint32_t)n + 1;
	return (struct iovec){(void *)text, n};
}
