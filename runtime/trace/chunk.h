/* chunk.h: one chunk of the trace file, mapped.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * All functions: lock held.
 */
#ifndef PROF_RUNTIME_TRACE_CHUNK_H
#define PROF_RUNTIME_TRACE_CHUNK_H

#include "runtime/trace/output.h"

struct chunk {
	struct prof_chunk_header *head; /* null: no chunk */
	void *map;
	uint64_t offset;        /* of the map in the file */
	uint8_t *payload, *end; /* of the chunk */
};

/* A new chunk of the file with the fields of *head (magic and size are filled
 * in); false and *c empty when there is no room for one. */
bool chunk_open(struct chunk *c, const struct prof_chunk_header *head, struct output_why *why);

/* The payload is complete up to `used`: size and checksum are written. */
void chunk_seal(struct chunk *c, const uint8_t *used);

/* As chunk_seal, then chunk_forget; a file whose size is limited may use it again,
 * and then gives up `records` operation records, all begun before `end_tick`. */
void chunk_retire(struct chunk *c, const uint8_t *used, uint64_t end_tick, uint64_t records);

/* No chunk any more; nothing is written. */
void chunk_forget(struct chunk *c);

#endif
