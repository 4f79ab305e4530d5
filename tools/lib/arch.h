/* arch.h: accelerators, as their files describe them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A file is a mapping from names to profiles (docs/arch_format.md), so that
 * files written for the published PIM-AI simulator work as they are.
 */
#ifndef TOOLS_LIB_ARCH_H
#define TOOLS_LIB_ARCH_H

#include <prof/kinds.h>
#include <stdbool.h>
#include <stddef.h>

#include "tools/lib/diag.h"

enum arch_key {
#define ARCH_KEY(id, key, unit, required, bound, max, meaning) ARCH_##id,
#define ARCH_TEXT(id, key, meaning)
#define ARCH_RATES(id, key, unit, max, meaning)
#include "tools/lib/arch_keys.def"
#undef ARCH_KEY
#undef ARCH_TEXT
#undef ARCH_RATES
	ARCH_N_KEYS
};

struct arch {
	const char *name;
	const char *path;                         /* of its file */
	const char *source, *notes;               /* "" when left out */
	double value[ARCH_N_KEYS];                /* in the key's unit; NaN when left out */
	double tflops_by_dtype[PROF_DTYPE_LIMIT]; /* NaN when left out */
	char *text;                               /* what the strings above point into */
};

struct arch_set {
	struct arch *archs;
	unsigned n;
};

/* The value, or `otherwise` where the profile leaves it out. */
double arch_get(const struct arch *a, enum arch_key key, double otherwise);

void arch_set_release(struct arch_set *s);

/* Add the profiles of a file (or of text already in memory). A name that is
 * there already is replaced: files given later win. Nothing is added on error. */
int arch_set_load(struct arch_set *s, const char *path, struct diag *d);
int arch_set_load_text(struct arch_set *s, const char *path, const void *text, size_t bytes, struct diag *d);

/* Add every *.yaml of a folder, in the order of their names. */
int arch_set_load_dir(struct arch_set *s, const char *dir, struct diag *d);

/* The profile of that name ('-' and '_' are the same), or null and an error
 * with the nearest name. Valid until the set changes. */
const struct arch *arch_set_find(const struct arch_set *s, const char *name, struct diag *d);

/* Whether two names are the same but for '-' and '_'. */
bool arch_same_name(const char *a, const char *b);

#endif
