/* trace_write.c: a trace written anew, its ticks being nanoseconds.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * META first, then the operations. An operation goes to a lane of its thread: a
 * stream whose last operation has ended, so that a lane's records are in order
 * and only real children come before a record that encloses them. An operation
 * of several slices becomes a group of its own, the other slices on lanes of
 * nobody. Where the trace gives no times, made-up ones keep the order.
 */
#include "tools/lib/trace_write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace_lanes.h"
#include "tools/lib/trace_meta_write.h"

/* One operation of a tree, with the times it is written with. */
struct node {
	struct op_event ev;
	uint64_t start, end;
	unsigned last; /* descendant, in the order of the tree */
};

struct writer {
	struct trace *trace;
	struct trace_file file;
	struct lanes lanes;
	struct diag *diag;
	struct node *tree;
	unsigned n, capacity;
	uint64_t clock; /* where the next operation without a start is put */
};

static int add_node(struct writer *w, const struct op_event *ev)
{
	struct node *grown = array_grow(w->tree, &w->capacity, w->n, sizeof(*grown));

	if (!grown)
		return diag_set(w->diag, "%s: out of memory", w->trace->path);
	w->tree = grown;
	grown[w->n++] = (struct node){.ev = *ev};
	return 0;
}

static bool is_placed(const struct writer *w, const struct op_event *ev)
{
	return !(w->trace->descs[ev->desc].flags & (PROF_DESC_UNTIMED | PROF_DESC_UNPLACED));
}

/* Find each node's descendants, and give times to those that have none: one
 * after the other, a parent around its children. */
static void place_nodes(struct writer *w)
{
	for (unsigned i = w->n; i-- > 0;) {
		struct node *x = &w->tree[i];

		x->last = i;
		for (unsigned j = i + 1; j < w->n && w->tree[j].ev.depth > x->ev.depth;
		     j = w->tree[j].last + 1)
			x->last = w->tree[j].last;
	}
	for (unsigned i = 0; i < w->n; i++) {
		struct node *x = &w->tree[i];

		if (is_placed(w, &x->ev)) {
			x->start = x->ev.start_ns;
			x->end = x->start + x->ev.time_ns;
		} else {
			x->start = w->clock++;
			x->end = x->start + x->ev.time_ns;
		}
	}
	for (unsigned i = w->n; i-- > 0;) {
		struct node *x = &w->tree[i];

		for (unsigned j = i + 1; j <= x->last && !is_placed(w, &x->ev); j++)
			x->end = w->tree[j].end + 1 > x->end ? w->tree[j].end + 1 : x->end;
		w->clock = x->end > w->clock ? x->end : w->clock;
	}
}

/* The other slices of an operation: of equal length, together as long as the
 * original's were, each ending when the operation did. */
static int write_other_slices(struct writer *w, const struct node *x, uint32_t group,
                              const struct lane *leader)
{
	unsigned others = x->ev.n_slices - 1;
	uint64_t rest = x->ev.busy_ns > x->ev.time_ns ? x->ev.busy_ns - x->ev.time_ns : 0;

	for (unsigned i = 0; i < others; i++) {
		uint64_t part = rest / (others - i);
		struct lane *l = lanes_find(&w->lanes, TRACE_NO_TID, x->start, leader->index);
		struct lane_op op = {.desc = x->ev.desc, .step = (uint32_t)(x->ev.step + 1), .end = x->end};

		rest -= part;
		op.start = part < x->end - x->start ? x->end - part : x->start;
		if (!l || lane_group(&w->lanes, l, group, i + 1, x->ev.n_slices)
		    || lane_put(&w->lanes, l, &op) || lane_group(&w->lanes, l, 0, 0, 0))
			return -1;
	}
	return 0;
}

static int write_node(struct writer *w, struct lane *l, const struct node *x)
{
	struct lane_op op = {.desc = x->ev.desc,
	                     .step = (uint32_t)(x->ev.step + 1),
	                     .start = x->start,
	                     .end = x->end,
	                     .counters = x->ev.n_counters ? x->ev.counters : NULL};
	uint32_t group = x->ev.n_slices > 1 && !x->ev.depth ? ++w->lanes.n_groups : 0;

	if (group && lane_group(&w->lanes, l, group, 0, x->ev.n_slices))
		return -1;
	if (lane_put(&w->lanes, l, &op))
		return -1;
	if (!group)
		return 0;
	return lane_group(&w->lanes, l, 0, 0, 0) ? -1 : write_other_slices(w, x, group, l);
}

/* Children before their parents: a node is written once the next one is not
 * among its descendants. */
static int write_tree(struct writer *w)
{
	const struct trace_thread *thread;
	struct lane *l;

	if (!w->n)
		return 0;
	place_nodes(w);
	thread = w->tree[0].ev.thread ? &w->trace->threads[w->tree[0].ev.thread - 1] : NULL;
	l = lanes_find(&w->lanes, thread ? thread->tid : TRACE_NO_TID, w->tree[0].start, ~0u);
	if (!l)
		return -1;
	for (unsigned i = 0; i < w->n; i++) {
		if (w->tree[i].last > i)
			continue;
		/* A leaf, and every ancestor that ends with it, the innermost first. */
		for (unsigned j = i + 1; j-- > 0;) {
			if (w->tree[j].last != i || w->tree[j].ev.depth > w->tree[i].ev.depth)
				break;
			if (write_node(w, l, &w->tree[j]))
				return -1;
		}
	}
	w->n = 0;
	return 0;
}

static int write_operations(struct writer *w)
{
	struct trace_cursor *c = trace_cursor_open(w->trace);
	struct op_event ev;
	int more, result = -1;

	if (!c)
		return diag_set(w->diag, "%s: out of memory", w->trace->path);
	while ((more = trace_cursor_next(c, &ev, w->diag)) == 1) {
		if (!ev.depth || !w->n || ev.thread != w->tree[0].ev.thread)
			if (write_tree(w))
				goto out;
		if (add_node(w, &ev))
			goto out;
	}
	if (!more && !write_tree(w) && !lanes_flush(&w->lanes))
		result = 0;
out:
	trace_cursor_close(c);
	return result;
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
	if (!meta_write_all(&w.file, t) && !write_operations(&w) && !lanes_write_threads(&w.lanes)
	    && !meta_write_end(&w.file, t->end_ns, w.lanes.records, t->lost))
		result = trace_file_commit(&w.file);
	lanes_release(&w.lanes);
	free(w.tree);
	trace_file_close(&w.file);
	return result;
}
