/* ggml_track.c: following ggml's threads through a graph.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/ggml/ggml_track.h"
#include "preload/ggml/ggml_libs.h"

enum { RUNS = 256 };

static struct ggml_run runs[RUNS];
static uint32_t n_active;
static uint64_t serials;

/* ---- runs ---- */

static struct ggml_run *run_take(struct prof_thread *owner, struct ggml_plan *plan, void *graph)
{
	uint64_t serial = __atomic_add_fetch(&serials, 1, __ATOMIC_RELAXED);

	for (unsigned i = 0; i < RUNS; i++) {
		uint64_t expected = 0;

		if (__atomic_load_n(&runs[i].serial, __ATOMIC_RELAXED))
			continue;
		/* Claimed with a number that no thread looks for, published when filled. */
		if (!__atomic_compare_exchange_n(&runs[i].serial, &expected, UINT64_MAX, false,
		                                 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		runs[i].graph = graph;
		runs[i].owner = owner;
		runs[i].group = prof_group_new();
		runs[i].step = 0;
		__atomic_store_n(&runs[i].plan, plan, __ATOMIC_RELAXED);
		__atomic_add_fetch(&n_active, 1, __ATOMIC_RELAXED);
		__atomic_store_n(&runs[i].serial, serial, __ATOMIC_RELEASE);
		return &runs[i];
	}
	return NULL;
}

static void run_give(struct ggml_run *run)
{
	__atomic_sub_fetch(&n_active, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&run->serial, 0, __ATOMIC_RELEASE);
}

/* Position of a node in a plan from `from` on, or its number of operations. */
static uint32_t find_node(const struct ggml_plan *plan, uint32_t from, const void *node)
{
	while (from < plan->n_ops && plan->ops[from].node != node)
		from++;
	return from;
}

/* The run that a node belongs to: a node is in one graph at a time. Runs that
 * end meanwhile are other threads' and do not have this node. */
static struct ggml_run *run_of(const void *node)
{
	for (int whole = 0; whole < 2; whole++) {
		for (unsigned i = 0; i < RUNS; i++) {
			uint64_t serial = __atomic_load_n(&runs[i].serial, __ATOMIC_ACQUIRE);
			struct ggml_plan *plan = __atomic_load_n(&runs[i].plan, __ATOMIC_RELAXED);
			bool here;

			if (!serial || serial == UINT64_MAX || !plan || !plan->n_ops)
				continue;
			here = whole ? find_node(plan, 1, node) < plan->n_ops : plan->ops[0].node == node;
			if (here && __atomic_load_n(&runs[i].serial, __ATOMIC_ACQUIRE) == serial)
				return &runs[i];
		}
	}
	return NULL;
}

/* ---- steps ---- */

/* Whether a graph goes on with the pass over the network that is under way:
 * a scheduler may cut the graph of one pass into several. */
static bool continues_step(const struct ggml_thread *st, const struct ggml_plan *plan)
{
	if (!st->step)
		return false;
	if (!plan->is_network)
		return true;
	return !plan->has_embedding && (plan->first_layer < 0 || plan->first_layer >= st->step_layer);
}

static uint32_t step_for(struct prof_thread *t, struct ggml_thread *st, const struct ggml_plan *plan)
{
	struct prof_step_info info;

	if (!continues_step(st, plan)) {
		if (st->step)
			prof_step_end(t, st->step);
		st->step = 0;
		if (!plan->is_network)
			return 0;
		ggml_plan_step(plan, &info);
		st->step = prof_step_begin(t, &info);
		st->step_layer = -1;
	}
	if (plan->last_layer > st->step_layer)
		st->step_layer = plan->last_layer;
	return st->step;
}

/* A pass ends with its result; one whose nodes name no layers is one graph. */
static bool ends_step(const struct ggml_thread *st, const struct ggml_plan *plan)
{
	return st->step && (plan->has_result || st->step_layer < 0);
}

/* ---- operations ---- */

static void finish_pending(struct prof_thread *t, struct ggml_thread *st, uint64_t end)
{
	prof_record_measured(t, st->desc, st->start, end, &st->at_start);
	st->pending = false;
	st->last_end = end;
}

/* The end of the operation in progress when the next one of its graph starts. */
static uint64_t end_so_far(const struct ggml_thread *st)
{
	return st->run->plan->lib->barriers ? st->candidate : prof_clock();
}

/* Record the operations up to `until` that no hook saw: they ran between the
 * barriers seen meanwhile, one each as far as these go. */
static void record_unseen(struct prof_thread *t, struct ggml_thread *st, uint32_t until)
{
	uint64_t from = st->last_end;

	for (uint32_t i = 0; st->next < until; st->next++, i++) {
		uint64_t to = i < st->n_gaps ? st->gaps[i] : from;

		prof_record(t, ggml_plan_inferred(st->run->plan, st->run->graph, st->next, t), from, to);
		from = to;
	}
	st->last_end = from;
}

static void leave(struct prof_thread *t, struct ggml_thread *st)
{
	if (st->grouped)
		prof_group_leave(t);
	st->grouped = false;
	st->run = NULL;
}

static void join(struct prof_thread *t, struct ggml_thread *st, struct ggml_run *run, const int params[2])
{
	if (st->run)
		leave(t, st);
	st->run = run;
	st->serial = run->serial;
	st->ops = run->plan->ops;
	st->n_ops = run->plan->n_ops;
	st->next = st->n_gaps = 0;
	st->last_end = prof_clock();
	st->grouped = params[1] > 1;
	if (st->grouped)
		prof_group_enter(t, run->group, (uint32_t)params[0], (uint32_t)params[1], run->step);
}

/* The thread's position at a node that is not the expected one. */
static __attribute__((noinline)) bool find_position(struct prof_thread *t, struct ggml_thread *st,
                                                    const int params[2], const void *node)
{
	uint32_t position;

	if (!st->run || st->run->serial != st->serial
	    || find_node(st->run->plan, st->next, node) == st->n_ops) {
		struct ggml_run *run = run_of(node);

		if (!run)
			return false;
		if (st->pending)
			finish_pending(t, st, st->candidate);
		join(t, st, run, params);
	}
	position = find_node(st->run->plan, st->next, node);
	if (st->pending)
		finish_pending(t, st, end_so_far(st));
	record_unseen(t, st, position);
	return true;
}

static __attribute__((noinline)) struct ggml_thread *thread_state(struct prof_thread **t)
{
	if (ggml_libs_rehearsing()) {
		ggml_libs_saw_node();
		return NULL;
	}
	if (!__atomic_load_n(&n_active, __ATOMIC_RELAXED) || !(*t = prof_thread_get()))
		return NULL;
	return prof_thread_slot(*t, PROF_SLOT_GGML, sizeof(struct ggml_thread));
}

void ggml_track_node(const int params[2], const void *node, const void *fused)
{
	struct prof_thread *t = prof_thread_current;
	struct ggml_thread *st = t ? t->slot[PROF_SLOT_GGML] : NULL;
	const struct ggml_plan_op *op;

	if (__builtin_expect(!st || !st->run, 0) && !(st = thread_state(&t)))
		return;
	if (__builtin_expect(!st->run || st->run->serial != st->serial || st->next >= st->n_ops
	                             || st->ops[st->next].node != node,
	                     0)
	    && !find_position(t, st, params, node))
		return;
	if (__builtin_expect(st->pending, 0))
		finish_pending(t, st, end_so_far(st));
	op = &st->ops[st->next++];
	st->desc = __builtin_expect(op->experts, 0)
	                   ? ggml_plan_routed(st->run->plan, st->run->graph, st->next - 1, st->run->owner)
	                   : op->desc;
	if (fused && op->fused_desc != PROF_NO_DESC && st->next < st->n_ops
	    && st->ops[st->next].node == fused) {
		st->desc = op->fused_desc;
		st->next++;
	}
	st->n_gaps = 0;
	st->pending = true;
	st->start = st->candidate = prof_measure(t, st->desc, &st->at_start);
}

/* ---- barriers ---- */

static void note_gap(struct ggml_thread *st, uint64_t now)
{
	if (st->n_gaps < GGML_GAPS)
		st->n_gaps++;
	st->gaps[st->n_gaps - 1] = now;
}

void ggml_track_barrier(const void *return_address)
{
	struct prof_thread *t = prof_thread_current;
	struct ggml_thread *st = t ? t->slot[PROF_SLOT_GGML] : NULL;
	const struct ggml_lib *lib;

	if (!st || !st->run) {
		ggml_libs_saw_barrier(return_address);
		return;
	}
	if (st->run->serial != st->serial)
		return;
	lib = st->run->plan->lib;
	if (lib->after_node && return_address != lib->after_node && return_address != lib->after_graph)
		return; /* inside a node */
	if (!st->pending)
		note_gap(st, prof_clock());
	else if (lib->after_node)
		finish_pending(t, st, prof_clock());
	else
		st->candidate = prof_clock();
	if (lib->after_node && return_address == lib->after_graph && return_address != lib->after_node
	    && st->run->owner != t)
		leave(t, st);
}

/* ---- graphs ---- */

struct ggml_run *ggml_track_begin(struct prof_thread *t, struct ggml_thread *st, struct ggml_plan *plan,
                                  void *graph)
{
	uint32_t step = step_for(t, st, plan);
	struct ggml_run *run = NULL;

	/* For all threads that will compute it, and to its end. */
	if (prof_wanted(t))
		run = run_take(t, plan, graph);
	else
		t->skipped += plan->n_ops;
	if (run)
		run->step = step == PROF_STEP_UNRECORDED ? 0 : step;
	return run;
}

void ggml_track_end(struct prof_thread *t, struct ggml_thread *st, struct ggml_run *run, bool ok)
{
	if (st->run == run) {
		if (st->pending)
			finish_pending(t, st, st->candidate > st->start ? st->candidate : prof_clock());
		if (ok && st->next < st->n_ops && st->n_gaps)
			record_unseen(t, st, st->n_ops);
		leave(t, st);
	}
	run_give(run);
}

void ggml_track_pass(struct prof_thread *t, struct ggml_thread *st, struct ggml_plan *plan)
{
	if (ends_step(st, plan)) {
		prof_step_end(t, st->step);
		st->step = 0;
	}
	ggml_plan_release(plan);
}
