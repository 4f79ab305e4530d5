/* slots.c: calls through PLT and GOT slots of loaded modules, taken over while the program runs.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Modules are looked at inside dl_iterate_phdr(), whose lock keeps them from
 * going; nothing of the loader is called there. Slots are found in one pass,
 * what they lead to is asked afterwards, and each is written in a pass of its own.
 */
#include "preload/entry/slots.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <prof/glob.h>
#include <string.h>
#include <sys/mman.h>

#include "preload/resolve.h"
#include "preload/thunk/thunk.h"
#include "runtime/memory.h"
#include "runtime/private_library.h"
#include "runtime/recorder.h"

#if defined(__x86_64__)
#define IS_SLOT(type) ((type) == R_X86_64_JUMP_SLOT || (type) == R_X86_64_GLOB_DAT)
#elif defined(__aarch64__)
#define IS_SLOT(type) ((type) == R_AARCH64_JUMP_SLOT || (type) == R_AARCH64_GLOB_DAT)
#else
#error "preload: which relocations fill slots on this CPU?"
#endif

#define FOUND_FIRST 16384u /* slots that there is room for at first */
#define PAGE        4096u

/* One that was taken, for slots_return_all(). */
struct taken {
	uintptr_t *at;
	uintptr_t was, is;
	struct taken *next;
};

static struct taken *all_taken;

/* ---- one module ---- */

struct module {
	const struct dl_phdr_info *info;
	uintptr_t low, high;
	uintptr_t relro_low, relro_high; /* read-only after relocation, whole pages */
	const ElfW(Sym) * symbols;
	const char *names;
	size_t names_bytes;
	const ElfW(Rela) * relocations[2];
	size_t n[2];
};

/* The dynamic linker has put the module's address into most entries, not into all. */
static const void *dynamic_address(const struct module *m, uintptr_t value)
{
	return (const void *)(value >= m->low && value < m->high ? value : m->info->dlpi_addr + value);
}

static void read_dynamic(struct module *m, const ElfW(Dyn) * d)
{
	for (; d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_SYMTAB)
			m->symbols = dynamic_address(m, d->d_un.d_ptr);
		else if (d->d_tag == DT_STRTAB)
			m->names = dynamic_address(m, d->d_un.d_ptr);
		else if (d->d_tag == DT_STRSZ)
			m->names_bytes = d->d_un.d_val;
		else if (d->d_tag == DT_JMPREL)
			m->relocations[0] = dynamic_address(m, d->d_un.d_ptr);
		else if (d->d_tag == DT_PLTRELSZ)
			m->n[0] = d->d_un.d_val / sizeof(ElfW(Rela));
		else if (d->d_tag == DT_RELA)
			m->relocations[1] = dynamic_address(m, d->d_un.d_ptr);
		else if (d->d_tag == DT_RELASZ)
			m->n[1] = d->d_un.d_val / sizeof(ElfW(Rela));
	}
}

/* False for what has no slots, or none of ours to take. */
static bool read_module(const struct dl_phdr_info *info, struct module *m)
{
	const ElfW(Dyn) *dynamic = NULL;

	memset(m, 0, sizeof(*m));
	m->info = info;
	m->low = ~(uintptr_t)0;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + p->p_vaddr, end = start + p->p_memsz;

		if (p->p_type == PT_LOAD) {
			m->low = start < m->low ? start : m->low;
			m->high = end > m->high ? end : m->high;
		} else if (p->p_type == PT_DYNAMIC) {
			dynamic = (const void *)start;
		} else if (p->p_type == PT_GNU_RELRO) {
			m->relro_low = start & ~(uintptr_t)(PAGE - 1);
			m->relro_high = end & ~(uintptr_t)(PAGE - 1);
		}
	}
	if (!dynamic || resolve_is_own((const void *)m->low))
		return false;
	read_dynamic(m, dynamic);
	return m->symbols && m->names && (m->relocations[0] || m->relocations[1]);
}

static bool is_linker(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strncmp(slash ? slash + 1 : path, "ld-linux", 8) == 0 || strncmp(path, "linux-vdso", 10) == 0;
}

/* ---- which modules are new ---- */

#define MODULES_MAX 4096u

struct seen {
	uintptr_t low;
	uint64_t path_hash;
	bool is_new;
};

static struct seen *seen;
static unsigned n_seen;

struct looking {
	struct seen *now;
	unsigned n;
	bool any_new;
};

static uint64_t hash_path(const char *path)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	while (*path)
		h = (h ^ (uint8_t)*path++) * 1099511628211u;
	return h;
}

static const struct seen *find_seen(uintptr_t low, const char *path)
{
	uint64_t path_hash = hash_path(path);

	for (unsigned i = 0; i < n_seen; i++)
		if (seen[i].low == low && seen[i].path_hash == path_hash)
			return &seen[i];
	return NULL;
}

static int note_module(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	struct looking *l = arg;
	uintptr_t low = (uintptr_t)info->dlpi_phdr;

	if (l->n == MODULES_MAX)
		return 1;
	l->now[l->n] = (struct seen){low, hash_path(info->dlpi_name), !find_seen(low, info->dlpi_name)};
	l->any_new = l->any_new || l->now[l->n].is_new;
	l->n++;
	return 0;
}

static int first_module(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	uint64_t *changes = arg;

	*changes = info->dlpi_adds + info->dlpi_subs;
	return 1;
}

bool slots_look(void)
{
	static struct seen *spare;
	static uint64_t changes_seen;
	struct looking l = {.now = spare};
	uint64_t changes = 0;

	dl_iterate_phdr(first_module, &changes);
	if (changes == changes_seen)
		return false;
	changes_seen = changes;
	if (!l.now && !(l.now = memory_pages(MODULES_MAX * sizeof(*l.now))))
		return false;
	dl_iterate_phdr(note_module, &l);
	spare = seen;
	seen = l.now;
	n_seen = l.n;
	return l.any_new;
}

/* ---- finding ---- */

struct search {
	const char *glob; /* null: names that are wanted */
	size_t glob_bytes;
	bool (*wanted)(const char *name);
	struct slots_slot *found;
	unsigned n, room; /* n may be more than there is room for */
};

static bool is_sought(const struct search *s, const char *name)
{
	return s->glob ? prof_glob_match(s->glob, s->glob_bytes, name) : s->wanted(name);
}

/* Not what is known to be no function; a symbol from elsewhere may have no type here. */
static bool is_callable(const ElfW(Sym) * symbol)
{
	unsigned type = ELF64_ST_TYPE(symbol->st_info);

	return type != STT_OBJECT && type != STT_COMMON && type != STT_TLS
	       && thunk_can_call(symbol->st_other);
}

static void look_at(struct search *s, const struct module *m, const ElfW(Rela) * r)
{
	const ElfW(Sym) *symbol = &m->symbols[ELF64_R_SYM(r->r_info)];
	uintptr_t at = m->info->dlpi_addr + r->r_offset;
	struct slots_slot *slot;

	if (!IS_SLOT(ELF64_R_TYPE(r->r_info)) || !is_callable(symbol) || symbol->st_name >= m->names_bytes
	    || !is_sought(s, m->names + symbol->st_name))
		return;
	if (at < m->low || at + sizeof(*slot->at) > m->high || s->n++ >= s->room)
		return;
	slot = &s->found[s->n - 1];
	slot->at = (uintptr_t *)at;
	slot->name = m->names + symbol->st_name;
	slot->module = m->info->dlpi_name;
	slot->low = m->low;
	slot->high = m->high;
	slot->value = __atomic_load_n(slot->at, __ATOMIC_RELAXED);
	slot->definition = symbol->st_shndx != SHN_UNDEF ? m->info->dlpi_addr + symbol->st_value : 0;
	slot->stand_in =
	        symbol->st_shndx == SHN_UNDEF && symbol->st_value ? m->info->dlpi_addr + symbol->st_value : 0;
}

/* The program comes first, and alone has stand-ins; the others' slots may hold them. */
static void share_stand_ins(struct search *s)
{
	for (unsigned i = 0; i < s->n; i++)
		for (unsigned k = i + 1; s->found[i].stand_in && k < s->n; k++)
			if (!s->found[k].stand_in && !strcmp(s->found[k].name, s->found[i].name))
				s->found[k].stand_in = s->found[i].stand_in;
}

static int search_module(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	const struct seen *known = find_seen((uintptr_t)info->dlpi_phdr, info->dlpi_name);
	struct search *s = arg;
	struct module m;

	if (!known || !known->is_new || is_linker(info->dlpi_name) || private_library_is(info->dlpi_addr)
	    || !read_module(info, &m))
		return 0;
	for (unsigned k = 0; k < 2; k++)
		for (size_t i = 0; m.relocations[k] && i < m.n[k]; i++)
			look_at(s, &m, &m.relocations[k][i]);
	return 0;
}

/* All of them; false without memory. */
static bool search_all(struct search *s)
{
	for (s->room = FOUND_FIRST;; s->room = s->n) {
		s->n = 0;
		s->found = memory_pages(s->room * sizeof(*s->found));
		if (!s->found)
			return false;
		dl_iterate_phdr(search_module, s);
		if (s->n <= s->room)
			return true;
		memory_unpages(s->found, s->room * sizeof(*s->found));
	}
}

static void search(struct search *s, bool (*visit)(void *context, const struct slots_slot *slot),
                   void *context)
{
	if (!search_all(s))
		return;
	share_stand_ins(s);
	for (unsigned i = 0; i < s->n && visit(context, &s->found[i]); i++)
		;
	memory_unpages(s->found, s->room * sizeof(*s->found));
}

void slots_each(const char *glob, bool (*visit)(void *context, const struct slots_slot *slot), void *context)
{
	struct search s = {.glob = glob, .glob_bytes = strlen(glob)};

	search(&s, visit, context);
}

void slots_each_of(bool (*wanted)(const char *name),
                   bool (*visit)(void *context, const struct slots_slot *slot), void *context)
{
	struct search s = {.wanted = wanted};

	search(&s, visit, context);
}

/* ---- what a slot leads to ---- */

/* To a function, and not to the way into lazy binding or to a stand-in for it. */
bool slots_is_bound(const struct slots_slot *slot)
{
	bool is_inside = slot->value - slot->low < slot->high - slot->low;

	if (slot->value == slot->stand_in)
		return false;
	return slot->value && (!is_inside || slot->value == slot->definition);
}

struct place {
	uintptr_t address;
	bool is_code;
};

static int look_for_code(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	struct place *place = arg;

	for (unsigned i = 0; i < info->dlpi_phnum && !place->is_code; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		place->is_code = p->p_type == PT_LOAD && (p->p_flags & PF_X)
		                 && place->address - (info->dlpi_addr + p->p_vaddr) < p->p_memsz;
	}
	return place->is_code;
}

static bool is_code(const void *address)
{
	struct place place = {(uintptr_t)address, false};

	dl_iterate_phdr(look_for_code, &place);
	return place.is_code;
}

void *slots_function(const struct slots_slot *slot)
{
	int saved_errno = errno;
	void *function = (void *)slot->value;

	if (!slots_is_bound(slot))
		function = resolve_as_module(slot->name, (const void *)slot->low);
	if (function && (uintptr_t)function == slot->stand_in)
		function = resolve_next(slot->name);
	errno = saved_errno;
	return function && is_code(function) ? function : NULL;
}

/* ---- writing ---- */

struct writing {
	uintptr_t *at;
	uintptr_t expected, value;
	bool done;
};

static bool store(const struct module *m, struct writing *w)
{
	uintptr_t page = (uintptr_t)w->at & ~(uintptr_t)(PAGE - 1);
	bool sealed = page >= m->relro_low && page < m->relro_high;

	if (sealed && mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE) != 0)
		return false;
	w->done = __atomic_compare_exchange_n(w->at, &w->expected, w->value, false, __ATOMIC_ACQ_REL,
	                                      __ATOMIC_RELAXED);
	if (sealed)
		mprotect((void *)page, PAGE, PROT_READ);
	return w->done;
}

static int write_in(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	struct writing *w = arg;
	struct module m;

	if (!read_module(info, &m) || (uintptr_t)w->at < m.low || (uintptr_t)w->at >= m.high)
		return 0;
	store(&m, w);
	return 1;
}

bool slots_take(const struct slots_slot *slot, const void *function)
{
	struct writing w = {slot->at, slot->value, (uintptr_t)function, false};
	struct taken *taken = prof_arena_alloc(sizeof(*taken));
	int saved_errno = errno;

	if (!taken)
		return false;
	dl_iterate_phdr(write_in, &w);
	errno = saved_errno;
	if (!w.done)
		return false;
	*taken = (struct taken){slot->at, slot->value, (uintptr_t)function, NULL};
	taken->next = __atomic_load_n(&all_taken, __ATOMIC_RELAXED);
	__atomic_store_n(&all_taken, taken, __ATOMIC_RELEASE);
	return true;
}

void slots_return_all(void)
{
	int saved_errno = errno;

	for (const struct taken *t = __atomic_load_n(&all_taken, __ATOMIC_ACQUIRE); t; t = t->next) {
		struct writing w = {t->at, t->is, t->was, false};

		dl_iterate_phdr(write_in, &w);
	}
	errno = saved_errno;
}
