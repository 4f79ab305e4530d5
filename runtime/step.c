/* step.c: groups of threads that run one graph, and passes over the network.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <prof/prof.h>
#include <stdio.h>

#include "runtime/call_site/call_site.h"
#include "runtime/cost.h"
#include "runtime/counters/counters.h"
#include "runtime/energy/energy.h"
#include "runtime/process/facts.h"
#include "runtime/filter.h"
#include "runtime/guard.h"
#include "runtime/trace/meta.h"
#include "runtime/trace/output.h"
#include "runtime/record_switch.h"
#include "runtime/recorder_state.h"
#include "runtime/step.h"
#include "runtime/clock/sync.h"
#include "runtime/thread.h"

#define EXPORTED __attribute__((visibility("default")))

static uint32_t groups;
static uint32_t steps;     /* STEP records of this trace */
static uint64_t passes;    /* steps seen, recorded or not */
static uint32_t user_step; /* plus 1: the one prof_step() began, 0: none */

uint32_t prof_group_new(void)
{
	uint32_t group;

	do
		group = __atomic_add_fetch(&groups, 1, __ATOMIC_RELAXED);
	while (!group);
	return group;
}

static void set_step(struct thread *t, uint32_t step)
{
	uint64_t field;

	if (step == PROF_STEP_UNRECORDED)
		step = 0;
	field = step;
	if (t->position.step == step)
		return;
	t->position.step = step;
	thread_event(t, PROF_EVENT_STEP, 1, &field);
}

void prof_group_enter(struct prof_thread *pub, uint32_t group, uint32_t ith, uint32_t nth, uint32_t step)
{
	struct thread *t = thread_of(pub);
	uint64_t fields[3] = {group, ith, nth};

	counters_prepare(t);
	t->held.is = false;
	t->position.step_outside = t->position.step;
	if (step)
		set_step(t, step);
	pub->turns = NULL;
	t->position.group = group;
	t->position.ith = ith;
	t->position.nth = nth;
	t->position.group_records = pub->records;
	t->position.group_skipped = t->position.skip_untold = 0;
	thread_event(t, PROF_EVENT_GROUP, 3, fields);
}

void prof_group_leave(struct prof_thread *pub)
{
	static const uint64_t none[3];
	struct thread *t = thread_of(pub);

	filter_settle(t);
	t->position.group = t->position.ith = t->position.nth = 0;
	t->position.group_skipped = t->position.skip_untold = 0;
	thread_event(t, PROF_EVENT_GROUP, 3, none);
	set_step(t, t->position.step_outside);
}

/* What is slow the first time is done before the step begins. */
static void prepare(struct prof_thread *t)
{
	counters_prepare(thread_of(t));
	call_site_prepare();
	energy_prepare();
}

/* The step begun last, as written; lock held. */
static struct prof_meta_step last;
static uint32_t last_chunk; /* it is in, where the size of the file is limited */

/* Whether a record of so many bytes can count on the last step's. */
static bool stands_by_last(uint32_t bytes)
{
	return !output_is_limited() || meta_timeline_chunk(bytes) == last_chunk;
}

/* Whether a short record says all of m; what the context has grown by is then
 * the same for each sequence. */
static bool is_next(const struct prof_meta_step *m)
{
	return m->index == last.index + 1 && m->number == m->index && m->tokens == last.tokens
	       && m->sequences == last.sequences
	       && m->ctx_sum - last.ctx_sum == (uint64_t)m->sequences * (m->ctx_max - last.ctx_max);
}

/* Lock held; it begins at `raw`. The step's index plus 1, 0 when there is no room. */
static uint32_t begin(const struct prof_step_info *info, uint64_t raw)
{
	struct prof_meta_step m = {.index = steps,
	                           .number = (int64_t)passes++,
	                           .tokens = info->tokens,
	                           .sequences = info->sequences,
	                           .ctx_max = info->ctx_max,
	                           .ctx_sum = info->ctx_sum,
	                           .tick = recorder_ticks(raw)};
	struct prof_meta_step_next next = {.index = m.index, .ctx_max = m.ctx_max, .tick = m.tick};
	struct iovec whole = {&m, sizeof(m)}, part = {&next, sizeof(next)};
	bool brief;

	if (!record_switch_step_begins((uint64_t)m.number))
		return PROF_STEP_UNRECORDED;
	energy_sample(raw);
	brief = steps > 0 && is_next(&m) && stands_by_last(sizeof(next));
	if (!brief)
		last_chunk = meta_timeline_chunk(sizeof(m));
	if (!meta_add(brief ? PROF_META_STEP_NEXT : PROF_META_STEP, brief ? &part : &whole, 1))
		return 0;
	last = m;
	return ++steps;
}

static void end(uint32_t step, uint64_t raw)
{
	struct prof_meta_step_end m = {.index = step - 1, .tick = recorder_ticks(raw)};
	struct prof_meta_step_took took = {.index = m.index, .ticks = (uint32_t)(m.tick - last.tick)};
	struct iovec whole = {&m, sizeof(m)}, part = {&took, sizeof(took)};
	bool brief = step == steps && m.tick - last.tick <= UINT32_MAX && stands_by_last(sizeof(took));

	if (step == PROF_STEP_UNRECORDED || step == steps)
		record_switch_step_ended(passes);
	if (!step || step > steps)
		return;
	meta_add(brief ? PROF_META_STEP_TOOK : PROF_META_STEP_END, brief ? &part : &whole, 1);
	energy_sample(raw);
	cost_refresh();
}

uint32_t prof_step_begin(struct prof_thread *t, const struct prof_step_info *info)
{
	uint64_t start = prof_clock();
	uint32_t step;
	struct guard g;

	prepare(t);
	if (!guard_enter(&g))
		return 0;
	step = begin(info, prof_clock());
	guard_leave(&g);
	if (step)
		set_step(thread_of(t), step);
	recorder_spent(start);
	return step;
}

static void end_step(struct prof_thread *t, uint32_t step, uint64_t raw)
{
	struct guard g;

	energy_prepare();
	if (!guard_enter(&g))
		return;
	end(step, raw ? raw : prof_clock());
	guard_leave(&g);
	set_step(thread_of(t), __atomic_load_n(&user_step, __ATOMIC_RELAXED));
}

void prof_step_end(struct prof_thread *t, uint32_t step)
{
	uint64_t start = prof_clock();

	end_step(t, step, 0);
	recorder_spent(start);
}

void prof_step_end_at(struct prof_thread *t, uint32_t step, uint64_t raw)
{
	end_step(t, step, raw);
	recorder_spent(raw);
}

EXPORTED void prof_step(unsigned tokens)
{
	struct prof_step_info info = {.tokens = tokens};
	struct prof_thread *t = prof_thread_get();
	uint32_t step;
	uint64_t now;
	struct guard g;

	if (!t)
		return;
	prepare(t);
	if (!guard_enter(&g))
		return;
	now = prof_clock(); /* one ends as the other begins */
	end(user_step, now);
	step = begin(&info, now);
	__atomic_store_n(&user_step, step, __ATOMIC_RELAXED);
	guard_leave(&g);
	set_step(thread_of(t), step);
}

void step_finish(void)
{
	char text[24];

	end(user_step, prof_clock());
	__atomic_store_n(&user_step, 0, __ATOMIC_RELAXED);
	if (passes == steps)
		return;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)passes);
	facts_add("process.steps", text);
}

void step_after_fork(void)
{
	steps = user_step = 0;
	passes = 0;
}
