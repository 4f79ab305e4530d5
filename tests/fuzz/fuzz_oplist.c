/* fuzz_oplist.c: op lists from anybody; what is taken survives import and export.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A list that opens is exported (A), imported as a binary trace, and that is
 * exported again (B): A and B must be the same text, or import must say why not.
 * Where some operations say when they started and others do not, their order and
 * what depends on it may differ, but none may be missing.
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/lib/trace/oplist_write.h"
#include "tools/lib/trace/trace_write.h"

/* The list of a trace, to be freed; null when the trace turns out to be broken
 * further on, with d saying where. */
static char *exported(struct trace *t, struct diag *d)
{
	size_t bytes = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &bytes);
	struct oplist_writer *w = oplist_writer_new(t, out);
	struct trace_cursor *c = trace_cursor_open(t);
	struct op_event ev;
	int more = -1;

	while (w && c && (more = trace_cursor_next(c, &ev, d)) > 0)
		if (oplist_write(w, &ev))
			break;
	trace_cursor_close(c);
	oplist_writer_free(w);
	fclose(out);
	if (more != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static const char *trace_path(void)
{
	static char path[] = "/tmp/fuzz_oplist.XXXXXX";
	static bool made;

	if (!made)
		close(mkstemp(path));
	made = true;
	return path;
}

static size_t lines_of(const char *text)
{
	size_t n = 0;

	while ((text = strchr(text, '\n')) != NULL)
		text += 1, n++;
	return n;
}

static bool is_mixed(const struct trace *t)
{
	unsigned placed = 0;

	for (unsigned i = 0; i < t->n_descs; i++)
		placed += !(t->descs[i].flags & (PROF_DESC_UNTIMED | PROF_DESC_UNPLACED));
	return placed && placed < t->n_descs;
}

/* Whether the binary trace of t says the same. */
static bool survives(struct trace *t, const char *list)
{
	struct diag d = {""};
	struct trace *back = NULL;
	char *again;
	bool same;

	if (trace_write(t, trace_path(), &d) != 0)
		return d.text[0] != 0;
	if (trace_open(trace_path(), &(struct trace_options){.children = true, .strict = true}, &back, &d))
		return false;
	again = exported(back, &d);
	same = again && (is_mixed(t) ? lines_of(list) == lines_of(again) : strcmp(list, again) == 0);
	free(again);
	trace_close(back);
	return same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const char *path = fuzz_file(data, bytes);
	struct trace *t = NULL;
	struct diag d = {""};
	char *list;
	bool sound;

	if (!path)
		return 1;
	if (trace_open(path, &(struct trace_options){.children = true}, &t, &d) != 0)
		return !d.text[0];
	list = t->is_list ? exported(t, &d) : NULL;
	sound = list ? survives(t, list) : !t->is_list || d.text[0];
	free(list);
	trace_close(t);
	unlink(trace_path());
	return !sound;
}
