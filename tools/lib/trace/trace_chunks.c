/* trace_chunks.c: find the chunks of a binary trace, and what is sound of them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Nothing in the file is believed: a chunk's extent must fit the file and the
 * grid that chunks lie on, a sealed chunk its checksum. Where a header is
 * broken the search goes on at the next multiple of PROF_CHUNK_ALIGN; a sealed
 * chunk that fails its checksum is left out whole, because nothing tells which
 * of its figures are wrong.
 */
#include <prof/trace_codec.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "tools/lib/trace/trace_private.h"
#include "tools/lib/trace/trace_v1.h"

/* Ticks beyond this are damage: 2^60 of a quarter of a nanosecond are nine years. */
#define TICK_LIMIT (1ull << 60)

static bool is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static bool is_header(const struct trace *t, uint64_t pos)
{
	struct prof_chunk_header h;

	if (pos + sizeof(h) > t->size_bytes)
		return false;
	memcpy(&h, t->priv->map + pos, sizeof(h));
	return h.magic == PROF_CHUNK_MAGIC && h.kind >= PROF_CHUNK_META && h.kind <= PROF_CHUNK_TIMELINE;
}

/* The next place at or after `from` at which a chunk begins; the file's end when
 * there is none. */
static uint64_t next_header(const struct trace *t, uint64_t from)
{
	uint64_t pos = (from + PROF_CHUNK_ALIGN - 1) / PROF_CHUNK_ALIGN * PROF_CHUNK_ALIGN;

	while (pos + sizeof(struct prof_chunk_header) <= t->size_bytes && !is_header(t, pos))
		pos += PROF_CHUNK_ALIGN;
	return pos + sizeof(struct prof_chunk_header) <= t->size_bytes ? pos : t->size_bytes;
}

/* Where the chunk at `pos` ends, which is where the next one begins. */
static uint64_t chunk_end(struct trace *t, uint64_t pos, const struct prof_chunk_header *h)
{
	uint64_t end = pos + h->size_bytes, inside;

	if (h->size_bytes <= sizeof(*h) || (end % PROF_CHUNK_ALIGN && end != t->size_bytes)) {
		trace_problem(t, "the chunk at byte %" PRIu64 " has an impossible size, %" PRIu32 " bytes",
		              pos, h->size_bytes);
		return next_header(t, pos + sizeof(*h));
	}
	if (end > t->size_bytes) {
		trace_problem(t,
		              "the file is cut short: the chunk at byte %" PRIu64 " has %" PRIu64
		              " bytes of %" PRIu32,
		              pos, t->size_bytes - pos, h->size_bytes);
		return next_header(t, pos + sizeof(*h));
	}
	inside = next_header(t, pos + sizeof(*h));
	if (inside < end && !(h->flags & PROF_CHUNK_SEALED && inside < pos + sizeof(*h) + h->used_bytes)) {
		trace_problem(t, "the chunk at byte %" PRIu64 " says it is longer than it is", pos);
		return inside;
	}
	return end;
}

/* The records of a chunk being looked over. */
struct scan {
	struct trace *trace;
	struct trace_stream *stream;
	struct trace_chunk *chunk;
	const uint8_t *end;
	uint64_t lost;
};

/* The thread takes part in a group of several. */
static void join_group(struct trace_stream *stream, uint32_t group)
{
	uint32_t *groups;

	if (stream->n_groups && stream->groups[stream->n_groups - 1] == group)
		return;
	stream->groups_fall |= stream->n_groups && stream->groups[stream->n_groups - 1] > group;
	groups = array_grow(stream->groups, &stream->group_capacity, stream->n_groups, sizeof(*groups));
	if (groups) {
		stream->groups = groups;
		groups[stream->n_groups++] = group;
	}
}

static bool scan_event(struct scan *s, const struct prof_record *r)
{
	if (r->id == PROF_EVENT_LOST && r->field[0] < TICK_LIMIT)
		s->lost += r->field[0];
	if (r->id != PROF_EVENT_GROUP || !r->field[0] || r->field[2] < 2)
		return true;
	if (r->field[0] > UINT32_MAX || r->field[2] > 65535)
		return false;
	join_group(s->stream, (uint32_t)r->field[0]);
	return true;
}

/* A record that is not plain; what it means does not matter here. */
static const uint8_t *scan_record(struct scan *s, const uint8_t *p)
{
	struct trace_private *priv = s->trace->priv;
	struct prof_stream nowhere = {.successors = priv->successors};
	const uint8_t *next;
	struct prof_record r;

	prof_stream_reset(&nowhere, 0, 0);
	next = priv->get_record(&nowhere, p, s->end, s->chunk->n_counters, &r);
	if (!next || next == p)
		return NULL;
	if (r.is_event)
		return scan_event(s, &r) ? next : NULL;
	s->chunk->records++;
	s->chunk->encloses |= r.encloses;
	return next;
}

/* Which version's records they are, and the bytes of a plain operation by its
 * first byte: one without counters that encloses nothing. */
static void choose_codec(struct trace *t)
{
	uint8_t *bytes = t->priv->record_bytes;
	bool v1 = t->version == 1;

	t->priv->get_record = v1 ? trace_v1_get_record : prof_get_record;
	for (unsigned head = 0; head < 256; head++)
		if (v1)
			bytes[head] = head >> 5 & 1u ? 0 : (uint8_t)trace_v1_bytes(head);
		else
			bytes[head] = head & 7u ? (uint8_t)(2 + __builtin_ctz(head)) : 0;
}

/* The plain operations from p on, which are nearly all there are: a chain of
 * look-ups. Returns where something else is, or too little for any record. */
static const uint8_t *scan_plain(struct scan *s, const uint8_t *p)
{
	const uint8_t *last = s->end - PROF_RECORD_MAX_BYTES;
	uint64_t records = 0;
	unsigned bytes;

	if (s->end - p < (ptrdiff_t)PROF_RECORD_MAX_BYTES)
		return p;
	while (p <= last && (bytes = s->trace->priv->record_bytes[*p]) != 0) {
		p += bytes;
		records++;
	}
	s->chunk->records += records;
	return p;
}

/* Walk over the records; returns the bytes that hold sound ones. */
static uint32_t scan_records(struct scan *s, uint32_t room, bool *broken)
{
	const uint8_t *p = s->chunk->payload;

	s->end = p + room;
	s->chunk->records = 0;
	*broken = false;
	while ((p = scan_plain(s, p)) < s->end && *p) {
		const uint8_t *next = scan_record(s, p);

		if (!next) {
			*broken = true;
			break;
		}
		p = next;
	}
	return (uint32_t)(p - s->chunk->payload);
}

static struct trace_stream *stream_of(struct trace *t, uint32_t thread)
{
	struct trace_private *priv = t->priv;
	struct trace_stream *streams;

	if (!thread || thread > t->size_bytes / sizeof(struct prof_meta_thread) + 2)
		return NULL;
	if (thread > priv->n_streams) {
		streams = realloc(priv->streams, (size_t)thread * sizeof(*streams));
		if (!streams)
			return NULL;
		memset(streams + priv->n_streams, 0, (thread - priv->n_streams) * sizeof(*streams));
		priv->streams = streams;
		priv->n_streams = thread;
	}
	return &priv->streams[thread - 1];
}

/* Whether a sealed chunk is what its writer sealed. One whose seal alone is
 * damaged is sound when the checksum fits what its records take. */
static bool seal_holds(const struct prof_chunk_header *h, const uint8_t *payload, uint32_t room,
                       uint32_t found)
{
	if (h->used_bytes <= room && XXH3_64bits(payload, h->used_bytes) == h->checksum)
		return true;
	return XXH3_64bits(payload, found) == h->checksum;
}

/* A sealed chunk that the file's end cuts is sound up to there, like an open one. */
static bool is_cut(const struct trace *t, uint64_t pos, const struct prof_chunk_header *h, uint32_t room)
{
	return pos + sizeof(*h) + room == t->size_bytes && h->size_bytes - sizeof(*h) > room;
}

static void take_ops(struct trace *t, uint64_t pos, const struct prof_chunk_header *h, uint32_t room)
{
	struct trace_stream *stream = stream_of(t, h->thread);
	struct trace_chunk c = {.payload = t->priv->map + pos + sizeof(*h),
	                        .offset = pos,
	                        .thread = h->thread,
	                        .serial = h->serial,
	                        .group = h->group,
	                        .group_index = h->group_index,
	                        .step = h->step,
	                        .base_tick = h->base_tick,
	                        .n_counters = h->n_counters,
	                        .ith = h->ith,
	                        .nth = h->nth,
	                        .later_encloses = UINT64_MAX};
	struct scan s = {.trace = t, .stream = stream, .chunk = &c};
	struct trace_chunk *chunks;
	bool cut = is_cut(t, pos, h, room), sealed = !cut && h->flags & PROF_CHUNK_SEALED, broken;
	unsigned n_groups;

	if (!stream || h->n_counters > PROF_MAX_COUNTERS || h->base_tick > TICK_LIMIT) {
		trace_problem(t, "the chunk at byte %" PRIu64 " has an impossible header", pos);
		return;
	}
	n_groups = stream->n_groups;
	if (h->group && h->nth > 1)
		join_group(stream, h->group);
	c.used = scan_records(&s, sealed && h->used_bytes <= room ? h->used_bytes : room, &broken);
	if (sealed && !seal_holds(h, c.payload, room, c.used)) {
		trace_problem(t,
		              "the chunk at byte %" PRIu64 " does not match its checksum: about %" PRIu64
		              " operations of thread %" PRIu32 " are left out",
		              pos, c.records, h->thread);
		stream->n_groups = n_groups;
		return;
	}
	if (broken && !cut)
		trace_problem(t,
		              "thread %" PRIu32 ": the record at byte %" PRIu64
		              " is none; the rest of its chunk is left out",
		              h->thread, pos + sizeof(*h) + c.used);
	chunks = array_grow(stream->chunks, &stream->chunk_capacity, stream->n_chunks, sizeof(*chunks));
	if (!chunks)
		return;
	stream->chunks = chunks;
	chunks[stream->n_chunks++] = c;
	stream->encloses |= c.encloses;
	t->records += c.records;
	t->lost += s.lost;
}

static void take_meta(struct trace *t, uint64_t pos, const struct prof_chunk_header *h, uint32_t room)
{
	struct trace_private *priv = t->priv;
	bool timeline = h->kind == PROF_CHUNK_TIMELINE;
	struct trace_chunk **chunks = timeline ? &priv->timelines : &priv->metas, *c;
	unsigned *n = timeline ? &priv->n_timelines : &priv->n_metas;
	const uint8_t *payload = priv->map + pos + sizeof(*h);
	bool sealed = h->flags & PROF_CHUNK_SEALED && !is_cut(t, pos, h, room);

	c = array_grow(*chunks, timeline ? &priv->timeline_capacity : &priv->meta_capacity, *n, sizeof(*c));
	if (!c)
		return;
	if (sealed && (h->used_bytes > room || XXH3_64bits(payload, h->used_bytes) != h->checksum)) {
		trace_problem(
		        t, "the chunk of %s at byte %" PRIu64 " does not match its checksum: %s may be wrong",
		        timeline ? "times" : "names", pos, timeline ? "steps and clock" : "names and shapes");
		sealed = false;
	}
	*chunks = c;
	c[(*n)++] = (struct trace_chunk){.payload = payload,
	                                 .offset = pos,
	                                 .serial = h->serial,
	                                 .used = sealed ? h->used_bytes : room};
}

/* The writer was killed in the moment between a chunk's header and its magic. */
static bool is_being_made(const struct trace *t, uint64_t pos)
{
	uint32_t magic;

	memcpy(&magic, t->priv->map + pos, sizeof(magic));
	return t->state == PROF_STATE_OPEN && !magic && pos % PROF_CHUNK_ALIGN == 0;
}

static void walk_chunks(struct trace *t, uint64_t pos)
{
	struct prof_chunk_header h;

	while (pos + sizeof(h) <= t->size_bytes) {
		uint64_t end;

		if (!is_header(t, pos)) {
			if (!is_zero(t->priv->map + pos, sizeof(h)) && !is_being_made(t, pos))
				trace_problem(t, "there should be a chunk at byte %" PRIu64 " and is none",
				              pos);
			pos = next_header(t, pos + 1);
			continue;
		}
		memcpy(&h, t->priv->map + pos, sizeof(h));
		end = chunk_end(t, pos, &h);
		if (h.kind != PROF_CHUNK_OPS)
			take_meta(t, pos, &h, (uint32_t)(end - pos - sizeof(h)));
		else
			take_ops(t, pos, &h, (uint32_t)(end - pos - sizeof(h)));
		trace_let_go(t, t->priv->map + pos, t->priv->map + end);
		pos = end;
	}
	if (pos < t->size_bytes && !is_zero(t->priv->map + pos, t->size_bytes - pos))
		trace_problem(t,
		              "the file is cut short: the chunk at byte %" PRIu64 " has %" PRIu64
		              " bytes of %zu",
		              pos, t->size_bytes - pos, sizeof(h));
}

static int by_serial(const void *a, const void *b)
{
	const struct trace_chunk *x = a, *y = b;

	if (x->serial != y->serial)
		return x->serial < y->serial ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Put a thread's (or META's) chunks in order and say which are missing. The first
 * ones of a limited file were given up. */
static void order_chunks(struct trace *t, struct trace_chunk *chunks, unsigned *n, const char *whose,
                         unsigned thread)
{
	uint32_t expected = 0;
	unsigned kept = 0;

	if (*n)
		qsort(chunks, *n, sizeof(*chunks), by_serial);
	if (*n && t->priv->cut_tick && chunks != t->priv->metas)
		expected = chunks[0].serial;
	for (unsigned i = 0; i < *n; i++) {
		if (chunks[i].serial < expected) {
			trace_problem(t, "%s%.0u: chunk %" PRIu32 " is there twice", whose, thread,
			              chunks[i].serial);
			continue;
		}
		if (chunks[i].serial > expected)
			trace_problem(t, "%s%.0u: %" PRIu32 " chunk%s from number %" PRIu32 " on missing",
			              whose, thread, chunks[i].serial - expected,
			              chunks[i].serial - expected == 1 ? " is" : "s are", expected);
		expected = chunks[i].serial + 1;
		chunks[kept++] = chunks[i];
	}
	*n = kept;
}

/* Decode a chunk for the smallest start of a record that encloses earlier ones,
 * and shorten it where times are impossible. */
static uint64_t find_encloses(struct trace *t, struct trace_chunk *c, struct prof_successor *successors)
{
	struct prof_stream s = {.successors = successors};
	struct prof_record r;
	const uint8_t *p = c->payload, *end = p + c->used, *next;
	uint64_t smallest = UINT64_MAX;

	prof_stream_reset(&s, c->base_tick, c->serial);
	for (; (next = t->priv->get_record(&s, p, end, c->n_counters, &r)) && next != p; p = next) {
		if (r.end > TICK_LIMIT || r.start > r.end) {
			trace_problem(t,
			              "thread %" PRIu32 ": the record at byte %" PRIu64
			              " has an impossible time; the rest of its chunk is left out",
			              c->thread,
			              c->offset + sizeof(struct prof_chunk_header)
			                      + (uint64_t)(p - c->payload));
			c->used = (uint32_t)(p - c->payload);
			break;
		}
		if (!r.is_event && r.encloses && r.start < smallest)
			smallest = r.start;
	}
	return smallest;
}

static void prepare_nesting(struct trace *t)
{
	struct prof_successor *successors = t->priv->successors;

	for (unsigned i = 0; i < t->priv->n_streams; i++) {
		struct trace_stream *s = &t->priv->streams[i];
		uint64_t later = UINT64_MAX;

		if (!s->encloses)
			continue;
		memset(successors, 0, PROF_SUCCESSORS * sizeof(*successors));
		for (unsigned j = s->n_chunks; j-- > 0;) {
			uint64_t here = s->chunks[j].encloses ? find_encloses(t, &s->chunks[j], successors)
			                                      : UINT64_MAX;

			s->chunks[j].later_encloses = later;
			later = here < later ? here : later;
		}
	}
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void take_header(struct trace *t, const struct prof_file_header *h)
{
	uint64_t sum = XXH3_64bits(h, offsetof(struct prof_file_header, pid));

	t->version = h->version;
	t->state = h->state > PROF_STATE_STOPPED ? PROF_STATE_OPEN : (enum prof_file_state)h->state;
	t->clock = (enum prof_clock_kind)h->clock_kind;
	t->tick_ns = h->tick_ns_estimate;
	t->epoch_realtime_ns = h->epoch_realtime_ns;
	if (h->version >= 2) {
		t->dropped = h->dropped_records;
		t->priv->cut_tick = h->kept_tick;
	}
	t->pid = h->pid;
	t->ppid = h->ppid;
	memcpy(t->run_id, h->run_id, sizeof(t->run_id));
	t->priv->header = *h;
	if (sum != h->checksum)
		trace_problem(t, "the file's header does not match its checksum: times may be wrong");
	if (!(isfinite(t->tick_ns) && t->tick_ns > 1e-6 && t->tick_ns < 1e6)) {
		trace_problem(t, "the file's header gives a tick %g nanoseconds: taken as 1", t->tick_ns);
		t->tick_ns = 1;
	}
}

int trace_chunks_read(struct trace *t, struct diag *d)
{
	struct trace_private *priv = t->priv;
	struct prof_file_header h;

	if (t->size_bytes < sizeof(h))
		return diag_set(d, "%s: the trace's header is cut short: has %" PRIu64 " bytes of %zu",
		                t->path, t->size_bytes, sizeof(h));
	memcpy(&h, priv->map, sizeof(h));
	if (h.version == 0 || h.version > PROF_TRACE_VERSION)
		return diag_set(d,
		                "%s: is a trace of version %" PRIu32 "; this program reads up to version %u",
		                t->path, h.version, PROF_TRACE_VERSION);
	take_header(t, &h);
	if (h.header_bytes < sizeof(h) || h.header_bytes % 8 || h.header_bytes > PROF_CHUNK_ALIGN) {
		trace_problem(t, "the file's header says it has %" PRIu32 " bytes: taken as %zu",
		              h.header_bytes, sizeof(h));
		h.header_bytes = sizeof(h);
	}
	choose_codec(t);
	if (!(priv->successors = calloc(PROF_SUCCESSORS, sizeof(*priv->successors))))
		return diag_set(d, "%s: out of memory", t->path);
	walk_chunks(t, h.header_bytes);
	order_chunks(t, priv->metas, &priv->n_metas, "names", 0);
	order_chunks(t, priv->timelines, &priv->n_timelines, "times", 0);
	for (unsigned i = 0; i < priv->n_streams; i++) {
		struct trace_stream *s = &priv->streams[i];

		order_chunks(t, s->chunks, &s->n_chunks, "thread ", i + 1);
		if (s->n_groups)
			qsort(s->groups, s->n_groups, sizeof(*s->groups), by_number);
	}
	prepare_nesting(t);
	free(priv->successors);
	priv->successors = NULL;
	return 0;
}
