/* user_callers.c: how many places of a module call a function directly.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/user/user_callers.h"

#include <link.h>
#include <stdbool.h>
#include <string.h>

struct counting {
	uintptr_t function;
	unsigned n;
};

#if defined(__x86_64__)

/* call and jmp with 32 bits of distance from their end */
static void count_in(struct counting *c, const uint8_t *code, size_t bytes)
{
	for (size_t i = 0; i + 5 <= bytes; i++) {
		int32_t distance;

		if (code[i] != 0xe8 && code[i] != 0xe9)
			continue;
		memcpy(&distance, code + i + 1, sizeof(distance));
		c->n += (uintptr_t)(code + i + 5) + (uintptr_t)(intptr_t)distance == c->function;
	}
}

#elif defined(__aarch64__)

/* b and bl with 26 bits of distance in words */
static void count_in(struct counting *c, const uint8_t *code, size_t bytes)
{
	for (size_t i = 0; i + 4 <= bytes; i += 4) {
		uint32_t word;
		int64_t distance;

		memcpy(&word, code + i, sizeof(word));
		if ((word & 0x7c000000u) != 0x14000000u)
			continue;
		distance = (int64_t)(int32_t)(word << 6) >> 4;
		c->n += (uintptr_t)(code + i) + (uintptr_t)distance == c->function;
	}
}

#else
#error "preload: what does a direct call look like on this CPU?"
#endif

static int count_in_module(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	struct counting *c = arg;
	bool is_here = false;

	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + p->p_vaddr;

		is_here = is_here || (p->p_type == PT_LOAD && c->function - start < p->p_memsz);
	}
	for (unsigned i = 0; is_here && i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && (p->p_flags & PF_X) && (p->p_flags & PF_R))
			count_in(c, (const uint8_t *)(info->dlpi_addr + p->p_vaddr), p->p_filesz);
	}
	return is_here;
}

unsigned user_callers_count(uintptr_t function)
{
	struct counting c = {function, 0};

	dl_iterate_phdr(count_in_module, &c);
	return c.n;
}
