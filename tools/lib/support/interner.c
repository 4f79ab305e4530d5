/* interner.c: equal bytes, equal number.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/support/interner.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct interned {
	const void *bytes; /* null: an empty slot */
	size_t size;
	uint64_t hash;
	uint32_t number;
};

void interner_release(struct interner *t)
{
	arena_release(&t->arena);
	free(t->slots);
	memset(t, 0, sizeof(*t));
}

static struct interned *slot_of(const struct interner *t, const void *bytes, size_t size, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (t->n_slots - 1);

	for (struct interned *s; (s = &t->slots[i])->bytes; i = (i + 1) & (t->n_slots - 1))
		if (s->hash == hash && s->size == size && !memcmp(s->bytes, bytes, size))
			break;
	return &t->slots[i];
}

static int grow(struct interner *t)
{
	struct interner old = *t;

	t->n_slots = old.n_slots ? old.n_slots * 2 : 1024;
	t->slots = calloc(t->n_slots, sizeof(*t->slots));
	if (!t->slots) {
		*t = old;
		return -1;
	}
	for (uint32_t i = 0; i < old.n_slots; i++)
		if (old.slots[i].bytes)
			*slot_of(t, old.slots[i].bytes, old.slots[i].size, old.slots[i].hash) = old.slots[i];
	free(old.slots);
	return 0;
}

int interner_add(struct interner *t, const void *bytes, size_t size, uint32_t *number)
{
	uint64_t hash = XXH3_64bits(bytes, size);
	struct interned *s;

	if (t->n * 2 >= t->n_slots && grow(t))
		return -1;
	s = slot_of(t, bytes, size, hash);
	if (s->bytes) {
		*number = s->number;
		return 0;
	}
	s->bytes = arena_copy(&t->arena, bytes, size);
	if (!s->bytes)
		return -1;
	s->size = size;
	s->hash = hash;
	*number = s->number = t->n++;
	return 1;
}
