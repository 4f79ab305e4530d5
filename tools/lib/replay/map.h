/* map.h: which device each operation runs on.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A mapping has entries KEY: DEVICE[,t|m]. KEY is a context, the name of an
 * operation kind, a function's name in the published simulator, or a pattern
 * with * and ?. DEVICE is an accelerator, or HOST. With `t` the operation
 * starts with a transfer even when it stays on the device; with `m` only the
 * first of a group of experts does.
 */
#ifndef TOOLS_LIB_REPLAY_MAP_H
#define TOOLS_LIB_REPLAY_MAP_H

#include <stdbool.h>

#include "tools/lib/arch/arch.h"
#include "tools/lib/trace/op.h"

#define MAP_HOST 0u /* number of the device HOST; accelerators are 1, 2, ... */

struct map_entry {
	char *key;
	unsigned device; /* MAP_HOST, or 1 + index into map.devices */
	bool transfer;   /* t */
	bool experts;    /* m */
	bool pattern;
};

struct map {
	struct map_entry *entries;
	unsigned n;
	const struct arch **devices; /* borrowed from the set of accelerators */
	unsigned n_devices;
	bool everything; /* one device for all, as --arch means */
};

void map_release(struct map *m);

/* Everything on one device: --arch. */
int map_everything(struct map *m, const struct arch *a, struct diag *d);

/* Add a file's entries, or one KEY=DEVICE[,t|m]. A key that is there already
 * is replaced. Errors name the nearest device. */
int map_load(struct map *m, const struct arch_set *set, const char *path, struct diag *d);
int map_load_text(struct map *m, const struct arch_set *set, const char *path, const void *text, size_t bytes,
                  struct diag *d);
int map_add(struct map *m, const struct arch_set *set, const char *spec, struct diag *d);

/* The published simulator's key for an operation: the context of a layer
 * (linear, conv2d, layernorm), the function's name of anything else it prices,
 * null for what it does not price. */
const char *map_published_key(const struct op_desc *d);

/* The entry for an operation, or null. `published`: only by the published
 * simulator's key; else by context, operation name or published function
 * name, exact entries before patterns. */
const struct map_entry *map_find(const struct map *m, const struct op_desc *d, bool published);

#endif
