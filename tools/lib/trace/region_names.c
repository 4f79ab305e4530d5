/* region_names.c: regions that are functions, as their authors wrote them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/region_names.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 8192, NAME_BYTES = 512 };

extern char *__cxa_demangle(const char *mangled, char *buffer, size_t *bytes, int *status);

/* Add one part of a path to text, which has room for NAME_BYTES more. */
static size_t add(char *text, const char *part, size_t bytes)
{
	char name[NAME_BYTES + 1], *plain = NULL;
	size_t added = bytes;

	memcpy(name, part, bytes);
	name[bytes] = 0;
	if (strncmp(name, "_Z", 2) == 0)
		plain = __cxa_demangle(name, NULL, NULL, NULL);
	if (plain && strlen(plain) <= NAME_BYTES)
		added = strlen(plain);
	memcpy(text, plain && strlen(plain) <= NAME_BYTES ? plain : name, added);
	free(plain);
	return added;
}

const char *region_names_readable(struct arena *a, const char *path)
{
	char text[PATH_BYTES];
	size_t used = 0;
	const char *known;

	if (!strstr(path, "_Z"))
		return path;
	for (const char *p = path;; p++) {
		size_t bytes = strcspn(p, ".");

		if (bytes > NAME_BYTES || used + NAME_BYTES + 1 > sizeof(text))
			return path;
		used += add(text + used, p, bytes);
		p += bytes;
		if (!*p)
			break;
		text[used++] = '.';
	}
	known = arena_intern(a, text, used);
	return known ? known : path;
}
