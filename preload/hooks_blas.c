/* hooks_blas.c: BLAS calls become operations.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * On the hot path a call is its hook, its call site, the thread's regions and
 * the values of its flags and integers: a key that answers with the descriptor.
 * Programs repeat themselves, so the entry that followed the previous one last
 * time is tried first, then a table of the thread's own; both are compared in
 * full. Only a key that is in neither is described and interned.
 */
#include "preload/blas.h"
#include "preload/families.h"
#include "preload/thunk.h"

#include <string.h>

#define BLAS_ENTRIES_LOG2 10 /* calls that a thread remembers */
#define BLAS_ENTRIES      (1u << BLAS_ENTRIES_LOG2)

/* struct hook's detail[], for this family. */
enum { DETAIL_INTERFACE, DETAIL_SHAPE, DETAIL_OP, DETAIL_IN, DETAIL_OUT };

struct blas_key {
	const struct hook *hook;
	uint64_t where; /* call site, and regions in the upper half */
	int64_t value[BLAS_VALUES];
};

struct blas_entry {
	struct blas_key key; /* hook is null: empty */
	uint32_t next;       /* what followed this one last time */
	uint32_t desc;
};

/* All zero is a good beginning: the runtime gives a new thread an old one's
 * memory, cleared. Entry 0 stays empty: it is what follows a new entry. */
struct blas_thread {
	uint32_t last;    /* entry of the previous call */
	uint32_t filling; /* an entry is being written: a signal handler keeps away */
	uint32_t batch;   /* descriptor of the previous batch plus 1: what the next one may be */
	struct blas_entry entry[1 + BLAS_ENTRIES];
};

/* What enter() leaves for exit(). */
struct blas_note {
	struct prof_thread *thread; /* null: this call is not recorded */
	uint64_t start;
	uint64_t where;
	uint32_t desc;
	struct prof_counter_values counters;
};
_Static_assert(sizeof(struct blas_note) <= THUNK_NOTES * 8, "a note fits into the call");

static struct blas_plan plans[BLAS_SHAPES][BLAS_INTERFACES][2];
static uint32_t family_string;
static bool recording;

/* ---- the table of hooks ---- */

enum blas_number {
#define BLAS_SYMBOL(name, interface, shape, op, in, out) BLAS_NUMBER_##name,
#include "preload/hooks_blas.def"
#undef BLAS_SYMBOL
	BLAS_NUMBERS
};

static struct resolve_cache caches[BLAS_NUMBERS];
static const struct hook_family single[BLAS_INTERFACES], batch[BLAS_INTERFACES];

enum {
#define BLAS_SHAPE(id, arguments, words) BLAS_WORDS_##id = (words),
#include "preload/hooks_blas.def"
#undef BLAS_SHAPE
};

extern const struct hook blas_hooks[];
const struct hook blas_hooks[BLAS_NUMBERS] = {
#define BLAS_SYMBOL(name, interface, shape, op, in, out)                                                     \
	{#name,                                                                                              \
	 &caches[BLAS_NUMBER_##name],                                                                        \
	 &(BLAS_SHAPE_##shape == BLAS_SHAPE_GEMM_BATCH ? batch : single)[BLAS_##interface],                  \
	 BLAS_WORDS_##shape,                                                                                 \
	 {BLAS_##interface, BLAS_SHAPE_##shape, PROF_OP_##op, PROF_DTYPE_##in, PROF_DTYPE_##out}},
#include "preload/hooks_blas.def"
#undef BLAS_SYMBOL
};

static const struct blas_plan *plan_of(const struct hook *hook)
{
	return &plans[hook->detail[DETAIL_SHAPE]][hook->detail[DETAIL_INTERFACE]]
	             [blas_is_complex(hook->detail[DETAIL_IN])];
}

/* ---- descriptors ---- */

static __attribute__((noinline)) uint32_t intern(struct prof_thread *t, const struct blas_key *key)
{
	const struct hook *hook = key->hook;
	struct blas_routine routine = {hook->name,
	                               hook->detail[DETAIL_INTERFACE],
	                               hook->detail[DETAIL_SHAPE],
	                               hook->detail[DETAIL_OP],
	                               hook->detail[DETAIL_IN],
	                               hook->detail[DETAIL_OUT]};
	struct prof_desc_spec spec = {.layer = -1};

	if (!family_string)
		family_string = prof_intern_string("blas", 4);
	spec.family = family_string;
	spec.name = prof_intern_string(hook->name, strlen(hook->name));
	spec.site = (uint32_t)key->where;
	blas_describe(&spec, &routine, plan_of(hook), key->value);
	return prof_intern_desc(t, &spec);
}

/* Odd numbers without a pattern, one a value. */
static uint64_t hash_key(const struct blas_key *key, unsigned n_values)
{
	static const uint64_t mixers[BLAS_VALUES + 2] = {
	        0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0xd6e8feb86659fd93,
	        0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3, 0x589965cc75374cc3,
	        0x1d8e4e27c47d124f, 0xeb44accab455d165, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9};
	uint64_t hash = (uintptr_t)key->hook * mixers[BLAS_VALUES] + key->where * mixers[BLAS_VALUES + 1];

	for (unsigned i = 0; i < n_values; i++)
		hash += (uint64_t)key->value[i] * mixers[i];
	return hash;
}

static bool same_key(const struct blas_key *a, const struct blas_key *b, unsigned n_values)
{
	return a->hook == b->hook && a->where == b->where
	       && memcmp(a->value, b->value, n_values * sizeof(a->value[0])) == 0;
}

/* The descriptor of a key that was not the one expected. */
static __attribute__((noinline)) uint32_t lookup(struct prof_thread *t, struct blas_thread *b,
                                                 const struct blas_key *key, unsigned n_values)
{
	uint32_t i = 1 + (uint32_t)(hash_key(key, n_values) >> (64 - BLAS_ENTRIES_LOG2));
	struct blas_entry *e = &b->entry[i];
	uint32_t last = b->last;

	if (b->filling)
		return PROF_NO_DESC;
	b->last = 0;
	b->filling = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (!same_key(&e->key, key, n_values)) {
		e->key = *key;
		e->next = 0;
		e->desc = intern(t, key);
	}
	if (last != 0)
		b->entry[last].next = i;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	b->filling = 0;
	b->last = i;
	return e->desc;
}

/* ---- single calls ---- */

static inline int64_t load_flag(uint64_t argument, bool fortran)
{
	return fortran ? *(const unsigned char *)(uintptr_t)argument : (int32_t)argument;
}

static inline int64_t load_integer(uint64_t argument, bool fortran, bool wide)
{
	if (fortran)
		return wide ? *(const int64_t *)(uintptr_t)argument : *(const int32_t *)(uintptr_t)argument;
	return wide ? (int64_t)argument : (int32_t)argument;
}

/* The thread's state, or null when this call is not to be recorded. */
static inline struct blas_thread *begin(struct blas_note *note)
{
	struct prof_thread *t;
	struct blas_thread *b;

	note->thread = NULL;
	if (!recording || !(t = prof_thread_get()))
		return NULL;
	if (!prof_wanted(t)) {
		t->skipped++;
		return NULL;
	}
	b = t->slot[PROF_SLOT_BLAS];
	if (__builtin_expect(!b, 0) && !(b = prof_thread_slot(t, PROF_SLOT_BLAS, sizeof(*b))))
		return NULL;
	note->thread = t;
	return b;
}

static inline uint64_t where_called(struct prof_thread *t, const struct hook_call *call)
{
	uint32_t site = prof_call_site(t, call->return_address, thunk_stack_pointer(call));

	return site | (uint64_t)prof_region_current(t) << 32;
}

static inline void start(struct blas_note *note)
{
	note->counters.valid = false;
	note->start = prof_clock();
	if (prof_counters_due(note->thread, note->desc, note->start)) {
		prof_counters_read(note->thread, &note->counters);
		note->start = prof_clock();
	}
}

/* The i-th value of a call, as the plan orders them. */
static inline int64_t load_value(const struct hook_call *call, const struct blas_plan *plan, unsigned i,
                                 enum blas_interface interface)
{
	uint64_t word = ((const uint64_t *)(const void *)call)[plan->word[i]];
	bool fortran = interface == BLAS_F32 || interface == BLAS_F64;
	bool wide = interface == BLAS_F64 || interface == BLAS_C64;

	return i < plan->n_flags ? load_flag(word, fortran) : load_integer(word, fortran, wide);
}

static __attribute__((noinline)) uint32_t unexpected(struct hook_call *call, struct blas_thread *b)
{
	const struct blas_note *note = (const struct blas_note *)call->note;
	const struct blas_plan *plan = plan_of(call->hook);
	struct blas_key key = {.hook = call->hook, .where = note->where};

	for (unsigned i = 0; i < plan->n_values; i++)
		key.value[i] =
		        load_value(call, plan, i, (enum blas_interface)call->hook->detail[DETAIL_INTERFACE]);
	return lookup(note->thread, b, &key, plan->n_values);
}

static inline __attribute__((always_inline)) void *enter_single(struct hook_call *call,
                                                                enum blas_interface interface)
{
	const struct hook *hook = call->hook;
	const struct blas_plan *plan = plan_of(hook);
	struct blas_note *note = (struct blas_note *)call->note;
	struct blas_thread *b = begin(note);
	const struct blas_entry *expected;
	uint32_t next;
	uint64_t difference;

	if (__builtin_expect(!b, 0))
		return call->real;
	__asm__("" : "+r"(plan)); /* computed once, not again at every use */
	note->where = where_called(note->thread, call);
	next = b->entry[b->last].next;
	expected = &b->entry[next];
	difference = (expected->key.hook != hook) | (expected->key.where ^ note->where);
	for (unsigned i = 0; i < plan->n_flags; i++)
		difference |= (uint64_t)(load_value(call, plan, i, interface) ^ expected->key.value[i]);
	for (unsigned i = plan->n_flags; i < plan->n_values; i++)
		difference |= (uint64_t)(load_value(call, plan, i, interface) ^ expected->key.value[i]);
	if (__builtin_expect(difference == 0, 1)) {
		note->desc = expected->desc;
		b->last = next;
	} else {
		note->desc = unexpected(call, b);
	}
	start(note);
	return call->real;
}

static void exit_single(struct hook_call *call)
{
	struct blas_note *note = (struct blas_note *)call->note;
	uint64_t end;

	if (!note->thread)
		return;
	end = prof_clock();
	if (note->thread != prof_thread_current)
		return; /* recording stopped meanwhile */
	if (__builtin_expect(note->counters.valid, 0))
		prof_record_counted(note->thread, note->desc, note->start, end, &note->counters);
	else
		prof_record(note->thread, note->desc, note->start, end);
}

/* ---- batches: groups of products, each of its own sizes ---- */

static void *enter_batch(struct hook_call *call)
{
	struct blas_note *note = (struct blas_note *)call->note;

	const struct blas_thread *b = begin(note);

	if (!b)
		return call->real;
	note->where = where_called(note->thread, call);
	note->desc = b->batch - 1;
	start(note);
	return call->real;
}

struct batch_call {
	const struct blas_plan *plan;
	const struct hook_call *call;
	bool fortran, wide;
};

static int64_t batch_groups(const struct batch_call *b)
{
	const uint64_t *word = (const uint64_t *)(const void *)b->call;

	return load_integer(word[b->plan->word[BLAS_VALUES - 2]], b->fortran, b->wide);
}

/* The values of group g, in the order of the plan; the last is the number of
 * products, and the one before it, the number of groups, becomes the same. */
static void batch_values(const struct batch_call *b, int64_t g, int64_t value[BLAS_VALUES])
{
	const uint64_t *word = (const uint64_t *)(const void *)b->call;

	for (unsigned i = 0; i < BLAS_VALUES; i++) {
		uint64_t array = word[b->plan->word[i]];
		bool flag = i < b->plan->n_flags;
		unsigned bytes = flag ? (b->fortran ? 1 : 4) : (b->wide ? 8 : 4);

		if (i == BLAS_VALUES - 2)
			continue;
		array += (uint64_t)g * bytes;
		if (flag && b->fortran)
			value[i] = load_flag(array, true);
		else
			value[i] = load_integer(array, true, bytes == 8);
	}
	value[BLAS_VALUES - 2] = value[BLAS_VALUES - 1];
}

static double batch_work(const struct batch_call *b, const int64_t value[BLAS_VALUES])
{
	double work = (double)value[BLAS_VALUES - 1];

	for (unsigned i = 0; i < BLAS_VALUES; i++)
		if (strchr("mnk", b->plan->letter[i]))
			work *= (double)value[i];
	return work;
}

static uint64_t moment(uint64_t start_raw, uint64_t end_raw, double share)
{
	return share >= 1 ? end_raw : start_raw + (uint64_t)((double)(end_raw - start_raw) * share);
}

/* All groups alike make one operation; else each is one, and the call's time
 * is divided among them by their work, which is all that is known. */
static void record_batch(const struct batch_call *b, const struct blas_note *note, uint64_t end)
{
	struct blas_key key = {.hook = b->call->hook, .where = note->where};
	int64_t groups = batch_groups(b), products = 0;
	int64_t first[BLAS_VALUES];
	double work = 0, done = 0;
	bool alike = true;

	for (int64_t g = 0; g < groups; g++) {
		batch_values(b, g, key.value);
		if (g == 0)
			memcpy(first, key.value, sizeof(first));
		alike = alike && memcmp(first, key.value, sizeof(first) - 16) == 0;
		products += key.value[BLAS_VALUES - 1];
		work += batch_work(b, key.value);
	}
	if (groups > 0 && alike) {
		key.value[BLAS_VALUES - 1] = key.value[BLAS_VALUES - 2] = products;
		groups = 1;
	}
	for (int64_t g = 0; g < groups; g++) {
		uint32_t desc;
		uint64_t from = moment(note->start, end, work > 0 ? done / work : 0);

		if (!alike)
			batch_values(b, g, key.value);
		done += batch_work(b, key.value);
		desc = intern(note->thread, &key);
		((struct blas_thread *)note->thread->slot[PROF_SLOT_BLAS])->batch = desc + 1;
		if (note->counters.valid && groups == 1)
			prof_record_counted(note->thread, desc, note->start, end, &note->counters);
		else
			prof_record(note->thread, desc, from,
			            moment(note->start, end, work > 0 ? done / work : 1));
	}
}

static void exit_batch(struct hook_call *call)
{
	const struct blas_note *note = (const struct blas_note *)call->note;
	unsigned interface = call->hook->detail[DETAIL_INTERFACE];
	struct batch_call b = {plan_of(call->hook), call, interface == BLAS_F32 || interface == BLAS_F64,
	                       interface == BLAS_F64 || interface == BLAS_C64};
	uint64_t end;

	if (!note->thread)
		return;
	end = prof_clock();
	if (note->thread == prof_thread_current)
		record_batch(&b, note, end);
}

/* ---- families ---- */

static void *enter_f32(struct hook_call *call)
{
	return enter_single(call, BLAS_F32);
}

static void *enter_f64(struct hook_call *call)
{
	return enter_single(call, BLAS_F64);
}

static void *enter_c32(struct hook_call *call)
{
	return enter_single(call, BLAS_C32);
}

static void *enter_c64(struct hook_call *call)
{
	return enter_single(call, BLAS_C64);
}

static const struct hook_family single[BLAS_INTERFACES] = {
        [BLAS_F32] = {enter_f32, exit_single},
        [BLAS_F64] = {enter_f64, exit_single},
        [BLAS_C32] = {enter_c32, exit_single},
        [BLAS_C64] = {enter_c64, exit_single},
};

static const struct hook_family batch[BLAS_INTERFACES] = {
        [BLAS_F32] = {enter_batch, exit_batch},
        [BLAS_F64] = {enter_batch, exit_batch},
        [BLAS_C32] = {enter_batch, exit_batch},
        [BLAS_C64] = {enter_batch, exit_batch},
};

void hooks_blas_start(void)
{
	if (!prof_family_enabled("blas"))
		return;
	for (unsigned s = 0; s < BLAS_SHAPES; s++)
		for (unsigned i = 0; i < BLAS_INTERFACES; i++)
			for (unsigned complex = 0; complex < 2; complex++)
				blas_plan_make(&plans[s][i][complex], (enum blas_shape)s,
				               (enum blas_interface)i, complex != 0);
	recording = true;
}
