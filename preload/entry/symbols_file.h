/* symbols_file.h: the symbols in the image of one ELF file.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_ENTRY_SYMBOLS_FILE_H
#define PRELOAD_ENTRY_SYMBOLS_FILE_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYMBOLS_BUILD_ID_MAX 64

enum symbols_kind {
	SYMBOLS_FUNCTION,
	SYMBOLS_IFUNC,
	SYMBOLS_LABEL, /* something begins here, no function that is known of or could be hooked */
};

struct symbols_entry {
	const char *name;
	const char *source;
	uint64_t address, bytes; /* as the file has them */
	uint8_t kind;            /* enum symbols_kind */
	uint8_t rank;            /* of the names of one address: global 0, weak 1, local 2 */
	bool is_symtab;          /* from .symtab, which has all */
};

/* Grows in anonymous memory. */
struct symbols_list {
	struct symbols_entry *entries;
	size_t n, room;
	bool is_short; /* there was no memory for all */
};

struct symbols_file {
	uint8_t *image; /* the file, mapped; the names point into it */
	size_t image_bytes;
	Elf *elf;
	bool is_object; /* an ELF file of this machine's kind, with what follows */
	bool has_symtab;
	uint8_t build_id[SYMBOLS_BUILD_ID_MAX];
	size_t build_id_bytes;
	const char *debug_link; /* name of the debug file, or null */
	uint32_t debug_link_sum;
	uint64_t text_address, text_bytes; /* of .text */
};

/* Load libelf; false when it can't be had. */
bool symbols_file_start(void);

/* Map a file; false when that cannot be done. */
bool symbols_file_map(struct symbols_file *f, const char *path);

/* Look at the image. f->is_object says whether it is of use. */
void symbols_file_open(struct symbols_file *f);

/* Put its symbols into the list: of .symtab or of .dynsym. */
void symbols_file_read(struct symbols_file *f, bool symtab, const char *source, struct symbols_list *list);

/* Forget and unmap it. */
void symbols_file_close(struct symbols_file *f);

/* The check sum of .gnu_debuglink: CRC-32 (ISO 3309) of the whole file. */
uint32_t symbols_file_sum(const struct symbols_file *f);

void symbols_list_release(struct symbols_list *list);

#endif
