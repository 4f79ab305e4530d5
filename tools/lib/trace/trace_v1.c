/* trace_v1.c: streams of operations as version 1 of the format had them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/trace_v1.h"

static unsigned length_bytes(unsigned code)
{
	return code == 3 ? 8 : code + 1;
}

unsigned trace_v1_bytes(unsigned head)
{
	if (head >> 6 != 1)
		return 0;
	return 1 + (head >> 4 & 1u) * 3 + length_bytes(head & 3u) + length_bytes(head >> 2 & 3u);
}

static const uint8_t *get_event(struct prof_stream *s, const uint8_t *p, const uint8_t *end,
                                struct prof_record *r)
{
	r->is_event = 1;
	r->id = *p++ & 63u;
	if (r->id < PROF_EVENT_GROUP || r->id > PROF_EVENT_TIME)
		return NULL;
	return prof_get_event_fields(s, p, end, r);
}

const uint8_t *trace_v1_get_record(struct prof_stream *s, const uint8_t *p, const uint8_t *end,
                                   unsigned n_counters, struct prof_record *r)
{
	unsigned head, gap_bytes, bytes;
	uint64_t gap, duration;

	if (p >= end || !(head = *p))
		return p;
	if (head >> 6 == 3)
		return get_event(s, p, end, r);
	gap_bytes = length_bytes(head & 3u);
	bytes = length_bytes(head >> 2 & 3u);
	if (head >> 6 == 0 || (size_t)(end - p) < 1 + (head >> 4 & 1u) * 3 + gap_bytes + bytes)
		return NULL;
	p++;
	r->id = prof_stream_predict(s).next;
	if (head & 1u << 4) {
		r->id = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
		p += 3;
	}
	gap = prof_get_bytes(p, gap_bytes);
	duration = prof_get_bytes(p + gap_bytes, bytes);
	p += gap_bytes + bytes;
	r->is_event = 0;
	r->encloses = head >> 5 & 1u;
	r->start = r->encloses ? s->last_end - gap : s->last_end + gap;
	r->end = r->start + duration;
	r->n_counters = head >> 6 == 2 ? (uint8_t)n_counters : 0;
	for (unsigned i = 0; i < r->n_counters; i++)
		if (!(p = prof_get_leb(p, end, &r->counters[i])))
			return NULL;
	if (r->end > s->last_end)
		s->last_end = r->end;
	prof_stream_learn(s, r->id, gap, duration);
	return p;
}
