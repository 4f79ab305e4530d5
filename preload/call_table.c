/* call_table.c: what most families do with a call: tell what it is once, then record it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/call_table.h"

#include <string.h>

/* What enter leaves for exit. */
struct call_note {
	struct prof_thread *thread; /* null: this call is not recorded */
	uint64_t start;
	uint32_t desc;
	struct prof_counter_values counters;
};
_Static_assert(sizeof(struct call_note) <= THUNK_NOTES * 8, "a note fits into the call");

static struct call_note *note_of(struct hook_call *call)
{
	return (struct call_note *)call->note;
}

struct call_table *call_begin(struct hook_call *call, struct call_key *key)
{
	struct call_note *note = note_of(call);
	struct call_table *table;
	struct prof_thread *t;

	note->thread = NULL;
	if (!(t = prof_thread_get()))
		return NULL;
	if (!prof_wanted(t)) {
		prof_count(&t->skipped);
		return NULL;
	}
	table = t->slot[PROF_SLOT_TABLE];
	if (__builtin_expect(!table, 0) && !(table = prof_thread_slot(t, PROF_SLOT_TABLE, sizeof(*table))))
		return NULL;
	note->thread = t;
	key->word[0] = prof_call_site(t, call->return_address, thunk_stack_pointer(call))
	               | (uint64_t)prof_region_current(t) << 32;
	return table;
}

static unsigned place_of(const struct call_key *key)
{
	uint64_t hash = (uintptr_t)key->hook;

	for (unsigned i = 0; i < CALL_WORDS; i++)
		hash = (hash ^ (hash >> 29) ^ key->word[i]) * 0x9e3779b97f4a7c15u;
	return (unsigned)(hash >> (64 - CALL_ENTRIES_LOG2));
}

const struct call_entry *call_find(const struct call_table *table, const struct call_key *key)
{
	const struct call_entry *e = &table->entry[place_of(key)];

	return !table->filling && memcmp(&e->key, key, sizeof(*key)) == 0 ? e : NULL;
}

const struct call_entry *call_keep(struct call_table *table, const struct call_key *key, uint32_t desc,
                                   bool late)
{
	struct call_entry *e = &table->entry[place_of(key)];

	if (table->filling && !busy_is_over(table->filling)) { /* in the middle of this */
		table->spare.desc = desc;
		return &table->spare;
	}
	if (table->filling) /* one of them was left half done */
		memset(table->entry, 0, sizeof(table->entry));
	table->filling = busy_stack_pointer();
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	e->key = *key;
	e->desc = desc;
	e->late = late;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	table->filling = 0;
	return e;
}

uint32_t call_intern(const struct hook_call *call, const struct call_key *key, struct prof_desc_spec *spec)
{
	spec->site = (uint32_t)key->word[0];
	spec->layer = -1;
	return prof_intern_desc(((const struct call_note *)call->note)->thread, spec);
}

void *call_start(struct hook_call *call, uint32_t desc)
{
	struct call_note *note = note_of(call);

	note->desc = desc;
	note->start = prof_measure(note->thread, note->desc, &note->counters);
	return call->real;
}

void call_exit(struct hook_call *call)
{
	struct call_note *note = note_of(call);
	uint64_t end;

	if (!note->thread)
		return;
	end = prof_clock();
	if (note->thread != prof_thread_current)
		return; /* recording stopped meanwhile */
	prof_record_measured(note->thread, note->desc, note->start, end, &note->counters);
}

void call_drop(struct hook_call *call)
{
	note_of(call)->thread = NULL;
}
