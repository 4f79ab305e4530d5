/* symbols.h: the functions of a loaded module, exported or not.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * From the module's own file (.symtab, .dynsym) and, when that was stripped, its
 * debug file: by build-id below /usr/lib/debug, PATH.debug beside it, or the
 * one that .gnu_debuglink names. A debug file must be this module's: of the same
 * build-id, else of the check sum in .gnu_debuglink, else with .text at the
 * same place. Read by libelf, which is loaded privately and may wait for the
 * loader's lock; files of any content do no harm.
 */
#ifndef PRELOAD_ENTRY_SYMBOLS_H
#define PRELOAD_ENTRY_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbols_function {
	const char *name; /* without its version; of several at one address a global one */
	uintptr_t address;
	size_t bytes;       /* up to the next symbol when the file does not say */
	size_t room;        /* and with what follows up to the next symbol; 0: not known */
	const char *source; /* ".symtab", ".dynsym", "debug file PATH" */
};

/* A module that is loaded. The caller sets the first two and zeroes the rest. */
struct symbols_module {
	const char *path; /* of its file; "/proc/self/exe" serves for the program */
	uintptr_t bias;   /* added to the addresses in the file */
	/* What was read, kept from the first use to symbols_release(). */
	struct symbols_table *table;
};

/* Every function whose name matches a glob (`*`, `?`), in the order of their
 * addresses, each address once; an IFUNC is the function that its resolver
 * chooses. visit returns false to stop. Names and sources are valid until
 * symbols_release(). 0, or -1 when nothing can be read: no file, no libelf, the
 * file on disk is not the one that was loaded. Changes no errno. */
int symbols_each(struct symbols_module *m, const char *glob,
                 bool (*visit)(void *context, const struct symbols_function *f), void *context);

/* The function that begins at an address. */
bool symbols_at(struct symbols_module *m, uintptr_t address, struct symbols_function *f);

/* Give back what was read. */
void symbols_release(struct symbols_module *m);

#endif
