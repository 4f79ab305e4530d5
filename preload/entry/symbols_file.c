/* symbols_file.c: the symbols in the image of one ELF file.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * libelf finds sections and symbols, and checks what it hands out against the
 * size of the image; what is made of their contents here is checked here.
 */
#include "preload/entry/symbols_file.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/thunk/thunk.h"
#include "preload/trylock.h"
#include "runtime/private_library.h"
#include "runtime/recorder.h"

#define NAME_MAX_BYTES 65536u /* C++ names are long, this is longer */

#define FUNCTIONS(_)                                                                                         \
	_(elf_version)                                                                                       \
	_(elf_memory)                                                                                        \
	_(elf_end)                                                                                           \
	_(elf_kind)                                                                                          \
	_(elf_nextscn)                                                                                       \
	_(elf_rawdata)                                                                                       \
	_(elf_getshdrstrndx)                                                                                 \
	_(elf_strptr)                                                                                        \
	_(gelf_getehdr)                                                                                      \
	_(gelf_getshdr)

static struct {
#define POINTER(name) __typeof__(name) *name;
	FUNCTIONS(POINTER)
#undef POINTER
} elf;

static bool load(void)
{
	void *library = private_library_open("libelf.so.1");

	if (!library)
		return false;
#define FIND(name)                                                                                           \
	elf.name = (__typeof__(elf.name))dlsym(library, #name);                                              \
	if (!elf.name)                                                                                       \
		return false;
	FUNCTIONS(FIND)
#undef FIND
	return elf.elf_version(EV_CURRENT) != EV_NONE;
}

bool symbols_file_start(void)
{
	enum { UNTRIED, READY, MISSING };
	static uint32_t state, loading;
	struct guard calm;

	if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) == UNTRIED && trylock_take(&loading, &calm)) {
		if (state == UNTRIED)
			__atomic_store_n(&state, load() ? READY : MISSING, __ATOMIC_RELEASE);
		trylock_give(&loading, &calm);
	}
	return __atomic_load_n(&state, __ATOMIC_ACQUIRE) == READY;
}

/* ---- the file ---- */

bool symbols_file_map(struct symbols_file *f, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	void *image = MAP_FAILED;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (image == MAP_FAILED)
		return false;
	memset(f, 0, sizeof(*f));
	f->image = image;
	f->image_bytes = (size_t)st.st_size;
	return true;
}

static void read_build_id(struct symbols_file *f, const Elf_Data *data)
{
	const uint8_t *note = data->d_buf;
	size_t left = data->d_size;

	while (left >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr head;
		size_t name_bytes, all;

		memcpy(&head, note, sizeof(head));
		name_bytes = ((size_t)head.n_namesz + 3) & ~(size_t)3;
		all = sizeof(head) + name_bytes + (((size_t)head.n_descsz + 3) & ~(size_t)3);
		if (all > left)
			return;
		if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4
		    && memcmp(note + sizeof(head), "GNU", 4) == 0 && head.n_descsz
		    && head.n_descsz <= SYMBOLS_BUILD_ID_MAX) {
			memcpy(f->build_id, note + sizeof(head) + name_bytes, head.n_descsz);
			f->build_id_bytes = head.n_descsz;
			return;
		}
		note += all;
		left -= all;
	}
}

/* A name, padding up to a multiple of 4, the check sum. */
static void read_debug_link(struct symbols_file *f, const Elf_Data *data)
{
	size_t length = data->d_buf ? strnlen(data->d_buf, data->d_size) : 0;
	size_t at = (length + 4) & ~(size_t)3;

	if (!length || at + 4 > data->d_size || memchr(data->d_buf, '/', length))
		return;
	f->debug_link = data->d_buf;
	memcpy(&f->debug_link_sum, (const char *)data->d_buf + at, 4);
}

static void read_section(struct symbols_file *f, Elf_Scn *section, const GElf_Shdr *header, const char *name)
{
	Elf_Data *data;

	if (header->sh_type == SHT_SYMTAB)
		f->has_symtab = true;
	if (strcmp(name, ".text") == 0) {
		f->text_address = header->sh_addr;
		f->text_bytes = header->sh_size;
	}
	if (header->sh_type != SHT_NOTE && strcmp(name, ".gnu_debuglink") != 0)
		return;
	data = elf.elf_rawdata(section, NULL);
	if (!data || !data->d_buf)
		return;
	if (header->sh_type != SHT_NOTE)
		read_debug_link(f, data);
	else if (!f->build_id_bytes)
		read_build_id(f, data);
}

void symbols_file_open(struct symbols_file *f)
{
	unsigned char data_here = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	Elf_Scn *section = NULL;
	GElf_Ehdr header;
	size_t names;

	f->elf = elf.elf_memory((char *)f->image, f->image_bytes);
	if (!f->elf || elf.elf_kind(f->elf) != ELF_K_ELF || !elf.gelf_getehdr(f->elf, &header)
	    || header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != data_here
	    || (header.e_type != ET_EXEC && header.e_type != ET_DYN)
	    || elf.elf_getshdrstrndx(f->elf, &names) != 0)
		return;
	f->is_object = true;
	while ((section = elf.elf_nextscn(f->elf, section))) {
		GElf_Shdr section_header;
		const char *name;

		if (!elf.gelf_getshdr(section, &section_header))
			continue;
		name = elf.elf_strptr(f->elf, names, section_header.sh_name);
		read_section(f, section, &section_header, name ? name : "");
	}
}

void symbols_file_close(struct symbols_file *f)
{
	if (f->elf)
		elf.elf_end(f->elf);
	if (f->image)
		munmap(f->image, f->image_bytes);
	memset(f, 0, sizeof(*f));
}

uint32_t symbols_file_sum(const struct symbols_file *f)
{
	uint32_t table[256], sum = ~0u;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
	}
	for (size_t i = 0; i < f->image_bytes; i++)
		sum = table[(sum ^ f->image[i]) & 255] ^ sum >> 8;
	return ~sum;
}

/* ---- the list ---- */

static struct symbols_entry *list_add(struct symbols_list *list)
{
	if (list->n == list->room) {
		size_t room = list->room ? list->room * 2 : 4096, bytes = room * sizeof(*list->entries);
		void *larger;

		if (list->entries)
			larger = mremap(list->entries, list->room * sizeof(*list->entries), bytes,
			                MREMAP_MAYMOVE);
		else
			larger =
			        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (larger == MAP_FAILED) {
			list->is_short = true;
			return NULL;
		}
		list->entries = larger;
		list->room = room;
	}
	return &list->entries[list->n++];
}

void symbols_list_release(struct symbols_list *list)
{
	if (list->entries)
		munmap(list->entries, list->room * sizeof(*list->entries));
	memset(list, 0, sizeof(*list));
}

/* .symtab has versions in its names: memcpy@@GLIBC_2.14. */
static const char *without_version(const char *name)
{
	const char *at = strchr(name, '@');
	size_t length = at ? (size_t)(at - name) : 0;
	char *copy;

	if (!length)
		return name;
	copy = prof_arena_alloc(length + 1);
	if (!copy)
		return NULL;
	memcpy(copy, name, length);
	return copy;
}

static bool is_of_use(const GElf_Sym *symbol)
{
	unsigned type = GELF_ST_TYPE(symbol->st_info);

	return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS && symbol->st_value
	       && (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE);
}

/* `f.cold` (gcc), `f.cold.1`, `f.__part.1` (clang) are pieces of f, moved elsewhere: they
 * are jumped to with f's stack frame, not called. */
static bool is_piece(const char *name)
{
	const char *cold = strstr(name, ".cold");

	return (cold && (cold[5] == 0 || cold[5] == '.')) || strstr(name, ".__part.");
}

static enum symbols_kind kind_of(const char *name, const GElf_Sym *symbol)
{
	unsigned type = GELF_ST_TYPE(symbol->st_info);

	if (type == STT_NOTYPE || is_piece(name) || !thunk_can_call(symbol->st_other))
		return SYMBOLS_LABEL;
	return type == STT_GNU_IFUNC ? SYMBOLS_IFUNC : SYMBOLS_FUNCTION;
}

static void add_symbol(struct symbols_file *f, const GElf_Sym *symbol, size_t names, const char *source,
                       struct symbols_list *list)
{
	unsigned type = GELF_ST_TYPE(symbol->st_info), binding = GELF_ST_BIND(symbol->st_info);
	const char *name = elf.elf_strptr(f->elf, names, symbol->st_name);
	struct symbols_entry *e;

	/* $x and $d tell code from data on aarch64, in the middle of functions. */
	if (!name || !name[0] || (type == STT_NOTYPE && name[0] == '$')
	    || strnlen(name, NAME_MAX_BYTES) == NAME_MAX_BYTES)
		return;
	name = without_version(name);
	e = name ? list_add(list) : NULL;
	if (!e)
		return;
	*e = (struct symbols_entry){.name = name,
	                            .source = source,
	                            .address = symbol->st_value,
	                            .bytes = symbol->st_size,
	                            .kind = (uint8_t)kind_of(name, symbol),
	                            .rank = binding == STB_LOCAL  ? 2
	                                    : binding == STB_WEAK ? 1
	                                                          : 0};
}

static void read_symbols(struct symbols_file *f, Elf_Scn *section, const GElf_Shdr *header,
                         const char *source, struct symbols_list *list)
{
	Elf_Data *data = elf.elf_rawdata(section, NULL);
	size_t n;

	if (!data || !data->d_buf)
		return;
	n = data->d_size / sizeof(Elf64_Sym); /* of this machine's order, so as they lie there */
	for (size_t i = 1; i < n && i < INT32_MAX; i++) {
		GElf_Sym symbol;

		memcpy(&symbol, (const char *)data->d_buf + i * sizeof(symbol), sizeof(symbol));
		if (is_of_use(&symbol))
			add_symbol(f, &symbol, header->sh_link, source, list);
	}
}

void symbols_file_read(struct symbols_file *f, bool symtab, const char *source, struct symbols_list *list)
{
	Elf_Scn *section = NULL;

	while (f->is_object && (section = elf.elf_nextscn(f->elf, section))) {
		GElf_Shdr header;
		size_t before = list->n;

		if (!elf.gelf_getshdr(section, &header)
		    || header.sh_type != (symtab ? SHT_SYMTAB : SHT_DYNSYM))
			continue;
		read_symbols(f, section, &header, source, list);
		for (size_t i = before; i < list->n; i++)
			list->entries[i].is_symtab = symtab;
	}
}
