/* entry_cpu.h: what entry.c asks of entry_<cpu>.c.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_ENTRY_ENTRY_CPU_H
#define PRELOAD_ENTRY_ENTRY_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/entry/entry.h"

#define ENTRY_PATCH_MAX 16  /* bytes replaced in the function, and before it */
#define ENTRY_CODE_MAX  192 /* bytes of code that an entry needs near by */

/* The code of a module, as it is in memory. */
struct entry_segments {
	uintptr_t low, high;           /* the segment that the function is in */
	uintptr_t data_low, data_high; /* all of the module */
};

/* How a function is taken over, worked out without changing anything. */
struct entry_plan {
	uintptr_t patch; /* where bytes are replaced */
	size_t patch_bytes;
	uint8_t patched[ENTRY_PATCH_MAX];
	bool is_one_instruction; /* so that no thread can stand inside of it */
	uint8_t code[ENTRY_CODE_MAX];
	size_t code_bytes;
	size_t original; /* offset in code of what runs the function as it was */
};

/* What code must lie within of a function. */
extern const uintptr_t entry_cpu_reach;

/* Load what is needed; false, with why, when it can't be had. */
bool entry_cpu_start(char *why, size_t why_bytes);

/* Plan for a request with the code at the address `at`, whose length does not
 * depend on it. False with why. Prefers one instruction when `one` is set. */
bool entry_cpu_plan(const struct entry_request *r, const struct entry_segments *s, uintptr_t at, bool one,
                    struct entry_plan *plan, char *why, size_t why_bytes);

#endif
