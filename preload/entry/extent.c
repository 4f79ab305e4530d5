/* extent.c: where a function ends that has no symbol.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * .eh_frame_hdr is a sorted table of functions and their frame descriptions
 * (Linux Standard Base, "Exception Frames"), here as all linkers write it: pairs
 * of 32-bit distances from its start; and descriptions whose addresses are 32-bit
 * distances from themselves. Others are not read.
 */
#include "preload/entry/extent.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

enum {
	PCREL_SDATA4 = 0x1b,
	UDATA4 = 0x03,
	DATAREL_SDATA4 = 0x3b,
};

struct header {
	uint8_t version, frame_encoding, count_encoding, table_encoding;
	int32_t frame;
	uint32_t count;
	int32_t pairs[];
};

/* The length field, the way back to the common part, start and length. */
struct description {
	uint32_t bytes;
	uint32_t common; /* from this field back to it */
	int32_t start;   /* from this field */
	uint32_t length;
};

/* Whether the common part says that addresses are written so: "zR" or "zPLR", ... */
static int is_read_here(const uint8_t *common)
{
	const char *letters = (const char *)common + 9;
	const uint8_t *p = common + 9;

	if (common[8] != 1 || letters[0] != 'z')
		return 0;
	p += strlen(letters) + 1;
	for (unsigned i = 0; i < 4; i++) /* two factors, a register, the length of what follows */
		while (*p++ & 0x80)
			;
	for (letters++; *letters; letters++) {
		if (*letters == 'R')
			return *p == PCREL_SDATA4;
		if (*letters == 'P')
			p += 1 + ((*p & 0x0f) == 0x0c || !(*p & 0x0f) ? 8 : 4);
		else if (*letters == 'L')
			p++;
		else if (*letters != 'S' && *letters != 'B')
			return 0;
	}
	return 0;
}

static size_t length_in(uintptr_t at, uintptr_t function)
{
	struct description d;

	memcpy(&d, (const void *)at, sizeof(d));
	if (d.bytes < 12 || d.bytes == ~0u || at + 8 + (uintptr_t)(intptr_t)d.start != function
	    || !is_read_here((const uint8_t *)(at + 4 - d.common)))
		return 0;
	return d.length;
}

size_t extent_of(uintptr_t function)
{
	struct dl_find_object found;
	const struct header *h;
	size_t low = 0, high;

	if (_dl_find_object((void *)function, &found) != 0 || !found.dlfo_eh_frame)
		return 0;
	h = found.dlfo_eh_frame;
	if (h->version != 1 || h->count_encoding != UDATA4 || h->table_encoding != DATAREL_SDATA4
	    || (h->frame_encoding & 0x0f) != 0x0b)
		return 0;
	for (high = h->count; low < high;) {
		size_t middle = low + (high - low) / 2;
		uintptr_t start = (uintptr_t)h + (uintptr_t)(intptr_t)h->pairs[2 * middle];

		if (start == function)
			return length_in((uintptr_t)h + (uintptr_t)(intptr_t)h->pairs[2 * middle + 1],
			                 function);
		if (start < function)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}
