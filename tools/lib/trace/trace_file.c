/* trace_file.c: write a binary trace, chunk by chunk.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/trace_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static int put(struct trace_file *f, const void *bytes, size_t n)
{
	if (n && fwrite(bytes, 1, n, f->out.file) != n)
		return diag_set(f->diag, "%s: %s", f->out.path, strerror(errno));
	f->position += n;
	return 0;
}

static int put_zeros(struct trace_file *f, size_t n)
{
	static const uint8_t zeros[4096];

	for (size_t part; n; n -= part) {
		part = n < sizeof(zeros) ? n : sizeof(zeros);
		if (put(f, zeros, part))
			return -1;
	}
	return 0;
}

static void seal_header(struct prof_file_header *h)
{
	h->checksum = XXH3_64bits(h, offsetof(struct prof_file_header, pid));
}

static int begin(struct trace_file *f, const struct prof_file_header *header)
{
	f->header = *header;
	memcpy(f->header.magic, PROF_TRACE_MAGIC, sizeof(f->header.magic));
	if (!f->header.version)
		f->header.version = PROF_TRACE_VERSION;
	f->header.header_bytes = sizeof(f->header);
	f->header.state = header->state == PROF_STATE_STOPPED ? PROF_STATE_STOPPED : PROF_STATE_CLOSED;
	seal_header(&f->header);
	return put(f, &f->header, sizeof(f->header));
}

int trace_file_open(struct trace_file *f, const char *path, const struct prof_file_header *header,
                    struct diag *d)
{
	memset(f, 0, sizeof(*f));
	f->diag = d;
	if (outfile_open(&f->out, path, d))
		return -1;
	return begin(f, header);
}

int trace_file_begin(struct trace_file *f, FILE *stream, const char *name,
                     const struct prof_file_header *header, struct diag *d)
{
	memset(f, 0, sizeof(*f));
	f->diag = d;
	f->out.file = stream;
	f->out.path = name;
	return begin(f, header);
}

uint32_t trace_file_room(const struct trace_file *f)
{
	return PROF_CHUNK_ALIGN - (uint32_t)(f->position % PROF_CHUNK_ALIGN)
	       - (uint32_t)sizeof(struct prof_chunk_header);
}

int trace_file_chunk(struct trace_file *f, const struct prof_chunk_header *head, const void *payload,
                     uint32_t used)
{
	struct prof_chunk_header h = *head;
	uint64_t end = f->position + sizeof(h) + used;

	end = (end + PROF_CHUNK_ALIGN - 1) / PROF_CHUNK_ALIGN * PROF_CHUNK_ALIGN;
	h.magic = PROF_CHUNK_MAGIC;
	h.flags = PROF_CHUNK_SEALED;
	h.size_bytes = (uint32_t)(end - f->position);
	h.used_bytes = used;
	h.checksum = XXH3_64bits(payload, used);
	if (put(f, &h, sizeof(h)) || put(f, payload, used))
		return -1;
	return put_zeros(f, end - f->position);
}

int trace_file_flush(struct trace_file *f)
{
	struct prof_chunk_header h = {.kind = PROF_CHUNK_META, .serial = f->meta_serial};

	if (!f->meta_used)
		return 0;
	if (trace_file_chunk(f, &h, f->meta, f->meta_used))
		return -1;
	f->meta_used = 0;
	f->meta_serial++;
	return 0;
}

static int make_meta_room(struct trace_file *f, size_t bytes)
{
	uint8_t *grown;

	if (f->meta_used && f->meta_used + bytes > trace_file_room(f) && trace_file_flush(f))
		return -1;
	if (f->meta_used + bytes <= f->meta_capacity)
		return 0;
	grown = realloc(f->meta, f->meta_used + bytes + PROF_CHUNK_ALIGN);
	if (!grown)
		return diag_set(f->diag, "%s: out of memory", f->out.path);
	f->meta = grown;
	f->meta_capacity = (uint32_t)(f->meta_used + bytes + PROF_CHUNK_ALIGN);
	return 0;
}

int trace_file_meta(struct trace_file *f, struct prof_meta *head, size_t fixed,
                    const struct trace_piece *pieces, unsigned n_pieces)
{
	size_t bytes = fixed;
	uint8_t *p;

	for (unsigned i = 0; i < n_pieces; i++)
		bytes += pieces[i].n;
	bytes = (bytes + 7) & ~(size_t)7;
	if (bytes > 1u << 30)
		return diag_set(f->diag, "%s: a name of %zu bytes is too long for a trace", f->out.path,
		                bytes);
	if (make_meta_room(f, bytes))
		return -1;
	head->size_bytes = (uint32_t)bytes;
	p = f->meta + f->meta_used;
	memset(p, 0, bytes);
	memcpy(p, head, fixed);
	p += fixed;
	for (unsigned i = 0; i < n_pieces; i++) {
		memcpy(p, pieces[i].bytes, pieces[i].n);
		p += pieces[i].n;
	}
	f->meta_used += (uint32_t)bytes;
	return 0;
}

int trace_file_commit(struct trace_file *f)
{
	if (trace_file_flush(f))
		return -1;
	return outfile_commit(&f->out, f->diag);
}

void trace_file_close(struct trace_file *f)
{
	outfile_abandon(&f->out);
	free(f->meta);
	f->meta = NULL;
}
