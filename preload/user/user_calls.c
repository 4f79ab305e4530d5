/* user_calls.c: calls of functions that a file of hooks names.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The first rule whose condition holds says what a call is. For an operation
 * its values are asked for; together with the function, the rule and the place
 * they are the key to the descriptor, in a table of the thread's own that is
 * compared in full. Steps and regions are open until the call returns; those
 * that an exception or longjmp() left are found out by their stack: a frame
 * at or below that of a call that begins is no more.
 */
#include "preload/user/user_calls.h"

#include <prof/prof.h>
#include <stdio.h>
#include <string.h>

#include "preload/user/user_thread.h"

#define DIM_MAX (1ll << 40)

enum { CONTEXT_BYTES = 256 };

static const char *file_path;

__thread bool user_inside __attribute__((tls_model("initial-exec")));

static const struct user_target *target_of(const struct hook_call *call)
{
	return (const struct user_target *)(const void *)call->hook;
}

/* The target of a call that begins. */
static const struct user_target *target_called(const struct hook_call *call)
{
	struct user_target *t = (struct user_target *)(uintptr_t)call->hook;

	if (!__atomic_load_n(&t->was_called, __ATOMIC_RELAXED))
		__atomic_store_n(&t->was_called, true, __ATOMIC_RELAXED);
	return t;
}

/* ---- trouble, told once a rule ---- */

static void complain(const struct user_target *target, const struct user_rule *rule)
{
	static uint8_t told[USER_HOOKS_MAX];
	uint8_t *mine = &told[target->user->number];

	if (!__atomic_exchange_n(mine, 1, __ATOMIC_RELAXED))
		prof_note("%s:%u: a call of %s has values that can't be: an address that can't be read, a "
		          "division by zero or a dimension below 0; it is recorded without its shapes",
		          file_path, rule->line, target->hook.name);
}

/* ---- values ---- */

/* The bytes of a text up to its zero, as many as are kept; what can't be read is no text. */
static void take_string(struct user_input *in, int64_t address, int64_t words[USER_STRING_WORDS])
{
	char *to = (char *)words;
	size_t bytes = 0, most = USER_STRING_WORDS * 8 - 1;

	for (; bytes < most && user_read(in, (uintptr_t)address + bytes, to + bytes, 1) && to[bytes]; bytes++)
		if (to[bytes] < ' ' || to[bytes] > '~')
			to[bytes] = '?';
	memset(to + bytes, 0, USER_STRING_WORDS * 8 - bytes);
}

static bool take_values(const struct user_rule *rule, struct user_input *in, int64_t *value)
{
	bool ok = true;

	for (unsigned i = 0; i < rule->n_values; i++) {
		const struct user_value *v = &rule->values[i];
		int64_t number = 0;

		ok = user_expr_value(&v->expr, in, &number) && ok;
		if (v->is_string)
			take_string(in, number, &value[v->at]);
		else
			value[v->at] = number;
	}
	return ok;
}

/* ---- descriptors ---- */

static uint8_t dtype_of(const struct user_dtype *d, const int64_t *value)
{
	if (!d->n_choices)
		return d->dtype;
	for (unsigned i = 0; i < d->n_choices; i++)
		if (d->choices[i].number == value[d->at])
			return d->choices[i].dtype;
	return PROF_DTYPE_UNKNOWN;
}

/* The name with the values in it. */
static size_t write_name(const struct user_template *name, const struct user_target *target,
                         const int64_t *value, char text[CONTEXT_BYTES])
{
	size_t n = 0;

	for (unsigned i = 0; i < name->n && n < CONTEXT_BYTES; i++) {
		const struct user_part *part = &name->parts[i];
		size_t left = CONTEXT_BYTES - n;
		int wrote = 0;

		if (part->kind == USER_PART_TEXT)
			wrote = snprintf(text + n, left, "%.*s", (int)part->text.bytes, part->text.text);
		else if (part->kind == USER_PART_NUMBER)
			wrote = snprintf(text + n, left, "%lld", (long long)value[part->at]);
		else if (part->kind == USER_PART_STRING)
			wrote = snprintf(text + n, left, "%s", (const char *)&value[part->at]);
		else
			wrote = snprintf(text + n, left, "%s", target->hook.name);
		n += wrote > 0 ? (size_t)wrote : 0;
	}
	return n < CONTEXT_BYTES ? n : CONTEXT_BYTES - 1;
}

/* Its shapes; false when a dimension can't be one. */
static bool describe_operands(struct prof_desc_spec *spec, const struct user_rule *rule, const int64_t *value)
{
	for (unsigned i = 0; i < rule->n_operands; i++) {
		const struct user_operand *from = &rule->operands[i];
		struct prof_operand_spec *to = &spec->operands[i];

		to->role = from->role;
		to->dtype = dtype_of(&from->dtype, value);
		to->n_dims = from->n_dims;
		for (unsigned k = 0; k < from->n_dims; k++) {
			if (value[from->at + k] < 0 || value[from->at + k] > DIM_MAX)
				return false;
			to->dims[k] = (uint64_t)value[from->at + k];
		}
	}
	spec->n_operands = rule->n_operands;
	for (unsigned i = 0; i < rule->n_attrs; i++) {
		spec->attrs[i].attr = rule->attrs[i].attr;
		spec->attrs[i].value = value[rule->attrs[i].at];
	}
	spec->n_attrs = rule->n_attrs;
	return true;
}

static __attribute__((noinline)) uint32_t intern(struct prof_thread *t, const struct user_key *key,
                                                 bool is_known)
{
	const struct user_rule *rule = key->rule;
	struct prof_desc_spec spec = {.layer = -1, .op = rule->op};
	char name[CONTEXT_BYTES];

	if (!is_known || !describe_operands(&spec, rule, key->value)) {
		memset(&spec, 0, sizeof(spec));
		spec.op = PROF_OP_OTHER;
		spec.layer = -1;
		complain(key->target, rule);
	}
	spec.family = prof_intern_string("user", 4);
	spec.name = prof_intern_string(key->target->hook.name, strlen(key->target->hook.name));
	spec.site = (uint32_t)key->where;
	if (rule->layer >= 0 && key->value[rule->layer] >= 0 && key->value[rule->layer] <= INT16_MAX)
		spec.layer = (int32_t)key->value[rule->layer];
	if (rule->n_names) {
		size_t bytes = write_name(&rule->names[key->name], key->target, key->value, name);

		spec.context = prof_intern_string(name, bytes);
	}
	return prof_intern_desc(t, &spec);
}

/* ---- the thread's table ---- */

static size_t key_bytes(const struct user_key *key)
{
	return offsetof(struct user_key, value) + 8u * key->rule->n_words;
}

static uint64_t hash_key(const struct user_key *key)
{
	const uint64_t *words = (const uint64_t *)(const void *)key;
	uint64_t hash = 0x9e3779b97f4a7c15;

	for (size_t i = 0; i < key_bytes(key) / 8; i++)
		hash = (hash ^ words[i]) * 0xd6e8feb86659fd93;
	return hash ^ hash >> 32;
}

/* The descriptor of a key; none in the middle of this (a signal handler). */
static uint32_t lookup(struct prof_thread *t, struct user_thread *u, const struct user_key *key,
                       bool is_known)
{
	struct user_entry *e = &u->entry[hash_key(key) >> (64 - USER_ENTRIES_LOG2)];

	if (u->filling && !busy_is_over(u->filling))
		return PROF_NO_DESC;
	if (u->filling) { /* one of them was left half done */
		memset(u->entry, 0, sizeof(u->entry));
		memset(u->brief, 0, sizeof(u->brief));
	}
	u->filling = busy_stack_pointer();
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (e->key.target != key->target || e->key.rule != key->rule
	    || memcmp(&e->key, key, key_bytes(key)) != 0) {
		e->key.target = NULL;
		e->desc = intern(t, key, is_known);
		memcpy(&e->key, key, key_bytes(key));
	}
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	u->filling = 0;
	return e->desc;
}

static uint32_t descriptor_of(struct user_thread *u, const struct hook_call *call,
                              const struct user_note *note)
{
	struct user_input in = {.call = call, .calls = note->calls};
	struct user_key key;
	bool ok;

	key.target = target_of(call);
	key.rule = note->rule;
	key.return_address = call->return_address;
	key.where = note->where;
	key.name = note->rule->n_names > 1 ? (int64_t)(note->calls % note->rule->n_names) : 0;
	ok = take_values(note->rule, &in, key.value);
	return lookup(note->thread, u, &key, ok);
}

/* ---- steps and regions ---- */

static void close_last(struct prof_thread *t, struct user_thread *u)
{
	const struct user_open *o = &u->open[--u->n_open];

	if (!o->step) {
		prof_region_pop();
		return;
	}
	u->n_steps--;
	prof_step_end(t, o->step);
}

/* Below a call are its arguments on the stack once more and, of a call inside of it,
 * a return address and a frame. A function that is called afterwards by the same
 * caller may stand lower than this one did, but not by so much. */
static uintptr_t lowest_of(const struct hook_call *call)
{
	return (uintptr_t)call - 8u * call->hook->stack_words - THUNK_STACK_OFFSET;
}

/* What never ended because of an exception or a longjmp(). */
static void settle(struct prof_thread *t, struct user_thread *u, const struct hook_call *call)
{
	while (user_is_left(u, call))
		close_last(t, u);
}

static void open_step(struct user_thread *u, const struct hook_call *call, const struct user_note *note)
{
	struct user_input in = {.call = call, .calls = note->calls};
	struct prof_step_info info = {.sequences = 1};
	int64_t value[USER_VALUES_MAX] = {0}, tokens, length;
	uint32_t step;

	if (!take_values(note->rule, &in, value))
		complain(target_of(call), note->rule);
	tokens = value[note->rule->tokens];
	length = note->rule->position >= 0 ? value[note->rule->position] + tokens : 0;
	info.tokens = tokens > 0 && tokens <= UINT32_MAX ? (uint32_t)tokens : 0;
	if (length >= tokens && length <= UINT32_MAX && info.tokens) {
		info.ctx_max = (uint32_t)length;
		info.ctx_sum = (uint64_t)(tokens * length - tokens * (tokens - 1) / 2);
	}
	step = prof_step_begin(note->thread, &info);
	if (!step)
		return;
	u->open[u->n_open++] = (struct user_open){lowest_of(call), step};
	u->n_steps++;
	u->passes++;
}

static void open_region(struct user_thread *u, const struct hook_call *call, const struct user_note *note)
{
	struct user_input in = {.call = call, .calls = note->calls};
	int64_t value[USER_VALUES_MAX] = {0};
	unsigned which = (unsigned)(note->calls % note->rule->n_names);
	char name[CONTEXT_BYTES];

	if (!take_values(note->rule, &in, value))
		complain(target_of(call), note->rule);
	write_name(&note->rule->names[which], target_of(call), value, name);
	prof_region_push(name);
	u->open[u->n_open++] = (struct user_open){lowest_of(call), 0};
}

/* ---- a call ---- */

static const struct user_rule *choose(const struct user_hook *h, const struct hook_call *call, uint64_t calls)
{
	for (unsigned i = 0; i < h->n_rules; i++) {
		struct user_input in = {.call = call, .calls = calls};
		int64_t holds;

		if (!h->rules[i].has_when || (user_expr_value(&h->rules[i].when, &in, &holds) && holds))
			return &h->rules[i];
	}
	return NULL;
}

/* So that the next such call can go the short way. Nothing may be kept of a call
 * without a site where there should be one: the next may have it. */
static void keep_short(struct user_thread *u, const struct hook_call *call, const struct user_note *note,
                       const struct prof_site *site)
{
	const struct user_plan *plan = &target_of(call)->user->plan;
	struct user_short *s, made = {.target = target_of(call),
	                              .rule = note->rule,
	                              .return_address = call->return_address,
	                              .site = site,
	                              .where = note->where,
	                              .calls = plan->counts ? note->calls : 0,
	                              .desc = note->desc};

	if (!plan->is_short || u->filling)
		return;
	if (note->rule && (note->desc == PROF_NO_DESC || (!site && prof_call_sites_wanted())))
		return;
	u->filling = busy_stack_pointer();
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	s = user_short_of(u, call, made.calls, made.word);
	*s = made;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	u->filling = 0;
}

static void begin_operation(struct user_thread *u, const struct hook_call *call, struct user_note *note)
{
	const struct prof_site *entry;
	uint32_t site;

	entry = prof_call_site_entry(note->thread, call->return_address, thunk_stack_pointer(call), &site);
	note->where = site | (uint64_t)prof_region_current(note->thread) << 32;
	note->desc = note->rule->needs_result ? PROF_NO_DESC : descriptor_of(u, call, note);
	keep_short(u, call, note, entry);
	note->start = prof_measure(note->thread, note->desc, &note->counters);
}

static void begin(struct hook_call *call, struct user_note *note)
{
	const struct user_hook *h = target_of(call)->user;
	struct prof_thread *t = prof_thread_get();
	struct user_thread *u = t ? t->slot[PROF_SLOT_USER] : NULL;

	if (!t || (!u && !(u = prof_thread_slot(t, PROF_SLOT_USER, sizeof(*u)))))
		return;
	settle(t, u, call);
	note->calls = user_calls_before(u, h);
	user_count_call(u, h, note->calls);
	note->rule = choose(h, call, note->calls);
	if (!note->rule || note->rule->kind == USER_OFF) {
		note->rule = NULL;
		note->where = (uint64_t)prof_region_current(t) << 32;
		keep_short(u, call, note, NULL);
		return;
	}
	if (note->rule->kind == USER_OP && !prof_wanted(t)) {
		prof_count(&t->skipped);
		return;
	}
	if (note->rule->kind != USER_OP && u->n_open == USER_OPEN_MAX)
		return;
	if (note->rule->kind == USER_STEP && u->n_steps > 0)
		return; /* a pass inside a pass is part of it */
	note->depth = u->n_open;
	note->thread = t;
	if (note->rule->kind == USER_OP)
		begin_operation(u, call, note);
	else if (note->rule->kind == USER_STEP)
		open_step(u, call, note);
	else
		open_region(u, call, note);
}

static void *user_enter(struct hook_call *call)
{
	struct user_note *note = user_note_of(call);

	call->real = target_called(call)->original;
	note->thread = NULL;
	if (user_inside)
		return call->real;
	user_inside = true;
	begin(call, note);
	user_inside = false;
	return call->real;
}

static void end(struct hook_call *call, struct user_note *note, uint64_t end_raw)
{
	struct user_thread *u = note->thread->slot[PROF_SLOT_USER];

	if (note->rule->kind != USER_OP) {
		while (u->n_open > note->depth)
			close_last(note->thread, u);
		return;
	}
	if (note->rule->needs_result)
		note->desc = descriptor_of(u, call, note);
	prof_record_measured(note->thread, note->desc, note->start, end_raw, &note->counters);
}

static void user_exit(struct hook_call *call)
{
	struct user_note *note = user_note_of(call);
	uint64_t now;

	if (!note->thread)
		return;
	now = note->end ? note->end : prof_clock();
	if (note->thread != prof_thread_current)
		return; /* recording stopped meanwhile */
	user_inside = true;
	end(call, note, now);
	user_inside = false;
}

const struct hook_family user_family = {user_enter_shortly, user_exit_shortly, user_enter, user_exit};

/* ---- functions described as another ---- */

static void *like_enter(struct hook_call *call)
{
	const struct user_target *target = target_called(call);

	call->real = target->original;
	return target->like->family->enter(call);
}

static void like_exit(struct hook_call *call)
{
	target_of(call)->like->family->exit(call);
}

const struct hook_family user_like_family = {thunk_never_enter, thunk_never_exit, like_enter, like_exit};

void user_calls_start(const char *path)
{
	file_path = path;
}
