/* trace_write.c: a trace written anew, its ticks being nanoseconds.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * META first, then the operations. An operation goes to a lane of its thread: a
 * stream whose last operation has ended, so that a lane's records are in order
 * and only real children come before a record that encloses them. An operation
 * of several slices becomes a group of its own, the other slices on lanes of
 * nobody. Where the trace gives no times, made-up ones keep the order.
 */
#include "tools/lib/trace/trace_write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/trace_lanes.h"
#include "tools/lib/trace/trace_meta_write.h"

/* One operation of a tree, with the times it is written with. */
struct node {
	struct op_event ev;
	uint64_t start, end;
	unsigned last;   /* descendant, in the order of the tree */
	unsigned parent; /* index plus 1, 0: none */
};

/* An operation and what it encloses, parents first: what is open on a thread. */
struct tree {
	struct node *nodes;
	unsigned n, capacity;
};

struct writer {
	struct trace *trace;
	struct trace_file file;
	struct lanes lanes;
	struct diag *diag;
	struct tree *trees; /* by thread, the first for operations of none */
	uint64_t clock;     /* where the next operation without a start is put */
};

static int add_node(struct writer *w, struct tree *t, const struct op_event *ev)
{
	struct node *grown = array_grow(t->nodes, &t->capacity, t->n, sizeof(*grown));

	if (!grown)
		return diag_set(w->diag, "%s: out of memory", w->trace->path);
	t->nodes = grown;
	grown[t->n++] = (struct node){.ev = *ev};
	return 0;
}

static bool is_placed(const struct writer *w, const struct op_event *ev)
{
	return !(w->trace->descs[ev->desc].flags & (PROF_DESC_UNTIMED | PROF_DESC_UNPLACED));
}

/* Find each node's descendants, and give times to those that have none: one
 * after the other, a parent around its children. */
static void place_nodes(struct writer *w, struct tree *t)
{
	struct node *nodes = t->nodes;

	for (unsigned i = t->n; i-- > 0;) {
		nodes[i].last = i;
		for (unsigned j = i + 1; j < t->n && nodes[j].ev.depth > nodes[i].ev.depth;
		     j = nodes[j].last + 1) {
			nodes[j].parent = i + 1;
			nodes[i].last = nodes[j].last;
		}
	}
	for (unsigned i = 0; i < t->n; i++) {
		nodes[i].start = is_placed(w, &nodes[i].ev) ? nodes[i].ev.start_ns : w->clock++;
		nodes[i].end = nodes[i].start + nodes[i].ev.time_ns;
	}
	for (unsigned i = t->n; i-- > 0;) {
		for (unsigned j = i + 1; j <= nodes[i].last && !is_placed(w, &nodes[i].ev); j++)
			nodes[i].end = nodes[j].end + 1 > nodes[i].end ? nodes[j].end + 1 : nodes[i].end;
		w->clock = nodes[i].end > w->clock ? nodes[i].end : w->clock;
	}
}

/* How long the first slice is: all of the operation, unless the slices together
 * were shorter than that because they did not overlap; then as long as what it
 * encloses wants it. */
static uint64_t first_slice(const struct node *x, unsigned index)
{
	uint64_t all = x->end - x->start, first = x->ev.busy_ns / (x->ev.n_slices ? x->ev.n_slices : 1);

	if (x->ev.n_slices < 2 || x->ev.busy_ns >= all)
		return all;
	for (const struct node *inner = x + 1; inner <= x + (x->last - index); inner++)
		if (inner->end - x->start > first)
			first = inner->end - x->start;
	return first;
}

/* The other slices of an operation: of equal length, together as long as the
 * original's were, each ending when the operation did. Of those that were
 * counted the first has all the counts. */
static int write_other_slices(struct writer *w, const struct node *x, uint32_t group,
                              const struct lane *leader, uint64_t first)
{
	static const uint64_t nothing[PROF_MAX_COUNTERS];
	unsigned others = x->ev.n_slices - 1, counted = x->ev.n_counters ? x->ev.n_counted - 1 : 0;
	uint64_t rest = x->ev.busy_ns > first ? x->ev.busy_ns - first : 0;

	for (unsigned i = 0; i < others; i++) {
		uint64_t part = rest / (others - i);
		struct trace_thread nobody = {.tid = TRACE_NO_TID, .process = leader->process};
		struct lane *l = lanes_find(&w->lanes, &nobody, x->start, leader->index);
		struct lane_op op = {.desc = x->ev.desc,
		                     .step = (uint32_t)(x->ev.step + 1),
		                     .end = x->end,
		                     .counters = i < counted ? nothing : NULL};

		rest -= part;
		op.start = part < x->end - x->start ? x->end - part : x->start;
		if (!l || lane_group(&w->lanes, l, group, i + 1, x->ev.n_slices)
		    || lane_put(&w->lanes, l, &op) || lane_group(&w->lanes, l, 0, 0, 0))
			return -1;
	}
	return 0;
}

static int write_node(struct writer *w, struct lane *l, const struct node *x, unsigned index)
{
	uint64_t first = first_slice(x, index);
	struct lane_op op = {.desc = x->ev.desc,
	                     .step = (uint32_t)(x->ev.step + 1),
	                     .start = x->start,
	                     .end = x->start + first,
	                     .counters = x->ev.n_counters ? x->ev.counters : NULL};
	uint32_t group = x->ev.n_slices > 1 && !x->ev.depth ? ++w->lanes.n_groups : 0;

	if (group && lane_group(&w->lanes, l, group, 0, x->ev.n_slices))
		return -1;
	if (lane_put(&w->lanes, l, &op))
		return -1;
	if (!group)
		return 0;
	return lane_group(&w->lanes, l, 0, 0, 0) ? -1 : write_other_slices(w, x, group, l, first);
}

/* Children before their parents: after a leaf come the ancestors that end with
 * it, the innermost first. */
static int write_tree(struct writer *w, struct tree *t)
{
	static const struct trace_thread nobody = {.tid = TRACE_NO_TID};
	const struct trace_thread *thread = &nobody;
	struct lane *l;

	if (!t->n)
		return 0;
	place_nodes(w, t);
	if (t->nodes[0].ev.thread)
		thread = &w->trace->threads[t->nodes[0].ev.thread - 1];
	l = lanes_find(&w->lanes, thread, t->nodes[0].start, ~0u);
	if (!l)
		return -1;
	for (unsigned i = 0; i < t->n; i++) {
		if (t->nodes[i].last > i)
			continue;
		for (unsigned j = i + 1; j && t->nodes[j - 1].last == i; j = t->nodes[j - 1].parent)
			if (write_node(w, l, &t->nodes[j - 1], j - 1))
				return -1;
	}
	t->n = 0;
	return 0;
}

static int write_trees(struct writer *w)
{
	for (unsigned i = 0; i <= w->trace->n_threads; i++)
		if (write_tree(w, &w->trees[i]))
			return -1;
	return 0;
}

/* Each thread's first lane, in the order of threads: of operations that begin at
 * the same moment readers show the first thread's first. */
static int make_lanes(struct writer *w)
{
	for (unsigned i = 0; i < w->trace->n_threads; i++)
		if (!lanes_find(&w->lanes, &w->trace->threads[i], 0, ~0u))
			return -1;
	return 0;
}

static int write_operations(struct writer *w)
{
	struct trace_cursor *c = trace_cursor_open(w->trace);
	struct op_event ev;
	int more = -1, result = -1;

	w->trees = calloc(w->trace->n_threads + 1, sizeof(*w->trees));
	if (!c || !w->trees) {
		diag_set(w->diag, "%s: out of memory", w->trace->path);
		goto out;
	}
	if (make_lanes(w))
		goto out;
	while ((more = trace_cursor_next(c, &ev, w->diag)) == 1) {
		struct tree *t = &w->trees[ev.thread <= w->trace->n_threads ? ev.thread : 0];

		/* Made-up times follow each other across threads. */
		if (!is_placed(w, &ev) && !ev.depth ? write_trees(w) : !ev.depth && write_tree(w, t))
			goto out;
		if (add_node(w, t, &ev))
			goto out;
	}
	if (!more && !write_trees(w) && !lanes_flush(&w->lanes))
		result = 0;
out:
	trace_cursor_close(c);
	return result;
}

static void free_trees(struct writer *w)
{
	for (unsigned i = 0; w->trees && i <= w->trace->n_threads; i++)
		free(w->trees[i].nodes);
	free(w->trees);
}

static struct prof_file_header header_like(const struct trace *t)
{
	return (struct prof_file_header){.clock_kind = PROF_CLOCK_NONE,
	                                 .tick_ns_estimate = 1,
	                                 .epoch_realtime_ns = t->epoch_realtime_ns,
	                                 .pid = t->pid,
	                                 .ppid = t->ppid};
}

int trace_write(struct trace *t, const char *path, struct diag *d)
{
	struct writer w = {.trace = t, .diag = d};
	struct prof_file_header header = header_like(t);
	int result = -1;

	if (trace_file_open(&w.file, path, &header, d))
		return -1;
	w.lanes.file = &w.file;
	w.lanes.trace = t;
	w.lanes.diag = d;
	if (!meta_write_all(&w.file, t) && !trace_file_flush(&w.file) && !write_operations(&w)
	    && !lanes_write_threads(&w.lanes) && !meta_write_end(&w.file, t->end_ns, w.lanes.records, t))
		result = trace_file_commit(&w.file);
	lanes_release(&w.lanes);
	free_trees(&w);
	trace_file_close(&w.file);
	return result;
}
