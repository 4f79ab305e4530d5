/* trace_v1.h: streams of operations as version 1 of the format had them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Read only; prof/trace_codec.h has today's. A record's first byte:
 *
 *   bits 7..6  class: 1 operation, 2 operation with counters, 3 event
 *   bit  5     the operation encloses earlier records (children came first):
 *              `gap` then counts back from the previous end
 *   bit  4     a 24-bit descriptor id follows; else it is the predicted one
 *   bits 3..2  bytes of the duration: 1, 2, 3 or 8
 *   bits 1..0  bytes of the gap:      1, 2, 3 or 8
 *
 * then id (if any), gap, duration, and for class 2 one LEB128 delta a counter.
 * An event's low six bits are its number; LEB128 fields follow.
 */
#ifndef TOOLS_LIB_TRACE_TRACE_V1_H
#define TOOLS_LIB_TRACE_TRACE_V1_H

#include <prof/trace_codec.h>

/* As prof_get_record. */
const uint8_t *trace_v1_get_record(struct prof_stream *s, const uint8_t *p, const uint8_t *end,
                                   unsigned n_counters, struct prof_record *r);

/* Bytes of an operation without counters that begins with this byte; 0: it is none. */
unsigned trace_v1_bytes(unsigned head);

#endif
