/* trace_list.h: what the files that read op lists share.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_TRACE_TRACE_LIST_H
#define TOOLS_LIB_TRACE_TRACE_LIST_H

#include "tools/lib/trace/trace_private.h"

/* From the first start to the last end of a step's operations. */
struct list_span {
	uint64_t start_ns, end_ns;
};

/* A reading of a list from its first line to its last. */
struct list_reader {
	struct trace *trace;
	struct trace_private *priv;
	struct oplist_cache *cache;
	struct diag *diag;
	const char *at, *gone, *end; /* of the text: next, given back up to, end */
	unsigned line;
	bool again;              /* everything is known from an earlier reading */
	bool unplaced;           /* some operation does not say when it started */
	bool nested;             /* some operation is inside another */
	bool disordered;         /* some operation started before the one before it */
	uint32_t next_step;      /* steps met so far */
	uint32_t *last_step;     /* by process: its newest step plus 1, 0: none */
	uint32_t *step_before;   /* by step: that of its process before it, likewise */
	struct list_span *spans; /* by step; of a first reading */
	unsigned last_capacity, before_capacity, span_capacity;

	struct list_event event, before;      /* of the line read last, and of the one before */
	uint64_t counters[PROF_MAX_COUNTERS]; /* of that line, when event.counters is not 0 */
};

/* 0, or -1 without memory. */
int list_reader_open(struct list_reader *r, struct trace *t, bool again, struct diag *d);
void list_reader_close(struct list_reader *r);

/* Read an operation into r->event: 1, 0 at the end, -1 with a sentence. */
int list_reader_next(struct list_reader *r);

/* Order by start, then thread. */
int list_by_start(const void *a, const void *b);

/* Sort events that are kept, if they are to be, and find what encloses what. */
int list_put_in_order(struct trace *t, bool sort, struct diag *d);

/* trace_list_stream.c: the operations of a list that are not kept. open: null
 * without memory; next: as trace_cursor_next. */
struct list_stream *list_stream_open(struct trace *t);
int list_stream_next(struct list_stream *s, struct op_event *ev, struct diag *d);
void list_stream_close(struct list_stream *s);

/* What an operation of a list is to readers; counters: its readings. */
void list_event_tell(const struct trace *t, const struct list_event *e, const uint64_t *counters,
                     struct op_event *ev);

#endif
