/* chunk.c: one chunk of the trace file, mapped.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/trace/chunk.h"

#include <string.h>

#include "runtime/trace/checksum.h"
#include "runtime/trace/ring.h"

bool chunk_open(struct chunk *c, const struct prof_chunk_header *head, struct output_why *why)
{
	uint64_t offset = 0;
	uint8_t *map = output_grow(&offset, why);
	struct prof_chunk_header filled = *head;
	uint32_t before = 0;

	memset(c, 0, sizeof(*c));
	if (!map)
		return false;
	/* The first one starts after the header of the file. */
	if (memcmp(map, PROF_TRACE_MAGIC, sizeof(PROF_TRACE_MAGIC) - 1) == 0)
		before = sizeof(struct prof_file_header);
	filled.magic = 0;
	filled.size_bytes = PROF_CHUNK_ALIGN - before;
	c->map = map;
	c->offset = offset;
	c->head = (struct prof_chunk_header *)(map + before);
	c->payload = (uint8_t *)(c->head + 1);
	c->end = map + PROF_CHUNK_ALIGN;
	*c->head = filled;
	__atomic_store_n(&c->head->magic, PROF_CHUNK_MAGIC, __ATOMIC_RELEASE);
	return true;
}

void chunk_seal(struct chunk *c, const uint8_t *used)
{
	c->head->used_bytes = (uint32_t)(used - c->payload);
	c->head->checksum = checksum_64(c->payload, c->head->used_bytes);
	__atomic_store_n(&c->head->flags, (uint16_t)(c->head->flags | PROF_CHUNK_SEALED), __ATOMIC_RELEASE);
}

void chunk_retire(struct chunk *c, const uint8_t *used, uint64_t end_tick, uint64_t records)
{
	struct ring_chunk retired = {.offset = c->offset, .end_tick = end_tick, .records = records};

	chunk_seal(c, used);
	if (output_is_limited())
		ring_add(&retired);
	chunk_forget(c);
}

void chunk_forget(struct chunk *c)
{
	if (c->map)
		output_unmap(c->map);
	memset(c, 0, sizeof(*c));
}
