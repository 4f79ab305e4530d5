/* ops.c: what a trace holds, one operation a line, for the tests.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * ops TRACE: "name op m n k" of each in the order of time, '-' where there is
 * none, then "xN" for a batch and "@region" inside a region. Children are shown
 * too, indented by their depth. It fails where something is amiss.
 */
#include <stdio.h>
#include <string.h>

#include "tools/lib/trace/trace.h"

static void print_attribute(const struct op_desc *d, enum prof_attr attr)
{
	int64_t value = op_attr_get(d, attr, -1);

	if (value < 0)
		printf(" -");
	else
		printf(" %lld", (long long)value);
}

static void print_operation(const struct op_desc *d, unsigned depth)
{
	printf("%*s%s %s", (int)(2 * depth), "", d->name, op_name(d->op));
	print_attribute(d, PROF_ATTR_M);
	print_attribute(d, PROF_ATTR_N);
	print_attribute(d, PROF_ATTR_K);
	if (op_attr_get(d, PROF_ATTR_BATCH, 1) != 1)
		printf(" x%lld", (long long)op_attr_get(d, PROF_ATTR_BATCH, 1));
	if (d->region[0])
		printf(" @%s", d->region);
	printf("\n");
}

int main(int argc, char **argv)
{
	struct trace_options options = {.children = true};
	struct trace_cursor *cursor;
	struct op_event event;
	struct trace *trace;
	struct diag diag;
	int got;

	if (argc != 2)
		return 2;
	if (trace_open(argv[1], &options, &trace, &diag) != 0) {
		fprintf(stderr, "ops: error: %s\n", diag.text);
		return 1;
	}
	cursor = trace_cursor_open(trace);
	while ((got = trace_cursor_next(cursor, &event, &diag)) == 1)
		print_operation(&trace->descs[event.desc], event.depth);
	for (unsigned i = 0; i < trace->n_problems; i++)
		fprintf(stderr, "ops: problem: %s\n", trace->problems[i]);
	if (trace->lost)
		fprintf(stderr, "ops: problem: %llu operations lost\n", (unsigned long long)trace->lost);
	got = got < 0 || trace->n_problems || trace->lost;
	trace_cursor_close(cursor);
	trace_close(trace);
	return got;
}
