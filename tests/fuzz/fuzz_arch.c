/* fuzz_arch.c: accelerator files from anybody.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "tools/lib/arch/arch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct arch_set set;
	struct diag d = {""};

	memset(&set, 0, sizeof(set));
	/* An error without a sentence, or one with accelerators left behind, is a defect. */
	if (arch_set_load_text(&set, "input.yaml", data, bytes, &d) != 0 && (!d.text[0] || set.n))
		return 1;
	arch_set_release(&set);
	return 0;
}
