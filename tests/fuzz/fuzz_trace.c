/* fuzz_trace.c: traces and op lists from anybody, read to their end.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>

#include "tools/lib/trace.h"

static bool read_all(struct trace *t)
{
	struct trace_cursor *c = trace_cursor_open(t);
	struct op_event ev;
	struct diag d = {""};
	bool sound = true;
	int more;

	if (!c)
		return false;
	while ((more = trace_cursor_next(c, &ev, &d)) > 0)
		sound = sound && ev.desc < t->n_descs && ev.step < (int32_t)t->n_steps;
	trace_cursor_close(c);
	return sound && (more == 0 || d.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	for (int children = 0; children < 2; children++) {
		struct trace_options options = {.children = children};
		struct trace *t = NULL;
		struct diag d = {""};
		const char *path = fuzz_file(data, bytes);

		if (!path)
			return 1;
		if (trace_open(path, &options, &t, &d) != 0) {
			if (!d.text[0])
				return 1;
			continue;
		}
		if (!read_all(t))
			return 1;
		trace_close(t);
	}
	return 0;
}
