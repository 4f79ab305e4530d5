/* counters.c: the processor's and the kernel's counters, through PAPI.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * PAPI is loaded into a scope of its own, so that a program with its own copy
 * keeps it. A reading takes hundreds of nanoseconds, starting PAPI and giving a
 * thread its set far more: all of them are done as often as the budget allows.
 * Counters that nobody asked for by name wait until a run is long enough to
 * be worth PAPI's start.
 */
#include "runtime/counters.h"

#include <dlfcn.h>
#include <papi.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "runtime/config.h"
#include "runtime/cost.h"
#include "runtime/guard.h"
#include "runtime/meta.h"
#include "runtime/note.h"
#include "runtime/private_library.h"
#include "runtime/recorder_state.h"
#include "runtime/thread.h"

#define NAME_BYTES    64
#define SHARE         4.0 /* this part of the budget is for readings */
#define TIMED_READS   16u
#define NEVER         (~0ull)
#define START_NS      4e9 /* PAPI takes 5 to 10 ms to start: 0.25 % of so long a run */
#define HARDWARE_LIST "PAPI_TOT_CYC,PAPI_TOT_INS,PAPI_L3_TCM,PAPI_BR_MSP"
#define SOFTWARE_LIST "perf::TASK-CLOCK,perf::PAGE-FAULTS,perf::CONTEXT-SWITCHES"

enum library { UNTRIED, STARTING, RUNNING, NONE };

static struct {
	int (*library_init)(int);
	int (*thread_init)(unsigned long (*)(void));
	int (*register_thread)(void);
	int (*unregister_thread)(void);
	int (*create_eventset)(int *);
	int (*add_named_event)(int, const char *);
	int (*start)(int);
	int (*stop)(int, long long *);
	int (*read)(int, long long *);
	int (*cleanup_eventset)(int);
	int (*destroy_eventset)(int *);
	char *(*strerror)(int);
} papi;

static enum library library;                      /* atomic */
static char names[PROF_MAX_COUNTERS][NAME_BYTES]; /* those that work; settled by the first thread */
static unsigned n_names;                          /* atomic */
static uint64_t interval_raw;                     /* between the end of a reading and the next */
static uint64_t next_set_raw;                     /* when a further thread may have a set; atomic */
static double read_ns;

unsigned counters_number(void)
{
	return __atomic_load_n(&n_names, __ATOMIC_ACQUIRE);
}

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

/* How long a costly thing may not be done again. */
static uint64_t pause_after(uint64_t raw)
{
	return are_unlimited() ? 0 : (uint64_t)((double)raw * 100.0 * SHARE / config_get()->budget);
}

uint64_t counters_first_due(void)
{
	enum library now = __atomic_load_n(&library, __ATOMIC_RELAXED);

	if (!are_wanted() || now == NONE)
		return NEVER;
	if (now == RUNNING)
		return __atomic_load_n(&next_set_raw, __ATOMIC_RELAXED);
	if (are_unlimited() || strcmp(config_get()->text[CONFIG_COUNTERS], "auto") != 0)
		return 0; /* asked for: at once */
	return recorder.clock.epoch_raw + (uint64_t)(START_NS / clock_raw_ns(&recorder.clock));
}

static void tell(const char *name, enum prof_counter_kind kind, unsigned index, const char *why)
{
	struct prof_meta_counter m = {.index = index, .kind = kind, .read_ns = read_ns};
	struct iovec name_part = meta_text(name, &m.name_bytes);
	struct iovec why_part = meta_text(why, &m.why_bytes);
	struct iovec parts[] = {{&m, sizeof(m)}, name_part, META_ZERO, why_part, META_ZERO};
	struct guard g;

	if (!guard_enter(&g))
		return;
	meta_add(PROF_META_COUNTER, parts, 5);
	guard_leave(&g);
}

static void tell_missing(const char *name, const char *why)
{
	tell(name, PROF_COUNTER_MISSING, ~0u, why);
	prof_say(1, "counter %s: %s", name, why);
}

/* ---- the library ---- */

/* Debian names it by version and revision, PAPI itself by version alone. */
static void *open_library(void)
{
	char name[64];
	void *handle;

	snprintf(name, sizeof(name), "libpapi.so.%d.%d", PAPI_VERSION_MAJOR(PAPI_VERSION),
	         PAPI_VERSION_MINOR(PAPI_VERSION));
	handle = private_library_open(name);
	if (handle)
		return handle;
	snprintf(name, sizeof(name), "libpapi.so.%d", PAPI_VERSION_MAJOR(PAPI_VERSION));
	return private_library_open(name);
}

static bool find_functions(void *handle)
{
	const struct {
		void *function;
		const char *name;
	} wanted[] = {
	        {&papi.library_init, "PAPI_library_init"},
	        {&papi.thread_init, "PAPI_thread_init"},
	        {&papi.register_thread, "PAPI_register_thread"},
	        {&papi.unregister_thread, "PAPI_unregister_thread"},
	        {&papi.create_eventset, "PAPI_create_eventset"},
	        {&papi.add_named_event, "PAPI_add_named_event"},
	        {&papi.start, "PAPI_start"},
	        {&papi.stop, "PAPI_stop"},
	        {&papi.read, "PAPI_read"},
	        {&papi.cleanup_eventset, "PAPI_cleanup_eventset"},
	        {&papi.destroy_eventset, "PAPI_destroy_eventset"},
	        {&papi.strerror, "PAPI_strerror"},
	};

	for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		void *function = dlsym(handle, wanted[i].name);

		if (!function)
			return false;
		memcpy(wanted[i].function, &function, sizeof(function));
	}
	return true;
}

static unsigned long thread_number(void)
{
	return (unsigned long)pthread_self();
}

/* Why not, or null. */
static const char *start_library(void)
{
	static void *handle;

	if (!handle && !(handle = open_library()))
		return "libpapi can't be loaded";
	if (!find_functions(handle))
		return "libpapi lacks a function";
	if (papi.library_init(PAPI_VER_CURRENT) != PAPI_VER_CURRENT)
		return "libpapi is of another version, or can't start";
	if (papi.thread_init(thread_number) != PAPI_OK)
		return "libpapi can't work with threads";
	return NULL;
}

/* ---- event sets ---- */

static const char *next_name(const char *list, char name[NAME_BYTES])
{
	size_t bytes = strcspn(list, ",");

	snprintf(name, NAME_BYTES, "%.*s", (int)bytes, list);
	return list + bytes + (list[bytes] == ',');
}

/* Add the events of a list that this machine has; those are named, the others
 * told as missing. Returns how many were added. */
static unsigned try_events(int set, const char *list)
{
	unsigned n = 0;

	while (*list) {
		char name[NAME_BYTES];
		int rc;

		list = next_name(list, name);
		if (!*name)
			continue;
		rc = n < PROF_MAX_COUNTERS ? papi.add_named_event(set, name) : PAPI_ECOUNT;
		if (rc == PAPI_OK)
			memcpy(names[n++], name, NAME_BYTES);
		else
			tell_missing(name, papi.strerror(rc));
	}
	return n;
}

static unsigned choose_events(int set)
{
	const char *list = config_get()->text[CONFIG_COUNTERS];
	unsigned n;

	if (strcmp(list, "auto") != 0)
		return try_events(set, list);
	n = try_events(set, HARDWARE_LIST);
	return n ? n : try_events(set, SOFTWARE_LIST);
}

static void drop_set(int *set)
{
	if (*set == PAPI_NULL)
		return;
	papi.cleanup_eventset(*set);
	papi.destroy_eventset(set);
	*set = PAPI_NULL;
}

/* The shortest of some readings; whatever disturbs makes one longer. */
static uint64_t time_reading(int set)
{
	long long values[PROF_MAX_COUNTERS];
	uint64_t best = ~0ull;

	for (unsigned i = 0; i < TIMED_READS; i++) {
		uint64_t start = prof_clock(), took;

		if (papi.read(set, values) != PAPI_OK)
			return 0;
		took = prof_clock() - start;
		best = took < best ? took : best;
	}
	return best;
}

static void settle(unsigned n, uint64_t reading_raw)
{
	struct guard g;

	read_ns = (double)reading_raw * clock_raw_ns(&recorder.clock);
	interval_raw = pause_after(2 * reading_raw);
	for (unsigned i = 0; i < n; i++)
		tell(names[i],
		     strncmp(names[i], "perf::", 6) == 0 ? PROF_COUNTER_SOFTWARE : PROF_COUNTER_HARDWARE, i,
		     "");
	if (guard_enter(&g)) {
		cost_add("counters_ns", read_ns);
		guard_leave(&g);
	}
	__atomic_store_n(&n_names, n, __ATOMIC_RELEASE);
}

/* The first thread finds out which events there are. */
static bool first_set(struct thread *t)
{
	uint64_t reading_raw;
	unsigned n;

	if (papi.create_eventset(&t->event_set) != PAPI_OK)
		return false;
	n = choose_events(t->event_set);
	if (!n || papi.start(t->event_set) != PAPI_OK || !(reading_raw = time_reading(t->event_set))) {
		drop_set(&t->event_set);
		return false;
	}
	settle(n, reading_raw);
	return true;
}

static bool make_set(struct thread *t)
{
	papi.register_thread();
	if (papi.create_eventset(&t->event_set) != PAPI_OK)
		return false;
	for (unsigned i = 0; i < counters_number(); i++)
		if (papi.add_named_event(t->event_set, names[i]) != PAPI_OK)
			goto drop;
	if (papi.start(t->event_set) == PAPI_OK)
		return true;
drop:
	drop_set(&t->event_set);
	return false;
}

/* Programs that start threads by the hundred (llama.cpp does for every token)
 * get sets for as many as the budget allows. */
static bool further_set(struct thread *t)
{
	uint64_t start = prof_clock(), end;
	bool ok = make_set(t);

	end = prof_clock();
	__atomic_store_n(&next_set_raw, end + pause_after(end - start), __ATOMIC_RELAXED);
	return ok;
}

static bool start_first(struct thread *t)
{
	const char *why = start_library();
	bool ok = !why && first_set(t);

	if (why)
		tell_missing(config_get()->text[CONFIG_COUNTERS], why);
	else if (!ok)
		prof_note("No counter could be started.");
	__atomic_store_n(&library, ok ? RUNNING : NONE, __ATOMIC_RELEASE);
	return ok;
}

/* While one thread starts the library, others go without. */
static void start_thread(struct thread *t)
{
	enum library now = __atomic_load_n(&library, __ATOMIC_ACQUIRE);
	enum library untried = UNTRIED;
	bool ok;

	t->event_set = PAPI_NULL;
	if (now == STARTING)
		return;
	if (now == RUNNING && prof_clock() < __atomic_load_n(&next_set_raw, __ATOMIC_RELAXED)) {
		t->pub.next_costly_raw = __atomic_load_n(&next_set_raw, __ATOMIC_RELAXED);
		return;
	}
	if (now == UNTRIED) {
		if (!__atomic_compare_exchange_n(&library, &untried, STARTING, false, __ATOMIC_ACQ_REL,
		                                 __ATOMIC_ACQUIRE))
			return;
		ok = start_first(t);
	} else {
		ok = now == RUNNING && further_set(t);
		if (now == RUNNING && !ok)
			prof_note("A thread has no counters of its own: PAPI refused them.");
	}
	t->counters_state = ok ? COUNTERS_RUNNING : COUNTERS_NONE;
	t->pub.next_costly_raw = ok ? 0 : NEVER;
}

void counters_prepare(struct thread *t)
{
	uint64_t start = prof_clock();
	struct guard g;

	if (t->counters_state != COUNTERS_UNTRIED || t->pub.busy || start < t->pub.next_costly_raw)
		return;
	__atomic_store_n(&t->pub.busy, 1, __ATOMIC_RELAXED);
	guard_calm(&g);
	start_thread(t);
	guard_uncalm(&g);
	__atomic_store_n(&t->pub.busy, 0, __ATOMIC_RELAXED);
	recorder_spent(start);
}

void counters_detach(struct thread *t)
{
	long long values[PROF_MAX_COUNTERS];

	if (t->counters_state != COUNTERS_RUNNING)
		return;
	t->counters_state = COUNTERS_NONE;
	papi.stop(t->event_set, values);
	drop_set(&t->event_set);
	papi.unregister_thread();
}

void counters_end(void)
{
	if (are_wanted() && __atomic_load_n(&library, __ATOMIC_RELAXED) == UNTRIED)
		note_add("The run was too short for counters to be worth their start; "
		         "those named in PROFSHIM_COUNTERS are started at once.");
}

void counters_after_fork(void)
{
	library = UNTRIED;
	n_names = 0;
	next_set_raw = 0;
}

/* ---- readings ---- */

void prof_counters_read(struct prof_thread *pub, struct prof_counter_values *v)
{
	struct thread *t = thread_of(pub);
	long long values[PROF_MAX_COUNTERS];
	struct guard g;

	v->valid = false;
	if (t->counters_state == COUNTERS_UNTRIED)
		counters_prepare(t);
	if (t->counters_state != COUNTERS_RUNNING || pub->busy)
		return;
	guard_calm(&g);
	v->valid = papi.read(t->event_set, values) == PAPI_OK;
	guard_uncalm(&g);
	for (unsigned i = 0; v->valid && i < counters_number(); i++)
		v->value[i] = (uint64_t)values[i];
}

/* Counters only grow; one that seems to have shrunk (it was multiplexed, and
 * scaled) did not count. */
static unsigned differences(uint64_t *deltas, const struct prof_counter_values *start,
                            const struct prof_counter_values *end)
{
	unsigned n = counters_number();

	for (unsigned i = 0; i < n; i++)
		deltas[i] = end->value[i] > start->value[i] ? end->value[i] - start->value[i] : 0;
	return n;
}

void prof_record_counted(struct prof_thread *t, uint32_t desc, uint64_t raw_start, uint64_t raw_end,
                         const struct prof_counter_values *at_start)
{
	struct prof_counter_values at_end = {.valid = false};
	uint64_t deltas[PROF_MAX_COUNTERS];
	struct thread *thread = thread_of(t);
	unsigned n;

	if (at_start->valid)
		prof_counters_read(t, &at_end);
	if (!at_end.valid || t->busy || desc == PROF_NO_DESC) {
		prof_record(t, desc, raw_start, raw_end);
		return;
	}
	n = differences(deltas, at_start, &at_end);
	__atomic_store_n(&t->busy, 1, __ATOMIC_RELAXED);
	if (t->p <= __atomic_load_n(&t->limit, __ATOMIC_RELAXED) || prof_thread_more(t)) {
		thread->chunk.head->n_counters = (uint8_t)n;
		__atomic_store_n(&t->p,
		                 prof_put_op(&t->stream, t->p, desc, prof_ticks(t, raw_start),
		                             prof_ticks(t, raw_end), deltas, n),
		                 __ATOMIC_RELEASE);
		t->records++;
	} else {
		t->lost++;
	}
	__atomic_store_n(&t->busy, 0, __ATOMIC_RELAXED);
	t->next_costly_raw = prof_clock() + interval_raw;
}
