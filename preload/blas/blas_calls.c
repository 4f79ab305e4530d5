/* blas_calls.c: BLAS calls that are not the expected ones, and batches.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/blas/blas_calls.h"

#include <string.h>

struct blas_plan blas_plans[BLAS_SHAPES][BLAS_INTERFACES][2];

bool blas_recording;

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

	spec.family = prof_intern_string("blas", 4);
	spec.name = prof_intern_string(hook->name, strlen(hook->name));
	spec.site = (uint32_t)key->where;
	blas_describe(&spec, &routine, blas_plan_of(hook), key->value);
	return prof_intern_desc(t, &spec);
}

/* Odd numbers without a pattern, one a value. */
static uint64_t hash_key(const struct blas_key *key, unsigned n_values)
{
	static const uint64_t mixers[BLAS_VALUES + 3] = {
	        0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0xd6e8feb86659fd93,
	        0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3, 0x589965cc75374cc3,
	        0x1d8e4e27c47d124f, 0xeb44accab455d165, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9,
	        0x27d4eb2f165667c5};
	uint64_t hash = (uintptr_t)key->hook * mixers[BLAS_VALUES] + key->where * mixers[BLAS_VALUES + 1]
	                + (uintptr_t)key->return_address * mixers[BLAS_VALUES + 2];

	for (unsigned i = 0; i < n_values; i++)
		hash += (uint64_t)key->value[i] * mixers[i];
	return hash;
}

static bool same_key(const struct blas_key *a, const struct blas_key *b, unsigned n_values)
{
	return a->hook == b->hook && a->return_address == b->return_address && a->where == b->where
	       && memcmp(a->value, b->value, n_values * sizeof(a->value[0])) == 0;
}

/* ---- where a call comes from ---- */

struct place {
	const struct prof_site *site; /* null: there is none, or call sites are off */
	uint64_t where;
};

static void find_place(struct prof_thread *t, const struct hook_call *call, struct place *place)
{
	uint32_t site;

	place->site = prof_call_site_entry(t, call->return_address, thunk_stack_pointer(call), &site);
	place->where = site | (uint64_t)prof_region_current(t) << 32;
}

/* What the next call from there can be told by at a glance. Nothing may be kept
 * of a call without a site where there should be one: the next may have it. */
static void keep_place(struct blas_entry *e, const struct place *place, const struct hook_call *call)
{
	uint32_t generation = __atomic_load_n(&resolve_generation, __ATOMIC_RELAXED);
	bool lasts = (place->site || !prof_call_sites_wanted()) && call->hook->cache
	             && resolve_is_kept(call->hook->cache, call->return_address, call->real);

	e->site = place->site;
	e->generation = generation;
	e->real = lasts ? call->real : NULL;
}

/* ---- single calls ---- */

/* The entry of a key that was not the one expected; null in the middle of this. */
static struct blas_entry *lookup(struct prof_thread *t, struct blas_thread *b, const struct hook_call *call,
                                 const struct blas_key *key, const struct place *place)
{
	unsigned n_values = blas_plan_of(key->hook)->n_values;
	struct blas_entry *e = &b->entry[hash_key(key, n_values) >> (64 - BLAS_ENTRIES_LOG2)];
	uint32_t at = (uint32_t)((char *)e - (char *)b);

	if (b->filling && !busy_is_over(b->filling))
		return NULL;
	if (b->filling) { /* one of them was left half done */
		memset(b->entry, 0, sizeof(b->entry));
		b->last = 0;
	}
	b->expected = 0;
	b->filling = busy_stack_pointer();
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (!same_key(&e->key, key, n_values)) {
		e->key = *key;
		e->plan = blas_plan_of(key->hook);
		e->next = 0;
		e->desc = intern(t, key);
	}
	keep_place(e, place, call);
	if (b->last)
		((struct blas_entry *)((char *)b + b->last))->next = at;
	b->last = at;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	b->filling = 0;
	b->expected = e->next;
	return e;
}

/* The thread's state, or null when this call is not to be recorded. */
static struct blas_thread *begin(struct blas_note *note)
{
	struct prof_thread *t;
	struct blas_thread *b;

	note->thread = NULL;
	note->brief = false;
	if (!blas_recording || !(t = prof_thread_get()))
		return NULL;
	if (!prof_wanted(t)) {
		prof_count(&t->skipped);
		return NULL;
	}
	b = t->slot[PROF_SLOT_BLAS];
	if (__builtin_expect(!b, 0) && !(b = prof_thread_slot(t, PROF_SLOT_BLAS, sizeof(*b))))
		return NULL;
	note->thread = t;
	return b;
}

static void start(struct blas_note *note)
{
	note->end = 0;
	note->start = prof_measure(note->thread, note->desc, &note->counters);
}

void *blas_enter(struct hook_call *call)
{
	const struct blas_plan *plan = blas_plan_of(call->hook);
	enum blas_interface interface = (enum blas_interface)call->hook->detail[DETAIL_INTERFACE];
	const uint64_t *words = (const uint64_t *)(const void *)call;
	struct blas_key key = {.hook = call->hook, .return_address = call->return_address};
	struct blas_note *note = blas_note_of(call);
	struct blas_thread *b = begin(note);
	const struct blas_entry *e;
	struct place place;

	if (!b)
		return call->real;
	find_place(note->thread, call, &place);
	key.where = place.where;
	for (unsigned i = 0; i < plan->n_values; i++)
		key.value[i] = i < plan->n_flags
		                       ? blas_load_flag(words[plan->word[i]], blas_is_fortran(interface))
		                       : blas_load_integer(words[plan->word[i]], blas_is_fortran(interface),
		                                           blas_is_wide(interface));
	e = lookup(note->thread, b, call, &key, &place);
	note->desc = e ? e->desc : PROF_NO_DESC;
	start(note);
	return call->real;
}

void blas_exit(struct hook_call *call)
{
	struct blas_note *note = blas_note_of(call);
	uint64_t end;

	if (!note->thread)
		return;
	end = note->end ? note->end : prof_clock();
	if (note->thread != prof_thread_current)
		return; /* recording stopped meanwhile */
	if (!note->brief && note->counters.valid)
		prof_record_counted(note->thread, note->desc, note->start, end, &note->counters);
	else
		prof_record(note->thread, note->desc, note->start, end);
}

/* ---- batches: groups of products, each of its own sizes ---- */

void *blas_enter_batch(struct hook_call *call)
{
	struct blas_note *note = blas_note_of(call);
	const struct blas_thread *b = begin(note);
	struct place place;

	if (!b)
		return call->real;
	find_place(note->thread, call, &place);
	note->where = place.where;
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

	return blas_load_integer(word[b->plan->word[BLAS_VALUES - 2]], b->fortran, b->wide);
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
			value[i] = blas_load_flag(array, true);
		else
			value[i] = blas_load_integer(array, true, bytes == 8);
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

/* Where the share of a call's work is done. When the routine handed the batch
 * on to another one, it is divided where that one was, so that each part has its
 * child within it. */
static uint64_t moment(const struct blas_thread *t, const struct blas_note *note, uint64_t end,
                       int64_t groups, double share)
{
	uint64_t from = note->start, to = end;

	if (share <= 0)
		return from;
	if (share >= 1)
		return to;
	if (t->groups == groups && from <= t->divided_start && t->divided_end <= to) {
		from = t->divided_start;
		to = t->divided_end;
	}
	return from + (uint64_t)((double)(to - from) * share);
}

/* All groups alike make one operation; else each is one, and the call's time
 * is divided among them by their work, which is all that is known. */
static void record_batch(const struct batch_call *b, const struct blas_note *note, uint64_t end)
{
	struct blas_key key = {.hook = b->call->hook, .where = note->where};
	struct blas_thread *t = note->thread->slot[PROF_SLOT_BLAS];
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
		uint64_t from = moment(t, note, end, groups, work > 0 ? done / work : 0);

		if (!alike)
			batch_values(b, g, key.value);
		done += batch_work(b, key.value);
		desc = intern(note->thread, &key);
		t->batch = desc + 1;
		if (note->counters.valid && groups == 1)
			prof_record_counted(note->thread, desc, note->start, end, &note->counters);
		else
			prof_record(note->thread, desc, from,
			            moment(t, note, end, groups, work > 0 ? done / work : 1));
	}
	if (groups > 1) {
		t->groups = groups;
		t->divided_start = note->start;
		t->divided_end = end;
	}
}

void blas_exit_batch(struct hook_call *call)
{
	const struct blas_note *note = blas_note_of(call);
	enum blas_interface interface = (enum blas_interface)call->hook->detail[DETAIL_INTERFACE];
	struct batch_call b = {blas_plan_of(call->hook), call, blas_is_fortran(interface),
	                       blas_is_wide(interface)};
	uint64_t end;

	if (!note->thread)
		return;
	end = prof_clock();
	if (note->thread == prof_thread_current)
		record_batch(&b, note, end);
}

void blas_calls_start(void)
{
	for (unsigned s = 0; s < BLAS_SHAPES; s++)
		for (unsigned i = 0; i < BLAS_INTERFACES; i++)
			for (unsigned complex = 0; complex < 2; complex++)
				blas_plan_make(&blas_plans[s][i][complex], (enum blas_shape)s,
				               (enum blas_interface)i, complex != 0);
	blas_recording = true;
}
