/* ring.c: the chunks of a limited file that can be used again, oldest first.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Chunks nearly always come in the order of their ends, so that the search
 * from the newest for the place of one ends at once.
 */
#include "runtime/trace/ring.h"

#include "runtime/memory.h"

static struct {
	struct ring_chunk *chunks;
	uint64_t capacity, first, n;
	uint64_t bytes; /* of the memory */
} ring;

static struct ring_chunk *at(uint64_t i)
{
	uint64_t place = ring.first + i;

	return &ring.chunks[place < ring.capacity ? place : place - ring.capacity];
}

bool ring_start(uint64_t chunks)
{
	uint64_t bytes = chunks * sizeof(*ring.chunks);

	ring.first = ring.n = 0;
	if (bytes > ring.bytes) {
		struct ring_chunk *fresh = memory_pages(bytes);

		if (!fresh)
			return false;
		if (ring.chunks)
			memory_unpages(ring.chunks, ring.bytes);
		ring.chunks = fresh;
		ring.bytes = bytes;
	}
	ring.capacity = chunks;
	return true;
}

void ring_add(const struct ring_chunk *chunk)
{
	uint64_t i = ring.n;

	if (ring.n == ring.capacity)
		return;
	ring.n++;
	for (; i > 0 && at(i - 1)->end_tick > chunk->end_tick; i--)
		*at(i) = *at(i - 1);
	*at(i) = *chunk;
}

const struct ring_chunk *ring_oldest(void)
{
	return ring.n ? at(0) : 0;
}

void ring_drop(void)
{
	ring.first = ring.first + 1 < ring.capacity ? ring.first + 1 : 0;
	ring.n--;
}
