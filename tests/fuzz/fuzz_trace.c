/* fuzz_trace.c: traces and op lists from anybody, read to their end.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/lib/trace/trace_unite.h"

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

static const char *merged_path(void)
{
	static char path[] = "/tmp/fuzz_trace.XXXXXX";
	static bool made;

	if (!made)
		close(mkstemp(path));
	made = true;
	return path;
}

/* A recorded trace, of another process than the one among the seeds. */
static struct trace *open_sound(void)
{
	static char path[] = "/tmp/fuzz_trace.XXXXXX", bytes[1 << 20];
	static bool made;
	struct trace *t = NULL;
	struct diag d;

	if (!made) {
		FILE *seed = fopen("tests/fuzz/seeds/blas.trace", "r");
		size_t n = seed ? fread(bytes, 1, sizeof(bytes), seed) : 0;
		int fd = mkstemp(path);

		bytes[offsetof(struct prof_file_header, pid)] ^= 1;
		if (!n || write(fd, bytes, n) != (ssize_t)n)
			abort();
		close(fd);
		fclose(seed);
	}
	made = true;
	return trace_open(path, NULL, &t, &d) ? NULL : t;
}

/* What could be read can be merged with a sound trace, and what came of it be
 * read to its end; or the merge says why not. */
static bool merges(struct trace *t)
{
	const struct unite_options options = {.any_run = true};
	struct trace *sound = open_sound(), *whole = NULL;
	struct diag d = {""};
	bool fine;

	if (!sound)
		return false;
	if (trace_unite((struct trace *[]){t, sound}, 2, &options, merged_path(), &d) != 0)
		fine = d.text[0] != 0;
	else
		fine = trace_open(merged_path(), NULL, &whole, &d) == 0 && whole->n_processes > 1
		       && read_all(whole);
	trace_close(whole);
	trace_close(sound);
	return fine;
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
		if (!read_all(t) || !merges(t))
			return 1;
		trace_close(t);
	}
	return 0;
}
