/* trace_codec.h: one thread's stream of operations, in and out.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The runtime writes with prof_put_*, the tools read with prof_get_record; the
 * rules live here and nowhere else. This is version 2; tools/lib/trace/trace_v1.h
 * reads the streams of version 1. The lowest bits of a record's first byte, which
 * is never zero, tell what it is:
 *
 *   .......1   operation in 2 bytes: 6 bits of gap, 9 of duration follow the 1
 *   ......10   operation in 3 bytes: 10 bits of gap, 12 of duration
 *   .....100   operation in 4 bytes: 11 bits of gap, 18 of duration
 *   mmmm1000   counters of the operation that follows: bit m tells whether the
 *              counter is not zero (of further counters: eight bits a byte),
 *              then one LEB128 delta for each that is not
 *   nnn10000   event number n; LEB128 fields follow
 *   ib100000   operation of any size. i: a 24-bit descriptor id follows, else it
 *              is the predicted one. b: the operation encloses earlier records
 *              (children came first), and gap counts back from the previous end.
 *              A byte with the lengths of gap (low half) and duration in bytes,
 *              the id, the gap, the duration
 *
 * gap = start - end of the latest-ending record before; duration = end - start,
 * both in ticks. Both are written as differences from what they were the last
 * time in the same place, zigzag: 0, -1, 1, -2, ... are 0, 1, 2, 3. The place is
 * the previous id, for which the table of successors holds the id that last
 * followed it in this chunk, with the low 32 bits of its gap and its duration.
 * Prediction is that id, else the previous id plus one (at a chunk's start: id
 * 0). Where there is no such entry, or the id was not the predicted one, the
 * differences are from zero.
 */
#ifndef PROF_TRACE_CODEC_H
#define PROF_TRACE_CODEC_H

#include <prof/trace_format.h>
#include <stdbool.h>
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

/* What came after an operation the last time. */
struct prof_successor {
	uint32_t tag; /* serial of the chunk plus 1 that the rest is of */
	uint32_t next;
	uint32_t gap, duration; /* ticks, low 32 bits */
};

/* Entries of a table of successors: one an id, and one, which stays empty, for
 * all that do not take part in prediction. */
#define PROF_SUCCESSORS (PROF_MAX_PREDICTED + 1)

/* Both sides keep this; it is reset at every chunk, so that each chunk can be
 * read without the ones before it. */
struct prof_stream {
	uint64_t last_end;                 /* ticks */
	struct prof_successor *at;         /* entry of the previous id */
	struct prof_successor *successors; /* PROF_SUCCESSORS of them, zero at first */
	uint32_t previous;                 /* id; ~0 at a chunk's start, so that prev + 1 = 0 */
	uint32_t tag;                      /* chunk serial + 1 */
};

static inline void prof_stream_reset(struct prof_stream *s, uint64_t base_tick, uint32_t serial)
{
	s->last_end = base_tick;
	s->at = &s->successors[PROF_MAX_PREDICTED];
	s->previous = ~0u;
	s->tag = serial + 1;
}

/* What is expected next: an id, and the gap and duration that differences are
 * from. */
static inline struct prof_successor prof_stream_predict(const struct prof_stream *s)
{
	if (__builtin_expect(s->at->tag == s->tag, 1))
		return *s->at;
	return (struct prof_successor){.next = s->previous + 1};
}

/* Ids that take no part in prediction are not remembered either. */
static inline void prof_stream_learn(struct prof_stream *s, uint32_t id, uint64_t gap, uint64_t duration)
{
	bool known = id < PROF_MAX_PREDICTED;

	if (__builtin_expect(known && s->previous < PROF_MAX_PREDICTED, 1))
		*s->at = (struct prof_successor){s->tag, id, (uint32_t)gap, (uint32_t)duration};
	s->at = &s->successors[known ? id : PROF_MAX_PREDICTED];
	s->previous = id;
}

static inline uint64_t prof_zigzag(uint64_t difference)
{
	return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

static inline uint64_t prof_unzigzag(uint64_t v)
{
	return v >> 1 ^ (0 - (v & 1));
}

/* Bits of gap in a short form, by its bytes: 2, 3, 4. */
static inline unsigned prof_gap_bits(unsigned bytes)
{
	return 0x0b0a0600u >> (8 * (bytes - 1)) & 0xff;
}

static inline unsigned prof_whole_bytes(uint64_t v)
{
	return v ? (71 - (unsigned)__builtin_clzll(v)) / 8 : 0;
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

/* An operation that no short form can hold, but for its first byte; id is
 * written when that is wanted. */
static inline uint8_t *prof_put_long(uint8_t *p, bool with_id, uint32_t id, uint64_t gap, uint64_t duration)
{
	unsigned gap_bytes = prof_whole_bytes(gap), bytes = prof_whole_bytes(duration);
	uint8_t *q = p + 2;

	p[1] = (uint8_t)(gap_bytes | bytes << 4);
	if (with_id) {
		q[0] = (uint8_t)id;
		q[1] = (uint8_t)(id >> 8);
		q[2] = (uint8_t)(id >> 16);
		q += 3;
	}
	prof_store64(q, gap);
	q += gap_bytes;
	prof_store64(q, duration);
	return q + bytes;
}

/* What comes before an operation with counters, but for its first byte. */
static inline uint8_t *prof_put_counters(uint8_t *p, const uint64_t *deltas, unsigned n, uint8_t *head)
{
	unsigned mask = 0;
	uint8_t *q = p + 1;

	for (unsigned i = 0; i < n; i++)
		mask |= (unsigned)(deltas[i] != 0) << i;
	*head = (uint8_t)((mask & 15u) << 4 | 1u << 3);
	for (unsigned i = 4; i < n; i += 8)
		*q++ = (uint8_t)(mask >> i);
	for (unsigned i = 0; i < n; i++)
		if (deltas[i])
			q = prof_put_leb(q, deltas[i]);
	return q;
}

/* The shortest form for these differences, which one has; returns the byte
 * after it. Which it is goes up and down too much for a branch. */
static inline uint8_t *prof_put_forms(uint8_t *p, uint64_t gap, uint64_t duration)
{
	unsigned more =
	        (unsigned)((gap >> 6 | duration >> 9) != 0) + (unsigned)((gap >> 10 | duration >> 12) != 0);

	prof_store64(p, (2 * gap + 1) << more | duration << (0x0e0c07u >> 8 * more & 63));
	return p + more + 2;
}

static inline bool prof_has_form(uint64_t gap, uint64_t duration)
{
	return !(gap >> 11 | duration >> 18);
}

/* As prof_put_op, for an operation without counters that was expected and comes
 * when it was expected, which is what nearly all are; null, with nothing done,
 * for others. */
static inline uint8_t *prof_put_expected(struct prof_stream *s, uint8_t *p, uint32_t id, uint64_t start,
                                         uint64_t end)
{
	struct prof_successor *e = s->at;
	uint64_t gap = start - s->last_end, duration = end - start, g, d;

	if (__builtin_expect(e->tag != s->tag, 0) || __builtin_expect(e->next != id, 0)
	    || __builtin_expect(start < s->last_end, 0))
		return NULL;
	g = prof_zigzag(gap - e->gap);
	d = prof_zigzag(duration - e->duration);
	if (__builtin_expect(!prof_has_form(g, d), 0))
		return NULL;
	e->gap = (uint32_t)gap;
	e->duration = (uint32_t)duration;
	s->last_end = end;
	s->at = &s->successors[id];
	s->previous = id;
	return prof_put_forms(p, g, d);
}

/* Write one operation record at p; returns the byte after it. There must be
 * PROF_RECORD_MAX_BYTES plus n PROF_COUNTER_MAX_BYTES of room; up to 8 bytes
 * after the record are overwritten with zeros. `deltas` may be null when n is
 * 0. What makes the record valid, its first byte, is stored last, or with all
 * of it in one store. */
static inline uint8_t *prof_put_op(struct prof_stream *s, uint8_t *p, uint32_t id, uint64_t start,
                                   uint64_t end, const uint64_t *deltas, unsigned n)
{
	struct prof_successor expected = prof_stream_predict(s);
	uint64_t back = start < s->last_end, duration = end - start;
	uint64_t gap = back ? s->last_end - start : start - s->last_end;
	uint64_t other = id != expected.next, g, d;
	uint8_t *q = p, first = 0, head;

	if (other)
		expected.gap = expected.duration = 0;
	g = prof_zigzag(gap - expected.gap);
	d = prof_zigzag(duration - expected.duration);
	s->last_end = end > s->last_end ? end : s->last_end;
	prof_stream_learn(s, id, gap, duration);
	if (n)
		q = prof_put_counters(p, deltas, n, &first);
	if (!other && !back && prof_has_form(g, d)) {
		q = prof_put_forms(q, g, d);
	} else {
		head = (uint8_t)(other << 7 | back << 6 | 1u << 5);
		if (n)
			*q = head;
		else
			first = head;
		q = prof_put_long(q, other, id, g, d);
		prof_store64(q, 0);
	}
	if (first)
		__atomic_store_n(p, first, __ATOMIC_RELEASE);
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
	__atomic_store_n(p, (uint8_t)(event << 5 | 1u << 4), __ATOMIC_RELEASE);
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

/* Bits 7..5 of an event's first byte are its number; so many fields. */
static inline unsigned prof_event_fields(unsigned event)
{
	return 0x111113u >> (4 * (event - 1)) & 0xf;
}

/* The rest of an event whose number, r->id, is known. */
static inline const uint8_t *prof_get_event_fields(struct prof_stream *s, const uint8_t *p,
                                                   const uint8_t *end, struct prof_record *r)
{
	for (unsigned i = 0; i < prof_event_fields(r->id); i++)
		if (!(p = prof_get_leb(p, end, &r->field[i])))
			return NULL;
	if (r->id == PROF_EVENT_TIME)
		s->last_end += r->field[0];
	r->start = r->end = s->last_end;
	return p;
}

static inline const uint8_t *prof_get_event(struct prof_stream *s, const uint8_t *p, const uint8_t *end,
                                            struct prof_record *r)
{
	r->is_event = 1;
	r->id = *p++ >> 5;
	if (r->id < PROF_EVENT_GROUP || r->id > PROF_EVENT_SKIP)
		return NULL;
	return prof_get_event_fields(s, p, end, r);
}

static inline const uint8_t *prof_get_counters(const uint8_t *p, const uint8_t *end, unsigned n,
                                               struct prof_record *r)
{
	unsigned mask = *p++ >> 4;

	r->n_counters = (uint8_t)n;
	for (unsigned i = 4; i < n; i += 8) {
		if (p >= end)
			return NULL;
		mask |= (unsigned)*p++ << i;
	}
	for (unsigned i = 0; i < n; i++) {
		r->counters[i] = 0;
		if (mask >> i & 1u && !(p = prof_get_leb(p, end, &r->counters[i])))
			return NULL;
	}
	return p;
}

/* Sizes of gap and duration of the operation at p, and where its gap begins;
 * id is left alone when it is the predicted one. NULL: there is none. */
static inline const uint8_t *prof_get_sizes(const uint8_t *p, const uint8_t *end, uint32_t *id,
                                            unsigned *gap_bytes, unsigned *bytes)
{
	unsigned head = *p;

	if (end - p < 2)
		return NULL;
	*gap_bytes = p[1] & 15u;
	*bytes = p[1] >> 4;
	p += 2;
	if (*gap_bytes > 8 || *bytes > 8 || (size_t)(end - p) < (head >> 7) * 3 + (size_t)*gap_bytes + *bytes)
		return NULL;
	if (head >> 7) {
		*id = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
		p += 3;
	}
	return p;
}

static inline uint64_t prof_get_bytes(const uint8_t *p, unsigned bytes)
{
	return bytes ? prof_load64(p) & ~0ull >> (64 - 8 * bytes) : 0;
}

/* Read a record at p into r. The bytes from p to end + 8 must be readable;
 * those past end are not taken as data. n_counters is the chunk's. Returns
 * the byte after the record; p itself when there is none (a zero byte, or p is
 * end); NULL when what is there is no record. Times that no writer writes come
 * as the largest number. */
static inline const uint8_t *prof_get_record(struct prof_stream *s, const uint8_t *p, const uint8_t *end,
                                             unsigned n_counters, struct prof_record *r)
{
	struct prof_successor expected;
	uint64_t gap, duration, word;
	unsigned gap_bytes, bytes;

	if (p >= end || !*p)
		return p;
	if ((*p & 31u) == 1u << 4)
		return prof_get_event(s, p, end, r);
	r->is_event = r->n_counters = 0;
	if ((*p & 15u) == 1u << 3 && (!(p = prof_get_counters(p, end, n_counters, r)) || p >= end))
		return NULL;
	expected = prof_stream_predict(s);
	r->id = expected.next;
	r->encloses = 0;
	word = prof_load64(p);
	if (word & 7u) {
		bytes = 1 + (unsigned)__builtin_ctz((unsigned)word);
		if (end - p < (ptrdiff_t)bytes + 1)
			return NULL;
		word = (word & (((uint64_t)1 << (8 * (bytes + 1))) - 1)) >> bytes;
		gap = word & ((1u << prof_gap_bits(bytes + 1)) - 1);
		duration = word >> prof_gap_bits(bytes + 1);
		p += bytes + 1;
	} else if ((word & 63u) == 1u << 5) {
		r->encloses = word >> 6 & 1u;
		if (word >> 7 & 1u)
			expected.gap = expected.duration = 0;
		if (!(p = prof_get_sizes(p, end, &r->id, &gap_bytes, &bytes)))
			return NULL;
		gap = prof_get_bytes(p, gap_bytes);
		duration = prof_get_bytes(p + gap_bytes, bytes);
		p += gap_bytes + bytes;
	} else {
		return NULL;
	}
	gap = prof_unzigzag(gap) + expected.gap;
	duration = prof_unzigzag(duration) + expected.duration;
	prof_stream_learn(s, r->id, gap, duration);
	r->start = r->encloses ? s->last_end - gap : s->last_end + gap;
	r->end = r->start + duration;
	if (__builtin_expect((gap | duration) >> 63, 0))
		r->start = r->end = ~0ull;
	if (r->end > s->last_end)
		s->last_end = r->end;
	return p;
}

#endif
