/* user_modules.h: the program and its libraries, by their files.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_USER_USER_MODULES_H
#define PRELOAD_USER_USER_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/entry/symbols.h"

/* Of a module that was loaded once; the path is kept for ever. */
struct user_module {
	const char *path;
	uintptr_t bias, low, high;
	bool is_program; /* false for all other modules */
	bool is_new;     /* came since the look before */
	bool is_there;
	struct symbols_module symbols;
	struct user_module *next;
};

/* Look at what is loaded now. */
void user_modules_look(void);

/* The first module there is, in the loader's order; and from it the rest, some of
 * which may be gone (is_there). The shim, the dynamic linker and the vdso are left out. */
struct user_module *user_modules_first(void);

/* The one that an address belongs to, or null. */
const struct user_module *user_modules_at(uintptr_t address);

/* The file's name without its folders. */
const char *user_modules_name(const char *path);

#endif
