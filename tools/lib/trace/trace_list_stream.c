/* trace_list_stream.c: the operations of a long op list, read again by each cursor.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The first reading found that they stand in their order and that none is inside
 * another: each can be told as soon as its line is read.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/trace_list.h"

struct list_stream {
	struct list_reader reader;
};

struct list_stream *list_stream_open(struct trace *t)
{
	struct list_stream *s = calloc(1, sizeof(*s));
	struct diag d;

	if (s && list_reader_open(&s->reader, t, true, &d)) {
		free(s);
		return NULL;
	}
	return s;
}

int list_stream_next(struct list_stream *s, struct op_event *ev, struct diag *d)
{
	int more;

	s->reader.diag = d;
	more = list_reader_next(&s->reader);
	if (more > 0)
		list_event_tell(s->reader.trace, &s->reader.event, s->reader.counters, ev);
	return more;
}

void list_stream_close(struct list_stream *s)
{
	if (s)
		list_reader_close(&s->reader);
	free(s);
}
