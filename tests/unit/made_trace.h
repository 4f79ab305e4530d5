/* made_trace.h: traces made by tests, as a process would have recorded them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TESTS_UNIT_MADE_TRACE_H
#define TESTS_UNIT_MADE_TRACE_H

#include <prof/trace_codec.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/trace_meta_write.h"
#include "tools/lib/trace/trace_names.h"

/* What a made trace is to be; zero fields are left out of it. */
struct made {
	const char *path;
	uint32_t pid;
	int rank; /* -1: none */
	const char *run, *boot_id, *host;
	uint32_t tick_shift;
	double raw_ns;     /* of the raw clock; 0: CLOCK_MONOTONIC, in ns */
	uint64_t began_ns; /* after the machine's start */
	uint64_t set_ns;   /* CLOCK_REALTIME at the machine's start */
	unsigned threads, steps, descs, operations;
	unsigned counters; /* how many operations have: names "one", "two", ... */
	const char *counter_names[4];
	uint64_t lost, skipped;
	unsigned seed;

	/* while it is made */
	struct trace_file file;
	struct trace_names names;
	uint64_t records, last_tick;
};

static inline unsigned made_random(struct made *m, unsigned below)
{
	m->seed = m->seed * 1103515245u + 12345u;
	return (m->seed >> 8) % below;
}

static inline void made_fact(struct made *m, const char *key, const char *value)
{
	struct trace_piece pieces[2] = {{key, strlen(key) + 1}, {value, strlen(value) + 1}};
	struct prof_meta_fact f = {.head = {.type = PROF_META_FACT},
	                           .key_bytes = (uint32_t)pieces[0].n,
	                           .value_bytes = (uint32_t)pieces[1].n};

	if (trace_file_meta(&m->file, &f.head, sizeof(f), pieces, 2))
		abort();
}

static inline void made_named(struct made *m, struct prof_meta *head, size_t fixed, const char *name)
{
	if (trace_file_meta(&m->file, head, fixed, &(struct trace_piece){name, strlen(name) + 1}, 1))
		abort();
}

static inline void made_record(struct made *m, struct prof_meta *head, size_t fixed)
{
	if (trace_file_meta(&m->file, head, fixed, NULL, 0))
		abort();
}

/* A reading of a meter: ticks, and microjoules since recording began. */
static inline void made_sample(struct made *m, uint32_t domain, uint64_t tick, uint64_t energy_uj)
{
	struct prof_meta_energy_sample s = {.head = {.type = PROF_META_ENERGY_SAMPLE},
	                                    .tick = tick,
	                                    .domain = domain,
	                                    .energy_uj = energy_uj};

	made_record(m, &s.head, sizeof(s));
}

static inline void made_domain(struct made *m, uint32_t id, uint32_t parent, const char *name,
                               const char *path)
{
	struct prof_meta_energy_domain d = {.head = {.type = PROF_META_ENERGY_DOMAIN},
	                                    .id = id,
	                                    .source = PROF_ENERGY_POWERCAP,
	                                    .parent = parent,
	                                    .name_bytes = (uint32_t)strlen(name) + 1};
	char key[64];

	made_named(m, &d.head, sizeof(d), name);
	snprintf(key, sizeof(key), "energy.%u.path", id);
	if (path)
		made_fact(m, key, path);
}

static inline void made_cost(struct made *m, const char *name, double value)
{
	struct prof_meta_cost c = {
	        .head = {.type = PROF_META_COST}, .value = value, .name_bytes = (uint32_t)strlen(name) + 1};

	made_named(m, &c.head, sizeof(c), name);
}

static inline void made_sync(struct made *m, uint64_t tick)
{
	double tick_ns = m->raw_ns > 0 ? m->raw_ns * (1 << m->tick_shift) : 1;
	struct prof_meta_clock_sync s = {.head = {.type = PROF_META_CLOCK_SYNC},
	                                 .tick = tick,
	                                 .monotonic_ns = m->began_ns + (uint64_t)((double)tick * tick_ns)};

	made_record(m, &s.head, sizeof(s));
}

/* The file, with what stands in its header and at the start. */
static inline void made_begin(struct made *m)
{
	struct prof_file_header h = {.clock_kind = m->raw_ns > 0 ? PROF_CLOCK_TSC : PROF_CLOCK_MONOTONIC,
	                             .tick_shift = m->tick_shift,
	                             .tick_ns_estimate = m->raw_ns > 0 ? m->raw_ns * (1 << m->tick_shift) : 1,
	                             .epoch_raw = m->began_ns,
	                             .epoch_realtime_ns = m->set_ns + m->began_ns,
	                             .epoch_monotonic_ns = m->began_ns,
	                             .pid = m->pid,
	                             .ppid = 1};
	static struct diag d;
	char rank[16];

	if (m->raw_ns > 0)
		h.epoch_raw = (uint64_t)((double)m->began_ns / m->raw_ns);
	memcpy(h.run_id, m->run, strnlen(m->run, sizeof(h.run_id)));
	if (trace_file_open(&m->file, m->path, &h, &d))
		abort();
	m->names.file = &m->file;
	snprintf(rank, sizeof(rank), "%d", m->rank);
	made_fact(m, "process.exe", "/usr/bin/made");
	if (m->rank >= 0)
		made_fact(m, "process.rank", rank);
	if (m->boot_id)
		made_fact(m, "host.boot_id", m->boot_id);
	if (m->host)
		made_fact(m, "host.name", m->host);
	made_sync(m, 0);
}

static inline void made_end(struct made *m)
{
	struct prof_meta_end e = {.head = {.type = PROF_META_END},
	                          .tick = m->last_tick,
	                          .records = m->records,
	                          .lost = m->lost,
	                          .skipped = m->skipped};

	made_sync(m, m->last_tick);
	made_record(m, &e.head, sizeof(e));
	if (trace_file_commit(&m->file))
		abort();
	trace_names_release(&m->names);
	trace_file_close(&m->file);
}

/* ---- with operations ---- */

static inline void made_counters(struct made *m)
{
	for (unsigned i = 0; i < m->counters; i++) {
		struct prof_meta_counter c = {.head = {.type = PROF_META_COUNTER},
		                              .index = i,
		                              .kind = PROF_COUNTER_SOFTWARE,
		                              .name_bytes = (uint32_t)strlen(m->counter_names[i]) + 1,
		                              .why_bytes = 1,
		                              .read_ns = 100};
		struct trace_piece pieces[2] = {{m->counter_names[i], c.name_bytes}, {"", 1}};

		if (trace_file_meta(&m->file, &c.head, sizeof(c), pieces, 2))
			abort();
	}
}

/* A library at an address of the process's own, and a call site for each third
 * descriptor; descriptors that all processes share but for their last. */
static inline void made_descs(struct made *m)
{
	static const uint8_t build_id[] = {1, 2, 3, 4};
	struct prof_meta_module module = {.head = {.type = PROF_META_MODULE},
	                                  .id = 1,
	                                  .path_bytes = sizeof("/lib/libmade.so"),
	                                  .start = 0x10000u * m->pid,
	                                  .end = 0x10000u * m->pid + 0x1000,
	                                  .bias = 0x10000u * m->pid,
	                                  .build_id_bytes = sizeof(build_id)};
	struct trace_desc_record record;

	memcpy(module.build_id, build_id, sizeof(build_id));
	made_named(m, &module.head, sizeof(module), "/lib/libmade.so");
	for (unsigned i = 0; i < m->descs; i++) {
		bool own = i == m->descs - 1;
		char name[64];
		struct op_desc d = {.id = i,
		                    .op = PROF_OP_LINEAR,
		                    .layer = (int)i,
		                    .native = name,
		                    .context = "",
		                    .name = "kernel",
		                    .result = "",
		                    .region = "",
		                    .family = "made",
		                    .extra = "",
		                    .site = i % 3 ? 0 : i / 3 + 1,
		                    .n_operands = 1};
		struct prof_frame frame = {1, 0, 16 * i};
		struct prof_meta_site site = {
		        .head = {.type = PROF_META_SITE}, .id = i / 3 + 1, .n_frames = 1};

		snprintf(name, sizeof(name), "thing.%u.%u", i, own ? m->pid : 0);
		d.operands[0] = (struct op_operand){.role = PROF_OPERAND_INPUT,
		                                    .dtype = PROF_DTYPE_FLOAT32,
		                                    .n_dims = 2,
		                                    .name = "",
		                                    .dims = {i + 1, 7}};
		if (i % 3 == 0
		    && trace_file_meta(&m->file, &site.head, sizeof(site),
		                       &(struct trace_piece){&frame, sizeof(frame)}, 1))
			abort();
		if (trace_names_desc(&m->names, &d, false, &record)
		    || trace_names_write_desc(&m->names, &record))
			abort();
	}
}

static inline void made_steps(struct made *m, uint64_t ticks)
{
	for (unsigned i = 0; i < m->steps; i++) {
		struct prof_meta_step s = {.head = {.type = PROF_META_STEP},
		                           .index = i,
		                           .number = i,
		                           .tokens = i ? 1 : 5,
		                           .sequences = 1,
		                           .tick = ticks / m->steps * i};
		struct prof_meta_step_end e = {.head = {.type = PROF_META_STEP_END},
		                               .index = i,
		                               .tick = ticks / m->steps * (i + 1) - 10};

		made_record(m, &s.head, sizeof(s));
		made_record(m, &e.head, sizeof(e));
	}
}

enum { MADE_GAP = 400, MADE_BYTES = 48000 };

/* One thread's stream while it is made. */
struct made_stream {
	struct prof_stream s;
	struct prof_chunk_header h;
	uint8_t payload[PROF_CHUNK_ALIGN], *p;
	uint32_t step;
};

static inline void made_flush(struct made *m, struct made_stream *o)
{
	if (o->p > o->payload && trace_file_chunk(&m->file, &o->h, o->payload, (uint32_t)(o->p - o->payload)))
		abort();
	o->h.base_tick = o->s.last_end;
	o->h.serial++;
	o->h.step = o->step;
	prof_stream_reset(&o->s, o->s.last_end, o->h.serial);
	o->p = o->payload;
}

static inline void made_event(struct made *m, struct made_stream *o, unsigned what, bool in_group)
{
	if (what == 1)
		o->p = prof_put_event(o->p, PROF_EVENT_LOST, 1, 0, 0, 0);
	if (what == 2 && m->steps && !in_group) {
		o->step = made_random(m, m->steps + 1);
		o->p = prof_put_event(o->p, PROF_EVENT_STEP, 1, o->step, 0, 0);
	}
	if (what == 3) {
		o->p = prof_put_event(o->p, PROF_EVENT_TIME, 1, 11, 0, 0);
		o->s.last_end += 11;
	}
}

/* An operation from `start` on; what 0: with a child, which comes first. The
 * first of six kinds have counters, but for the parent. */
static inline void made_operation(struct made *m, struct made_stream *o, unsigned what, unsigned desc,
                                  uint64_t start)
{
	uint64_t end = start + 20 + made_random(m, 1000), values[4];

	for (unsigned j = 0; j < m->counters; j++)
		values[j] = made_random(m, 3000);
	if (what == 0) {
		o->p = prof_put_op(&o->s, o->p, 0, start + 5, end - 5, NULL, 0);
		m->records++;
	}
	o->p = prof_put_op(&o->s, o->p, desc, start, end, values, what && what < 6 ? m->counters : 0);
	m->records++;
}

/* Operations, some with children, some with counters, some shared with the
 * other threads, between events of every kind. */
static inline void made_thread(struct made *m, unsigned thread)
{
	static struct prof_successor successors[PROF_SUCCESSORS];
	static struct made_stream o;

	memset(successors, 0, sizeof(successors));
	memset(&o, 0, sizeof(o));
	o.s.successors = successors;
	o.h = (struct prof_chunk_header){
	        .kind = PROF_CHUNK_OPS, .thread = thread + 1, .n_counters = (uint8_t)m->counters};
	prof_stream_reset(&o.s, 0, 0);
	o.p = o.payload;
	for (unsigned i = 0; i < m->operations; i++) {
		unsigned what = made_random(m, 20), desc = made_random(m, m->descs);
		bool shared = i % 50 == 10; /* the same on every thread: a group of one operation */
		uint64_t start;

		if (o.p - o.payload > MADE_BYTES)
			made_flush(m, &o);
		if (shared) {
			o.p = prof_put_event(o.p, PROF_EVENT_GROUP, 3, i / 50 + 1, thread, m->threads);
			desc = i % m->descs;
		}
		made_event(m, &o, what, shared);
		start = shared ? (o.s.last_end / 100000 + 1) * 100000 + thread * 7
		               : o.s.last_end + made_random(m, MADE_GAP);
		made_operation(m, &o, what, desc, start);
		if (shared)
			o.p = prof_put_event(o.p, PROF_EVENT_GROUP, 3, 0, 0, 0);
	}
	made_flush(m, &o);
	m->last_tick = o.s.last_end > m->last_tick ? o.s.last_end : m->last_tick;
}

/* A whole trace of random operations. */
static inline void made_whole(struct made *m)
{
	made_begin(m);
	made_counters(m);
	made_descs(m);
	made_steps(m, 400ull * m->operations);
	made_cost(m, "record_ns", 5);
	made_cost(m, "total_ns", 1000);
	for (unsigned i = 0; i < m->threads; i++) {
		struct prof_meta_thread t = {.head = {.type = PROF_META_THREAD},
		                             .index = i + 1,
		                             .tid = m->pid + i,
		                             .name = "worker"};

		made_record(m, &t.head, sizeof(t));
	}
	if (trace_file_flush(&m->file))
		abort();
	for (unsigned i = 0; i < m->threads; i++)
		made_thread(m, i);
	made_end(m);
}

#endif
