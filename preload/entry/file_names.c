/* file_names.c: the names of the functions in an ELF file, read in one pass.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/entry/file_names.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "runtime/memory.h"

#define SECTIONS_MAX 4096u
#define NAMES_MAX    (64ull << 20)
#define BLOCK        2048u /* symbols read at once */

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#endif

struct reading {
	int fd;
	bool exported;
	ElfW(Shdr) * sections;
	unsigned n_sections;
	void (*visit)(void *context, const struct file_names_function *function);
	void *context;
};

static bool read_at(int fd, void *to, size_t bytes, uint64_t at)
{
	return at <= INT64_MAX && pread(fd, to, bytes, (off_t)at) == (ssize_t)bytes;
}

static void visit_block(const struct reading *r, const ElfW(Sym) * symbols, size_t n, const char *names,
                        size_t names_bytes)
{
	for (size_t i = 0; i < n; i++) {
		unsigned type = ELF64_ST_TYPE(symbols[i].st_info);
		unsigned visible = ELF64_ST_VISIBILITY(symbols[i].st_other);
		struct file_names_function f = {.name = names + symbols[i].st_name,
		                                .is_bound = ELF64_ST_BIND(symbols[i].st_info) == STB_LOCAL
		                                            || visible != STV_DEFAULT};

		if ((type == STT_FUNC || type == STT_GNU_IFUNC) && symbols[i].st_shndx != SHN_UNDEF
		    && symbols[i].st_name < names_bytes)
			r->visit(r->context, &f);
	}
}

static void read_symbols(const struct reading *r, const ElfW(Shdr) * table, const char *names,
                         size_t names_bytes)
{
	ElfW(Sym) *block = memory_pages(BLOCK * sizeof(*block));
	uint64_t left = table->sh_size / sizeof(*block), at = table->sh_offset;

	while (block && left > 0) {
		size_t n = left < BLOCK ? (size_t)left : BLOCK;

		if (!read_at(r->fd, block, n * sizeof(*block), at))
			break;
		visit_block(r, block, n, names, names_bytes);
		left -= n;
		at += n * sizeof(*block);
	}
	if (block)
		memory_unpages(block, BLOCK * sizeof(*block));
}

static void read_table(const struct reading *r, const ElfW(Shdr) * table)
{
	const ElfW(Shdr) * strings;
	size_t bytes;
	char *names;

	if (table->sh_link >= r->n_sections || table->sh_entsize != sizeof(ElfW(Sym)))
		return;
	strings = &r->sections[table->sh_link];
	if (strings->sh_type != SHT_STRTAB || !strings->sh_size || strings->sh_size > NAMES_MAX)
		return;
	bytes = (size_t)strings->sh_size;
	names = memory_pages(bytes + 1); /* the last name has an end, too */
	if (!names)
		return;
	if (read_at(r->fd, names, bytes, strings->sh_offset))
		read_symbols(r, table, names, bytes);
	memory_unpages(names, bytes + 1);
}

static void read_file(struct reading *r)
{
	ElfW(Ehdr) head;
	size_t bytes;

	if (!read_at(r->fd, &head, sizeof(head), 0) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0
	    || head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_machine != MACHINE
	    || head.e_shentsize != sizeof(*r->sections) || !head.e_shnum || head.e_shnum > SECTIONS_MAX)
		return;
	bytes = head.e_shnum * sizeof(*r->sections);
	r->sections = memory_pages(bytes);
	r->n_sections = head.e_shnum;
	if (r->sections && read_at(r->fd, r->sections, bytes, head.e_shoff))
		for (unsigned i = 0; i < r->n_sections; i++)
			if (r->sections[i].sh_type == SHT_SYMTAB
			    || (r->sections[i].sh_type == SHT_DYNSYM && r->exported))
				read_table(r, &r->sections[i]);
	if (r->sections)
		memory_unpages(r->sections, bytes);
}

void file_names_each(const char *path, bool exported,
                     void (*visit)(void *context, const struct file_names_function *function), void *context)
{
	struct reading r = {.exported = exported, .visit = visit, .context = context};
	int saved_errno = errno;

	r.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (r.fd >= 0) {
		read_file(&r);
		close(r.fd);
	}
	errno = saved_errno;
}
