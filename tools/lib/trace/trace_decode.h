/* trace_decode.h: one thread's operations, in order of their start.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * In the file children come before the operation that encloses them. A decoder
 * turns that around: it holds operations back until none that is still to come
 * can enclose them, which the chunks' `later_encloses` tell.
 */
#ifndef TOOLS_LIB_TRACE_TRACE_DECODE_H
#define TOOLS_LIB_TRACE_TRACE_DECODE_H

#include <prof/trace_codec.h>

#include "tools/lib/trace/trace_private.h"

struct decoded {
	uint64_t start, end; /* ticks */
	uint64_t children;   /* ticks of its direct children together */
	uint32_t desc;
	uint32_t step;     /* index plus 1, 0: none in force */
	uint32_t group, k; /* the k-th operation of that group, 0: of none */
	uint32_t counters; /* position in the decoder's counters plus 1, 0: none */
	uint16_t depth;
	uint8_t n_counters;
	bool taken; /* as a slice of an operation already given */
};

struct decoder {
	struct trace *trace;
	const struct trace_stream *stream;
	struct prof_stream state;
	bool children; /* keep them */
	unsigned next_chunk;
	const struct trace_chunk *chunk;
	const uint8_t *p, *end;
	uint32_t group, k, step;
	uint64_t cut_end;      /* what began before is a part of an operation left out */
	struct decoded *queue; /* [head, ready) can be given, [ready, n) is held back */
	unsigned head, ready, n, capacity;
	uint64_t *counters;
	unsigned n_counters, counter_capacity;
};

int decoder_init(struct decoder *d, struct trace *t, const struct trace_stream *stream, bool children);
void decoder_release(struct decoder *d);

/* Decode on. [head, ready) may move to the front of the queue but stays. False
 * when nothing more can be given. */
bool decoder_more(struct decoder *d);

#endif
