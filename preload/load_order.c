/* load_order.c: which library was opened when another one came along.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The loader's list has the program, what is preloaded, what these are linked
 * to, and then group by group what was opened and what came along. Modules are
 * told apart by the names that they are linked by (DT_SONAME), as hashes.
 */
#include "preload/load_order.h"

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

enum { MODULES_MAX = 2048, NEEDED_MAX = 16384, SLOTS = 4096 };

struct module {
	uintptr_t low;
	uint32_t first, n; /* of what it is linked to */
};

/* Too large for the stack of a thread, and seldom wanted. */
struct picture {
	uint32_t n_modules, n_needed;
	bool is_whole;
	struct module modules[MODULES_MAX];
	uint32_t needed[NEEDED_MAX]; /* hashes of names */
	uint32_t slot_hash[SLOTS];
	uint16_t slot_module[SLOTS]; /* number + 1; 0: empty */
	uint16_t program[MODULES_MAX], group[MODULES_MAX], queue[MODULES_MAX];
};

static uint32_t hash_of(const char *name)
{
	const char *slash = strrchr(name, '/');
	uint32_t h = 2166136261u;

	for (const char *p = slash ? slash + 1 : name; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	return h;
}

static uint32_t slot_of(const struct picture *p, uint32_t hash)
{
	uint32_t at = hash % SLOTS;

	while (p->slot_module[at] && p->slot_hash[at] != hash)
		at = (at + 1) % SLOTS;
	return at;
}

static uintptr_t lowest(const struct dl_phdr_info *info)
{
	uintptr_t low = UINTPTR_MAX;

	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_vaddr < low)
			low = info->dlpi_phdr[i].p_vaddr;
	return low == UINTPTR_MAX ? low : (info->dlpi_addr + low) & ~(uintptr_t)4095;
}

static const ElfW(Dyn) * dynamic_of(const struct dl_phdr_info *info)
{
	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			return (const ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	return NULL;
}

/* What it is linked to, and the name that others are linked to it by. */
static const char *read_dynamic(struct picture *p, struct module *m, const struct dl_phdr_info *info)
{
	const ElfW(Dyn) *dynamic = dynamic_of(info);
	const char *strings = NULL, *name = info->dlpi_name;

	for (const ElfW(Dyn) *d = dynamic; d && d->d_tag != DT_NULL; d++)
		if (d->d_tag == DT_STRTAB) /* of the kernel's module it is an offset */
			strings = (const char *)(d->d_un.d_ptr
			                         + (d->d_un.d_ptr < info->dlpi_addr ? info->dlpi_addr : 0));
	for (const ElfW(Dyn) *d = dynamic; strings && d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_SONAME)
			name = strings + d->d_un.d_val;
		if (d->d_tag != DT_NEEDED)
			continue;
		if (p->n_needed == NEEDED_MAX) {
			p->is_whole = false;
			break;
		}
		p->needed[p->n_needed++] = hash_of(strings + d->d_un.d_val);
		m->n++;
	}
	return name;
}

static int take(struct dl_phdr_info *info, size_t size, void *data)
{
	struct picture *p = data;
	struct module *m = &p->modules[p->n_modules];
	uint32_t hash, at;

	if (p->n_modules == MODULES_MAX) {
		p->is_whole = false;
		return 1;
	}
	*m = (struct module){.low = lowest(info), .first = p->n_needed};
	hash = hash_of(read_dynamic(p, m, info));
	at = slot_of(p, hash);
	if (!p->slot_module[at]) {
		p->slot_hash[at] = hash;
		p->slot_module[at] = (uint16_t)(p->n_modules + 1);
	}
	p->n_modules++;
	return 0;
}

/* Mark what a module is linked to, directly or not, and itself. */
static void mark(struct picture *p, uint32_t module, uint16_t *marks, uint16_t as)
{
	uint32_t done = 0, n = 1;

	p->queue[0] = (uint16_t)module;
	marks[module] = as;
	while (done < n) {
		const struct module *m = &p->modules[p->queue[done++]];

		for (uint32_t i = 0; i < m->n; i++) {
			uint32_t at = slot_of(p, p->needed[m->first + i]);
			uint32_t found = p->slot_module[at] - 1u;

			if (!p->slot_module[at] || marks[found] == as)
				continue;
			marks[found] = as;
			p->queue[n++] = (uint16_t)found;
		}
	}
}

/* The lowest address of what was opened; 0: nothing else than the module itself. */
static uintptr_t root_in(struct picture *p, uintptr_t low)
{
	uint32_t root = 0;

	mark(p, 0, p->program, 1);
	for (uint32_t i = 1; i < p->n_modules; i++) {
		if (p->program[i])
			continue;
		if (!root || p->group[i] != root) {
			root = i;
			mark(p, root, p->group, (uint16_t)root);
		}
		if (p->modules[i].low == low)
			return i == root ? 0 : p->modules[root].low;
	}
	return 0;
}

static uintptr_t find_root(uintptr_t low)
{
	struct picture *p =
	        mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t root = 0;

	if (p == MAP_FAILED)
		return 0;
	p->is_whole = true;
	dl_iterate_phdr(take, p);
	if (p->n_modules && p->is_whole)
		root = root_in(p, low);
	munmap(p, sizeof(*p));
	return root;
}

/* Its name may go with it once the loader's lock is given back. */
struct named {
	uintptr_t low;
	char *path;
};

static int take_name(struct dl_phdr_info *info, size_t size, void *data)
{
	struct named *named = data;
	size_t bytes = strlen(info->dlpi_name) + 1;

	if (lowest(info) != named->low)
		return 0;
	if (bytes <= LOAD_ORDER_PATH_BYTES)
		memcpy(named->path, info->dlpi_name, bytes);
	return 1;
}

/* A library calls many functions for the first time, one after the other. A thread
 * that finds another one at it, or a child that one which is not there, asks the
 * loader. */
static struct {
	uint32_t is_taken;
	uint32_t generation;
	uintptr_t low, root;
} last;

static bool look_up(uintptr_t low, uint32_t generation, uintptr_t *root)
{
	bool known;

	if (!generation || __atomic_exchange_n(&last.is_taken, 1, __ATOMIC_ACQUIRE))
		return false;
	known = last.low == low && last.generation == generation;
	*root = last.root;
	__atomic_store_n(&last.is_taken, 0, __ATOMIC_RELEASE);
	return known;
}

static void keep(uintptr_t low, uint32_t generation, uintptr_t root)
{
	if (!generation || __atomic_exchange_n(&last.is_taken, 1, __ATOMIC_ACQUIRE))
		return;
	last.generation = generation;
	last.low = low;
	last.root = root;
	__atomic_store_n(&last.is_taken, 0, __ATOMIC_RELEASE);
}

bool load_order_root(uintptr_t low, uint32_t generation, char path[LOAD_ORDER_PATH_BYTES])
{
	struct named named = {.path = path};

	if (!look_up(low, generation, &named.low)) {
		named.low = find_root(low);
		keep(low, generation, named.low);
	}
	path[0] = 0;
	if (named.low)
		dl_iterate_phdr(take_name, &named);
	return path[0] != 0;
}
