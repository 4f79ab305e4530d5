/* trace_recover.c: the sound part of a damaged trace, as a trace.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Records are copied as they are: names stay native, times stay ticks. Chunks
 * get new headers and numbers.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/trace_meta_write.h"
#include "tools/lib/trace/trace_private.h"
#include "tools/lib/trace/trace_write.h"

struct recovery {
	struct trace *trace;
	struct trace_file file;
};

static bool is_left_out(const struct recovery *r, uint64_t at)
{
	const struct trace_private *priv = r->trace->priv;

	for (unsigned i = 0; i < priv->n_unsound; i++)
		if (priv->unsound[i] == at)
			return true;
	return false;
}

static int copy_names(struct recovery *r, const struct trace_chunk *c)
{
	for (uint64_t pos = 0; pos + sizeof(struct prof_meta) <= c->used;) {
		const uint8_t *p = c->payload + pos;
		struct trace_piece rest;
		struct prof_meta m;

		memcpy(&m, p, sizeof(m));
		if (!m.type || m.size_bytes < sizeof(m) || m.size_bytes % 8 || m.size_bytes > c->used - pos)
			return 0;
		rest = (struct trace_piece){p + sizeof(m), m.size_bytes - sizeof(m)};
		if (m.type != PROF_META_END
		    && !is_left_out(r, c->offset + sizeof(struct prof_chunk_header) + pos)
		    && trace_file_meta(&r->file, &m, sizeof(m), &rest, 1))
			return -1;
		pos += m.size_bytes;
	}
	return 0;
}

static int copy_operations(struct recovery *r)
{
	const struct trace_private *priv = r->trace->priv;

	for (unsigned i = 0; i < priv->n_streams; i++) {
		uint32_t serial = 0;

		for (unsigned j = 0; j < priv->streams[i].n_chunks; j++) {
			const struct trace_chunk *c = &priv->streams[i].chunks[j];
			struct prof_chunk_header h = {.kind = PROF_CHUNK_OPS,
			                              .thread = c->thread,
			                              .serial = serial,
			                              .base_tick = c->base_tick,
			                              .group = c->group,
			                              .group_index = c->group_index,
			                              .step = c->step,
			                              .n_counters = c->n_counters,
			                              .ith = c->ith,
			                              .nth = c->nth};

			if (c->used && trace_file_chunk(&r->file, &h, c->payload, c->used))
				return -1;
			serial += c->used > 0;
		}
	}
	return 0;
}

static int copy_all(struct recovery *r)
{
	struct trace *t = r->trace;
	uint64_t end_tick = (uint64_t)((double)t->end_ns / t->tick_ns);

	for (unsigned i = 0; i < t->priv->n_metas; i++)
		if (copy_names(r, &t->priv->metas[i]))
			return -1;
	for (unsigned i = 0; i < t->priv->n_timelines; i++)
		if (copy_names(r, &t->priv->timelines[i]))
			return -1;
	for (unsigned i = 0; i < t->n_problems; i++)
		if (meta_write_note(&r->file, t->problems[i]))
			return -1;
	if (t->state == PROF_STATE_OPEN
	    && meta_write_note(&r->file, "recovered: the program ended without closing the trace"))
		return -1;
	if (trace_file_flush(&r->file) || copy_operations(r)
	    || meta_write_end(&r->file, end_tick, t->records + t->dropped, t))
		return -1;
	return trace_file_commit(&r->file);
}

int trace_recover(struct trace *t, const char *path, struct diag *d)
{
	struct recovery r = {.trace = t};
	struct prof_file_header header;
	int result;

	memcpy(&header, t->priv->map, sizeof(header));
	header.clock_kind = t->clock;
	header.kept_tick = t->priv->cut_tick;
	header.tick_ns_estimate = t->tick_ns;
	header.state = PROF_STATE_CLOSED;
	if (trace_file_open(&r.file, path, &header, d))
		return -1;
	result = copy_all(&r);
	trace_file_close(&r.file);
	return result;
}
