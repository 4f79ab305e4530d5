/* fuzz_file_names.c: the names of the functions in an ELF file of any content.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "preload/entry/file_names.h"

static void add(void *context, const struct file_names_function *f)
{
	*(size_t *)context += strlen(f->name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const char *path = fuzz_file(data, bytes);
	size_t names = 0;

	if (!path)
		return 1;
	file_names_each(path, true, add, &names);
	return 0;
}
