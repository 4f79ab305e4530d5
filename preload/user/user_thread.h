/* user_thread.h: what a thread keeps of the functions that a file of hooks names.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * For user_calls.c, the long way of a call, and user_short.c, the one that calls
 * take whose arguments came before.
 */
#ifndef PRELOAD_USER_USER_THREAD_H
#define PRELOAD_USER_USER_THREAD_H

#include "preload/user/user_calls.h"
#include "runtime/recorder.h"

#define USER_ENTRIES_LOG2 8
#define USER_ENTRIES      (1u << USER_ENTRIES_LOG2)
#define USER_SHORTS_LOG2  7
#define USER_SHORTS       (1u << USER_SHORTS_LOG2)
#define USER_OPEN_MAX     32u
#define USER_STACK_BYTES  (8u << 20) /* frames further apart are of different stacks */

struct user_key {
	const struct user_target *target; /* null: empty */
	const struct user_rule *rule;
	const void *return_address;
	uint64_t where; /* call site, and regions in the upper half */
	int64_t name;   /* which of several */
	int64_t value[USER_VALUES_MAX];
};

struct user_entry {
	struct user_key key;
	uint32_t desc;
};

/* A call that came before, told by its words (struct user_plan). */
struct user_short {
	const struct user_target *target; /* null: empty */
	const struct user_rule *rule;     /* null: it is no operation */
	const void *return_address;
	const struct prof_site *site; /* null: none is wanted */
	uint64_t where, calls;
	uint64_t word[USER_PLAN_WORDS];
	uint32_t desc;
};

/* A step or a region that has begun. */
struct user_open {
	uintptr_t below; /* calls inside of it have their frames here or lower */
	uint32_t step;   /* 0: a region */
};

/* All zero is a good beginning: the runtime gives a new thread an old one's
 * memory, cleared. */
struct user_thread {
	uintptr_t filling; /* an entry is being written (busy.h) */
	uint32_t passes;   /* steps begun */
	uint32_t n_open;
	uint32_t n_steps; /* of those open */
	struct user_open open[USER_OPEN_MAX];
	struct {
		uint32_t pass, calls;
	} count[USER_HOOKS_MAX];
	struct user_entry entry[USER_ENTRIES];
	struct user_short brief[USER_SHORTS];
};

/* What enter leaves for exit. */
struct user_note {
	struct prof_thread *thread; /* null: there is nothing to do */
	const struct user_rule *rule;
	uint64_t start, end, where, calls; /* end: 0 when it was not read yet */
	uint32_t desc, depth;              /* of what is open, before this call */
	struct prof_counter_values counters;
};
_Static_assert(sizeof(struct user_note) <= THUNK_NOTES * 8, "a note fits into the call");

/* The thread is in here: what it calls is ours, not the program's. */
extern __thread bool user_inside __attribute__((tls_model("initial-exec"), visibility("hidden")));

static inline struct user_note *user_note_of(struct hook_call *call)
{
	return (struct user_note *)call->note;
}

/* How often this thread called the function before, in this pass. */
static inline uint64_t user_calls_before(const struct user_thread *u, const struct user_hook *h)
{
	return u->count[h->number].pass == u->passes ? u->count[h->number].calls : 0;
}

static inline void user_count_call(struct user_thread *u, const struct user_hook *h, uint64_t before)
{
	u->count[h->number].pass = u->passes;
	u->count[h->number].calls = (uint32_t)before + 1;
}

/* Whether the innermost that is open can't be around a call: an exception or
 * longjmp() left it. */
static inline bool user_is_left(const struct user_thread *u, const struct hook_call *call)
{
	uintptr_t above;

	if (u->n_open == 0)
		return false;
	above = (uintptr_t)call - u->open[u->n_open - 1].below;
	return above != 0 && above < USER_STACK_BYTES;
}

/* Where a call that came before is, or would be, from its words. */
static inline struct user_short *user_short_of(struct user_thread *u, const struct hook_call *call,
                                               uint64_t calls, uint64_t word[USER_PLAN_WORDS])
{
	const struct user_target *target = (const struct user_target *)(const void *)call->hook;
	const struct user_plan *plan = &target->user->plan;
	uint64_t hash = ((uintptr_t)target ^ (uintptr_t)call->return_address) * 0x9e3779b97f4a7c15;

	for (unsigned i = 0; i < plan->n; i++) {
		word[i] = *(const uint64_t *)(const void *)((const char *)call + plan->word[i].offset)
		          & plan->word[i].mask;
		hash = (hash ^ word[i]) * 0xd6e8feb86659fd93;
	}
	hash = (hash ^ calls) * 0xd6e8feb86659fd93;
	return &u->brief[hash >> (64 - USER_SHORTS_LOG2)];
}

#endif
