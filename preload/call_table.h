/* call_table.h: what most families do with a call: tell what it is once, then record it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A call is its hook, the place it is made from and a few words that the family
 * chooses: a key that answers with the descriptor, from a table of the thread's
 * own, which is compared in full. Only a key that is not in it is described and
 * interned. A family's enter() looks like this:
 *
 *	struct call_key key = {.hook = call->hook};
 *	struct call_table *table = call_begin(call, &key);
 *
 *	if (!table)
 *		return call->real;
 *	key.word[1] = ...;
 *	found = call_find(table, &key);
 *	if (!found)
 *		found = call_keep(table, &key, call_intern(call, &key, &spec), false);
 *	return call_start(call, found->desc);
 *
 * and its exit() is call_exit().
 */
#ifndef PRELOAD_CALL_TABLE_H
#define PRELOAD_CALL_TABLE_H

#include "preload/thunk/thunk.h"
#include "runtime/recorder.h"

enum { CALL_WORDS = 8, CALL_ENTRIES_LOG2 = 9 };

struct call_key {
	const struct hook *hook;   /* null: an empty entry */
	uint64_t word[CALL_WORDS]; /* the first is where it is called, from call_begin() */
};

struct call_entry {
	struct call_key key;
	uint32_t desc;
	bool late; /* what it is depends on more than the key */
};

struct call_table {
	uintptr_t filling;       /* an entry is being written (busy.h): a signal handler keeps away */
	struct call_entry spare; /* what could not be kept */
	struct call_entry entry[1u << CALL_ENTRIES_LOG2];
};

/* The calling thread's table and, in the key, where the call is made; null when it is
 * not to be recorded. */
struct call_table *call_begin(struct hook_call *call, struct call_key *key);

/* The entry with this key, or null. */
const struct call_entry *call_find(const struct call_table *table, const struct call_key *key);

/* Keep a descriptor; returns an entry that has it. */
const struct call_entry *call_keep(struct call_table *table, const struct call_key *key, uint32_t desc,
                                   bool late);

/* Intern a descriptor, whose call site and layer are filled in. */
uint32_t call_intern(const struct hook_call *call, const struct call_key *key, struct prof_desc_spec *spec);

/* The last of enter(): the clock starts. Returns call->real. */
void *call_start(struct hook_call *call, uint32_t desc);

/* After the real function: record it, or forget about it. */
void call_exit(struct hook_call *call);
void call_drop(struct hook_call *call);

/* The i-th whole-number or pointer argument. */
static inline uint64_t call_argument(const struct hook_call *call, unsigned i)
{
	uint64_t value;

	__builtin_memcpy(&value, (const char *)call + thunk_argument_offset(i), sizeof(value));
	return value;
}

#endif
