/* trace_private.h: what the files that read traces share.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_TRACE_TRACE_PRIVATE_H
#define TOOLS_LIB_TRACE_TRACE_PRIVATE_H

#include <prof/trace_codec.h>

#include "tools/lib/support/arena.h"
#include "tools/lib/trace/trace.h"

/* One operation of an op list, as kept. */
struct list_event {
	uint64_t start_ns, time_ns, self_ns, busy_ns;
	uint32_t desc;
	uint32_t step;     /* index plus 1, 0: none */
	uint32_t thread;   /* number plus 1, 0: none given */
	uint32_t counters; /* position in list_counters plus 1, 0: none */
	uint32_t depth;
	uint32_t n_slices;
	uint32_t n_counted;
	uint64_t counted_ns;
};

/* A chunk as found in the file, bounds checked. */
struct trace_chunk {
	const uint8_t *payload;
	uint64_t offset; /* of its header in the file */
	uint32_t used;   /* sound payload bytes */
	uint32_t thread, serial;
	uint32_t group, group_index, step;
	uint64_t base_tick;
	uint64_t records;        /* operation records in it */
	uint64_t later_encloses; /* smallest start of an enclosing record in later chunks */
	uint8_t n_counters, ith, nth;
	bool encloses; /* holds a record that encloses others */
};

/* One thread's chunks, and the groups it took part in. */
struct trace_stream {
	struct trace_chunk *chunks;
	unsigned n_chunks, chunk_capacity;
	uint32_t *groups; /* ascending */
	unsigned n_groups, group_capacity;
	bool encloses;
	bool groups_fall; /* a group comes after one with a higher number */
};

struct trace_private {
	struct trace_options options;
	struct arena arena;
	uint8_t *map;
	size_t map_bytes;
	unsigned problem_capacity, more_problems;

	/* binary traces */
	uint8_t record_bytes[256];         /* of a plain operation, by its first byte; 0: not one */
	struct prof_successor *successors; /* while chunks are looked over */
	/* prof_get_record, or what reads another version's records */
	const uint8_t *(*get_record)(struct prof_stream *s, const uint8_t *p, const uint8_t *end,
	                             unsigned n_counters, struct prof_record *r);
	struct trace_chunk *metas;
	unsigned n_metas, meta_capacity;
	struct trace_chunk *timelines;
	unsigned n_timelines, timeline_capacity;
	uint64_t cut_tick;            /* what began before was given up, or is left out with it; 0: nothing */
	uint32_t first_step;          /* index of the first step, in the file's numbers */
	struct trace_stream *streams; /* thread i is at i - 1 */
	unsigned n_streams;
	const char **strings; /* id i is at i - 1 */
	unsigned n_strings, string_capacity;
	unsigned module_capacity, site_capacity, desc_capacity, thread_capacity, fact_capacity;
	unsigned counter_capacity, missing_capacity, domain_capacity, sample_capacity, step_capacity;
	unsigned cost_capacity, note_capacity, process_capacity;
	uint32_t scope;    /* process that META records are of now, plus 1; 0: all */
	uint64_t *unsound; /* offsets of META records that were left out, ascending per chunk */
	unsigned n_unsound, unsound_capacity;
	uint32_t holes;       /* numbers missing in META, filled */
	bool ended;           /* the END record is there */
	uint64_t end_records; /* as it says */
	uint64_t end_tick;
	uint64_t sync_tick[2], sync_ns[2]; /* first and last clock sync */
	unsigned n_syncs;
	struct prof_file_header header; /* of a binary trace, as it is in the file */

	/* op lists */
	bool streamed; /* its operations are not kept: each cursor reads the list again */
	struct list_event *events;
	unsigned n_events, event_capacity;
	uint64_t *list_counters;
	unsigned n_list_counters, list_counter_capacity;
	uint32_t *desc_slots; /* open-addressed set of desc index plus 1 */
	uint32_t n_desc_slots;
};

/* Note what was found wrong, in a sentence. */
void trace_problem(struct trace *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* trace_open.c: these bytes of the mapped file are not looked at soon; reading
 * them again brings them back. So a long trace is never in memory as a whole. */
void trace_let_go(const struct trace *t, const uint8_t *begin, const uint8_t *end);

/* Ticks as nanoseconds; exact when a tick is one. */
static inline uint64_t trace_ticks_to_ns(uint64_t scale, uint64_t ticks)
{
	return (uint64_t)(((unsigned __int128)ticks * scale) >> 40);
}
uint64_t trace_tick_scale(const struct trace *t);

/* trace_open.c: as trace_open, of a file that is open; `path` is for messages. */
int trace_open_fd(int fd, const char *path, const struct trace_options *options, struct trace **out,
                  struct diag *d);

/* trace_list.c: read the op list that is mapped. */
int trace_list_read(struct trace *t, struct diag *d);

/* A step as the file numbers it (plus 1, 0: none) in the trace's numbers, likewise. */
static inline uint32_t trace_step_index(const struct trace *t, uint64_t step)
{
	uint64_t index = step > t->priv->first_step ? step - t->priv->first_step : 0;

	return index <= t->n_steps ? (uint32_t)index : 0;
}

/* trace_limit.c: leave out what the limit on size tore apart. */
int trace_limit_apply(struct trace *t, struct diag *d);

/* trace_chunks.c, trace_meta.c: the two passes over a binary trace. */
int trace_chunks_read(struct trace *t, struct diag *d);
int trace_meta_read(struct trace *t, struct diag *d);

/* trace_phases.c: decide the phase of each step. */
int trace_phases_decide(struct trace *t, struct diag *d);

struct cursor_phase {
	bool border_passed;   /* the last layer has run */
	enum prof_phase last; /* of the last operation in a step */
};

/* trace_merge.c: a cursor's work on a binary trace. */
struct trace_cursor {
	struct trace *trace;
	struct merge *merge;        /* of a binary trace */
	struct list_stream *stream; /* of a long list */
	unsigned next;              /* event of a list */
	bool children;
	const char *last_layer;      /* --last-layer, or null */
	uint64_t cut;                /* records passed over: of before the trace's cut_tick */
	uint64_t undescribed;        /* operations passed over: their descriptors are lost */
	struct cursor_phase *phases; /* by process */
};

/* The process of an operation: an index. */
static inline uint32_t trace_process_of(const struct trace *t, const struct op_event *ev)
{
	if (__builtin_expect(t->n_processes < 2, 1) || !ev->thread || ev->thread > t->n_threads)
		return 0;
	return t->threads[ev->thread - 1].process;
}

/* trace_processes.c: META records from here on are of that process, which is
 * made when it is the next one; -1 when it is neither that nor known. */
int trace_process_take(struct trace *t, const struct prof_meta_process *m, const char *name);

/* trace_processes.c: whose threads and steps are whose, once all META is read. */
int trace_processes_settle(struct trace *t, struct diag *d);
int merge_open(struct trace_cursor *c);
/* The next operations, at most n; returns how many, 0 at the end. */
unsigned merge_read(struct trace_cursor *c, struct op_event *ev, unsigned n);
void merge_close(struct trace_cursor *c);

#endif
