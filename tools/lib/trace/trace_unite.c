/* trace_unite.c: the traces of several processes as one.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/trace_unite.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/trace_meta_write.h"
#include "tools/lib/trace/unite_private.h"

int unite_no_memory(struct unite *u)
{
	return diag_set(u->diag, "%s: out of memory", u->parts[0].trace->path);
}

const char *unite_fact(const struct trace *t, uint32_t process, const char *key)
{
	for (unsigned i = 0; i < t->n_facts; i++)
		if ((!t->facts[i].process || t->facts[i].process == process + 1)
		    && !strcmp(t->facts[i].key, key))
			return t->facts[i].value;
	return "";
}

const char *unite_machine(const struct trace *t, uint32_t process)
{
	const char *id = unite_fact(t, process, "host.boot_id");

	return *id ? id : unite_fact(t, process, "host.name");
}

static bool are_same(const struct trace *a, const struct trace *b)
{
	const struct prof_file_header *x = &a->priv->header, *y = &b->priv->header;

	return a->pid == b->pid && !memcmp(a->run_id, b->run_id, sizeof(a->run_id))
	       && x->epoch_raw == y->epoch_raw && x->epoch_realtime_ns == y->epoch_realtime_ns;
}

static int check_parts(struct trace *const *traces, unsigned n, const struct unite_options *options,
                       struct diag *d)
{
	for (unsigned i = 0; i < n; i++) {
		if (traces[i]->is_list)
			return diag_set(d, "%s: is an op list: there is no clock to put it beside others by",
			                traces[i]->path);
		for (unsigned j = 0; j < i; j++)
			if (are_same(traces[i], traces[j]))
				return diag_set(d, "%s: is the same trace as %s", traces[i]->path,
				                traces[j]->path);
		if (!options->any_run && memcmp(traces[i]->run_id, traces[0]->run_id, 16) != 0)
			return diag_set(d,
			                "%s: is of another run than %s; proftrace merge --any-run merges "
			                "them all the same",
			                traces[i]->path, traces[0]->path);
	}
	return 0;
}

/* Ranks in their order, then what has none by the time at which it began. */
static int by_rank(const void *a, const void *b)
{
	const struct trace *x = ((const struct unite_part *)a)->trace;
	const struct trace *y = ((const struct unite_part *)b)->trace;
	uint32_t p = (uint32_t)x->processes[0].rank, q = (uint32_t)y->processes[0].rank;

	if (p != q)
		return p < q ? -1 : 1;
	if (x->epoch_realtime_ns != y->epoch_realtime_ns)
		return x->epoch_realtime_ns < y->epoch_realtime_ns ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* Groups beyond the last that a trace's threads share are of one thread each,
 * and nobody asks for their numbers. */
static uint32_t last_group(const struct trace *t)
{
	uint32_t last = 0;

	for (unsigned i = 0; i < t->priv->n_streams; i++) {
		const struct trace_stream *s = &t->priv->streams[i];

		if (s->n_groups && s->groups[s->n_groups - 1] > last)
			last = s->groups[s->n_groups - 1];
	}
	return last;
}

/* Numbers of processes, steps, threads and groups follow those of the part before. */
static int number_parts(struct unite *u)
{
	uint64_t processes = 0, steps = 0, threads = 0, groups = 0;

	for (unsigned i = 0; i < u->n; i++) {
		struct unite_part *p = &u->parts[i];

		p->first_process = (uint32_t)processes;
		p->first_step = (uint32_t)steps;
		p->first_thread = (uint32_t)threads;
		p->first_group = (uint32_t)groups;
		processes += p->trace->n_processes;
		steps += p->trace->n_steps;
		threads += p->trace->n_threads;
		groups += last_group(p->trace);
	}
	if (steps > INT32_MAX || threads > INT32_MAX || groups > UINT32_MAX)
		return diag_set(u->diag, "%s: more steps, threads or groups than a trace can hold",
		                u->file->out.path);
	return 0;
}

/* The run's first process stands for it. */
static void fill_header(struct unite *u)
{
	const struct trace *first = u->parts[0].trace;

	memcpy(u->header.run_id, first->run_id, sizeof(u->header.run_id));
	u->header.pid = first->pid;
	u->header.ppid = first->ppid;
	for (unsigned i = 0; i < u->n; i++) {
		u->header.dropped_records += u->parts[i].trace->dropped;
		if (u->parts[i].trace->state == PROF_STATE_STOPPED)
			u->header.state = PROF_STATE_STOPPED;
	}
}

static int write_end(struct unite *u)
{
	struct prof_meta_end m = {.head = {.type = PROF_META_END}, .records = u->records};

	m.reason = u->parts[0].trace->end_reason;
	m.records += u->header.dropped_records;
	for (unsigned i = 0; i < u->n; i++) {
		const struct trace *t = u->parts[i].trace;
		uint64_t tick = unite_ns(u, &u->parts[i], t->end_ns);

		m.tick = tick > m.tick ? tick : m.tick;
		m.lost += t->lost;
		m.skipped += t->skipped;
		if (t->end_reason != m.reason)
			m.reason = PROF_END_EXIT;
	}
	return trace_file_meta(u->file, &m.head, sizeof(m), NULL, 0);
}

static int write_all(struct unite *u)
{
	if (unite_clock_write(u) || unite_common_write(u) || unite_names_write(u) || unite_energy_write(u)
	    || unite_processes_write(u) || trace_file_flush(u->file) || unite_ops_write(u) || write_end(u))
		return -1;
	return trace_file_commit(u->file);
}

static int begin(struct unite *u, struct trace *const *traces, unsigned n,
                 const struct unite_options *options)
{
	if (check_parts(traces, n, options, u->diag))
		return -1;
	u->n = n;
	u->parts = arena_alloc(&u->arena, n * sizeof(*u->parts));
	if (!u->parts)
		return diag_set(u->diag, "%s: out of memory", traces[0]->path);
	for (unsigned i = 0; i < n; i++)
		u->parts[i].trace = traces[i];
	qsort(u->parts, n, sizeof(*u->parts), by_rank);
	if (unite_clock_settle(u))
		return -1;
	fill_header(u);
	return 0;
}

static void release(struct unite *u)
{
	unite_energy_release(u);
	trace_names_release(&u->names);
	interner_release(&u->modules);
	interner_release(&u->sites);
	interner_release(&u->descs);
	arena_release(&u->arena);
}

/* Into `stream`, or a file of its own where that is null. */
static int unite(struct trace *const *traces, unsigned n, const struct unite_options *options, FILE *stream,
                 const char *path, struct diag *d)
{
	struct trace_file file = {.position = 0};
	struct unite u = {.file = &file, .diag = d};
	int result = begin(&u, traces, n, options);

	if (result && stream)
		fclose(stream);
	if (!result) {
		result = stream ? trace_file_begin(&file, stream, path, &u.header, d)
		                : trace_file_open(&file, path, &u.header, d);
		result = result || number_parts(&u) || write_all(&u) ? -1 : 0;
		trace_file_close(&file);
	}
	release(&u);
	return result;
}

int trace_unite(struct trace *const *traces, unsigned n, const struct unite_options *options,
                const char *path, struct diag *d)
{
	return unite(traces, n, options, NULL, path, d);
}

int trace_unite_stream(struct trace *const *traces, unsigned n, const struct unite_options *options,
                       FILE *file, const char *name, struct diag *d)
{
	return unite(traces, n, options, file, name, d);
}
