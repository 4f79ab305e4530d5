/* ggml_track.h: following ggml's threads through a graph.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Every thread computes its part of every node, with a barrier after each.
 * A node's slice on a thread lasts from the hook of its kernel to the entry of
 * that barrier; waiting for others is no part of it. Nodes whose kernel no hook
 * saw (a fused kernel of a later release) lie between two barriers with nothing
 * in between, and are recorded as inferred.
 */
#ifndef PRELOAD_GGML_GGML_TRACK_H
#define PRELOAD_GGML_GGML_TRACK_H

#include "preload/ggml/ggml_plan.h"

/* A graph being computed. */
struct ggml_run {
	uint64_t serial; /* never the same again; 0: free */
	struct ggml_plan *plan;
	void *graph;
	struct prof_thread *owner; /* thread that began it, and will end it */
	uint32_t group, step;
};

enum { GGML_GAPS = 8 };

/* Where one thread is. */
struct ggml_thread {
	struct ggml_run *run; /* null: in none */
	uint64_t serial;      /* of the run when it was joined */
	const struct ggml_plan_op *ops;
	uint32_t n_ops, next; /* operation expected next */
	bool pending;         /* one is in progress */
	bool grouped;
	uint32_t desc;             /* of the one in progress */
	uint64_t start, candidate; /* its start; its end, as far as known */
	uint64_t last_end;         /* of the operation before */
	uint32_t n_gaps;           /* barriers with nothing in progress */
	uint64_t gaps[GGML_GAPS];
	uint32_t step;      /* open step of this thread, plus 1; 0: none */
	int32_t step_layer; /* last layer it has seen */
	struct prof_counter_values at_start;
};

/* Begin a graph's computation on the calling thread; null when it is not to be
 * recorded. End it (ok: all of it was computed). After either, ggml_track_pass
 * ends the step when the graph does, and releases the plan. */
struct ggml_run *ggml_track_begin(struct prof_thread *t, struct ggml_thread *st, struct ggml_plan *plan,
                                  void *graph);
void ggml_track_end(struct prof_thread *t, struct ggml_thread *st, struct ggml_run *run, bool ok);
void ggml_track_pass(struct prof_thread *t, struct ggml_thread *st, struct ggml_plan *plan);

/* The calling thread, ith of nth, starts a node; fused: the node that the same
 * kernel does too, or null. Hot. */
void ggml_track_node(const int params[2], const void *node, const void *fused);

/* The calling thread enters a barrier. Hot. */
void ggml_track_barrier(const void *return_address);

#endif
