/* chunk.h: one chunk of the trace file, mapped.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * All functions: lock held.
 */
#ifndef PROF_RUNTIME_CHUNK_H
#define PROF_RUNTIME_CHUNK_H

#include "runtime/output.h"

struct chunk {
	struct prof_chunk_header *head; /* null: no chunk */
	void *map;
	uint8_t *payload, *end; /* of the chunk */
};

/* A new chunk at the end of the file with the fields of *head (magic and size
 * are filled in); false and *c empty when the file can't grow. */
bool chunk_open(struct chunk *c, const struct prof_chunk_header *head, struct output_why *why);

/* The payload is complete up to `used`: size and checksum are written. */
void chunk_seal(struct chunk *c, const uint8_t *used);

/* No chunk any more; nothing is written. */
void chunk_forget(struct chunk *c);

#endif
