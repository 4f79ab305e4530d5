/* torch_scope.c: the modules of a network, and its constants, by name.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Tables are filled before a root is handed out and never changed while a
 * call of it is in progress, so that other threads of the program may look up
 * names without a lock.
 */
#include "preload/torch/torch_scope.h"
#include "runtime/recorder.h"

#include <string.h>

enum { ROOTS = 32, TEXTS = 256 };

/* Open addressing; at most half full. */
struct torch_names {
	size_t room; /* a power of two */
	struct torch_name name[];
};

/* The texts of all modules' names, each once: what is below a root may change
 * with every call of it, and nothing of it is given back. */
struct texts {
	size_t room, used; /* a power of two */
	struct torch_name *name;
};

static struct texts texts;
static struct torch_root roots[ROOTS];
static uint64_t uses;

static size_t slot_of(const struct torch_names *names, const void *address)
{
	uint64_t hash = (uint64_t)(uintptr_t)address * 0x9e3779b97f4a7c15u;

	return (size_t)(hash >> 32) & (names->room - 1);
}

const struct torch_name *torch_names_get(const struct torch_names *names, const void *address)
{
	for (size_t i = slot_of(names, address); names->name[i].address; i = (i + 1) & (names->room - 1))
		if (names->name[i].address == address)
			return &names->name[i];
	return NULL;
}

/* ---- texts ---- */

/* Where the text of a string is, or would be. */
static struct torch_name *text_slot(const struct texts *t, uint32_t id)
{
	size_t i = id * 0x9e3779b9u & (t->room - 1);

	while (t->name[i].text && t->name[i].id != id)
		i = (i + 1) & (t->room - 1);
	return &t->name[i];
}

static bool make_text_room(void)
{
	struct texts more = {.room = texts.room ? 2 * texts.room : TEXTS};

	if (texts.used * 2 < texts.room)
		return true;
	more.name = prof_arena_alloc(more.room * sizeof(*more.name));
	if (!more.name)
		return false;
	for (size_t i = 0; i < texts.room; i++)
		if (texts.name[i].text)
			*text_slot(&more, texts.name[i].id) = texts.name[i];
	more.used = texts.used;
	texts = more;
	return true;
}

static const char *keep_text(uint32_t id, const char *text, size_t bytes)
{
	struct torch_name *slot;
	char *copy;

	if (!id || !make_text_room())
		return NULL;
	slot = text_slot(&texts, id);
	if (!slot->text && (copy = prof_arena_alloc(bytes))) {
		memcpy(copy, text, bytes);
		*slot = (struct torch_name){NULL, copy, (uint32_t)bytes, id};
		texts.used++;
	}
	return slot->text;
}

void torch_names_add(struct torch_names *names, const void *address, const char *text, size_t bytes,
                     bool keep)
{
	struct torch_name *name;
	size_t i = slot_of(names, address);

	while (names->name[i].address) {
		if (names->name[i].address == address)
			return;
		i = (i + 1) & (names->room - 1);
	}
	name = &names->name[i];
	name->id = prof_intern_string(text, bytes);
	name->text = keep ? keep_text(name->id, text, bytes) : NULL;
	name->bytes = name->text ? (uint32_t)bytes : 0;
	name->address = address;
}

/* ---- roots ---- */

/* An empty table for n names, in the old one's memory if that is large enough. */
static struct torch_names *make_room(struct torch_names *old, size_t n)
{
	struct torch_names *names = old;
	size_t room = 16;

	while (room < 2 * n + 2)
		room *= 2;
	if (!names || names->room < room) {
		names = prof_arena_alloc(sizeof(*names) + room * sizeof(struct torch_name));
		if (names)
			names->room = room;
		return names;
	}
	memset(names->name, 0, names->room * sizeof(struct torch_name));
	return names;
}

struct torch_root *torch_scope_find(const void *module, uint64_t fingerprint)
{
	for (int i = 0; i < ROOTS; i++)
		if (roots[i].module == module && roots[i].fingerprint == fingerprint) {
			__atomic_add_fetch(&roots[i].users, 1, __ATOMIC_ACQ_REL);
			roots[i].used = ++uses;
			return &roots[i];
		}
	return NULL;
}

/* This module's own as it was, else the one not used for longest. */
static struct torch_root *oldest(const void *module)
{
	struct torch_root *best = NULL;

	for (int i = 0; i < ROOTS; i++) {
		if (__atomic_load_n(&roots[i].users, __ATOMIC_ACQUIRE) != 0)
			continue;
		if (roots[i].module == module)
			return &roots[i];
		if (!best || roots[i].used < best->used)
			best = &roots[i];
	}
	return best;
}

struct torch_root *torch_scope_new(const void *module, uint64_t fingerprint, size_t modules, size_t constants)
{
	struct torch_root *root = oldest(module);

	if (!root)
		return NULL;
	root->module = NULL;
	root->modules = make_room(root->modules, modules);
	root->constants = make_room(root->constants, constants);
	if (!root->modules || !root->constants)
		return NULL;
	root->module = module;
	root->fingerprint = fingerprint;
	root->used = ++uses;
	__atomic_store_n(&root->users, 1, __ATOMIC_RELEASE);
	return root;
}

void torch_scope_release(struct torch_root *root)
{
	__atomic_sub_fetch(&root->users, 1, __ATOMIC_RELEASE);
}
