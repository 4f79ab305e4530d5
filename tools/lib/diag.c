/* diag.c: sentences about what went wrong, and nearest names.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/diag.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Text from files may hold anything: control characters would let a hostile
 * file drive the reader's terminal. */
static void make_printable(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
}

int diag_set(struct diag *d, const char *format, ...)
{
	va_list ap;

	if (!d)
		return -1;
	va_start(ap, format);
	vsnprintf(d->text, sizeof(d->text), format, ap);
	va_end(ap);
	make_printable(d->text);
	return -1;
}

int diag_at(struct diag *d, const char *file, unsigned line, unsigned column, const char *format, ...)
{
	va_list ap;
	int used;

	if (!d)
		return -1;
	if (!line)
		used = snprintf(d->text, sizeof(d->text), "%.500s: ", file);
	else if (!column)
		used = snprintf(d->text, sizeof(d->text), "%.500s:%u: ", file, line);
	else
		used = snprintf(d->text, sizeof(d->text), "%.500s:%u:%u: ", file, line, column);
	va_start(ap, format);
	vsnprintf(d->text + used, sizeof(d->text) - (size_t)used, format, ap);
	va_end(ap);
	make_printable(d->text);
	return -1;
}

enum { NAME_MAX_COMPARED = 64 };

static char fold(char c)
{
	return c == '_' ? '-' : (char)tolower((unsigned char)c);
}

/* Edits (a swap of neighbours is one) between two names. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][NAME_MAX_COMPARED + 1];
	unsigned *before = rows[0], *previous = rows[1], *now = rows[2];
	unsigned la = (unsigned)strlen(a), lb = (unsigned)strlen(b);

	if (la > NAME_MAX_COMPARED || lb > NAME_MAX_COMPARED)
		return ~0u;
	for (unsigned j = 0; j <= lb; j++)
		previous[j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned *spare = before;

		now[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			unsigned best = previous[j - 1] + (fold(a[i - 1]) != fold(b[j - 1]));

			best = previous[j] + 1 < best ? previous[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2])
			    && fold(a[i - 2]) == fold(b[j - 1]) && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
		before = previous;
		previous = now;
		now = spare;
	}
	return previous[lb];
}

const char *diag_nearest(const char *name, const char *const *names, unsigned n)
{
	const char *nearest = NULL;
	unsigned best = ~0u;

	for (unsigned i = 0; i < n; i++) {
		unsigned edits = distance(name, names[i]);

		if (edits < best) {
			best = edits;
			nearest = names[i];
		}
	}
	return best <= 1 + (unsigned)strlen(name) / 4 ? nearest : NULL;
}
