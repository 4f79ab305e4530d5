/* known.h: the functions that the tables of BLAS, LAPACK and oneDNN describe, by name.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Such a hook can stand for a function that its exported name does not lead to:
 * one in the middle of a program, one under another name.
 */
#ifndef PRELOAD_KNOWN_H
#define PRELOAD_KNOWN_H

#include "preload/thunk/thunk.h"

/* What the tables tell (hooks_<family>.c). */
struct known_table {
	const char *family;
	const struct hook *hooks;
	unsigned n;
};
extern const struct known_table blas_table, lapack_table, onednn_table;

/* Once, before the first question. */
void known_start(void);

/* The hook of a function, or null. */
const struct hook *known_find(const char *name);

/* The name of the family that a hook is of. */
const char *known_family(const struct hook *hook);

/* Whether that family is recorded. */
bool known_is_wanted(const struct hook *hook);

#endif
