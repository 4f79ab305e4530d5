/* trace_codec.h: one thread's stream of operations, in and out.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The runtime writes with prof_put_*, the tools read with prof_get_record; the
 * rules live here and nowhere else. A record's first byte is never zero:
 *
 *   bits 7..6  class: 1 operation, 2 operation with counters, 3 event
 *   bit  5     the operation encloses earlier records (children came first):
 *              `gap` then counts back from the previous end
 *   bit  4     a 24-bit descriptor id follows; else it is the predicted one
 *   bits 3..2  bytes of the duration: 1, 2, 3 or 8
 *   bits 1..0  bytes of the gap:      1, 2, 3 or 8
 *
 * then id (if any), gap, duration, and for class 2 one LEB128 delta a counter.
 * gap = start - end of the latest-ending record before; duration = end - start,
 * both in ticks. Prediction: the id that last followed the previous id in this
 * chunk, else the previous id plus one (at a chunk's start: id 0).
 *
 * An event's low six bits are its number; LEB128 fields follow.
 */
#ifndef PROF_TRACE_CODEC_H
#define PROF_TRACE_CODEC_H

#include <prof/trace_format.h>
#include <stdint.h>
#include <string.h>

enum prof_event {
	PROF_EVENT_GROUP = 1, /* group (0: leave it), ith, nth: operations now are slices */
	PROF_EVENT_STEP = 2,  /* step + 1 (0: leave it): operations now belong to it */
	PROF_EVENT_LOST = 3,  /* n: so many operations were not recorded here */
	PROF_EVENT_TIME = 4,  /* n: the previous end moves n ticks on */
	PROF_EVENT_SKIP = 5,  /* n: so many operations were left out here, by filters (version 2) */
};

/* Threads that run one kernel together write one record (slice) each. A group
 * is a series of such kernels run in step: the k-th operation record of a
 * group on one thread and the k-th on another are slices of one operation.
 * What SKIP leaves out counts among them. */

#define PROF_RECORD_MAX_BYTES  32u /* an operation without counters, an event */
#define PROF_COUNTER_MAX_BYTES 10u

struct prof_successor {
	uint32_t tag; /* serial of the chunk plus 1 that `next` is of */
	uint32_t next;
};

/* Both sides keep this; it is reset at every chunk, so that each chunk can be
 * read without the ones before it. */
struct prof_stream {
	uint64_t last_end;                 /* ticks */
	uint32_t previous;                 /* id; ~0 at a chunk's start, so that prev + 1 = 0 */
	uint32_t tag;                      /* chunk serial + 1 */
	struct prof_successor *successors; /* PROF_MAX_PREDICTED of them */
};

static inline void prof_stream_reset(struct prof_stream *s, uint64_t base_tick, uint32_t serial)
{
	s->last_end = base_tick;
	s->previous = ~0u;
	s->tag = serial + 1;
}

/* The id expected next; and, in one go, `id` remembered as what came. */
static inline uint32_t prof_stream_predict(const struct prof_stream *s)
{
	if (s->previous < PROF_MAX_PREDICTED && s->successors[s->previous].tag == s->tag)
		return s->successors[s->previous].next;
	return s->previous + 1;
}

static inline void prof_stream_learn(struct prof_stream *s, uint32_t id)
{
	if (s->previous < PROF_MAX_PREDICTED) {
		s->successors[s->previous].tag = s->tag;
		s->successors[s->previous].next = id;
	}
	s->previous = id;
}

static inline unsigned prof_length_code(uint64_t v)
{
	return v < 0x10000u ? v >= 0x100u : v < 0x1000000u ? 2u : 3u;
}

static inline unsigned prof_length_bytes(unsigned code)
{
	return code + 1 + (code & code >> 1) * 4; /* 1, 2, 3, 8 */
}

static inline void prof_store64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline uint64_t prof_load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint8_t *prof_put_leb(uint8_t *p, uint64_t v)
{
	while (v >= 0x80) {
		*p++ = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	*p++ = (uint8_t)v;
	return p;
}

/* Write one operation record at p; returns the byte after it. There must be
 * PROF_RECORD_MAX_BYTES plus n PROF_COUNTER_MAX_BYTES of room; up to 8 bytes
 * after the record are overwritten with zeros. (The short form is one store of
 * eight bytes for at most seven, so that the byte after it is zero as well.) `deltas` may be null when n is
 * 0. The first byte is stored last. */
static inline uint8_t *prof_put_op(struct prof_stream *s, uint8_t *p, uint32_t id, uint64_t start,
                                   uint64_t end, const uint64_t *deltas, unsigned n)
{
	uint64_t back = start < s->last_end;
	uint64_t gap = back ? s->last_end - start : start - s->last_end;
	uint64_t dur = end - start;
	unsigned gap_code = prof_length_code(gap), dur_code = prof_length_code(dur);
	unsigned gap_bytes = prof_length_bytes(gap_code), dur_bytes = prof_length_bytes(dur_code);
	uint32_t predicted = prof_stream_predict(s);
	uint64_t head = (uint64_t)(n ? 2u : 1u) << 6 | back << 5 | dur_code << 2 | gap_code;
	uint8_t *q = p + 1;

	if (end > s->last_end)
		s->last_end = end;
	prof_stream_learn(s, id);
	if (__builtin_expect(id == predicted && !n && gap_code != 3 && dur_code != 3, 1)) {
		prof_store64(p, head | gap << 8 | dur << (8 + 8 * gap_bytes));
		return p + 1 + gap_bytes + dur_bytes;
	}
	if (id != predicted) {
		head |= 1u << 4;
		q[0] = (uint8_t)id;
		q[1] = (uint8_t)(id >> 8);
		q[2] = (uint8_t)(id >> 16);
		q += 3;
	}
	prof_store64(q, gap);
	q += gap_bytes;
	prof_store64(q, dur);
	q += dur_bytes;
	for (unsigned i = 0; i < n; i++)
		q = prof_put_leb(q, deltas[i]);
	prof_store64(q, 0);
	__atomic_store_n(p, (uint8_t)head, __ATOMIC_RELEASE);
	return q;
}

/* Write one event with up to three fields; as prof_put_op. */
static inline uint8_t *prof_put_event(uint8_t *p, enum prof_event event, unsigned n, uint64_t a, uint64_t b,
                                      uint64_t c)
{
	uint8_t *q = p + 1;

	if (n > 0)
		q = prof_put_leb(q, a);
	if (n > 1)
		q = prof_put_leb(q, b);
	if (n > 2)
		q = prof_put_leb(q, c);
	prof_store64(q, 0);
	__atomic_store_n(p, (uint8_t)(3u << 6 | event), __ATOMIC_RELEASE);
	return q;
}

/* One record as read. */
struct prof_record {
	uint32_t id; /* descriptor; for an event, the event's number */
	uint8_t is_event;
	uint8_t encloses; /* children came before it */
	uint8_t n_counters;
	uint64_t start, end; /* ticks; for an event both are the previous end */
	uint64_t field[3];   /* of an event */
	uint64_t counters[PROF_MAX_COUNTERS];
};

static inline const uint8_t *prof_get_leb(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && p < end; shift += 7) {
		uint8_t byte = *p++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*v = value;
			return p;
		}
	}
	return NULL;
}

/* Read a record at p into r. The bytes from p to end + 8 must be readable;
 * those past end are not taken as data. n_counters is the chunk's. Returns
 * the byte after the record; p itself when there is none (a zero byte, or p is
 * end); NULL when what is there is no record. */
static inline const uint8_t *prof_get_record(struct prof_stream *s, const uint8_t *p, const uint8_t *end,
                                             unsigned n_counters, struct prof_record *r)
{
	static const uint8_t fields[64] = {[PROF_EVENT_GROUP] = 3,
	                                   [PROF_EVENT_STEP] = 1,
	                                   [PROF_EVENT_LOST] = 1,
	                                   [PROF_EVENT_TIME] = 1,
	                                   [PROF_EVENT_SKIP] = 1};
	static const uint64_t mask[4] = {0xff, 0xffff, 0xffffff, ~0ull};
	unsigned head, gap_bytes, dur_bytes;
	uint64_t gap, dur;

	if (p >= end || !(head = *p))
		return p;
	p++;
	if (head >> 6 == 3) {
		r->is_event = 1;
		r->id = head & 63u;
		if (!fields[r->id])
			return NULL;
		for (unsigned i = 0; i < fields[r->id]; i++)
			if (!(p = prof_get_leb(p, end, &r->field[i])))
				return NULL;
		if (r->id == PROF_EVENT_TIME)
			s->last_end += r->field[0];
		r->start = r->end = s->last_end;
		return p;
	}
	if (head >> 6 == 0)
		return NULL;
	r->is_event = 0;
	if (head & 1u << 4) {
		if (end - p < 3)
			return NULL;
		r->id = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
		p += 3;
	} else {
		r->id = prof_stream_predict(s);
	}
	gap_bytes = prof_length_bytes(head & 3u);
	dur_bytes = prof_length_bytes(head >> 2 & 3u);
	if ((size_t)(end - p) < gap_bytes + dur_bytes)
		return NULL;
	gap = prof_load64(p) & mask[head & 3u];
	p += gap_bytes;
	dur = prof_load64(p) & mask[head >> 2 & 3u];
	p += dur_bytes;
	r->encloses = head >> 5 & 1u;
	r->start = r->encloses ? s->last_end - gap : s->last_end + gap;
	r->end = r->start + dur;
	r->n_counters = head >> 6 == 2 ? (uint8_t)n_counters : 0;
	for (unsigned i = 0; i < r->n_counters; i++)
		if (!(p = prof_get_leb(p, end, &r->counters[i])))
			return NULL;
	if (r->end > s->last_end)
		s->last_end = r->end;
	prof_stream_learn(s, r->id);
	return p;
}

#endif
