/* fuzz_entry.c: any bytes as a function that is to be taken over.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "preload/entry/entry_cpu.h"

#define FUNCTION_MAX 512u

/* A plan is whole, or there is a reason; nothing outside the function is read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct entry_plan plan = {0};
	struct entry_segments s;
	struct entry_request r;
	char why[96] = "";
	uint8_t *code;
	bool is_planned;
	size_t sum = 0;

	if (bytes < 32 || !entry_cpu_start(why, sizeof(why)))
		return bytes >= 32;
	/* Somewhere in the input, and where depends on all of it. */
	for (size_t i = 0; i < bytes; i++)
		sum += data[i];
	data += sum % (bytes / 16) * 16;
	bytes -= sum % (bytes / 16) * 16;
	bytes = bytes < FUNCTION_MAX ? bytes : FUNCTION_MAX;
	code = malloc(bytes);
	if (!code)
		return 1;
	memcpy(code, data, bytes);
	r = (struct entry_request){.function = code, .bytes = bytes - data[0] % 16u % bytes, .room = bytes};
	s = (struct entry_segments){.low = (uintptr_t)code,
	                            .high = (uintptr_t)code + bytes,
	                            .data_low = (uintptr_t)code,
	                            .data_high = (uintptr_t)code + bytes};
	is_planned = entry_cpu_plan(&r, &s, (uintptr_t)code, data[1] & 1, &plan, why, sizeof(why));
	if (is_planned
	    && (plan.code_bytes > ENTRY_CODE_MAX || plan.patch_bytes > ENTRY_PATCH_MAX || !plan.patch_bytes
	        || plan.patch < s.low || plan.patch + plan.patch_bytes > s.high))
		abort();
	if (!is_planned && !why[0])
		abort();
	free(code);
	return 0;
}
