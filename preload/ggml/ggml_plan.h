/* ggml_plan.h: what a graph will do, worked out once and kept while it comes
 * back.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An inference program computes the same graph for every token, in the same
 * memory, and builds another one there now and then. A plan is therefore known
 * by a fingerprint of all nodes, not by their address.
 */
#ifndef PRELOAD_GGML_GGML_PLAN_H
#define PRELOAD_GGML_GGML_PLAN_H

#include "preload/ggml/ggml_describe.h"

/* A node that is computed. */
struct ggml_plan_op {
	const void *node;
	uint32_t desc;
	uint32_t fused_desc;    /* when one kernel does this node and the next, else PROF_NO_DESC */
	uint32_t inferred_desc; /* when no hook saw its kernel; interned when first needed */
	int32_t layer;
	uint32_t experts; /* that its weight holds, where a tensor says which ones are used; else 0 */
	uint64_t routed;  /* experts hit when it ran last, and the descriptor then: high and low half */
};

struct ggml_plan {
	uint64_t key;
	uint64_t used;  /* for the choice of the plan to give up */
	uint32_t users; /* computations in progress */
	uint32_t n_ops, room;
	struct ggml_plan_op *ops;
	const struct ggml_lib *lib;
	uint32_t site;

	/* for the step that the graph is, or is a part of */
	bool is_network;                 /* has a product with a weight */
	bool has_embedding;              /* tokens enter here */
	bool has_result;                 /* the network's result leaves here */
	int32_t first_layer, last_layer; /* -1: no node says */
	uint32_t tokens;                 /* rows of the first product with a weight or embedding */
	uint32_t n_masks;
	const void *masks[4]; /* different attention masks, as leaves */
};

/* Where a graph is computed from: makes different descriptors. */
struct ggml_caller {
	struct prof_thread *thread;
	uint32_t site, region;
};

/* The plan of a graph, with one user more; null when another thread holds the
 * plans for too long or there is no memory (the graph then goes unrecorded). */
struct ggml_plan *ggml_plan_take(const struct ggml_lib *lib, void *graph, const struct ggml_caller *caller);
void ggml_plan_release(struct ggml_plan *plan);

/* The descriptor of an operation that no hook saw. */
uint32_t ggml_plan_inferred(struct ggml_plan *plan, void *graph, uint32_t op, struct prof_thread *t);

/* The descriptor of an operation of experts, now that it is known which ones its
 * rows go to: the indices are read. `owner` is the thread that computes the
 * graph: its region counts. */
uint32_t ggml_plan_routed(struct ggml_plan *plan, void *graph, uint32_t op, struct prof_thread *owner);

/* Tokens, sequences and contexts of a step, from the masks' values now. */
void ggml_plan_step(const struct ggml_plan *plan, struct prof_step_info *info);

#endif
