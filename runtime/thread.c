/* thread.c: threads come, record and go.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thread writes its own chunk without asking anybody. Others look at it only
 * at the end of the program: `limit` set to zero turns the thread's next
 * record into a call of prof_thread_more(), which refuses; what is complete
 * below `p` then can be sealed while the thread runs on.
 *
 * Engines start threads for every token and end them again. A thread that
 * comes therefore goes on where an ended one of the same name stopped, in the
 * same chunk: in the trace, a THREAD is a series of threads, one at a time.
 */
#include "runtime/thread.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/call_site/call_site.h"
#include "runtime/counters/counters.h"
#include "runtime/energy/energy.h"
#include "runtime/filter.h"
#include "runtime/guard.h"
#include "runtime/memory.h"
#include "runtime/trace/meta.h"
#include "runtime/process/process.h"
#include "runtime/recorder_state.h"
#include "runtime/trace/ring.h"
#include "runtime/clock/sync.h"

/* Behind `limit` there is always room for an operation with all counters, an
 * event and the zeros after it. */
#define RESERVE_BYTES   (2 * PROF_RECORD_MAX_BYTES + PROF_MAX_COUNTERS * PROF_COUNTER_MAX_BYTES + 8)
#define PREDICTED_BYTES (PROF_SUCCESSORS * sizeof(struct prof_successor))
#define NOWHERE         ((uint8_t *)8) /* beyond the limit, which is null */
#define FINISH_NS       20000000       /* for records in the making, when recording ends */
#define IDLE_MAX        64             /* ended threads that keep their chunk */

__thread struct prof_thread *prof_thread_current __attribute__((tls_model("initial-exec")));

static __thread bool attaching __attribute__((tls_model("initial-exec")));
static struct thread *live, *idle;
static uint32_t threads, idlers;
static pthread_key_t key;
static bool have_key;

static void set_room(struct thread *t, uint8_t *p, uint8_t *limit)
{
	__atomic_store_n(&t->pub.p, p, __ATOMIC_RELEASE);
	__atomic_store_n(&t->pub.limit, limit, __ATOMIC_RELAXED);
}

/* ---- chunks ---- */

static void put_event(struct thread *t, enum prof_event event, unsigned n, const uint64_t *fields)
{
	uint8_t *q =
	        prof_put_event(t->pub.p, event, n, fields[0], n > 1 ? fields[1] : 0, n > 2 ? fields[2] : 0);

	__atomic_store_n(&t->pub.p, q, __ATOMIC_RELEASE);
}

static void seal(struct thread *t)
{
	uint64_t lost = t->pub.lost - t->lost_told;

	if (!t->chunk.head)
		return;
	if (lost)
		put_event(t, PROF_EVENT_LOST, 1, &lost);
	t->lost_told += lost;
	chunk_retire(&t->chunk, t->pub.p, t->pub.stream.last_end + 1, t->pub.records - t->chunk_records);
	set_room(t, NOWHERE, NULL);
}

/* Where the file is as large as it may be: an ended thread whose last operation
 * is older than the oldest chunk that is complete gives its own chunk. */
static void retire_idle(void)
{
	const struct ring_chunk *oldest;

	for (struct thread *t = idle; t && output_is_full(); t = t->next) {
		oldest = ring_oldest();
		if (t->chunk.head && (!oldest || t->pub.stream.last_end < oldest->end_tick))
			seal(t);
	}
}

static bool introduce(struct thread *t)
{
	struct prof_meta_thread m = {.index = threads + 1,
	                             .tid = (uint32_t)syscall(SYS_gettid),
	                             .tick = recorder_ticks(prof_clock())};
	struct iovec part = {&m, sizeof(m)};

	if (t->index)
		return true;
	prctl(PR_GET_NAME, m.name);
	memcpy(t->name, m.name, sizeof(t->name));
	if (!meta_add(PROF_META_THREAD, &part, 1))
		return false;
	t->index = ++threads;
	return true;
}

static uint8_t at_most_255(uint32_t v)
{
	return v > 255 ? 255 : (uint8_t)v;
}

static bool next_chunk(struct thread *t)
{
	struct position *at = &t->position;
	struct prof_chunk_header head = {.kind = PROF_CHUNK_OPS, .step = at->step};
	struct output_why why;

	if (!introduce(t))
		return false;
	seal(t);
	retire_idle();
	sync_when_due();
	energy_drain();
	head.thread = t->index;
	head.serial = t->serial;
	head.base_tick = t->pub.stream.last_end;
	head.n_counters = (uint8_t)counters_number();
	head.group = at->group;
	head.group_index = filter_group_index(t);
	at->skip_untold = 0;
	head.ith = at_most_255(at->ith);
	head.nth = at_most_255(at->nth);
	if (!chunk_open(&t->chunk, &head, &why)) {
		recorder_halt(why.text);
		return false;
	}
	t->serial++;
	t->chunk_records = t->pub.records;
	prof_stream_reset(&t->pub.stream, head.base_tick, t->resets++);
	set_room(t, t->chunk.payload, t->chunk.end - RESERVE_BYTES);
	return true;
}

void thread_tell_skipped(struct thread *t)
{
	uint64_t n = t->position.skip_untold;

	if (!n)
		return;
	t->position.skip_untold = 0;
	thread_event(t, PROF_EVENT_SKIP, 1, &n);
}

bool prof_thread_more(struct prof_thread *pub)
{
	uint64_t start = prof_clock();
	struct thread *t = thread_of(pub);
	struct guard g;
	bool ok;

	if (!guard_enter(&g))
		return false;
	ok = (recorder.state == RECORDER_OPEN || (recorder.state == RECORDER_ARMED && recorder_open()))
	     && next_chunk(t);
	if (recorder.state == RECORDER_STOPPED || recorder.state == RECORDER_ENDED)
		prof_thread_current = NULL;
	guard_leave(&g);
	if (ok)
		energy_prepare();
	recorder_spent(start);
	return ok;
}

/* The stream is left in the middle of a record: what is complete is kept, and
 * what follows goes into a new chunk. */
static void abandon_record(struct thread *t)
{
	struct guard g;

	if (!guard_enter(&g))
		return;
	seal(t);
	guard_leave(&g);
	prof_record_end(&t->pub);
}

bool prof_thread_is_busy(struct prof_thread *pub)
{
	if (pub->busy && busy_is_over(pub->busy))
		abandon_record(thread_of(pub));
	return pub->busy != 0;
}

void prof_record_now(struct prof_thread *t, uint32_t desc, uint64_t raw_start, uint64_t raw_end)
{
	uint8_t *q;

	prof_record_begin(t);
	if (t->p < __atomic_load_n(&t->limit, __ATOMIC_RELAXED) || prof_thread_more(t)) {
		q = prof_put_op(&t->stream, t->p, desc, prof_ticks(t, raw_start), prof_ticks(t, raw_end),
		                NULL, 0);
		__atomic_store_n(&t->p, q, __ATOMIC_RELEASE);
		prof_count(&t->records);
	} else {
		prof_count(&t->lost);
	}
	prof_record_end(t);
}

void prof_record_slow(struct prof_thread *t, uint32_t desc, uint64_t raw_start, uint64_t raw_end)
{
	if (desc == PROF_DESC_FILTERED)
		prof_count(&t->skipped);
	else if (desc == PROF_NO_DESC || prof_thread_is_busy(t))
		prof_count(&t->lost);
	else if (t->choosy)
		filter_record(thread_of(t), desc, raw_start, raw_end);
	else
		prof_record_now(t, desc, raw_start, raw_end);
}

void thread_event(struct thread *t, enum prof_event event, unsigned n, const uint64_t *fields)
{
	if (t->pub.busy || !__atomic_load_n(&t->pub.limit, __ATOMIC_RELAXED))
		return;
	prof_record_begin(&t->pub);
	if (t->pub.p < t->pub.limit) {
		put_event(t, event, n, fields);
	} else {
		struct guard g;

		if (guard_enter(&g)) {
			seal(t);
			guard_leave(&g);
		}
	}
	prof_record_end(&t->pub);
}

/* ---- life ---- */

static void clear_slots(struct thread *t)
{
	for (unsigned i = 0; i < PROF_SLOTS; i++)
		if (t->pub.slot[i])
			memset(t->pub.slot[i], 0, t->slot_bytes[i]);
}

static void set_idle(struct thread *t)
{
	clear_slots(t);
	call_site_forget(t);
	t->next = idle;
	idle = t;
	idlers++;
}

/* Whoever follows is in no group and in no step. */
static void leave_position(struct thread *t)
{
	static const uint64_t none[3];

	if (t->position.group)
		thread_event(t, PROF_EVENT_GROUP, 3, none);
	if (t->position.step)
		thread_event(t, PROF_EVENT_STEP, 1, none);
	memset(&t->position, 0, sizeof(t->position));
}

/* As new, but for the memory it holds. */
static void reset(struct thread *t)
{
	t->pub.epoch_raw = recorder.clock.epoch_raw;
	t->pub.tick_shift = recorder.clock.tick_shift;
	t->pub.busy = 0;
	t->pub.records = t->pub.lost = t->pub.skipped = t->lost_told = 0;
	t->pub.next_costly_raw = counters_first_due();
	t->pub.stream.last_end = 0;
	t->sampling.readings = t->sampling.readings_raw = 0;
	call_site_reset(t);
	t->index = t->serial = 0;
	t->counters_state = COUNTERS_UNTRIED;
	t->pub.turns = NULL;
	memset(&t->position, 0, sizeof(t->position));
	set_room(t, NOWHERE, NULL);
}

/* Of threads that may run: a count may be one behind. */
__attribute__((no_sanitize("thread"))) static void add_work(const struct thread *t, struct recorder_work *sum)
{
	sum->records += t->pub.records;
	sum->readings += t->sampling.readings;
	sum->readings_raw += t->sampling.readings_raw;
	call_site_work(t, sum);
}

static void account(struct thread *t)
{
	recorder.records += t->pub.records;
	recorder.lost += t->pub.lost;
	recorder.skipped += t->pub.skipped;
	add_work(t, &recorder.work);
}

/* An ended thread that the calling one can follow, or any when there are many,
 * or one that recorded nothing; taken off its list. */
static struct thread *take_idle(void)
{
	struct thread **link = &idle, *t;
	char name[16] = "";

	prctl(PR_GET_NAME, name);
	while ((t = *link) && t->index && memcmp(t->name, name, sizeof(name)) != 0)
		link = &t->next;
	if (!t && idlers >= IDLE_MAX)
		link = &idle;
	t = *link;
	if (!t)
		return NULL;
	*link = t->next;
	idlers--;
	if (t->index && memcmp(t->name, name, sizeof(name)) != 0) {
		seal(t);
		account(t);
		reset(t);
	}
	return t;
}

static struct thread *obtain(void)
{
	struct thread *t = take_idle();

	if (!t) {
		struct prof_successor *successors = memory_pages(PREDICTED_BYTES);

		t = process_alloc(sizeof(*t));
		if (!t)
			t = memory_pages(sizeof(*t));
		if (!t || !successors)
			return NULL;
		t->pub.stream.successors = successors;
	}
	if (!t->index)
		reset(t);
	t->pub.next_costly_raw = counters_first_due();
	t->counters_state = COUNTERS_UNTRIED;
	t->pub.turns = NULL;
	t->regions.depth = t->regions.spelled = 0;
	t->pub.regions_wanted = 0;
	t->held.is = false;
	t->pub.choosy = filter_by_time();
	t->pub.region = 0;
	t->next = live;
	live = t;
	return t;
}

/* Signals stay blocked until all is in place: a handler then finds its thread. */
struct prof_thread *prof_thread_attach(void)
{
	struct thread *t = NULL;
	struct guard calm, g;

	if (attaching || (recorder_phase() != RECORDER_ARMED && recorder_phase() != RECORDER_OPEN))
		return NULL;
	guard_calm(&calm);
	attaching = true;
	if (guard_enter(&g)) {
		if (recorder.state == RECORDER_ARMED || recorder.state == RECORDER_OPEN)
			t = obtain();
		guard_leave(&g);
	}
	if (t && have_key)
		pthread_setspecific(key, t);
	prof_thread_current = t ? &t->pub : NULL;
	attaching = false;
	guard_uncalm(&calm);
	return prof_thread_current;
}

/* The destructor of the key: the thread ends. */
static void detach(void *arg)
{
	struct thread *t = arg, **link = &live;
	struct guard g;

	prof_thread_current = NULL;
	counters_detach(t);
	if (t->pub.busy)
		abandon_record(t); /* cancelled there */
	leave_position(t);
	if (!guard_enter(&g))
		return;
	if (recorder.state != RECORDER_ENDED) {
		while (*link && *link != t)
			link = &(*link)->next;
		if (*link) { /* else it is of the parent of this process */
			*link = t->next;
			set_idle(t);
		}
	}
	guard_leave(&g);
}

void thread_start(void)
{
	have_key = pthread_key_create(&key, detach) == 0;
}

void *prof_thread_slot(struct prof_thread *pub, enum prof_slot slot, size_t bytes)
{
	struct thread *t = thread_of(pub);

	if (pub->slot[slot])
		return t->slot_bytes[slot] >= bytes ? pub->slot[slot] : NULL;
	t->slot_bytes[slot] = bytes;
	return pub->slot[slot] = prof_arena_alloc(bytes);
}

/* ---- the end ---- */

void thread_halt_all(void)
{
	for (struct thread *t = live; t; t = t->next)
		__atomic_store_n(&t->pub.limit, NULL, __ATOMIC_SEQ_CST);
	for (struct thread *t = idle; t; t = t->next)
		__atomic_store_n(&t->pub.limit, NULL, __ATOMIC_SEQ_CST);
}

/* A record in the making is waited for; not for long, as its thread may wait
 * for the lock that is held here. */
static void let_finish(const struct thread *t, uint64_t until_ns)
{
	while (__atomic_load_n(&t->pub.busy, __ATOMIC_ACQUIRE) && prof_clock_monotonic() < until_ns)
		sched_yield();
}

static void seal_list(struct thread *t, uint64_t until_ns)
{
	for (; t; t = t->next) {
		if (&t->pub != prof_thread_current)
			let_finish(t, until_ns);
		if (t->chunk.head)
			chunk_seal(&t->chunk, __atomic_load_n(&t->pub.p, __ATOMIC_ACQUIRE));
	}
}

void thread_seal_all(void)
{
	uint64_t until_ns = prof_clock_monotonic() + FINISH_NS;

	seal_list(live, until_ns);
	seal_list(idle, until_ns);
}

void thread_work(struct recorder_work *sum)
{
	*sum = recorder.work;
	for (const struct thread *t = live; t; t = t->next)
		add_work(t, sum);
	for (const struct thread *t = idle; t; t = t->next)
		add_work(t, sum);
}

/* As add_work(). */
__attribute__((no_sanitize("thread"))) static void add_sums(struct thread_sums *sums, const struct thread *t)
{
	for (; t; t = t->next) {
		sums->records += __atomic_load_n(&t->pub.records, __ATOMIC_RELAXED);
		sums->lost += __atomic_load_n(&t->pub.lost, __ATOMIC_RELAXED);
		sums->skipped += __atomic_load_n(&t->pub.skipped, __ATOMIC_RELAXED);
	}
}

struct thread_sums thread_sums(void)
{
	struct thread_sums sums = {recorder.records, recorder.lost, recorder.skipped};

	add_sums(&sums, live);
	add_sums(&sums, idle);
	return sums;
}

void thread_orphan(void)
{
	struct thread *t = prof_thread_current ? thread_of(prof_thread_current) : NULL;

	live = idle = NULL;
	threads = idlers = 0;
	if (!t)
		return;
	t->pub.stream.successors = memory_pages(PREDICTED_BYTES);
	if (t->pub.stream.successors) {
		reset(t);
		live = t;
	} else {
		prof_thread_current = NULL;
	}
}

void thread_after_fork(void)
{
	struct thread *lists[2] = {live, idle}, *t, *next;

	live = idle = NULL;
	threads = idlers = 0;
	for (int i = 0; i < 2; i++) {
		for (t = lists[i]; t; t = next) {
			next = t->next;
			chunk_forget(&t->chunk);
			reset(t);
			if (&t->pub == prof_thread_current) {
				t->next = live;
				live = t;
			} else {
				set_idle(t);
			}
		}
	}
}
