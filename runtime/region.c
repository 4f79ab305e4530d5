/* region.c: the regions open on a thread, a user's or a compiler's.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A user's region has a name, and the path of names is interned when it is
 * opened. A compiler opens one for every function that is called: then a number
 * stands for the path, which a table of the thread's own has found before; the
 * names are looked up, and the path interned, when an operation asks for it.
 *
 * The functions for users are the only names of the runtime that are seen from
 * outside the shim.
 */
#include "runtime/region.h"

#include <prof/prof.h>
#include <string.h>

#include "runtime/call_site/function_name.h"
#include "runtime/guard.h"
#include "runtime/trace/intern.h"
#include "runtime/lookup.h"
#include "runtime/memory.h"
#include "runtime/record_switch.h"
#include "runtime/thread.h"

#define EXPORTED __attribute__((visibility("default")))

enum {
	NODES_MAX = 1 << 16, /* paths of functions; deeper ones then belong to their callers */
	NODES_BLOCK = 256,
	NAME_BYTES = 512,
	CACHE_LOG2 = 10,
};
#define NODE_BIT 0x80000000u /* a number of ours, not a string's */

/* A function called in a certain path. */
struct node {
	uint32_t parent; /* string, or another node's number; 0: none */
	uint32_t number;
	uint32_t generation; /* of the modules: another one may lie there later */
	uint32_t string;     /* 0: not asked for yet */
	const void *function;
	bool wanted; /* PROFSHIM_RECORD asks for it */
};

/* What a function is called, by its address. */
struct name {
	const void *function;
	uint32_t generation, bytes;
	char text[];
};

/* What a thread remembers. */
struct cached {
	const void *function; /* null: empty */
	uint32_t parent, generation, number;
	bool wanted;
};
struct cache {
	uint32_t version; /* moves on when an entry changes: a handler may do that at any point */
	struct cached entry[1u << CACHE_LOG2];
};

static struct node *blocks[NODES_MAX / NODES_BLOCK];
static uint32_t n_nodes;
static struct lookup nodes, names;

/* ---- names; lock held ---- */

static bool same_name(const void *value, const void *key)
{
	const struct name *a = value, *b = key;

	return a->function == b->function && a->generation == b->generation;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t hash = (a ^ (b << 32)) * 0x9e3779b97f4a7c15u;

	return (hash ^ (hash >> 29)) * 0xbf58476d1ce4e5b9u;
}

static const struct name *name_of(const void *function, uint32_t generation)
{
	struct name key = {.function = function, .generation = generation}, *made;
	uint64_t hash = mix((uintptr_t)function, generation);
	const struct name *known = lookup_find(&names, hash, same_name, &key);
	char text[NAME_BYTES];

	if (known)
		return known;
	key.bytes = (uint32_t)function_name(function, text, sizeof(text));
	made = lookup_reserve(&names) ? memory_alloc(sizeof(*made) + key.bytes + 1) : NULL;
	if (!made)
		return NULL;
	*made = key;
	memcpy(made->text, text, key.bytes);
	lookup_add(&names, hash, made);
	return made;
}

/* ---- paths ---- */

static struct node *node_of(uint32_t number)
{
	uint32_t i = number & ~NODE_BIT;

	return number & NODE_BIT && i < n_nodes ? &blocks[i / NODES_BLOCK][i % NODES_BLOCK] : NULL;
}

/* The path grows by ".name", cut where it is full. */
static void append(struct regions *r, uint32_t level, const char *name, size_t name_bytes)
{
	uint32_t bytes = level ? r->bytes[level - 1] : 0;

	if (bytes && bytes < REGION_PATH_BYTES)
		r->path[bytes++] = '.';
	name_bytes = name_bytes < REGION_PATH_BYTES - bytes ? name_bytes : REGION_PATH_BYTES - bytes;
	memcpy(r->path + bytes, name, name_bytes);
	r->bytes[level] = bytes + (uint32_t)name_bytes;
	r->path[r->bytes[level]] = 0;
	r->spelled = level + 1;
}

/* Write the path down to the innermost of `depth` regions; lock held. */
static void spell(struct regions *r, uint32_t depth)
{
	while (r->spelled < depth) {
		uint32_t level = r->spelled;
		const struct node *node = node_of(r->id[level]);
		const struct name *name = node ? name_of(node->function, node->generation) : NULL;

		if (level && r->id[level] == r->id[level - 1]) { /* belongs to its caller */
			r->bytes[level] = r->bytes[level - 1];
			r->spelled = level + 1;
			continue;
		}
		append(r, level, name ? name->text : "", name ? name->bytes : 0);
	}
}

static uint32_t depth_kept(const struct regions *r)
{
	return r->depth < REGIONS_MAX ? r->depth : REGIONS_MAX;
}

uint32_t region_string(struct thread *t)
{
	uint32_t depth = depth_kept(&t->regions);
	struct node *node;

	if (!depth)
		return 0;
	node = node_of(t->regions.id[depth - 1]);
	if (!node)
		return t->regions.id[depth - 1];
	if (!node->string) {
		spell(&t->regions, depth);
		node->string = intern_string(t->regions.path, t->regions.bytes[depth - 1]);
	}
	return node->string;
}

/* ---- open and close ---- */

static void set_current(struct thread *t)
{
	uint32_t depth = depth_kept(&t->regions);

	t->pub.region = depth ? t->regions.id[depth - 1] : 0;
}

static void open_named(struct thread *t, const char *name)
{
	struct regions *r = &t->regions;
	struct guard g;
	uint32_t start;

	r->id[r->depth] = 0;
	r->function[r->depth] = NULL;
	if (!guard_enter(&g)) { /* a handler in the middle of this: the region has no name */
		r->spelled = r->spelled < r->depth ? r->spelled : r->depth;
		return;
	}
	spell(r, r->depth);
	start = r->depth ? r->bytes[r->depth - 1] : 0;
	start += start && start < REGION_PATH_BYTES;
	append(r, r->depth, name, strnlen(name, REGION_PATH_BYTES));
	if (record_switch_names(r->path + start, r->path))
		t->pub.regions_wanted |= 1ull << r->depth;
	r->id[r->depth] = intern_string(r->path, r->bytes[r->depth]);
	guard_leave(&g);
}

EXPORTED void prof_region_push(const char *name)
{
	struct prof_thread *t = prof_thread_get();
	struct regions *r;

	if (!t)
		return;
	r = &thread_of(t)->regions;
	if (r->depth < REGIONS_MAX)
		open_named(thread_of(t), name ? name : "");
	r->depth++;
	set_current(thread_of(t));
}

static void leave(struct thread *t)
{
	struct regions *r = &t->regions;

	if (!r->depth)
		return;
	r->depth--;
	if (r->depth < REGIONS_MAX) {
		t->pub.regions_wanted &= ~(1ull << r->depth);
		r->spelled = r->spelled < r->depth ? r->spelled : r->depth;
	}
	set_current(t);
}

EXPORTED void prof_region_pop(void)
{
	struct prof_thread *t = prof_thread_get();

	if (t)
		leave(thread_of(t));
}

/* ---- functions ---- */

static bool same_node(const void *value, const void *key)
{
	const struct node *a = value, *b = key;

	return a->function == b->function && a->parent == b->parent && a->generation == b->generation;
}

/* The node of a function called where the thread stands; null when there is no room. */
static struct node *find_node(const struct node *key)
{
	uint64_t hash = mix((uintptr_t)key->function, key->parent) + key->generation;
	const struct node *known = lookup_find(&nodes, hash, same_node, key);
	struct node **block, *made;

	if (known)
		return node_of(known->number);
	block = n_nodes < NODES_MAX ? &blocks[n_nodes / NODES_BLOCK] : NULL;
	if (!block || !lookup_reserve(&nodes))
		return NULL;
	if (!*block && !(*block = memory_alloc(NODES_BLOCK * sizeof(**block))))
		return NULL;
	made = &(*block)[n_nodes % NODES_BLOCK];
	*made = *key;
	made->number = n_nodes | NODE_BIT;
	__atomic_store_n(&n_nodes, n_nodes + 1, __ATOMIC_RELEASE);
	lookup_add(&nodes, hash, made);
	return made;
}

static void name_when_switched(struct regions *r, struct node *node)
{
	const struct name *name;

	if (!(__atomic_load_n(&prof_switched, __ATOMIC_RELAXED) & PROF_SWITCH_REGIONS) || node->string)
		return;
	name = name_of(node->function, node->generation);
	r->id[r->depth] = node->number;
	spell(r, r->depth + 1);
	node->string = intern_string(r->path, r->bytes[r->depth]);
	node->wanted = record_switch_names(name ? name->text : "", r->path);
}

static struct cached *place(struct cache *c, const void *function, uint32_t parent)
{
	return &c->entry[mix((uintptr_t)function, parent) >> (64 - CACHE_LOG2)];
}

static void learn(struct prof_thread *t, struct cached *found)
{
	struct cache *c = prof_thread_slot(t, PROF_SLOT_FUNCTIONS, sizeof(*c));
	struct node key = {.parent = found->parent,
	                   .function = found->function,
	                   .generation = found->generation},
	            *node;
	struct guard g;

	found->number = found->parent;
	if (!c || !guard_enter(&g))
		return;
	node = find_node(&key);
	if (node) {
		name_when_switched(&thread_of(t)->regions, node);
		found->number = node->number;
		found->wanted = node->wanted;
		c->version++; /* signals are blocked */
		*place(c, found->function, found->parent) = *found;
	}
	guard_leave(&g);
}

/* Whether this thread has found that before; then the rest of it. */
static bool recall(const struct prof_thread *t, struct cached *found)
{
	struct cache *c = t->slot[PROF_SLOT_FUNCTIONS];
	uint32_t version;
	struct cached e;

	if (!c)
		return false;
	version = c->version;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	e = *place(c, found->function, found->parent);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (e.function != found->function || e.parent != found->parent || e.generation != found->generation
	    || *(volatile uint32_t *)&c->version != version)
		return false;
	*found = e;
	return true;
}

void prof_region_enter(const void *function, uintptr_t stack, uintptr_t left)
{
	struct prof_thread *t = prof_thread_get();
	struct cached found = {.function = function};
	struct regions *r;

	if (!t)
		return;
	r = &thread_of(t)->regions;
	while (r->depth > 0 && r->depth <= REGIONS_MAX && r->function[r->depth - 1]
	       && r->stack[r->depth - 1] < left)
		leave(thread_of(t));
	if (r->depth >= REGIONS_MAX) {
		r->depth++;
		return;
	}
	found.parent = t->region;
	found.generation = module_generation();
	if (__builtin_expect(!recall(t, &found), 0))
		learn(t, &found);
	r->id[r->depth] = found.number;
	r->function[r->depth] = function;
	r->stack[r->depth] = stack;
	if (found.wanted)
		t->regions_wanted |= 1ull << r->depth;
	r->depth++;
	t->region = found.number;
}

void prof_region_leave(const void *function)
{
	struct prof_thread *t = prof_thread_current;
	struct regions *r;
	uint32_t level;

	if (!t)
		return;
	r = &thread_of(t)->regions;
	if (r->depth > REGIONS_MAX) {
		r->depth--;
		return;
	}
	level = r->depth;
	while (level > 0 && r->function[level - 1] != function)
		level--;
	while (level > 0 && r->depth >= level)
		leave(thread_of(t));
}
