/* size_text.h: sizes as people write them: 64M, 1.5G, 1048576.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_SIZE_TEXT_H
#define PROF_SIZE_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* The least that PROFSHIM_MAX_SIZE can be: names, and some chunks of operations. */
#define PROF_MAX_SIZE_LEAST (1u << 20)

/* Bytes, with K, M, G or T behind a number as powers of 1024. False when the
 * text is something else or the size is beyond 2^62. */
static inline bool prof_size_parse(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	char *end;
	double value = text[0] >= '0' && text[0] <= '9' ? strtod(text, &end) : -1;

	if (value < 0)
		return false;
	for (unsigned i = 0; *end && units[i]; i++)
		if (*end == units[i] || *end == units[i] + ('a' - 'A')) {
			value *= (double)(1ull << 10 * (i + 1));
			end++;
			break;
		}
	if (*end || !(value < 0x1p62))
		return false;
	*bytes = (uint64_t)value;
	return true;
}

#endif
