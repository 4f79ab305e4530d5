/* hooks_torch.c: the operators of PyTorch that are hooked (hooks_torch.def).
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An operator that is composed of others calls them through the same exported
 * names: they become its children. All is read when the operator has returned;
 * one that throws is not recorded, and nothing has to be undone.
 */
#include "preload/families.h"
#include "preload/torch/torch_call.h"
#include "preload/torch/torch_python.h"
#include "preload/torch/torch_scope.h"

#include <string.h>

enum { ENTRIES_LOG2 = 10, ENTRIES = 1 << ENTRIES_LOG2, ENTRY_WORDS = 38, MANY = 3 };

/* ---- the table of hooks ---- */

enum torch_number {
#define TORCH_SYMBOL(symbol, name, signature, native, kind, rule, roles) NUMBER_##name##_##signature,
#include "preload/torch/hooks_torch.def"
#undef TORCH_SYMBOL
	NUMBERS
};

#define TORCH_SIGNATURE(id, letters, words)                                                                  \
	static const char arguments_##id[] = letters;                                                        \
	enum { WORDS_##id = (words) };
#include "preload/torch/torch_signatures.def"
#undef TORCH_SIGNATURE

#define STRING_(x) #x
#define STRING(x)  STRING_(x)

static struct resolve_cache caches[NUMBERS];
static struct torch_plan plans[NUMBERS];
static const struct hook_family family;

static const struct torch_op ops[NUMBERS] = {
#define TORCH_SYMBOL(symbol, name, signature, native, kind, rule, roles)                                     \
	{native, arguments_##signature, roles, PROF_OP_##kind, TORCH_##rule, WORDS_##signature},
#include "preload/torch/hooks_torch.def"
#undef TORCH_SYMBOL
};

extern const struct hook torch_hooks[];
const struct hook torch_hooks[NUMBERS] = {
#define TORCH_SYMBOL(symbol, name, signature, native, kind, rule, roles)                                     \
	{STRING(symbol), &caches[NUMBER_##name##_##signature], &family, WORDS_##signature, {0}},
#include "preload/torch/hooks_torch.def"
#undef TORCH_SYMBOL
};

/* ---- what a thread remembers ---- */

struct entry {
	uint32_t desc;
	uint32_t n_words; /* 0: empty */
	uint64_t word[ENTRY_WORDS];
};

/* All zero is a good beginning. */
struct torch_thread {
	struct torch_place place;
	struct entry entry[ENTRIES];
};

/* What enter leaves for exit. */
struct note {
	struct prof_thread *thread; /* null: this call is not recorded */
	struct torch_place *place;
	uint64_t before; /* calls of this operator by its module before this one */
	uint64_t start;
	struct prof_counter_values counters;
};
_Static_assert(sizeof(struct note) <= THUNK_NOTES * 8, "a note fits into the call");

static bool recording;

static struct torch_thread *state_of(struct prof_thread *t)
{
	struct torch_thread *state = t->slot[PROF_SLOT_TORCH];

	return state ? state : prof_thread_slot(t, PROF_SLOT_TORCH, sizeof(*state));
}

struct torch_place *torch_place_of(struct prof_thread *t)
{
	struct torch_thread *state = state_of(t);

	return state ? &state->place : NULL;
}

/* ---- descriptors ---- */

/* Two chains, so that one multiplication need not wait for the other. */
static uint64_t hash_key(const struct torch_key *key)
{
	uint64_t even = key->n_words, odd = 0;
	uint32_t i = 0;

	for (; i + 1 < key->n_words; i += 2) {
		even = (even ^ key->word[i]) * 0x9e3779b97f4a7c15u;
		odd = (odd ^ key->word[i + 1]) * 0xbf58476d1ce4e5b9u;
		even ^= even >> 32;
		odd ^= odd >> 32;
	}
	if (i < key->n_words)
		odd ^= key->word[i] * 0x94d049bb133111ebu;
	even ^= odd * 0xa0761d6478bd642fu;
	return even ^ even >> 32;
}

static inline bool same_words(const struct entry *e, const struct torch_key *key)
{
	uint64_t differ = e->n_words ^ key->n_words;

	for (uint32_t i = 0; i < key->n_words && !differ; i++)
		differ = e->word[i] ^ key->word[i];
	return !differ;
}

static __attribute__((noinline)) uint32_t intern(struct prof_thread *t, const struct torch_key *key,
                                                 const struct torch_name *module)
{
	struct prof_desc_spec spec;

	torch_describe(&spec, &ops[key->word[TORCH_KEY_OP]], key, module);
	return prof_intern_desc(t, &spec);
}

static uint32_t desc_of(struct prof_thread *t, struct torch_thread *state, const struct torch_key *key)
{
	struct entry *e = &state->entry[hash_key(key) & (ENTRIES - 1)];

	if (key->n_words > ENTRY_WORDS)
		return intern(t, key, state->place.module);
	if (same_words(e, key))
		return e->desc;
	e->desc = intern(t, key, state->place.module);
	e->n_words = key->n_words;
	memcpy(e->word, key->word, key->n_words * 8);
	return e->desc;
}

/* ---- calls ---- */

/* How often the module has called this operator before, up to MANY: a module
 * that loops must not make a kind of operation of every turn. An operator inside
 * another is not counted. The enclosing one's frame lies higher on the stack; one
 * that was left by an exception is forgotten with its module's call. */
static uint64_t count_call(struct torch_place *place, const struct hook_call *call, const char *native)
{
	if (!place->module || (place->outermost && (const void *)call < place->outermost))
		return 0;
	place->outermost = call;
	for (unsigned i = 0; i < TORCH_TALLIES; i++) {
		struct torch_tally *tally = &place->tally[i];

		if (!tally->native)
			tally->native = native;
		if (tally->native == native || strcmp(tally->native, native) == 0)
			return tally->calls < MANY ? tally->calls++ : MANY;
	}
	return 0;
}

static void *enter(struct hook_call *call)
{
	struct note *note = (struct note *)call->note;
	const struct torch_op *op = &ops[call->hook - torch_hooks];
	struct torch_thread *state;
	struct prof_thread *t;

	note->thread = NULL;
	if (!recording || torch_layout_busy())
		return call->real;
	if (__builtin_expect(torch_python_pending, 0))
		torch_python_watch(call->return_address);
	if (op->rule == TORCH_NONE || !(t = prof_thread_get()))
		return call->real;
	if (!prof_wanted(t)) {
		prof_count(&t->skipped);
		return call->real;
	}
	torch_layout_ready(call->return_address); /* so that its time is no operation's */
	if (!(state = state_of(t)))
		return call->real;
	note->thread = t;
	note->place = &state->place;
	note->before = count_call(&state->place, call, op->native);
	note->start = prof_measure(t, PROF_NO_DESC, &note->counters);
	return call->real;
}

static void record(const struct hook_call *call, const struct note *note, uint64_t end)
{
	struct prof_thread *t = note->thread;
	struct torch_thread *state = (struct torch_thread *)note->place;
	const size_t number = (size_t)(call->hook - torch_hooks);
	struct torch_key key;
	uint32_t site, desc;

	if (state->place.outermost == call)
		state->place.outermost = NULL;
	site = prof_call_site(t, call->return_address, thunk_stack_pointer(call));
	key.word[TORCH_KEY_OP] = number;
	key.word[TORCH_KEY_WHERE] = site | (uint64_t)prof_region_current(t) << 32;
	key.word[TORCH_KEY_CONTEXT] = torch_key_context(state->place.module, note->before);
	torch_call_read(&key, &plans[number], call, torch_layout_ready(call->return_address),
	                state->place.root);
	desc = desc_of(t, state, &key);
	prof_record_measured(t, desc, note->start, end, &note->counters);
}

static void leave(struct hook_call *call)
{
	const struct note *note = (const struct note *)call->note;
	uint64_t end;

	if (!note->thread)
		return;
	end = prof_clock();
	if (note->thread == prof_thread_current) /* else recording stopped meanwhile */
		record(call, note, end);
}

static const struct hook_family family = {thunk_never_enter, thunk_never_exit, enter, leave};

void hooks_torch_start(void)
{
	if (!prof_family_enabled("torch"))
		return;
	for (size_t i = 0; i < NUMBERS; i++)
		torch_plan_make(&plans[i], ops[i].arguments, ops[i].roles);
	recording = true;
}
