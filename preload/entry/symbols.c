/* symbols.c: the functions of a loaded module, exported or not.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/entry/symbols.h"

#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload/entry/symbols_file.h"
#include "prof/glob.h"
#include "runtime/recorder.h"

#define CODE_MAX   8
#define PATH_BYTES 4096

/* What is known of one module. One page or more of its own. */
struct symbols_table {
	struct symbols_file file, debug;
	struct symbols_list list; /* sorted by address */
	struct {
		uintptr_t low, high; /* in memory */
	} code[CODE_MAX];
	unsigned n_code;
	uintptr_t bias;
	uint8_t build_id[SYMBOLS_BUILD_ID_MAX]; /* in memory */
	size_t build_id_bytes;
	bool has_all; /* not only what is exported */
	char debug_source[PATH_BYTES + 16];
};

/* ---- the module in memory ---- */

static void note_build_id(struct symbols_table *t, const uint8_t *note, size_t bytes)
{
	const ElfW(Nhdr) * head;

	for (; bytes >= sizeof(*head);) {
		size_t name_bytes, all;

		head = (const void *)note;
		name_bytes = (head->n_namesz + 3u) & ~(size_t)3;
		all = sizeof(*head) + name_bytes + ((head->n_descsz + 3u) & ~(size_t)3);
		if (all > bytes)
			return;
		if (head->n_type == NT_GNU_BUILD_ID && head->n_namesz == 4
		    && memcmp(note + sizeof(*head), "GNU", 4) == 0
		    && head->n_descsz <= SYMBOLS_BUILD_ID_MAX) {
			t->build_id_bytes = head->n_descsz;
			memcpy(t->build_id, note + sizeof(*head) + name_bytes, head->n_descsz);
			return;
		}
		note += all;
		bytes -= all;
	}
}

static int note_module(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	struct symbols_table *t = arg;
	bool has_code = false;

	if (info->dlpi_addr != t->bias)
		return 0;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t at = info->dlpi_addr + p->p_vaddr;

		if (p->p_type == PT_NOTE && !t->build_id_bytes)
			note_build_id(t, (const uint8_t *)at, p->p_filesz);
		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X) || t->n_code == CODE_MAX)
			continue;
		t->code[t->n_code].low = at;
		t->code[t->n_code++].high = at + p->p_filesz;
		has_code = true;
	}
	return has_code;
}

/* The end of the code that an address is in, or 0. */
static uintptr_t code_end(const struct symbols_table *t, uintptr_t address)
{
	for (unsigned i = 0; i < t->n_code; i++)
		if (address >= t->code[i].low && address < t->code[i].high)
			return t->code[i].high;
	return 0;
}

/* ---- its debug file ---- */

static bool is_debug_file_of(const struct symbols_file *debug, const struct symbols_file *f)
{
	if (f->build_id_bytes)
		return debug->build_id_bytes == f->build_id_bytes
		       && memcmp(debug->build_id, f->build_id, f->build_id_bytes) == 0;
	if (f->debug_link)
		return symbols_file_sum(debug) == f->debug_link_sum;
	return f->text_bytes && debug->text_address == f->text_address && debug->text_bytes == f->text_bytes;
}

static bool try_debug_file(struct symbols_table *t, const char *path)
{
	if (!symbols_file_map(&t->debug, path))
		return false;
	symbols_file_open(&t->debug);
	if (!t->debug.is_object || !t->debug.has_symtab || !is_debug_file_of(&t->debug, &t->file)) {
		symbols_file_close(&t->debug);
		return false;
	}
	snprintf(t->debug_source, sizeof(t->debug_source), "debug file %s", path);
	return true;
}

static bool try_build_id(struct symbols_table *t)
{
	char path[64 + 2 * SYMBOLS_BUILD_ID_MAX];
	int used;

	if (t->file.build_id_bytes < 2)
		return false;
	used = snprintf(path, sizeof(path), "/usr/lib/debug/.build-id/%02x/", t->file.build_id[0]);
	for (size_t i = 1; i < t->file.build_id_bytes; i++)
		used += snprintf(path + used, sizeof(path) - (size_t)used, "%02x", t->file.build_id[i]);
	snprintf(path + used, sizeof(path) - (size_t)used, ".debug");
	return try_debug_file(t, path);
}

/* The file's own name, also of the program's. */
static void resolve_path(const char *path, char real[PATH_BYTES])
{
	ssize_t n = readlink(path, real, PATH_BYTES - 1);

	if (n > 0 && real[0] == '/')
		real[n] = 0;
	else
		snprintf(real, PATH_BYTES, "%s", path);
}

static void find_debug_file(struct symbols_table *t, const char *module_path)
{
	char real[PATH_BYTES], path[PATH_BYTES + 512];
	const char *link = t->file.debug_link;
	int folder;

	if (try_build_id(t))
		return;
	resolve_path(module_path, real);
	snprintf(path, sizeof(path), "%s.debug", real);
	if (try_debug_file(t, path) || !link || strlen(link) > 255)
		return;
	folder = strrchr(real, '/') ? (int)(strrchr(real, '/') - real) : 0;
	snprintf(path, sizeof(path), "%.*s/%s", folder, real, link);
	if (try_debug_file(t, path))
		return;
	snprintf(path, sizeof(path), "%.*s/.debug/%s", folder, real, link);
	if (try_debug_file(t, path))
		return;
	snprintf(path, sizeof(path), "/usr/lib/debug%.*s/%s", folder, real, link);
	try_debug_file(t, path);
}

/* ---- order ---- */

static bool is_before(const struct symbols_entry *a, const struct symbols_entry *b)
{
	if (a->address != b->address)
		return a->address < b->address;
	if (a->kind != b->kind)
		return a->kind < b->kind;
	if (a->rank != b->rank)
		return a->rank < b->rank;
	return strcmp(a->name, b->name) < 0;
}

static void sift_down(struct symbols_entry *e, size_t at, size_t n)
{
	struct symbols_entry moved = e[at];

	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		if (child + 1 < n && is_before(&e[child], &e[child + 1]))
			child++;
		if (!is_before(&moved, &e[child]))
			break;
		e[at] = e[child];
	}
	e[at] = moved;
}

/* Heapsort: in place, no more than n log n, whatever the file holds. */
static void sort(struct symbols_entry *e, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift_down(e, i, n);
	for (size_t end = n; end > 1; end--) {
		struct symbols_entry last = e[end - 1];

		e[end - 1] = e[0];
		e[0] = last;
		sift_down(e, 0, end - 1);
	}
}

/* Only what is in the module's code stays, at its address in memory. */
static void relocate(struct symbols_table *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->list.n; i++) {
		struct symbols_entry e = t->list.entries[i];

		e.address += t->bias;
		if (code_end(t, e.address))
			t->list.entries[kept++] = e;
	}
	t->list.n = kept;
	if (kept)
		sort(t->list.entries, kept);
}

/* ---- reading ---- */

static bool is_the_loaded_one(const struct symbols_table *t)
{
	return t->build_id_bytes == t->file.build_id_bytes
	       && memcmp(t->build_id, t->file.build_id, t->build_id_bytes) == 0;
}

static bool read_all(struct symbols_table *t, const struct symbols_module *m)
{
	t->bias = m->bias;
	dl_iterate_phdr(note_module, t);
	if (!t->n_code || !symbols_file_map(&t->file, m->path))
		return false;
	symbols_file_open(&t->file);
	if (!t->file.is_object || !is_the_loaded_one(t))
		return false;
	if (!t->file.has_symtab)
		find_debug_file(t, m->path);
	t->has_all = t->file.has_symtab || t->debug.has_symtab;
	symbols_file_read(&t->file, true, ".symtab", &t->list);
	symbols_file_read(&t->debug, true, t->debug_source, &t->list);
	symbols_file_read(&t->file, false, ".dynsym", &t->list);
	relocate(t);
	return !t->list.is_short;
}

static bool read_once(struct symbols_module *m)
{
	struct symbols_table *t;

	if (m->table)
		return true;
	if (!symbols_file_start())
		return false;
	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (t == MAP_FAILED)
		return false;
	m->table = t;
	if (read_all(t, m))
		return true;
	symbols_release(m);
	return false;
}

void symbols_release(struct symbols_module *m)
{
	struct symbols_table *t = m->table;

	if (!t)
		return;
	symbols_list_release(&t->list);
	symbols_file_close(&t->file);
	symbols_file_close(&t->debug);
	munmap(t, sizeof(*t));
	m->table = NULL;
}

/* ---- asking ---- */

/* Where the symbols of another address begin. */
static size_t next_address(const struct symbols_table *t, size_t i)
{
	uint64_t address = t->list.entries[i].address;

	while (i < t->list.n && t->list.entries[i].address == address)
		i++;
	return i;
}

/* The first symbol at or behind an address. */
static size_t find_address(const struct symbols_table *t, uintptr_t address)
{
	size_t low = 0, high = t->list.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->list.entries[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct symbols_function describe(const struct symbols_table *t, size_t i)
{
	const struct symbols_entry *e = &t->list.entries[i];
	size_t next = next_address(t, i);
	uintptr_t end = code_end(t, e->address);
	struct symbols_function f = {e->name, e->address, e->bytes, 0, e->source};
	size_t distance;

	if (next < t->list.n && t->list.entries[next].address < end)
		end = t->list.entries[next].address;
	distance = end - e->address;
	if (!f.bytes || f.bytes > code_end(t, e->address) - e->address)
		f.bytes = distance;
	if (t->has_all && distance >= f.bytes)
		f.room = distance;
	return f;
}

/* What the resolver of an IFUNC chooses: the dynamic linker calls it in this way. */
static uintptr_t resolve_ifunc(uintptr_t resolver)
{
	struct {
		unsigned long size, hwcap, hwcap2;
	} facts = {sizeof(facts), getauxval(AT_HWCAP), getauxval(AT_HWCAP2)};
	uintptr_t (*choose)(unsigned long, const void *) = (__typeof__(choose))resolver;

	return choose(facts.hwcap | 1ul << 62, &facts);
}

/* Of an IFUNC the name is kept and the rest is the chosen function's. */
static bool describe_chosen(const struct symbols_table *t, size_t i, struct symbols_function *f)
{
	uintptr_t chosen = resolve_ifunc(t->list.entries[i].address);
	size_t at = find_address(t, chosen);

	if (!code_end(t, chosen) || at == t->list.n || t->list.entries[at].address != chosen)
		return false;
	*f = describe(t, at);
	f->name = t->list.entries[i].name;
	return true;
}

static bool matches(const struct symbols_entry *e, const char *glob, size_t glob_bytes)
{
	return e->kind != SYMBOLS_LABEL && prof_glob_match(glob, glob_bytes, e->name);
}

int symbols_each(struct symbols_module *m, const char *glob,
                 bool (*visit)(void *context, const struct symbols_function *f), void *context)
{
	size_t glob_bytes = strlen(glob);
	int saved_errno = errno;
	bool goes_on = true;

	if (!read_once(m)) {
		errno = saved_errno;
		return -1;
	}
	for (size_t i = 0, next; goes_on && i < m->table->list.n; i = next) {
		struct symbols_function f;

		next = next_address(m->table, i);
		while (i < next && !matches(&m->table->list.entries[i], glob, glob_bytes))
			i++;
		if (i == next)
			continue;
		if (m->table->list.entries[i].kind == SYMBOLS_FUNCTION) {
			f = describe(m->table, i);
			goes_on = visit(context, &f);
		} else if (describe_chosen(m->table, i, &f)) {
			goes_on = visit(context, &f);
		}
	}
	errno = saved_errno;
	return 0;
}

bool symbols_at(struct symbols_module *m, uintptr_t address, struct symbols_function *f)
{
	int saved_errno = errno;
	bool is_read = read_once(m);
	size_t i;

	errno = saved_errno;
	if (!is_read)
		return false;
	i = find_address(m->table, address);
	if (i == m->table->list.n || m->table->list.entries[i].address != address
	    || m->table->list.entries[i].kind != SYMBOLS_FUNCTION)
		return false;
	*f = describe(m->table, i);
	return true;
}
