/* hooks_blas.c: the BLAS functions that are hooked (hooks_blas.def), and the shortest way through one.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Here is what happens when a call is the expected one, and nothing else is to
 * be done than to record it; all that calls a function is in blas_calls.c. This
 * file is compiled without the floating point and vector registers (thunk.h).
 */
#include "preload/blas/blas_calls.h"
#include "preload/families.h"
#include "preload/known.h"

/* ---- the table of hooks ---- */

enum blas_number {
#define BLAS_SYMBOL(name, interface, shape, op, in, out) BLAS_NUMBER_##name,
#include "preload/blas/hooks_blas.def"
#undef BLAS_SYMBOL
	BLAS_NUMBERS
};

static struct resolve_cache caches[BLAS_NUMBERS];
static const struct hook_family single[BLAS_INTERFACES], batch;

enum {
#define BLAS_SHAPE(id, arguments, words) BLAS_WORDS_##id = (words),
#include "preload/blas/hooks_blas.def"
#undef BLAS_SHAPE
};

extern const struct hook blas_hooks[];
const struct hook blas_hooks[BLAS_NUMBERS] = {
#define BLAS_SYMBOL(name, interface, shape, op, in, out)                                                     \
	{#name,                                                                                              \
	 &caches[BLAS_NUMBER_##name],                                                                        \
	 BLAS_SHAPE_##shape == BLAS_SHAPE_GEMM_BATCH ? &batch : &single[BLAS_##interface],                   \
	 BLAS_WORDS_##shape,                                                                                 \
	 {BLAS_##interface, BLAS_SHAPE_##shape, PROF_OP_##op, PROF_DTYPE_##in, PROF_DTYPE_##out}},
#include "preload/blas/hooks_blas.def"
#undef BLAS_SYMBOL
};

/* ---- the expected call ---- */

static inline bool same_values(const struct hook_call *call, const struct blas_entry *e,
                               enum blas_interface interface)
{
	const uint64_t *words = (const uint64_t *)(const void *)call;
	const struct blas_plan *plan = e->plan;
	unsigned i = 0;

	for (; i < plan->n_flags; i++)
		if (blas_load_flag(words[plan->word[i]], blas_is_fortran(interface)) != e->key.value[i])
			return false;
	for (; i < plan->n_values; i++)
		if (blas_load_integer(words[plan->word[i]], blas_is_fortran(interface),
		                      blas_is_wide(interface))
		    != e->key.value[i])
			return false;
	return true;
}

static inline bool is_same_place(const struct prof_thread *t, const struct hook_call *call,
                                 const struct blas_entry *e)
{
	const struct prof_site *site = e->site;

	if (e->key.return_address != call->return_address
	    || e->generation != __atomic_load_n(&resolve_generation, __ATOMIC_RELAXED)
	    || e->key.where >> 32 != prof_region_current(t))
		return false;
	return !site
	       || (prof_site_holds(site, call->return_address, thunk_stack_pointer(call))
	           && site->site == (uint32_t)e->key.where);
}

static inline void *pass_by(struct hook_call *call, struct blas_note *note, void *real)
{
	note->thread = NULL;
	note->brief = false;
	return call->real = real;
}

/* A call that is not to be recorded, switched off (t is given) or of a family that is: on to the real
 * function, where it is known. */
static inline void *enter_unwanted(struct hook_call *call, struct prof_thread *t, struct blas_note *note)
{
	void *real;

	if ((!t && blas_recording) || !resolve_match(&call->hook->cache->way[0], call->return_address, &real))
		return NULL;
	if (t && blas_recording)
		prof_count(&t->skipped);
	return pass_by(call, note, real);
}

static inline void follow(struct prof_thread *t, struct blas_thread *b, const struct blas_entry *e)
{
	b->last = b->expected;
	b->expected = e->next;
	t->site_hits += e->site != NULL;
}

static inline __attribute__((always_inline)) void *enter_expected(struct hook_call *call,
                                                                  enum blas_interface interface)
{
	struct prof_thread *t = prof_thread_current;
	struct blas_note *note = blas_note_of(call);
	const struct blas_entry *e;
	struct blas_thread *b;
	uint64_t now;

	if (__builtin_expect(!t || !prof_wanted(t), 0))
		return enter_unwanted(call, t, note);
	if (__builtin_expect(!(b = t->slot[PROF_SLOT_BLAS]), 0))
		return enter_unwanted(call, NULL, note);
	e = (const struct blas_entry *)((const char *)b + b->expected);
	if (__builtin_expect(e->key.hook != call->hook || !is_same_place(t, call, e)
	                             || !same_values(call, e, interface) || prof_clock_system,
	                     0))
		return NULL;
	if (__builtin_expect(e->desc == PROF_DESC_FILTERED, 0) && e->real) {
		follow(t, b, e);
		prof_count(&t->skipped);
		return pass_by(call, note, e->real);
	}
	now = prof_clock_cpu();
	if (!prof_counters_rest(t, now) && !prof_counters_pass(t, e->desc))
		return NULL;
	follow(t, b, e);
	note->thread = t;
	note->desc = e->desc;
	note->brief = true;
	note->start = now;
	return call->real = e->real;
}

static bool exit_expected(struct hook_call *call)
{
	struct blas_note *note = blas_note_of(call);
	struct prof_thread *t = note->thread;
	uint64_t now;

	if (__builtin_expect(!note->brief, 0))
		return !t;
	now = prof_clock_cpu();
	/* Recording may have stopped meanwhile. */
	if (__builtin_expect(t == prof_thread_current, 1)
	    && __builtin_expect(prof_record_expected(t, note->desc, note->start, now), 1))
		return true;
	note->end = now;
	return false;
}

static void *enter_f32(struct hook_call *call)
{
	return enter_expected(call, BLAS_F32);
}

static void *enter_f64(struct hook_call *call)
{
	return enter_expected(call, BLAS_F64);
}

static void *enter_c32(struct hook_call *call)
{
	return enter_expected(call, BLAS_C32);
}

static void *enter_c64(struct hook_call *call)
{
	return enter_expected(call, BLAS_C64);
}

static const struct hook_family single[BLAS_INTERFACES] = {
        [BLAS_F32] = {enter_f32, exit_expected, blas_enter, blas_exit},
        [BLAS_F64] = {enter_f64, exit_expected, blas_enter, blas_exit},
        [BLAS_C32] = {enter_c32, exit_expected, blas_enter, blas_exit},
        [BLAS_C64] = {enter_c64, exit_expected, blas_enter, blas_exit},
};

static const struct hook_family batch = {thunk_never_enter, thunk_never_exit, blas_enter_batch,
                                         blas_exit_batch};

const struct known_table blas_table = {"blas", blas_hooks, BLAS_NUMBERS};

void hooks_blas_start(void)
{
	if (prof_family_enabled("blas"))
		blas_calls_start();
}
