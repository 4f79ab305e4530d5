/* torch_scope.h: the modules of a network, and its constants, by name.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A root is a module that a program calls from outside any other. All modules
 * below it, and their parameters and buffers, have qualified names; these are
 * worked out when the root is called for the first time, and again when what
 * is below it has changed, which a fingerprint tells.
 */
#ifndef PRELOAD_TORCH_TORCH_SCOPE_H
#define PRELOAD_TORCH_TORCH_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct torch_names; /* addresses to names */

struct torch_root {
	const void *module;
	uint64_t fingerprint;
	uint64_t used;   /* for the choice of the root to give up */
	uint32_t users;  /* calls in progress */
	bool is_network; /* has modules below it: more than a single layer or loss */
	struct torch_names *modules, *constants;
};

/* The root that is known by this fingerprint, with one user more; null: it has
 * to be built. The interpreter's lock is held for these three. */
struct torch_root *torch_scope_find(const void *module, uint64_t fingerprint);

/* A new one, with room for so many names, and one user; null without memory. */
struct torch_root *torch_scope_new(const void *module, uint64_t fingerprint, size_t modules,
                                   size_t constants);
void torch_scope_release(struct torch_root *root);

/* A name of a table, and its text where that was asked for. */
struct torch_name {
	const void *address; /* null: empty */
	const char *text;    /* not terminated; null: not kept */
	uint32_t bytes;
	uint32_t id; /* string */
};

/* Add a name; the first of an address is kept. keep: its text is wanted too. The
 * interpreter's lock is held. */
void torch_names_add(struct torch_names *names, const void *address, const char *text, size_t bytes,
                     bool keep);

/* The name of an address; null when it has none. Hot. */
const struct torch_name *torch_names_get(const struct torch_names *names, const void *address);

#endif
