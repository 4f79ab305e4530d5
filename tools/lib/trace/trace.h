/* trace.h: a trace opened for reading: a binary trace, or an op list.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * trace_open() reads all META (names, descriptors, steps, modules, ...) and
 * indexes the chunks; operations are then streamed by a cursor, in order of
 * their start, slices merged, without holding them in memory. A damaged trace
 * opens as far as it is sound; what was found wrong is in `problems`.
 */
#ifndef TOOLS_LIB_TRACE_TRACE_H
#define TOOLS_LIB_TRACE_TRACE_H

#include <stddef.h>

#include "tools/lib/support/diag.h"
#include "tools/lib/trace/op.h"

struct trace_step {
	int64_t number;        /* for people; -1: none */
	enum prof_phase phase; /* as decided: given, or by DESIGN's rule */
	enum prof_phase given; /* as the trace says it; UNKNOWN: it does not */
	bool spanned;          /* start and end were recorded, not only seen in its operations */
	bool is_explicit;      /* of an op list: number and phase only as given there */
	uint32_t tokens, sequences, ctx_max; /* 0: unknown */
	uint64_t ctx_sum;
	uint64_t start_ns, end_ns; /* end_ns 0: it did not end */
	uint32_t process;          /* index of its process */
};

struct trace_module {
	const char *path;
	const uint8_t *build_id;
	unsigned build_id_bytes;
	uint64_t start, end, bias;
};

struct trace_site {
	unsigned n_frames;
	const struct prof_frame *frames; /* innermost first */
};

/* tid is TRACE_NO_TID where an op list names no thread. */
#define TRACE_NO_TID (~0u)
struct trace_thread {
	uint32_t tid;
	const char *name;
	uint32_t process; /* index of its process */
};
struct trace_fact {
	const char *key, *value;
	uint32_t process; /* index of its process plus 1, 0: of all */
};

/* A trace as recorded is of one process, a merged one of several. */
struct trace_process {
	const char *name; /* "rank 3", else "llama-run 4711" */
	bool is_told;     /* by a PROCESS record or an op list; else made of the header and the facts */
	uint32_t pid, ppid;
	uint32_t machine;  /* from 1: the same number, the same machine */
	int32_t rank;      /* -1: of no job */
	uint32_t ranks;    /* of the job, 0: unknown */
	uint64_t start_ns; /* its recording began */
	unsigned first_step, n_steps;
	uint32_t steps_before; /* steps that are not here: given up for the limit on size, or not recorded */
	bool explicit_steps;   /* of an op list, or not one after the other: operations belong to
	                        * those they name alone */
};
struct trace_counter {
	const char *name, *why;
	enum prof_counter_kind kind;
	double read_ns;
};
struct trace_energy_domain {
	const char *name;
	enum prof_energy_source source;
	uint32_t parent;
};
struct trace_energy_sample {
	uint64_t time_ns;
	uint32_t domain;
	uint64_t energy_uj;
};
struct trace_cost {
	const char *name;
	double value;
};

struct trace {
	const char *path;
	bool is_list; /* came from an op list */
	uint32_t version;
	enum prof_file_state state;
	enum prof_clock_kind clock;
	double tick_ns; /* from the clock syncs, else the estimate */
	uint64_t epoch_realtime_ns;
	uint64_t size_bytes;             /* of the file */
	uint64_t end_ns;                 /* last moment known */
	uint64_t lost;                   /* operations seen but not recorded */
	uint64_t dropped;                /* records of the start, given up for the limit on size */
	uint64_t kept_ns;                /* nothing that began later was given up; 0: nothing at all */
	uint64_t skipped;                /* operations that filters or the switch left out */
	enum prof_end_reason end_reason; /* where the trace has an end */
	uint64_t records;                /* operation records (slices), children included */
	uint32_t pid, ppid;
	uint8_t run_id[16]; /* the same for all processes of one run */

	struct trace_process *processes; /* at least one */
	unsigned n_processes;
	struct op_desc *descs;
	unsigned n_descs;
	struct trace_step *steps;
	unsigned n_steps;
	struct trace_module *modules;
	unsigned n_modules; /* id i is at i - 1 */
	struct trace_site *sites;
	unsigned n_sites; /* likewise */
	struct trace_thread *threads;
	unsigned n_threads; /* likewise */
	struct trace_fact *facts;
	unsigned n_facts;
	struct trace_counter *counters;
	unsigned n_counters; /* those read, in record order */
	struct trace_counter *missing;
	unsigned n_missing; /* those that could not be had */
	struct trace_energy_domain *domains;
	unsigned n_domains; /* id i is at i - 1 */
	struct trace_energy_sample *samples;
	unsigned n_samples;
	struct trace_cost *costs;
	unsigned n_costs;
	const char **notes;
	unsigned n_notes; /* the recorder's own: what is missing */
	const char **problems;
	unsigned n_problems; /* what the reader found wrong */

	struct trace_private *priv;
};

/* Options for opening; zero is the default. */
struct trace_options {
	const char *last_layer;   /* canonical context whose first execution ends prefill; null: by steps */
	const char *contexts_dir; /* alias tables; null: those installed */
	bool children; /* cursors yield children too, parents first; else outermost operations only */
	bool strict;   /* a problem is an error */
};

/* `path` may be the folder of a run: then it is the merge of the traces in it.
 * Returns 0 and *out (closed by trace_close), or -1: no trace, an empty file,
 * a text file that is no op list, a version from the future, ... */
int trace_open(const char *path, const struct trace_options *options, struct trace **out, struct diag *d);
void trace_close(struct trace *t);

/* What is wrong with a trace in one sentence, "" when nothing is; into buf, which
 * is returned. `proftrace check` has the whole list. */
const char *trace_problems_text(const struct trace *t, char *buf, size_t bytes);

/* The process of an operation, as an index. */
uint32_t trace_process_index(const struct trace *t, const struct op_event *ev);

/* How the trace ends, in words that may follow a semicolon: "complete", or why it
 * stops where it does. Written to buf, which is returned. */
const char *trace_end_text(const struct trace *t, char *buf, size_t bytes);

/* What the program did and the trace lacks, for whatever reason: recording that stopped
 * early, operations lost or given up, what was left out as asked; in one sentence, "" when
 * nothing is. Into buf, which is returned. */
const char *trace_missing_text(const struct trace *t, char *buf, size_t bytes);

/* Steps of the program that the trace lacks, as far as it tells: by the numbers of
 * those that it has, and by the fact process.steps. */
uint64_t trace_steps_absent(const struct trace *t);

/* What the program did and the trace lacks because it was asked to, in one sentence:
 * steps and operations outside of the switch and the filters, steps given up for
 * the limit on size; "" when nothing is. Into buf, which is returned. */
const char *trace_left_out_text(const struct trace *t, char *buf, size_t bytes);

/* The first value of a fact, or "" . */
const char *trace_fact_get(const struct trace *t, const char *key);

/* Several cursors may be open on a trace. _next: 1 and *ev, 0 at the end, -1
 * and d when a list turns out to be broken further on (file:line). Problems
 * of a binary trace never stop a cursor; it goes on with the next sound part. */
struct trace_cursor;
struct trace_cursor *trace_cursor_open(struct trace *t);
int trace_cursor_next(struct trace_cursor *c, struct op_event *ev, struct diag *d);

/* The same for as many as n (not 0) at a time, which is quicker than one by one: how many
 * there were. */
enum { TRACE_TOGETHER = 32 }; /* a good number */
int trace_cursor_read(struct trace_cursor *c, struct op_event *ev, unsigned n, struct diag *d);
void trace_cursor_close(struct trace_cursor *c);

#endif
