/* user_short.c: calls of functions that a file of hooks names, the short way.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * When a rule asks for whole-number arguments alone, these and the place say all
 * of an operation. A call that came before with the same is recorded from here,
 * with nothing but whole-number registers: the vectors, which callers may count
 * on, need not be saved, which takes ten times as long as all else. This file is
 * compiled without those registers (thunk.h), and calls nothing.
 */
#include "preload/user/user_thread.h"

static inline bool is_same(const struct user_short *s, const struct hook_call *call,
                           const struct prof_thread *t, uint64_t calls, const uint64_t *word)
{
	const struct user_target *target = (const struct user_target *)(const void *)call->hook;

	if (s->target != target || s->return_address != call->return_address || s->calls != calls
	    || s->where >> 32 != prof_region_current(t))
		return false;
	for (unsigned i = 0; i < target->user->plan.n; i++)
		if (s->word[i] != word[i])
			return false;
	return !s->site
	       || (prof_site_holds(s->site, call->return_address, thunk_stack_pointer(call))
	           && s->site->site == (uint32_t)s->where);
}

void *user_enter_shortly(struct hook_call *call)
{
	const struct user_target *target = (const struct user_target *)(const void *)call->hook;
	const struct user_hook *h = target->user;
	struct prof_thread *t = prof_thread_current;
	struct user_note *note = user_note_of(call);
	uint64_t word[USER_PLAN_WORDS], before, now;
	const struct user_short *s;
	struct user_thread *u;

	if (!h->plan.is_short || !t || user_inside || !(u = t->slot[PROF_SLOT_USER]) || u->filling
	    || !prof_wanted(t) || prof_clock_system || user_is_left(u, call))
		return NULL;
	before = user_calls_before(u, h);
	s = user_short_of(u, call, h->plan.counts ? before : 0, word);
	if (!is_same(s, call, t, h->plan.counts ? before : 0, word))
		return NULL;
	now = 0;
	if (s->rule && s->desc == PROF_DESC_FILTERED)
		prof_count(&t->skipped);
	else if (s->rule && !prof_counters_rest(t, now = prof_clock_cpu()) && !prof_counters_pass(t, s->desc))
		return NULL;
	user_count_call(u, h, before);
	note->thread = s->rule && s->desc != PROF_DESC_FILTERED ? t : NULL;
	note->rule = s->rule;
	note->desc = s->desc;
	note->counters.valid = false;
	t->site_hits += s->site != NULL;
	note->start = now;
	return call->real = target->original;
}

bool user_exit_shortly(struct hook_call *call)
{
	struct user_note *note = user_note_of(call);
	struct prof_thread *t = note->thread;

	note->end = 0;
	if (!t)
		return true;
	if (prof_clock_system)
		return false;
	note->end = prof_clock_cpu();
	return note->rule->kind == USER_OP && !note->rule->needs_result && !note->counters.valid
	       && t == prof_thread_current && prof_record_expected(t, note->desc, note->start, note->end);
}
