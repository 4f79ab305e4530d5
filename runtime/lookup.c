/* lookup.c: an open-addressing hash table in memory of our own.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/lookup.h"

#include "runtime/memory.h"

#define CAPACITY_MIN 1024u

const void *lookup_find(const struct lookup *l, uint64_t hash,
                        bool (*equal)(const void *value, const void *key), const void *key)
{
	if (!l->capacity)
		return NULL;
	for (size_t i = hash & (l->capacity - 1); l->slots[i].value; i = (i + 1) & (l->capacity - 1))
		if (l->slots[i].hash == hash && equal(l->slots[i].value, key))
			return l->slots[i].value;
	return NULL;
}

static void place(struct lookup *l, uint64_t hash, const void *value)
{
	size_t i = hash & (l->capacity - 1);

	while (l->slots[i].value)
		i = (i + 1) & (l->capacity - 1);
	l->slots[i] = (struct lookup_slot){hash, value};
}

bool lookup_reserve(struct lookup *l)
{
	struct lookup bigger = {.capacity = l->capacity ? l->capacity * 2 : CAPACITY_MIN, .count = l->count};

	if (l->count < l->capacity / 2)
		return true;
	bigger.slots = memory_pages(bigger.capacity * sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < l->capacity; i++)
		if (l->slots[i].value)
			place(&bigger, l->slots[i].hash, l->slots[i].value);
	if (l->slots)
		memory_unpages(l->slots, l->capacity * sizeof(*l->slots));
	*l = bigger;
	return true;
}

void lookup_add(struct lookup *l, uint64_t hash, const void *value)
{
	place(l, hash, value);
	l->count++;
}
