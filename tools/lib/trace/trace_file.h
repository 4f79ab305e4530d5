/* trace_file.h: write a binary trace, chunk by chunk.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the tools write is always closed and sealed. Functions that return int
 * answer -1 with file->diag filled.
 */
#ifndef TOOLS_LIB_TRACE_TRACE_FILE_H
#define TOOLS_LIB_TRACE_TRACE_FILE_H

#include <prof/trace_format.h>
#include <stdbool.h>

#include "tools/lib/support/outfile.h"

struct trace_file {
	struct outfile out;
	struct prof_file_header header;
	struct diag *diag;
	uint64_t position;
	uint8_t *meta; /* payload of the META chunk being filled */
	uint32_t meta_used, meta_capacity, meta_serial;
};

/* header: clock, epoch and identity, the version of the operations that will be
 * put (0: today's), and PROF_STATE_STOPPED when it is that; the rest is filled
 * in. */
int trace_file_open(struct trace_file *f, const char *path, const struct prof_file_header *header,
                    struct diag *d);

/* The same into a file that is open, which is closed in the end; `name` is for
 * messages. */
int trace_file_begin(struct trace_file *f, FILE *stream, const char *name,
                     const struct prof_file_header *header, struct diag *d);

/* Room in a chunk that starts at the file's end now. */
uint32_t trace_file_room(const struct trace_file *f);

/* Add a META record: its fixed part, then up to three pieces, then zeros up to
 * a multiple of 8. head->size_bytes is filled in. */
struct trace_piece {
	const void *bytes;
	size_t n;
};
int trace_file_meta(struct trace_file *f, struct prof_meta *head, size_t fixed,
                    const struct trace_piece *pieces, unsigned n_pieces);

/* Write the META records given so far. */
int trace_file_flush(struct trace_file *f);

/* Add a whole OPS chunk: its header (thread, serial, state at its start) and payload. */
int trace_file_chunk(struct trace_file *f, const struct prof_chunk_header *head, const void *payload,
                     uint32_t used);

/* End the trace and put it in its place. */
int trace_file_commit(struct trace_file *f);

/* Let go of everything; a file not committed is gone. */
void trace_file_close(struct trace_file *f);

#endif
