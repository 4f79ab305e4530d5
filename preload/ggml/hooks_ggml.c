/* hooks_ggml.c: the functions of ggml that are hooked (hooks_ggml.def).
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Each notes what it saw and goes on to the real function, by a jump where
 * nothing is left to do afterwards, so that no frame of ours lies below ggml's.
 */
#include "preload/ggml/ggml_libs.h"
#include "preload/ggml/ggml_track.h"
#include "preload/resolve.h"

#define HOOK __attribute__((visibility("default")))

typedef bool node_fn(const void *params, void *node);
typedef void fused_fn(const void *params, void *first, void *second, void *a, void *b, void *c);
typedef void barrier_fn(void *pool);

int ggml_graph_compute(void *graph, void *plan);
node_fn ggml_cpu_extra_compute_forward;
fused_fn ggml_compute_forward_rms_norm_mul_fused;
barrier_fn ggml_barrier;

static bool enabled(void)
{
	static int state; /* 0: not asked yet, 1: no, 2: yes */
	int s = __atomic_load_n(&state, __ATOMIC_RELAXED);

	if (!s) {
		s = prof_family_enabled("ggml") ? 2 : 1;
		__atomic_store_n(&state, s, __ATOMIC_RELAXED);
	}
	return s == 2;
}

/* Compute a graph with recording; recursion (a graph computed inside a node of
 * another) finds the thread's state as it left it. */
static int compute(ggml_compute_fn *real, void *graph, void *plan, const void *return_address)
{
	const struct ggml_lib *lib = ggml_libs_get(real, return_address);
	struct ggml_caller caller = {.thread = lib ? prof_thread_get() : NULL};
	struct ggml_thread *st, outer;
	struct ggml_plan *known;
	struct ggml_run *run = NULL;
	int status;

	st = caller.thread ? prof_thread_slot(caller.thread, PROF_SLOT_GGML, sizeof(*st)) : NULL;
	if (!st)
		return real(graph, plan);
	caller.site = prof_call_site(caller.thread, return_address, __builtin_frame_address(0));
	caller.region = prof_region_current(caller.thread);
	known = ggml_plan_take(lib, graph, &caller);
	outer = *st;
	st->run = NULL;
	st->pending = st->grouped = false;
	if (known)
		run = ggml_track_begin(caller.thread, st, known, graph);
	status = real(graph, plan);
	if (run)
		ggml_track_end(caller.thread, st, run, status == 0);
	if (known)
		ggml_track_pass(caller.thread, st, known);
	st->run = NULL;
	if (outer.run) {
		outer.step = st->step;
		outer.step_layer = st->step_layer;
		*st = outer;
	}
	return status;
}

HOOK int ggml_graph_compute(void *graph, void *plan)
{
	static struct resolve_cache cache;
	const void *return_address = __builtin_return_address(0), *outer;
	ggml_compute_fn *real = (ggml_compute_fn *)resolve_real(&cache, "ggml_graph_compute", return_address);
	int status;

	if (!real)
		resolve_missing("ggml_graph_compute");
	outer = resolve_enter((const void *)real);
	status = enabled() ? compute(real, graph, plan, return_address) : real(graph, plan);
	resolve_leave(outer);
	return status;
}

HOOK bool ggml_cpu_extra_compute_forward(const void *params, void *node)
{
	static struct resolve_cache cache;
	node_fn *real = (node_fn *)resolve_real(&cache, "ggml_cpu_extra_compute_forward",
	                                        __builtin_return_address(0));

	if (!real)
		resolve_missing("ggml_cpu_extra_compute_forward");
	ggml_track_node(params, node, NULL);
	return real(params, node);
}

/* Handed on with every argument that a register can hold: a later release may
 * have more than three. */
HOOK void ggml_compute_forward_rms_norm_mul_fused(const void *params, void *first, void *second, void *a,
                                                  void *b, void *c)
{
	static struct resolve_cache cache;
	fused_fn *real = (fused_fn *)resolve_real(&cache, "ggml_compute_forward_rms_norm_mul_fused",
	                                          __builtin_return_address(0));

	if (!real)
		resolve_missing("ggml_compute_forward_rms_norm_mul_fused");
	ggml_track_node(params, first, second);
	real(params, first, second, a, b, c);
}

HOOK void ggml_barrier(void *pool)
{
	static struct resolve_cache cache;
	barrier_fn *real = (barrier_fn *)resolve_real(&cache, "ggml_barrier", __builtin_return_address(0));

	if (!real)
		resolve_missing("ggml_barrier");
	ggml_track_barrier(__builtin_return_address(0));
	real(pool);
}
