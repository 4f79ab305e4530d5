/* fuzz_map.c: mapping files from anybody.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "tools/lib/replay/map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct arch_set set;
	struct map map;
	struct diag d = {""};

	if (!set.n && arch_set_load(&set, "arch/PIM-AI-1chip.yaml", &d) != 0)
		return 1;
	memset(&map, 0, sizeof(map));
	if (map_load_text(&map, &set, "input.yaml", data, bytes, &d) != 0 && !d.text[0])
		return 1;
	map_release(&map);
	return 0;
}
