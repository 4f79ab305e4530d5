/* function_name.c: names and functions of this process, from their module's file.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * dladdr() knows exported names alone and takes the loader's lock, which a
 * thread may hold while it waits for the one that asks here. A file may be
 * anything by now: whatever lies outside of it is not there.
 */
#include "runtime/call_site/function_name.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
	const uint8_t *data;
	size_t bytes;
};

/* So many elements of a size at an offset, or null. */
static const void *part(const struct image *im, uint64_t offset, uint64_t n, uint64_t each)
{
	if (offset > im->bytes || (n && (im->bytes - offset) / n < each) || offset % 8)
		return NULL;
	return im->data + offset;
}

static bool image_open(struct image *im, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *data = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (data == MAP_FAILED)
		return false;
	im->data = data;
	im->bytes = (size_t)st.st_size;
	return true;
}

/* What is looked for: a name, or null and the address that a function holds. */
struct wanted {
	const char *name;
	ElfW(Addr) address;
};

/* The name and, into *address, the beginning of a function; in one table of symbols. */
static const char *find_in(const struct image *im, const ElfW(Shdr) * table, const ElfW(Shdr) * strings,
                           struct wanted *w)
{
	size_t n = table->sh_size / sizeof(ElfW(Sym));
	const ElfW(Sym) *s = part(im, table->sh_offset, n, sizeof(*s));

	if (strings->sh_offset > im->bytes || strings->sh_size > im->bytes - strings->sh_offset)
		return NULL;
	for (size_t i = 0; s && i < n; i++) {
		const char *name = (const char *)im->data + strings->sh_offset + s[i].st_name;

		if (ELF64_ST_TYPE(s[i].st_info) != STT_FUNC || s[i].st_shndx == SHN_UNDEF
		    || s[i].st_name >= strings->sh_size
		    || (!w->name && w->address - s[i].st_value >= (s[i].st_size ? s[i].st_size : 1)))
			continue;
		if (!memchr(name, 0, strings->sh_size - s[i].st_name) || !*name
		    || (w->name && strcmp(name, w->name) != 0))
			continue;
		w->address = s[i].st_value;
		return name;
	}
	return NULL;
}

static const char *find(const struct image *im, struct wanted *w)
{
	static const uint32_t kinds[] = {SHT_SYMTAB, SHT_DYNSYM};
	const ElfW(Ehdr) *e = part(im, 0, 1, sizeof(*e));
	const ElfW(Shdr) * sections;
	const char *name = NULL;

	if (!e || memcmp(e->e_ident, ELFMAG, SELFMAG) != 0 || e->e_ident[EI_CLASS] != ELFCLASS64
	    || e->e_shentsize != sizeof(*sections))
		return NULL;
	sections = part(im, e->e_shoff, e->e_shnum, sizeof(*sections));
	for (size_t k = 0; sections && k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (size_t i = 0; !name && i < e->e_shnum; i++)
			if (sections[i].sh_type == kinds[k] && sections[i].sh_link < e->e_shnum)
				name = find_in(im, &sections[i], &sections[sections[i].sh_link], w);
	return name;
}

static void image_close(const struct image *im)
{
	munmap((void *)(uintptr_t)im->data, im->bytes);
}

size_t function_name(const void *address, char *text, size_t bytes)
{
	struct dl_find_object found;
	const char *path, *name = NULL;
	struct image im = {NULL, 0};
	struct wanted wanted = {NULL, 0};
	uintptr_t offset;
	int length;

	if (_dl_find_object((void *)(uintptr_t)address, &found) != 0) {
		length = snprintf(text, bytes, "%p", address);
		return length < 0 ? 0 : strnlen(text, bytes - 1);
	}
	offset = (uintptr_t)address - found.dlfo_link_map->l_addr;
	path = found.dlfo_link_map->l_name[0] ? found.dlfo_link_map->l_name : "/proc/self/exe";
	wanted.address = offset;
	if (image_open(&im, path))
		name = find(&im, &wanted);
	if (name) {
		length = snprintf(text, bytes, "%s", name);
	} else {
		const char *file = strrchr(path, '/');

		length = snprintf(text, bytes, "%s+0x%lx", file ? file + 1 : path, (unsigned long)offset);
	}
	if (im.data)
		image_close(&im);
	return length < 0 ? 0 : strnlen(text, bytes - 1);
}

uintptr_t function_in_program(const char *name)
{
	const ElfW(Phdr) *headers = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	struct wanted wanted = {name, 0};
	uintptr_t bias = 0;
	struct image im;

	if (!headers || !image_open(&im, "/proc/self/exe"))
		return 0;
	for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
		if (headers[i].p_type == PT_PHDR)
			bias = (uintptr_t)headers - headers[i].p_vaddr;
	name = find(&im, &wanted);
	image_close(&im);
	return name ? bias + wanted.address : 0;
}
