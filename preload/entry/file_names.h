/* file_names.h: the names of the functions in an ELF file, read in one pass.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Says whether a module is worth a closer look (symbols.h), before a library is
 * loaded for that. Files of any content do no harm.
 */
#ifndef PRELOAD_ENTRY_FILE_NAMES_H
#define PRELOAD_ENTRY_FILE_NAMES_H

#include <stdbool.h>

struct file_names_function {
	const char *name;
	bool is_bound; /* within its module: local, hidden or protected */
};

/* Every function that the file defines: of .symtab and, if they are wanted too, of
 * .dynsym, the exported ones, again. Changes no errno. */
void file_names_each(const char *path, bool exported,
                     void (*visit)(void *context, const struct file_names_function *function), void *context);

#endif
