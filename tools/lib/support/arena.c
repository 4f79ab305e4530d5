/* arena.c: memory that is given back all at once, and strings kept once.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/support/arena.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { BLOCK_BYTES = 256 * 1024 };

struct arena_block {
	struct arena_block *next;
	uint64_t pad; /* keeps what follows aligned to 16 */
};

void arena_release(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	free(a->strings);
	memset(a, 0, sizeof(*a));
}

void *arena_alloc(struct arena *a, size_t bytes)
{
	char *p;

	bytes = (bytes + 15) & ~(size_t)15;
	if (bytes > a->left) {
		size_t room = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
		struct arena_block *b = calloc(1, sizeof(*b) + room);

		if (!b)
			return NULL;
		b->next = a->blocks;
		a->blocks = b;
		a->next = (char *)(b + 1);
		a->left = room;
	}
	p = a->next;
	a->next += bytes;
	a->left -= bytes;
	return p;
}

char *arena_copy(struct arena *a, const char *s, size_t bytes)
{
	char *p = arena_alloc(a, bytes + 1);

	if (p)
		memcpy(p, s, bytes);
	return p;
}

static uint32_t slot_of(const struct arena *a, const char *s, size_t bytes)
{
	uint32_t i = (uint32_t)XXH3_64bits(s, bytes) & (a->n_slots - 1);

	while (a->strings[i] && (strncmp(a->strings[i], s, bytes) || a->strings[i][bytes]))
		i = (i + 1) & (a->n_slots - 1);
	return i;
}

static int grow_strings(struct arena *a)
{
	const char **old = a->strings;
	uint32_t n_old = a->n_slots;

	a->n_slots = n_old ? n_old * 2 : 256;
	a->strings = calloc(a->n_slots, sizeof(*a->strings));
	if (!a->strings) {
		a->strings = old;
		a->n_slots = n_old;
		return -1;
	}
	for (uint32_t i = 0; i < n_old; i++)
		if (old[i])
			a->strings[slot_of(a, old[i], strlen(old[i]))] = old[i];
	free(old);
	return 0;
}

const char *arena_intern(struct arena *a, const char *s, size_t bytes)
{
	const char *zero = bytes ? memchr(s, 0, bytes) : NULL;
	uint32_t slot;

	if (zero)
		bytes = (size_t)(zero - s);
	if (!bytes)
		return "";
	if (a->n_strings * 2 >= a->n_slots && grow_strings(a))
		return NULL;
	slot = slot_of(a, s, bytes);
	if (!a->strings[slot]) {
		a->strings[slot] = arena_copy(a, s, bytes);
		a->n_strings += a->strings[slot] != NULL;
	}
	return a->strings[slot];
}

void *array_grow(void *array, unsigned *capacity, size_t n, size_t each)
{
	size_t want = n < 16 ? 16 : n * 2;
	void *p;

	if (n < *capacity)
		return array;
	if (want > 0x7fffffff)
		return NULL;
	p = realloc(array, want * each);
	if (p)
		*capacity = (unsigned)want;
	return p;
}
