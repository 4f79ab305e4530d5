/* fuzz_contexts.c: alias tables from anybody.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/fuzz/fuzz.h"

#include "tools/lib/trace/contexts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct contexts *c = contexts_new();
	struct context_found found = {.layer = -1};
	struct diag d = {""};
	int failed;

	if (!c)
		return 1;
	failed = contexts_add(c, "input.yaml", (const char *)data, bytes, &d);
	if (!failed)
		contexts_find(c, "region", "model.layers.3.self_attn.q_proj", "kq-3", &found);
	contexts_free(c);
	return failed && !d.text[0];
}
