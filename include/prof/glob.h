/* glob.h: names as people abbreviate them, blk.*.attn_?.weight.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_GLOB_H
#define PROF_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/* Whether all of `text` is what the pattern of `bytes` bytes says: * stands for
 * anything, ? for one byte, every other byte for itself. */
static inline bool prof_glob_match(const char *pattern, size_t bytes, const char *text)
{
	const char *p = pattern, *end = pattern + bytes, *star = NULL, *resume = NULL;

	while (*text) {
		if (p < end && *p == '*') {
			star = ++p;
			resume = text;
		} else if (p < end && (*p == '?' || *p == *text)) {
			p++;
			text++;
		} else if (star) {
			p = star;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

#endif
