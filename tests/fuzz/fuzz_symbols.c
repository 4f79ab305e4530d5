/* fuzz_symbols.c: the symbols of an ELF file of any content.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "preload/entry/symbols_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const char *path = fuzz_file(data, bytes);
	struct symbols_list list = {0};
	struct symbols_file f = {0};
	size_t names = 0;

	if (!path || !symbols_file_start())
		return 1;
	if (!symbols_file_map(&f, path))
		return 0; /* an empty one */
	symbols_file_open(&f);
	symbols_file_read(&f, true, ".symtab", &list);
	symbols_file_read(&f, false, ".dynsym", &list);
	for (size_t i = 0; i < list.n; i++)
		names += strlen(list.entries[i].name);
	if (f.debug_link)
		names += strlen(f.debug_link);
	if ((list.n && !names) || f.build_id_bytes > sizeof(f.build_id))
		return 1;
	symbols_file_sum(&f);
	symbols_list_release(&list);
	symbols_file_close(&f);
	return 0;
}
