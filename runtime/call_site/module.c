/* module.c: the program and its libraries, where they are in memory.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The loader is asked without the lock, into memory of the asking thread; then
 * what is new gets a MODULE record. Build-ids are read from memory, where the
 * notes of every module are.
 */
#include "runtime/call_site/module.h"

#include <link.h>
#include <string.h>
#include <unistd.h>

#include "runtime/guard.h"
#include "runtime/memory.h"
#include "runtime/trace/meta.h"
#include "runtime/recorder.h"
#include "runtime/recorder_state.h"

#define LOADED_MAX     4096u
#define PATH_BYTES     1024u
#define BUILD_ID_BYTES 32u

struct loaded {
	uint64_t start, end, bias;
	uint8_t build_id_bytes;
	uint8_t build_id[BUILD_ID_BYTES];
	bool is_program;
	char path[PATH_BYTES];
};

struct scan {
	struct loaded *loaded;
	unsigned n;
	uint64_t changes;
};

/* One that is loaded now, and the id of its record. */
struct module {
	uint64_t start, end, bias, path_hash;
	uint32_t id;
	bool is_ours;
};

static struct module *modules;
static unsigned n_modules;
static uint32_t ids;
static uint64_t changes_seen; /* atomic */
uint32_t module_changes;

void prof_modules_changed(void)
{
	__atomic_fetch_add(&module_changes, 1, __ATOMIC_ACQ_REL);
}

/* ---- what the loader says ---- */

static void find_build_id(struct loaded *m, const uint8_t *note, size_t bytes)
{
	while (bytes >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *head = (const void *)note;
		size_t name_bytes = (head->n_namesz + 3u) & ~3u, desc_bytes = (head->n_descsz + 3u) & ~3u;
		const uint8_t *name = note + sizeof(*head);

		if (sizeof(*head) + name_bytes + desc_bytes > bytes)
			return;
		if (head->n_type == NT_GNU_BUILD_ID && head->n_namesz == 4 && memcmp(name, "GNU", 4) == 0
		    && head->n_descsz <= BUILD_ID_BYTES) {
			m->build_id_bytes = (uint8_t)head->n_descsz;
			memcpy(m->build_id, name + name_bytes, head->n_descsz);
			return;
		}
		note += sizeof(*head) + name_bytes + desc_bytes;
		bytes -= sizeof(*head) + name_bytes + desc_bytes;
	}
}

static int on_loaded(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	struct scan *scan = arg;
	struct loaded *m = &scan->loaded[scan->n];

	if (scan->n == LOADED_MAX)
		return 1;
	m->bias = info->dlpi_addr;
	m->start = ~0ull;
	m->is_program = scan->n == 0;
	scan->changes = info->dlpi_adds + info->dlpi_subs;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uint64_t at = info->dlpi_addr + p->p_vaddr;

		if (p->p_type == PT_LOAD) {
			m->start = at < m->start ? at : m->start;
			m->end = at + p->p_memsz > m->end ? at + p->p_memsz : m->end;
		} else if (p->p_type == PT_NOTE && !m->build_id_bytes) {
			find_build_id(m, (const uint8_t *)at, p->p_memsz);
		}
	}
	if (info->dlpi_name)
		memcpy(m->path, info->dlpi_name, strnlen(info->dlpi_name, PATH_BYTES - 1));
	scan->n += m->end > 0;
	return 0;
}

static int on_first(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	uint64_t *changes = arg;

	*changes = info->dlpi_adds + info->dlpi_subs;
	return 1;
}

static void name_program(struct loaded *m)
{
	ssize_t n;

	if (m->path[0])
		return;
	n = readlink("/proc/self/exe", m->path, PATH_BYTES - 1);
	if (n < 0)
		m->path[0] = 0;
}

/* ---- what is made of it; lock held ---- */

static uint64_t hash_path(const char *path)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	while (*path)
		h = (h ^ (uint8_t)*path++) * 1099511628211u;
	return h;
}

static uint32_t known_id(const struct loaded *m, uint64_t path_hash)
{
	for (unsigned i = 0; i < n_modules; i++)
		if (modules[i].start == m->start && modules[i].end == m->end
		    && modules[i].path_hash == path_hash)
			return modules[i].id;
	return 0;
}

static uint32_t introduce(const struct loaded *l)
{
	struct prof_meta_module m = {.id = ids + 1,
	                             .start = l->start,
	                             .end = l->end,
	                             .bias = l->bias,
	                             .tick = recorder_ticks(prof_clock()),
	                             .build_id_bytes = l->build_id_bytes};
	struct iovec text = meta_text(l->path, &m.path_bytes);
	struct iovec parts[] = {{&m, sizeof(m)}, text, META_ZERO};

	memcpy(m.build_id, l->build_id, sizeof(m.build_id));
	return meta_add(PROF_META_MODULE, parts, 3) ? ++ids : 0;
}

static void adopt(const struct scan *scan)
{
	static struct module *spare;
	struct module *now = spare ? spare : memory_alloc(LOADED_MAX * sizeof(*now));
	uint64_t here = (uint64_t)(uintptr_t)&module_refresh;

	if (!now)
		return;
	for (unsigned i = 0; i < scan->n; i++) {
		const struct loaded *l = &scan->loaded[i];
		uint64_t path_hash = hash_path(l->path);
		uint32_t id = known_id(l, path_hash);

		now[i] = (struct module){.start = l->start,
		                         .end = l->end,
		                         .bias = l->bias,
		                         .path_hash = path_hash,
		                         .id = id ? id : introduce(l),
		                         .is_ours = !l->is_program && here >= l->start && here < l->end};
	}
	spare = modules;
	modules = now;
	n_modules = scan->n;
	__atomic_store_n(&changes_seen, scan->changes, __ATOMIC_RELEASE);
}

void module_refresh(void)
{
	struct scan scan = {.n = 0};
	uint64_t changes = 0;
	struct guard g;

	dl_iterate_phdr(on_first, &changes);
	if (changes == __atomic_load_n(&changes_seen, __ATOMIC_ACQUIRE))
		return;
	scan.loaded = memory_pages(LOADED_MAX * sizeof(*scan.loaded));
	if (!scan.loaded)
		return;
	dl_iterate_phdr(on_loaded, &scan);
	if (scan.n)
		name_program(&scan.loaded[0]);
	if (guard_enter(&g)) {
		adopt(&scan);
		guard_leave(&g);
	}
	memory_unpages(scan.loaded, LOADED_MAX * sizeof(*scan.loaded));
}

struct prof_frame module_frame(const void *address, bool *ours)
{
	uint64_t at = (uint64_t)(uintptr_t)address;

	/* A return address may be the first byte after its module. */
	for (unsigned i = 0; i < n_modules; i++) {
		if (at - 1 < modules[i].start || at - 1 >= modules[i].end || !modules[i].id)
			continue;
		*ours = modules[i].is_ours;
		return (struct prof_frame){.module = modules[i].id, .offset = at - modules[i].bias};
	}
	*ours = false;
	return (struct prof_frame){.offset = at};
}
