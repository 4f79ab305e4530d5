/* raw_trace.h: a reader of trace files for the tests of the runtime.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Small and strict, and written against docs/trace_format.md and the codec
 * alone, so that runtime and tools are not checked against themselves.
 */
#ifndef TESTS_UNIT_RAW_TRACE_H
#define TESTS_UNIT_RAW_TRACE_H

#include <fcntl.h>
#include <prof/trace_codec.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct raw_trace {
	uint8_t *data; /* the file, and zeros after it */
	size_t bytes;
	const struct prof_file_header *header;
	unsigned n_chunks, n_sealed, n_bad; /* chunks; those whose checksum is wrong */
	const void *found;                  /* the META record found last, and its chunk's offset */
	size_t found_in;
};

/* What is found in the operations; `op` may be null. */
struct raw_visitor {
	void (*op)(const struct prof_chunk_header *chunk, const struct prof_record *r, void *arg);
	void *arg;
	unsigned ops, events, broken; /* broken: streams that end in no record */
	uint64_t lost;
};

static inline bool raw_open(struct raw_trace *t, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY);
	ssize_t got;

	memset(t, 0, sizeof(*t));
	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	t->bytes = (size_t)st.st_size;
	t->data = calloc(1, t->bytes + sizeof(struct prof_file_header));
	got = read(fd, t->data, t->bytes);
	close(fd);
	t->header = (const void *)t->data;
	return got == (ssize_t)t->bytes && memcmp(t->header->magic, PROF_TRACE_MAGIC, 8) == 0
	       && t->header->checksum == XXH3_64bits(t->data, offsetof(struct prof_file_header, pid));
}

static inline void raw_close(struct raw_trace *t)
{
	free(t->data);
}

/* The chunk at or after *offset, which moves behind it; null at the end. */
static inline const struct prof_chunk_header *raw_chunk(struct raw_trace *t, size_t *offset)
{
	const struct prof_chunk_header *c = (const void *)(t->data + *offset);

	/* One that is being used again, its size being limited. */
	while (t->header->kept_tick && *offset % PROF_CHUNK_ALIGN == 0 && *offset + sizeof(*c) <= t->bytes
	       && !c->magic) {
		*offset += PROF_CHUNK_ALIGN;
		c = (const void *)(t->data + *offset);
	}
	if (*offset + sizeof(*c) > t->bytes || c->magic != PROF_CHUNK_MAGIC)
		return NULL;
	*offset += c->size_bytes;
	t->n_chunks++;
	if (c->flags & PROF_CHUNK_SEALED) {
		t->n_sealed++;
		t->n_bad += c->checksum != XXH3_64bits(c + 1, c->used_bytes);
	}
	return c;
}

static inline const uint8_t *raw_chunk_end(const struct prof_chunk_header *c)
{
	return (const uint8_t *)(c + 1)
	       + (c->flags & PROF_CHUNK_SEALED ? c->used_bytes : c->size_bytes - sizeof(*c));
}

/* The META record after `last` (null: the first; one that this returned), over
 * all chunks. */
static inline const void *raw_meta(struct raw_trace *t, uint16_t type, const void *last)
{
	size_t offset = last && last == t->found ? t->found_in : sizeof(struct prof_file_header), at = offset;
	const struct prof_chunk_header *c;
	bool past = last == NULL;

	for (; (c = raw_chunk(t, &offset)); at = offset) {
		const uint8_t *p = (const void *)(c + 1);

		while (c->kind != PROF_CHUNK_OPS && p + sizeof(struct prof_meta) <= raw_chunk_end(c)) {
			const struct prof_meta *m = (const void *)p;

			if (!m->type)
				break;
			if (past && m->type == type) {
				t->found = m;
				t->found_in = at;
				return m;
			}
			past |= (const void *)m == last;
			p += m->size_bytes;
		}
	}
	return NULL;
}

static inline unsigned raw_count(struct raw_trace *t, uint16_t type)
{
	unsigned n = 0;

	for (const void *m = NULL; (m = raw_meta(t, type, m));)
		n++;
	return n;
}

static inline void raw_visit_chunk(const struct prof_chunk_header *c, struct raw_visitor *v)
{
	static struct prof_successor successors[PROF_SUCCESSORS];
	struct prof_stream stream = {.successors = successors};
	const uint8_t *p = (const void *)(c + 1), *end = raw_chunk_end(c), *next;
	struct prof_record r;

	memset(successors, 0, sizeof(successors));
	prof_stream_reset(&stream, c->base_tick, c->serial);
	while ((next = prof_get_record(&stream, p, end, c->n_counters, &r)) && next != p) {
		p = next;
		v->ops += !r.is_event;
		v->events += r.is_event;
		if (r.is_event && r.id == PROF_EVENT_LOST)
			v->lost += r.field[0];
		if (!r.is_event && v->op)
			v->op(c, &r, v->arg);
	}
	v->broken += next == NULL;
}

/* All operations of all threads, chunk by chunk. */
static inline void raw_visit(struct raw_trace *t, struct raw_visitor *v)
{
	size_t offset = sizeof(struct prof_file_header);
	const struct prof_chunk_header *c;

	t->n_chunks = t->n_sealed = t->n_bad = 0;
	while ((c = raw_chunk(t, &offset)))
		if (c->kind == PROF_CHUNK_OPS)
			raw_visit_chunk(c, v);
}

#endif
