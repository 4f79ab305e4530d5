/* nearest.h: the name that a mistyped one was meant to be.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_NEAREST_H
#define PROF_NEAREST_H

#include <string.h>

#define PROF_NEAREST_COMPARED 64 /* bytes; longer names are like no other */

static inline char prof_nearest_fold(char c)
{
	return (char)(c == '_' ? '-' : c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Edits between two names: '-' and '_' are equal, case is ignored, a swap of
 * neighbours is one. ~0: too long to say. */
static inline unsigned prof_nearest_edits(const char *a, const char *b)
{
	unsigned rows[3][PROF_NEAREST_COMPARED + 1];
	unsigned *before = rows[0], *previous = rows[1], *now = rows[2];
	unsigned la = (unsigned)strlen(a), lb = (unsigned)strlen(b);

	if (la > PROF_NEAREST_COMPARED || lb > PROF_NEAREST_COMPARED)
		return ~0u;
	for (unsigned j = 0; j <= lb; j++)
		previous[j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned *spare = before;
		char x = prof_nearest_fold(a[i - 1]), x_before = i > 1 ? prof_nearest_fold(a[i - 2]) : 0;

		now[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			char y = prof_nearest_fold(b[j - 1]),
			     y_before = j > 1 ? prof_nearest_fold(b[j - 2]) : 0;
			unsigned best = previous[j - 1] + (x != y);

			best = previous[j] + 1 < best ? previous[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && x == y_before && x_before == y && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
		before = previous;
		previous = now;
		now = spare;
	}
	return previous[lb];
}

/* Whether so many edits can be a slip in `name`, of which something must be right. */
static inline int prof_nearest_is_meant(const char *name, unsigned edits)
{
	unsigned bytes = (unsigned)strlen(name);

	return edits <= 1 + bytes / 4 && edits < bytes;
}

/* The entry of names[0..n) nearest to `name` when it is near enough to be
 * meant, else null. */
static inline const char *prof_nearest(const char *name, const char *const *names, unsigned n)
{
	const char *nearest = NULL;
	unsigned best = ~0u;

	for (unsigned i = 0; i < n; i++) {
		unsigned edits = prof_nearest_edits(name, names[i]);

		if (edits < best) {
			best = edits;
			nearest = names[i];
		}
	}
	return nearest && prof_nearest_is_meant(name, best) ? nearest : NULL;
}

#endif
