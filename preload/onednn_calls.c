/* onednn_calls.c: from oneDNN calls to operations.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/onednn_calls.h"

#include <errno.h>
#include <string.h>

#include "preload/onednn_describe.h"

enum {
	ENTRIES_LOG2 = 9, /* calls that a thread remembers */
	WORDS = 8,
	PLACES_LOG2 = 10, /* counters of destroyed primitives, by their address */
};

/* What tells one call from another: the hook, where it is called, and for a
 * primitive its address, its descriptor, the real function and two counters;
 * for a product its sizes. */
struct onednn_key {
	const struct hook *hook; /* null: an empty entry */
	uint64_t word[WORDS];
};

struct onednn_entry {
	struct onednn_key key;
	uint32_t desc;
	bool late; /* each call has sizes of its own */
};

struct onednn_thread {
	uintptr_t filling; /* an entry is being written (busy.h): a signal handler keeps away */
	struct onednn_entry entry[1u << ENTRIES_LOG2];
};

/* What enter leaves for exit. */
struct onednn_note {
	struct prof_thread *thread; /* null: this call is not recorded */
	uint64_t start;
	uint32_t desc;
	struct prof_counter_values counters;
};
_Static_assert(sizeof(struct onednn_note) <= THUNK_NOTES * 8, "a note fits into the call");

static uint32_t destroyed[1u << PLACES_LOG2];
static uint32_t family_string;
static bool recording;

static struct onednn_note *note_of(struct hook_call *call)
{
	return (struct onednn_note *)call->note;
}

/* ---- where things are kept ---- */

static uint32_t *place_of(const void *primitive)
{
	return &destroyed[((uintptr_t)primitive * 0x9e3779b97f4a7c15u) >> (64 - PLACES_LOG2)];
}

void onednn_forget(const void *primitive)
{
	__atomic_fetch_add(place_of(primitive), 1, __ATOMIC_RELEASE);
}

static struct onednn_entry *entry_of(struct onednn_thread *o, const struct onednn_key *key)
{
	uint64_t hash = (uintptr_t)key->hook;

	for (unsigned i = 0; i < WORDS; i++)
		hash = (hash ^ (hash >> 29) ^ key->word[i]) * 0x9e3779b97f4a7c15u;
	return &o->entry[hash >> (64 - ENTRIES_LOG2)];
}

/* Keep what was found out; not in the middle of doing so. */
static void keep(struct onednn_thread *o, struct onednn_entry *e, const struct onednn_entry *found)
{
	if (o->filling && !busy_is_over(o->filling))
		return;
	if (o->filling) /* one of them was left half done */
		memset(o->entry, 0, sizeof(o->entry));
	o->filling = busy_stack_pointer();
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	*e = *found;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	o->filling = 0;
}

static struct onednn_entry *lookup(struct onednn_thread *o, const struct onednn_key *key,
                                   const struct onednn_entry **known)
{
	struct onednn_entry *e = entry_of(o, key);

	*known = !o->filling && memcmp(&e->key, key, sizeof(*key)) == 0 ? e : NULL;
	return e;
}

/* ---- every call ---- */

static struct onednn_thread *begin(struct onednn_note *note)
{
	struct prof_thread *t;
	struct onednn_thread *o;

	note->thread = NULL;
	if (!recording || !(t = prof_thread_get()))
		return NULL;
	if (!prof_wanted(t)) {
		t->skipped++;
		return NULL;
	}
	o = t->slot[PROF_SLOT_ONEDNN];
	if (__builtin_expect(!o, 0) && !(o = prof_thread_slot(t, PROF_SLOT_ONEDNN, sizeof(*o))))
		return NULL;
	note->thread = t;
	return o;
}

static uint64_t place(struct prof_thread *t, const struct hook_call *call)
{
	return prof_call_site(t, call->return_address, thunk_stack_pointer(call))
	       | (uint64_t)prof_region_current(t) << 32;
}

static void *start(struct hook_call *call, uint32_t desc)
{
	struct onednn_note *note = note_of(call);

	note->desc = desc;
	note->counters.valid = false;
	note->start = prof_clock();
	if (prof_counters_due(note->thread, note->desc, note->start)) {
		prof_counters_read(note->thread, &note->counters);
		note->start = prof_clock();
	}
	return call->real;
}

void onednn_exit(struct hook_call *call)
{
	struct onednn_note *note = note_of(call);
	uint64_t end;

	if (!note->thread)
		return;
	end = prof_clock();
	if (note->thread != prof_thread_current || (int)call->result[0] != 0)
		return; /* recording stopped meanwhile, or nothing was computed */
	if (note->counters.valid)
		prof_record_counted(note->thread, note->desc, note->start, end, &note->counters);
	else
		prof_record(note->thread, note->desc, note->start, end);
}

static uint32_t intern(struct prof_thread *t, struct prof_desc_spec *spec, uint64_t where)
{
	if (!family_string)
		family_string = prof_intern_string("onednn", 6);
	spec->family = family_string;
	spec->site = (uint32_t)where;
	spec->layer = -1;
	return prof_intern_desc(t, spec);
}

/* ---- primitives ---- */

/* Ask the library what this is. */
static __attribute__((noinline)) void learn(struct prof_thread *t, struct onednn_asked *asked,
                                            struct onednn_entry *found)
{
	struct prof_desc_spec spec = {.op = PROF_OP_OTHER};
	int saved = errno;

	if (asked->desc)
		onednn_describe(asked, &spec);
	else
		spec.name = prof_intern_string(found->key.hook->name, strlen(found->key.hook->name));
	found->desc = intern(t, &spec, found->key.word[1]);
	found->late = asked->late;
	errno = saved;
}

void *onednn_enter_primitive(struct hook_call *call)
{
	struct onednn_thread *o = begin(note_of(call));
	const void *primitive = (const void *)(uintptr_t)call->integer[0];
	const struct onednn_lib *lib = o ? onednn_lib_get(call->real) : NULL;
	struct onednn_asked asked = {.lib = lib};
	struct onednn_entry *e, found = {.key = {.hook = call->hook}};
	const struct onednn_entry *known;

	if (!o)
		return call->real;
	if (lib && lib->works && lib->primitive_desc(primitive, &asked.desc) != 0)
		asked.desc = NULL; /* the call is going to fail */
	found.key.word[0] = (uintptr_t)primitive;
	found.key.word[1] = place(note_of(call)->thread, call);
	found.key.word[2] = (uintptr_t)asked.desc;
	found.key.word[3] = (uintptr_t)call->real;
	found.key.word[4] = __atomic_load_n(place_of(primitive), __ATOMIC_ACQUIRE);
	found.key.word[5] = __atomic_load_n(&resolve_generation, __ATOMIC_RELAXED);
	e = lookup(o, &found.key, &known);
	if (__builtin_expect(known && !known->late, 1))
		return start(call, known->desc);
	asked.n_args = (int)call->integer[2];
	asked.args = (const struct onednn_arg *)(uintptr_t)call->integer[3];
	learn(note_of(call)->thread, &asked, &found);
	keep(o, e, &found);
	return start(call, found.desc);
}

/* ---- products ---- */

static int64_t argument(const struct hook_call *call, unsigned i)
{
	int64_t value;

	memcpy(&value, (const char *)call + thunk_argument_offset(i), sizeof(value));
	return value;
}

static bool is_transposed(const struct hook_call *call, unsigned i)
{
	return ((int)argument(call, i) & 0xdf) == 'T'; /* a letter of either case */
}

static void *enter_product(struct hook_call *call, const struct onednn_product *p)
{
	struct onednn_thread *o = begin(note_of(call));
	struct onednn_entry *e, found = {.key = {.hook = call->hook}};
	struct prof_desc_spec spec = {.op = PROF_OP_GEMM};
	const struct onednn_entry *known;
	uint64_t *word = found.key.word;

	if (!o)
		return call->real;
	word[0] = (uint64_t)p->m;
	word[1] = place(note_of(call)->thread, call);
	word[2] = (uint64_t)p->n;
	word[3] = (uint64_t)p->k;
	word[4] = (uint64_t)p->lda;
	word[5] = (uint64_t)p->ldb;
	word[6] = (uint64_t)p->ldc;
	word[7] = (uint64_t)p->trans_a | (uint64_t)p->trans_b << 1;
	e = lookup(o, &found.key, &known);
	if (known)
		return start(call, known->desc);
	onednn_describe_product(p, &spec);
	spec.name = prof_intern_string(call->hook->name, strlen(call->hook->name));
	found.desc = intern(note_of(call)->thread, &spec, word[1]);
	keep(o, e, &found);
	return start(call, found.desc);
}

/* transa, transb, m, n, k, A, lda, B, ldb, C, ldc; scalars come by other ways. */
void *onednn_enter_gemm(struct hook_call *call)
{
	const uint8_t *detail = call->hook->detail;
	struct onednn_product p = {.trans_a = is_transposed(call, 0),
	                           .trans_b = is_transposed(call, 1),
	                           .m = argument(call, 2),
	                           .n = argument(call, 3),
	                           .k = argument(call, 4),
	                           .lda = argument(call, 6),
	                           .ldb = argument(call, 8),
	                           .ldc = argument(call, 10),
	                           .a = detail[ONEDNN_DETAIL_A],
	                           .b = detail[ONEDNN_DETAIL_B],
	                           .c = detail[ONEDNN_DETAIL_C]};

	return enter_product(call, &p);
}

/* transa, transb, offsetc, m, n, k, A, lda, ao, B, ldb, bo, C, ldc, co. */
void *onednn_enter_quantized(struct hook_call *call)
{
	const uint8_t *detail = call->hook->detail;
	struct onednn_product p = {.trans_a = is_transposed(call, 0),
	                           .trans_b = is_transposed(call, 1),
	                           .m = argument(call, 3),
	                           .n = argument(call, 4),
	                           .k = argument(call, 5),
	                           .lda = argument(call, 7),
	                           .ldb = argument(call, 10),
	                           .ldc = argument(call, 13),
	                           .a = detail[ONEDNN_DETAIL_A],
	                           .b = detail[ONEDNN_DETAIL_B],
	                           .c = detail[ONEDNN_DETAIL_C]};

	return enter_product(call, &p);
}

void onednn_calls_start(void)
{
	recording = true;
}
