/* fuzz_user_file.c: files of hooks from anybody.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "preload/user/user_file.h"

static const struct user_yaml_api linked = {yaml_parser_initialize, yaml_parser_set_input_string,
                                            yaml_parser_parse, yaml_event_delete, yaml_parser_delete};

/* Whatever is understood can be asked of a call, too. */
static void ask(const struct user_file *file)
{
	static uint64_t frame[(THUNK_STACK_OFFSET + 8 * 64) / 8];

	for (const struct user_hook *h = file->hooks; h; h = h->next)
		for (unsigned r = 0; r < h->n_rules; r++)
			for (unsigned i = 0; i < h->rules[r].n_values; i++) {
				struct user_input in = {.call = (const struct hook_call *)(void *)frame};
				int64_t value;

				user_expr_value(&h->rules[r].values[i].expr, &in, &value);
			}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static char memory[1 << 20];
	struct user_memory m = {memory, sizeof(memory)};
	struct user_text text = {(const char *)data, bytes};
	struct user_file file;
	struct user_error e = {0};

	if (user_file_parse(&linked, &m, &text, &file, &e))
		ask(&file);
	else if (!e.text[0])
		return 1;
	memset(memory, 0, (size_t)(m.at - memory));
	return 0;
}
