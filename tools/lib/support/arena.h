/* arena.h: memory that is given back all at once, and strings kept once.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_SUPPORT_ARENA_H
#define TOOLS_LIB_SUPPORT_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena_block;

/* All zero is an empty arena. */
struct arena {
	struct arena_block *blocks;
	size_t left; /* bytes free in the first block */
	char *next;
	const char **strings; /* open-addressed set of interned strings */
	uint32_t n_strings, n_slots;
};

void arena_release(struct arena *a);

/* Zeroed bytes, aligned to 16; null without memory. */
void *arena_alloc(struct arena *a, size_t bytes);

/* A copy of `bytes` bytes and a zero; null without memory. */
char *arena_copy(struct arena *a, const char *s, size_t bytes);

/* The one copy of a string: equal strings have equal pointers. */
const char *arena_intern(struct arena *a, const char *s, size_t bytes);

/* Room for element n of an array of *capacity elements of `each` bytes: the
 * array, moved when it had to grow; null without memory (the old one stays). */
void *array_grow(void *array, unsigned *capacity, size_t n, size_t each);

#endif
