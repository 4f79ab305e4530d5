/* lookup.h: an open-addressing hash table in memory of our own.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * All functions: lock held. Nothing is ever removed.
 */
#ifndef PROF_RUNTIME_LOOKUP_H
#define PROF_RUNTIME_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lookup_slot {
	uint64_t hash;
	const void *value; /* null: free */
};

/* Zero is an empty table. */
struct lookup {
	struct lookup_slot *slots;
	size_t capacity; /* a power of two */
	size_t count;
};

/* The value with this hash that `equal` says yes to, or null. */
const void *lookup_find(const struct lookup *l, uint64_t hash,
                        bool (*equal)(const void *value, const void *key), const void *key);

/* Make room for one more; false when there is no memory. */
bool lookup_reserve(struct lookup *l);

/* Add a value that is not in it, after lookup_reserve. */
void lookup_add(struct lookup *l, uint64_t hash, const void *value);

#endif
