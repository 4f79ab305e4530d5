/* diag.c: sentences about what went wrong, and nearest names.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/support/diag.h"

#include <prof/nearest.h>
#include <stdarg.h>
#include <stdio.h>

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

const char *diag_nearest(const char *name, const char *const *names, unsigned n)
{
	return prof_nearest(name, names, n);
}
