/* symbolize.c: names of functions, offline, from the modules' symbol tables.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/symbolize.h"

#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/lib/support/arena.h"

struct symbol {
	uint64_t start, end;
	const char *name; /* as in the file, until somebody asks for it */
};

/* The C++ library's own (Itanium C++ ABI, section 3.4); the result is freed by the caller. */
extern char *__cxa_demangle(const char *mangled, char *buffer, size_t *bytes, int *status);

struct module_symbols {
	bool loaded;
	struct symbol *symbols;
	unsigned n, capacity;
};

struct symbolizer {
	const struct trace *trace;
	struct arena arena;
	struct module_symbols *modules;
};

struct symbolizer *symbolizer_new(const struct trace *t)
{
	struct symbolizer *s = calloc(1, sizeof(*s));

	if (!s || elf_version(EV_CURRENT) == EV_NONE
	    || !(s->modules = calloc(t->n_modules + 1, sizeof(*s->modules)))) {
		free(s);
		return NULL;
	}
	s->trace = t;
	return s;
}

void symbolizer_free(struct symbolizer *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->trace->n_modules; i++)
		free(s->modules[i].symbols);
	free(s->modules);
	arena_release(&s->arena);
	free(s);
}

/* Whether one note of the section is the GNU build-id `m` was recorded with. */
static bool notes_fit(Elf_Data *data, const struct trace_module *m)
{
	size_t name, desc, pos = 0, next;
	GElf_Nhdr note;

	while (data && (next = gelf_getnote(data, pos, &note, &name, &desc)) > 0) {
		if (note.n_type == NT_GNU_BUILD_ID && note.n_descsz == m->build_id_bytes
		    && !memcmp((const char *)data->d_buf + desc, m->build_id, m->build_id_bytes))
			return true;
		pos = next;
	}
	return false;
}

static bool build_id_fits(Elf *elf, const struct trace_module *m)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	if (!m->build_id_bytes)
		return true;
	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_NOTE
		    && notes_fit(elf_getdata(section, NULL), m))
			return true;
	return false;
}

static void add_symbol(struct symbolizer *s, struct module_symbols *to, const GElf_Sym *symbol,
                       const char *name)
{
	struct symbol *grown = array_grow(to->symbols, &to->capacity, to->n, sizeof(*grown));
	const char *copy = arena_copy(&s->arena, name, strlen(name));

	if (!grown)
		return;
	to->symbols = grown;
	if (copy)
		grown[to->n++] = (struct symbol){symbol->st_value, symbol->st_value + symbol->st_size, copy};
}

static void read_table(struct symbolizer *s, struct module_symbols *to, Elf *elf, Elf_Scn *section,
                       const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t n = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	GElf_Sym symbol;

	for (size_t i = 1; data && i < n && i < INT32_MAX; i++) {
		const char *name;
		unsigned type;

		if (!gelf_getsym(data, (int)i, &symbol))
			break;
		type = GELF_ST_TYPE(symbol.st_info);
		if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol.st_shndx == SHN_UNDEF
		    || !symbol.st_value)
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (name && *name)
			add_symbol(s, to, &symbol, name);
	}
}

static void read_file(struct symbolizer *s, struct module_symbols *to, const char *path,
                      const struct trace_module *m)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf = fd >= 0 ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	if (elf && elf_kind(elf) == ELF_K_ELF && build_id_fits(elf, m))
		while ((section = elf_nextscn(elf, section)))
			if (gelf_getshdr(section, &header)
			    && (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
				read_table(s, to, elf, section, &header);
	if (elf)
		elf_end(elf);
	if (fd >= 0)
		close(fd);
}

static void read_debug_file(struct symbolizer *s, struct module_symbols *to, const struct trace_module *m)
{
	char path[256];
	int used;

	if (m->build_id_bytes < 2)
		return;
	used = snprintf(path, sizeof(path), "/usr/lib/debug/.build-id/%02x/", m->build_id[0]);
	for (unsigned i = 1; i < m->build_id_bytes; i++)
		used += snprintf(path + used, sizeof(path) - (size_t)used, "%02x", m->build_id[i]);
	snprintf(path + used, sizeof(path) - (size_t)used, ".debug");
	read_file(s, to, path, m);
}

/* The name in a section .gnu_debuglink: a file of its own has what was stripped. */
static bool debug_link(const char *path, char *name, size_t bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf = fd >= 0 ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	Elf_Data *data;
	size_t names;

	*name = 0;
	if (elf && elf_kind(elf) == ELF_K_ELF && elf_getshdrstrndx(elf, &names) == 0)
		while (!*name && (section = elf_nextscn(elf, section))) {
			const char *of = gelf_getshdr(section, &header)
			                         ? elf_strptr(elf, names, header.sh_name)
			                         : NULL;

			if (of && !strcmp(of, ".gnu_debuglink") && (data = elf_rawdata(section, NULL))
			    && data->d_size && memchr(data->d_buf, 0, data->d_size))
				snprintf(name, bytes, "%s", (const char *)data->d_buf);
		}
	if (elf)
		elf_end(elf);
	if (fd >= 0)
		close(fd);
	return *name && !strchr(name, '/');
}

/* Where else debug files are: by what the module's file says, and FILE.debug. They
 * are told by their build-id. */
static void read_debug_beside(struct symbolizer *s, struct module_symbols *to, const char *file,
                              const struct trace_module *m)
{
	const char *slash = strrchr(file, '/');
	int dir = slash ? (int)(slash - file) : 0;
	char name[256], path[4800];

	if (!m->build_id_bytes || !slash)
		return;
	snprintf(path, sizeof(path), "%s.debug", file);
	read_file(s, to, path, m);
	if (!debug_link(file, name, sizeof(name)))
		return;
	snprintf(path, sizeof(path), "%.*s/%s", dir, file, name);
	read_file(s, to, path, m);
	snprintf(path, sizeof(path), "%.*s/.debug/%s", dir, file, name);
	read_file(s, to, path, m);
	snprintf(path, sizeof(path), "/usr/lib/debug%.*s/%s", dir, file, name);
	read_file(s, to, path, m);
}

static int by_start(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return strcmp(x->name, y->name);
}

static struct module_symbols *symbols_of(struct symbolizer *s, uint32_t id)
{
	const struct trace_module *m = &s->trace->modules[id - 1];
	struct module_symbols *to = &s->modules[id - 1];

	if (to->loaded)
		return to;
	to->loaded = true;
	if (m->path[0] == '/') {
		read_file(s, to, m->path, m);
		read_debug_beside(s, to, m->path, m);
	} else if (m->build_id_bytes) { /* of the program's folder, if it is that file still */
		char path[4400];

		snprintf(path, sizeof(path), "%.2000s/%.2000s", trace_fact_get(s->trace, "process.cwd"),
		         m->path);
		read_file(s, to, path, m);
		read_debug_beside(s, to, path, m);
	}
	read_debug_file(s, to, m);
	if (to->n)
		qsort(to->symbols, to->n, sizeof(*to->symbols), by_start);
	return to;
}

/* A C++ function by the name its author gave it; kept, since it is asked for again. */
static const char *readable_name(struct symbolizer *s, struct symbol *symbol)
{
	char *plain;

	if (strncmp(symbol->name, "_Z", 2) != 0)
		return symbol->name;
	plain = __cxa_demangle(symbol->name, NULL, NULL, NULL);
	if (plain) {
		const char *copy = arena_copy(&s->arena, plain, strlen(plain));

		if (copy)
			symbol->name = copy;
		free(plain);
	}
	return symbol->name;
}

const char *symbolizer_function(struct symbolizer *s, const struct prof_frame *frame)
{
	const struct module_symbols *from;
	uint64_t address = frame->offset - 1; /* the call, not what follows it */
	unsigned low = 0, high;

	if (!frame->module || frame->module > s->trace->n_modules || !frame->offset)
		return "";
	from = symbols_of(s, frame->module);
	high = from->n;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (from->symbols[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* Aliases share a start: any one that is long enough. */
	for (unsigned i = low; i-- > 0 && low - i <= 8;)
		if (address < from->symbols[i].end)
			return readable_name(s, &from->symbols[i]);
	return "";
}

const char *symbolizer_text(struct symbolizer *s, const struct prof_frame *frame, char *buf, unsigned bytes)
{
	const char *function = symbolizer_function(s, frame);

	if (!frame->module || frame->module > s->trace->n_modules)
		snprintf(buf, bytes, "0x%" PRIx64, frame->offset);
	else if (*function)
		snprintf(buf, bytes, "%s (%s+0x%" PRIx64 ")", function,
		         s->trace->modules[frame->module - 1].path, frame->offset);
	else
		snprintf(buf, bytes, "%s+0x%" PRIx64, s->trace->modules[frame->module - 1].path,
		         frame->offset);
	return buf;
}
