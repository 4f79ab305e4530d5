/* arch.h: accelerators, as their files describe them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A file is a mapping from names to profiles (docs/arch_format.md), so that
 * files written for the published PIM-AI simulator work as they are.
 */
#ifndef TOOLS_LIB_ARCH_ARCH_H
#define TOOLS_LIB_ARCH_ARCH_H

#include <math.h>
#include <prof/kinds.h>
#include <stdbool.h>
#include <stddef.h>

#include "tools/lib/support/diag.h"

enum arch_key {
#define ARCH_KEY(id, key, unit, required, bound, max, good, meaning) ARCH_##id,
#include "tools/lib/arch/arch_keys.def"
	ARCH_N_KEYS
};

/* Mappings from data types to numbers, keys of a memory level, choices. */
enum arch_rates {
#define ARCH_RATES(id, key, unit, bound, max, good, meaning) ARCH_RATES_##id,
#include "tools/lib/arch/arch_keys.def"
	ARCH_N_RATES
};
enum arch_level_key {
#define ARCH_LEVEL(id, key, unit, required, bound, max, good, meaning) ARCH_LEVEL_##id,
#include "tools/lib/arch/arch_keys.def"
	ARCH_N_LEVEL_KEYS
};
enum arch_choice {
#define ARCH_CHOICE(id, key, words, meaning) ARCH_CHOICE_##id,
#include "tools/lib/arch/arch_keys.def"
	ARCH_N_CHOICES
};
enum arch_topology { ARCH_SWITCH, ARCH_RING, ARCH_TORUS, ARCH_BY_HOST };
enum arch_collective { ARCH_COLLECTIVE_RING, ARCH_COLLECTIVE_TREE, ARCH_COLLECTIVE_ALL };

#define ARCH_MAX_LEVELS 4u

/* Where a number is from, where the file says it number by number. */
struct arch_origin {
	char key[64]; /* "mem_bw_GBs", "tflops_by_dtype.int8", "memory_levels.0.bytes" */
	const char *unit;
	double value, lo, hi;                 /* lo = hi = value: no range */
	const char *source, *scope, *process; /* "" when left out */
};

struct arch {
	const char *name;
	const char *path;           /* of its file */
	const char *source, *notes; /* "" when left out */
	/* In the key's unit; NaN when left out. */
	double value[ARCH_N_KEYS];
	double rate[ARCH_N_RATES][PROF_DTYPE_LIMIT];
	double by_dtype[ARCH_N_RATES][PROF_DTYPE_LIMIT];  /* the same, or that of the type's arithmetic */
	double level[ARCH_MAX_LEVELS][ARCH_N_LEVEL_KEYS]; /* innermost first */
	unsigned n_levels;
	int choice[ARCH_N_CHOICES]; /* place of the word; -1 when left out */

	/* The same with every range at the end that makes operations cheaper, or
	 * dearer; null without ranges. */
	struct arch *best, *worst;
	struct arch_origin *origins;
	unsigned n_origins;
	struct calibration *calibration; /* a host's own measurements, or null */
	char *text;                      /* what the strings above point into */
};

struct calibration;

struct arch_set {
	struct arch *archs;
	unsigned n;
};

/* The value, or `otherwise` where the profile leaves it out. */
static inline double arch_get(const struct arch *a, enum arch_key key, double otherwise)
{
	return isnan(a->value[key]) ? otherwise : a->value[key];
}

static inline double arch_level_get(const struct arch *a, unsigned level, enum arch_level_key key,
                                    double otherwise)
{
	return isnan(a->level[level][key]) ? otherwise : a->level[level][key];
}

/* The place of a word in "a|b|c", -1 for none of them. */
int arch_word(const char *words, const char *word);

/* What a profile owns. */
void arch_release(struct arch *a);

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
