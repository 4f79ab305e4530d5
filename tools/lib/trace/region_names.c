/* region_names.c: regions that are functions, as their authors wrote them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/region_names.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 8192, NAME_BYTES = 512 };

extern char *__cxa_demangle(const char *mangled, char *buffer, size_t *bytes, int *status);

size_t region_names_short_bytes(const char *name)
{
	const char *end = strrchr(name, ')');
	int depth = 0;

	for (; end && end > name; end--) {
		depth += (*end == ')') - (*end == '(');
		if (depth == 0)
			return (size_t)(end - name);
	}
	return strlen(name);
}

/* Add one part of a path to text, which has room for NAME_BYTES more. */
static size_t add(char *text, const char *part, size_t bytes)
{
	char name[NAME_BYTES + 1], *plain = NULL;
	size_t plain_bytes = NAME_BYTES + 1;

	memcpy(name, part, bytes);
	name[bytes] = 0;
	if (strncmp(name, "_Z", 2) == 0)
		plain = __cxa_demangle(name, NULL, NULL, NULL);
	if (plain)
		plain_bytes = region_names_short_bytes(plain);
	if (plain_bytes <= NAME_BYTES)
		bytes = plain_bytes;
	memcpy(text, plain_bytes <= NAME_BYTES ? plain : name, bytes);
	free(plain);
	return bytes;
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
