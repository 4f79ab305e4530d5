/* counters.c: the processor's and the kernel's counters, through PAPI.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A reading takes hundreds of nanoseconds, starting PAPI and giving a thread
 * its set far more: all of them are done as often as the budget allows.
 * sample_choice.c chooses the operations to be read, counter_set.c the events.
 * Counters that nobody asked for by name wait until a run is long enough to
 * be worth PAPI's start.
 */
#include "runtime/counters/counters.h"

#include <string.h>

#include "runtime/config.h"
#include "runtime/counters/counter_set.h"
#include "runtime/counters/counters_papi.h"
#include "runtime/trace/descriptor.h"
#include "runtime/foreign.h"
#include "runtime/guard.h"
#include "runtime/memory.h"
#include "runtime/trace/note.h"
#include "runtime/recorder_state.h"
#include "runtime/thread.h"

#define READINGS_SHARE 0.5   /* of the budget is for readings, */
#define SETS_SHARE     0.25  /* so much for sets of threads that come */
#define SAVE_NS        2.5e8 /* of credit that readings may save up */
#define NEVER          (~0ull)
#define START_NS       10e9 /* of so long a run a start, 10 to 30 ms, is 0.3 % at most */
#define TURNS_BYTES    (SAMPLING_KINDS * sizeof(struct sampling_turn))

enum library { UNTRIED, STARTING, RUNNING, NONE };

static enum library library;  /* atomic */
static uint64_t next_set_raw; /* when a further thread may have a set; atomic */

static bool are_wanted(void)
{
	return config_get()->budget > 0 && strcmp(config_get()->text[CONFIG_COUNTERS], "none") != 0
	       && config_get()->text[CONFIG_COUNTERS][0];
}

/* Whether the budget does not count: every operation is to be read. */
static bool are_unlimited(void)
{
	return config_get()->budget >= 100;
}

static bool are_asked_for(void)
{
	return are_unlimited() || strcmp(config_get()->text[CONFIG_COUNTERS], "auto") != 0;
}

/* How long no further set may be made. */
static uint64_t pause_after(uint64_t raw)
{
	return are_unlimited() ? 0 : (uint64_t)((double)raw * 100.0 / (SETS_SHARE * config_get()->budget));
}

uint64_t counters_first_due(void)
{
	enum library now = __atomic_load_n(&library, __ATOMIC_RELAXED);

	if (!are_wanted() || now == NONE)
		return NEVER;
	if (now == RUNNING)
		return __atomic_load_n(&next_set_raw, __ATOMIC_RELAXED);
	if (are_asked_for())
		return 0; /* at once */
	return recorder.clock.epoch_raw + (uint64_t)(START_NS / clock_raw_ns(&recorder.clock));
}

/* ---- the library, and sets of threads ---- */

/* What the first operations of kinds that are known already were like is over. */
static void start_sampling(void)
{
	double share = are_unlimited() ? 1 : config_get()->budget / 100 * READINGS_SHARE;

	sampling_start(share, (uint64_t)(SAVE_NS / clock_raw_ns(&recorder.clock)),
	               are_asked_for() ? 0 : descriptor_number());
}

static bool start_first(struct thread *t)
{
	const char *why = papi_open();
	bool ok = !why && counter_set_first(&t->event_set);

	if (why)
		counter_set_tell_missing(config_get()->text[CONFIG_COUNTERS], why);
	else if (!ok)
		prof_note("No counter could be started.");
	if (ok)
		start_sampling();
	__atomic_store_n(&library, ok ? RUNNING : NONE, __ATOMIC_RELEASE);
	return ok;
}

/* Programs that start threads by the hundred (llama.cpp does for every token)
 * get sets for as many as the budget allows. */
static bool further_set(struct thread *t)
{
	uint64_t start = prof_clock(), end;
	bool ok = counter_set_make(&t->event_set);

	end = prof_clock();
	__atomic_store_n(&next_set_raw, end + pause_after(end - start), __ATOMIC_RELAXED);
	if (!ok)
		prof_note("A thread has no counters of its own: PAPI refused them.");
	return ok;
}

/* The turns are kept for those who follow in this thread's series. */
static void begin_sampling(struct thread *t)
{
	if (!t->sampling.turns)
		t->sampling.turns = memory_pages(TURNS_BYTES);
	sampling_begin(&t->sampling, prof_clock());
}

/* While one thread starts the library, others go without. */
static void start_thread(struct thread *t)
{
	enum library now = __atomic_load_n(&library, __ATOMIC_ACQUIRE);
	enum library untried = UNTRIED;
	bool ok;

	if (now == STARTING)
		return;
	if (now == RUNNING && prof_clock() < __atomic_load_n(&next_set_raw, __ATOMIC_RELAXED)) {
		t->pub.next_costly_raw = __atomic_load_n(&next_set_raw, __ATOMIC_RELAXED);
		return;
	}
	t->event_set = PAPI_NULL;
	if (now == UNTRIED) {
		if (!__atomic_compare_exchange_n(&library, &untried, STARTING, false, __ATOMIC_ACQ_REL,
		                                 __ATOMIC_ACQUIRE))
			return;
		ok = start_first(t);
	} else {
		ok = now == RUNNING && further_set(t);
	}
	if (ok)
		begin_sampling(t);
	t->counters_state = ok ? COUNTERS_RUNNING : COUNTERS_NONE;
	t->pub.next_costly_raw = ok ? 0 : NEVER;
}

void counters_prepare(struct thread *t)
{
	uint64_t start = prof_clock();
	struct guard calm;

	if (t->counters_state != COUNTERS_UNTRIED || t->pub.busy || start < t->pub.next_costly_raw)
		return;
	prof_record_begin(&t->pub);
	if (foreign_enter(&calm)) {
		start_thread(t);
		foreign_leave(&calm);
	} else {
		t->pub.next_costly_raw = NEVER;
	}
	prof_record_end(&t->pub);
	recorder_spent(start);
}

void counters_detach(struct thread *t)
{
	bool has_set = t->counters_state == COUNTERS_RUNNING || t->counters_state == COUNTERS_BROKEN;
	struct guard calm;

	if (has_set && foreign_enter(&calm)) {
		counter_set_drop(&t->event_set);
		foreign_leave(&calm);
	}
	t->counters_state = COUNTERS_NONE;
	t->pub.turns = NULL;
}

void counters_end(void)
{
	if (are_wanted() && __atomic_load_n(&library, __ATOMIC_RELAXED) == UNTRIED)
		note_add("The run was too short for counters to be worth their start; "
		         "those named in PROFSHIM_COUNTERS are started at once.");
	if (sampling_is_short())
		note_add("Kinds of operations from number %u on have no counters: there are too many.",
		         SAMPLING_KINDS);
}

void counters_after_fork(void)
{
	library = UNTRIED;
	next_set_raw = 0;
	counter_set_after_fork();
}

/* ---- readings ---- */

/* The counters of a thread end here; its operations go on. */
static void give_up(struct thread *t, int rc)
{
	static bool told; /* atomic */

	t->counters_state = COUNTERS_BROKEN;
	t->pub.turns = NULL;
	t->pub.next_costly_raw = NEVER;
	if (!__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
		prof_note("A thread's counters can't be read any more: PAPI says \"%s\".", papi.strerror(rc));
}

/* Not in a signal handler that came amid a record. */
static void take(struct thread *t, struct prof_counter_values *v)
{
	uint64_t start = prof_clock();
	long long values[PROF_MAX_COUNTERS];
	struct guard calm;
	int rc;

	v->valid = false;
	if (!foreign_enter(&calm))
		return;
	rc = papi.read(t->event_set, values);
	v->valid = rc == PAPI_OK;
	for (unsigned i = 0; v->valid && i < counters_number(); i++)
		v->value[i] = (uint64_t)values[i];
	if (!v->valid)
		give_up(t, rc);
	foreign_leave(&calm);
	sampling_spent(&t->sampling, prof_clock() - start);
}

bool prof_counters_choose(struct prof_thread *pub, uint32_t desc, uint64_t raw_now)
{
	struct thread *t = thread_of(pub);
	struct sampling_place place = {t->position.group, pub->records - t->position.group_records};
	bool was_untried = t->counters_state == COUNTERS_UNTRIED;

	if (pub->busy || desc == PROF_DESC_FILTERED)
		return false;
	if (was_untried)
		counters_prepare(t);
	pub->turns = t->counters_state == COUNTERS_RUNNING && !place.group && sampling_takes_turns()
	                     ? t->sampling.turns
	                     : NULL;
	t->chosen =
	        t->counters_state == COUNTERS_RUNNING && sampling_choose(&t->sampling, desc, &place, raw_now);
	return t->chosen || was_untried; /* the operation's start has to be read anew */
}

void prof_counters_read(struct prof_thread *pub, struct prof_counter_values *v)
{
	struct thread *t = thread_of(pub);

	v->valid = false;
	if (t->chosen && t->counters_state == COUNTERS_RUNNING && !pub->busy)
		take(t, v);
	t->chosen = false;
}

/* Counters only grow; one that seems to have shrunk (it was multiplexed, and
 * scaled) did not count. */
static unsigned differences(uint64_t *deltas, const struct prof_counter_values *start,
                            const struct prof_counter_values *end)
{
	const uint64_t *own = counter_set_own();
	unsigned n = counters_number();

	for (unsigned i = 0; i < n; i++) {
		uint64_t from = start->value[i] + own[i];

		deltas[i] = end->value[i] > from ? end->value[i] - from : 0;
	}
	return n;
}

void prof_record_counted(struct prof_thread *t, uint32_t desc, uint64_t raw_start, uint64_t raw_end,
                         const struct prof_counter_values *at_start)
{
	struct prof_counter_values at_end = {.valid = false};
	uint64_t deltas[PROF_MAX_COUNTERS];
	struct thread *thread = thread_of(t);
	unsigned n;

	if (at_start->valid && thread->counters_state == COUNTERS_RUNNING && !t->busy)
		take(thread, &at_end);
	if (!at_end.valid || t->busy || t->choosy || desc >= PROF_DESC_FILTERED) {
		prof_record(t, desc, raw_start, raw_end);
		return;
	}
	n = differences(deltas, at_start, &at_end);
	prof_record_begin(t);
	if (t->p < __atomic_load_n(&t->limit, __ATOMIC_RELAXED) || prof_thread_more(t)) {
		thread->chunk.head->n_counters = (uint8_t)n;
		__atomic_store_n(&t->p,
		                 prof_put_op(&t->stream, t->p, desc, prof_ticks(t, raw_start),
		                             prof_ticks(t, raw_end), deltas, n),
		                 __ATOMIC_RELEASE);
		prof_count(&t->records);
	} else {
		prof_count(&t->lost);
	}
	prof_record_end(t);
	sampling_learn(&thread->sampling, desc, raw_end - raw_start);
}
