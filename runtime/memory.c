/* memory.c: memory of our own.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/memory.h"

#include <stdint.h>
#include <sys/mman.h>

#include "runtime/guard.h"
#include "runtime/recorder.h"

#define PIECE_BYTES (256u << 10)
#define LARGE_BYTES (PIECE_BYTES / 4)

static uint8_t *piece, *piece_end;

void *memory_pages(size_t bytes)
{
	void *p =
	        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void memory_unpages(void *pages, size_t bytes)
{
	munmap(pages, bytes);
}

void *memory_alloc(size_t bytes)
{
	void *p;

	if (bytes > LARGE_BYTES)
		return memory_pages(bytes);
	bytes = (bytes + 15) & ~(size_t)15;
	if (bytes > (size_t)(piece_end - piece)) {
		uint8_t *fresh = memory_pages(PIECE_BYTES);

		if (!fresh)
			return NULL;
		piece = fresh;
		piece_end = fresh + PIECE_BYTES;
	}
	p = piece;
	piece += bytes;
	return p;
}

void *prof_arena_alloc(size_t bytes)
{
	struct guard g;
	void *p;

	if (!guard_enter(&g))
		return NULL;
	p = memory_alloc(bytes);
	guard_leave(&g);
	return p;
}
