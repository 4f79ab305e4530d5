/* counter_set.c: the events that are counted, and threads' sets of them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Events are tried one by one, as what a machine counts is known by trying
 * alone. When some are left over because its counters are taken, all are tried
 * once more in a set that PAPI multiplexes: the kernel then lets events take
 * turns and PAPI scales what they counted, which is an estimate.
 */
#include "runtime/counters/counter_set.h"

#include <stdio.h>
#include <string.h>

#include "runtime/config.h"
#include "runtime/cost.h"
#include "runtime/counters/counters.h"
#include "runtime/counters/counters_papi.h"
#include "runtime/process/facts.h"
#include "runtime/foreign.h"
#include "runtime/guard.h"
#include "runtime/memory.h"
#include "runtime/trace/meta.h"
#include "runtime/trace/note.h"
#include "runtime/recorder.h"
#include "runtime/recorder_state.h"
#include "runtime/say.h"

#define TIMED_READS   16u
#define HARDWARE_LIST "PAPI_TOT_CYC,PAPI_TOT_INS,PAPI_L3_TCM,PAPI_BR_MSP"
#define SOFTWARE_LIST "perf::TASK-CLOCK,perf::PAGE-FAULTS,perf::CONTEXT-SWITCHES"
#define NOT_TAKEN     PROF_MAX_COUNTERS

/* What is needed while events are chosen; too large for a program's stack. */
struct choice {
	struct counter_plan plan;
	struct counter_places places;
	unsigned slot[PLAN_EVENTS]; /* which counter an event became, or NOT_TAKEN */
	int why[PLAN_EVENTS];       /* PAPI's answer when it became none */
	char text[PLAN_FORMULA_BYTES * 2];
};

const struct counter_places *counter_set_places;

static char names[PROF_MAX_COUNTERS][PLAN_NAME_BYTES]; /* settled by the first thread */
static unsigned n_names;                               /* atomic */
static bool multiplexed;
static double read_ns;
static uint64_t own[PROF_MAX_COUNTERS]; /* what a reading adds to each counter */
static struct choice *choice;           /* while the first set is made */

unsigned counters_number(void)
{
	return __atomic_load_n(&n_names, __ATOMIC_ACQUIRE);
}

/* ---- telling ---- */

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

void counter_set_tell_missing(const char *name, const char *why)
{
	tell(name, PROF_COUNTER_MISSING, ~0u, why);
	prof_say(1, "counter %s: %s", name, why);
}

/* On standard error whatever the verbosity, as mistakes in the environment are. */
static void complain(const char *sentence)
{
	struct guard g;

	if (!guard_enter(&g))
		return;
	if (!config_get()->verbose)
		say_line(sentence); /* else the note is said */
	note_add("%s", sentence);
	guard_leave(&g);
}

/* What the kernel itself counts, as PAPI names it. */
static bool is_software(const char *name)
{
	static const char *const counted[] = {
	        "CPU-CLOCK",       "TASK-CLOCK",   "PAGE-FAULTS",      "FAULTS",
	        "MINOR-FAULTS",    "MAJOR-FAULTS", "CONTEXT-SWITCHES", "CS",
	        "CPU-MIGRATIONS",  "MIGRATIONS",   "ALIGNMENT-FAULTS", "EMULATION-FAULTS",
	        "CGROUP-SWITCHES", "BPF-OUTPUT"};
	const char *part = strstr(name, "::");
	size_t bytes;

	if (strncmp(name, "perf::", 6) != 0 && strncmp(name, "perf_sw::", 9) != 0)
		return false;
	part += 2;
	if (strncmp(part, "PERF_COUNT_SW_", 14) == 0)
		return true;
	bytes = strcspn(part, ":");
	for (unsigned i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		if (strlen(counted[i]) == bytes && memcmp(part, counted[i], bytes) == 0)
			return true;
	return false;
}

/* ---- trying ---- */

static void destroy(int *set)
{
	if (*set == PAPI_NULL)
		return;
	papi.cleanup_eventset(*set);
	papi.destroy_eventset(set);
	*set = PAPI_NULL;
}

/* A set of the component that counts `first`, multiplexed if asked for. */
static bool create(int *set, bool multiplex, const char *first)
{
	int component;

	*set = PAPI_NULL;
	if (papi.create_eventset(set) != PAPI_OK)
		return false;
	if (!multiplex)
		return true;
	component = papi_component_of(first);
	if (component >= 0 && papi.assign_eventset_component(*set, component) == PAPI_OK
	    && papi.set_multiplex(*set) == PAPI_OK)
		return true;
	destroy(set);
	return false;
}

/* Add the first alternative that the machine has. */
static int add_event(int set, const struct plan_event *event, char taken[PLAN_NAME_BYTES])
{
	int first = PAPI_ENOEVNT;

	for (unsigned i = 0; plan_alternative(event, i, taken); i++) {
		int rc = papi.query_named_event(taken);

		if (rc == PAPI_OK)
			rc = papi.add_named_event(set, taken);
		if (rc == PAPI_OK)
			return rc;
		if (first == PAPI_ENOEVNT)
			first = rc; /* one that exists tells more than one that doesn't */
	}
	return first;
}

/* How many of the plan's events became counters. */
static unsigned add_all(int set)
{
	unsigned n = 0;

	for (unsigned i = 0; i < choice->plan.n_events; i++) {
		char taken[PLAN_NAME_BYTES];
		int rc = n < PROF_MAX_COUNTERS ? add_event(set, &choice->plan.events[i], taken) : PAPI_ECOUNT;

		choice->slot[i] = rc == PAPI_OK ? n : NOT_TAKEN;
		choice->why[i] = rc;
		if (rc == PAPI_OK)
			memcpy(names[n++], taken, PLAN_NAME_BYTES);
	}
	return n;
}

static bool is_crowded(void)
{
	for (unsigned i = 0; i < choice->plan.n_events; i++)
		if (choice->why[i] == PAPI_ECNFLCT || choice->why[i] == PAPI_ECOUNT)
			return true;
	return false;
}

/* Once more, with events that take turns; kept when that counts more of them. */
static unsigned try_multiplexed(int *set, unsigned n)
{
	char first[PLAN_NAME_BYTES];
	int crowd;
	unsigned more;

	memcpy(first, names[0], sizeof(first));
	if (papi.multiplex_init() != PAPI_OK || !create(&crowd, true, first))
		return n;
	more = add_all(crowd);
	multiplexed = more > n;
	if (multiplexed) {
		destroy(set);
		*set = crowd;
		return more;
	}
	destroy(&crowd);
	destroy(set);
	return create(set, false, NULL) ? add_all(*set) : 0;
}

static const struct counter_places *places(void)
{
	return counter_set_places ? counter_set_places : &choice->places;
}

static unsigned try_list(int *set, const char *list)
{
	unsigned n;

	memset(&choice->plan, 0, sizeof(choice->plan));
	counter_plan_make(&choice->plan, list, places(), complain);
	if (!create(set, false, NULL))
		return 0;
	n = add_all(*set);
	if (n && is_crowded())
		n = try_multiplexed(set, n);
	if (!n)
		destroy(set);
	return n;
}

/* ---- what was chosen ---- */

/* A plain name that nobody knows may be a group's, mistyped. */
static void tell_unknown(const struct plan_event *event)
{
	const char *folder = places()->folder;

	snprintf(choice->text, sizeof(choice->text),
	         "PROFSHIM_COUNTERS has \"%.80s\", which is no counter group of %.300s and no event of this "
	         "machine",
	         event->names, *folder ? folder : "this installation");
	complain(choice->text);
}

/* In what ways PAPI says that it has no event of a name; a machine without counters of
 * its own has several. */
static bool is_unknown(int why)
{
	return why == PAPI_ENOEVNT || why == PAPI_ECMP || why == PAPI_ENOSUPP || why == PAPI_ECMP_DISABLED;
}

static void tell_what_is_missing(void)
{
	for (unsigned i = 0; i < choice->plan.n_events; i++) {
		const struct plan_event *e = &choice->plan.events[i];
		char name[PLAN_NAME_BYTES];

		if (choice->slot[i] != NOT_TAKEN || !plan_alternative(e, 0, name))
			continue;
		counter_set_tell_missing(name, papi.strerror(choice->why[i]));
		if (e->is_plain && is_unknown(choice->why[i]) && !strstr(name, "::")
		    && strncmp(name, "PAPI_", 5) != 0)
			tell_unknown(e);
	}
}

static const char *taken_name(unsigned event)
{
	return choice->slot[event] == NOT_TAKEN ? NULL : names[choice->slot[event]];
}

static void tell_groups(void)
{
	const struct counter_plan *plan = &choice->plan;

	if (!plan->groups[0])
		return;
	prof_fact("counters.family", plan->family);
	prof_fact("counters.groups", plan->groups);
	for (unsigned i = 0; i < plan->n_metrics; i++) {
		const struct plan_metric *m = &plan->metrics[i];
		char key[128];
		int bytes = snprintf(choice->text, sizeof(choice->text), "%s = ", m->unit);

		snprintf(key, sizeof(key), "counters.metric.%s.%s", m->group, m->name);
		if (plan_formula(plan, m, taken_name, choice->text + bytes,
		                 sizeof(choice->text) - (size_t)bytes))
			prof_fact(key, choice->text);
	}
}

/* Whether readings are made in user mode, by an instruction. */
static void tell_fast_read(unsigned n)
{
	const PAPI_component_info_t *info = NULL;
	bool hardware = false;
	int component;

	for (unsigned i = 0; i < n; i++)
		hardware |= !is_software(names[i]);
	component = papi_component_of(names[0]);
	if (component >= 0)
		info = papi.get_component_info(component);
	if (!hardware)
		prof_fact("counters.fast_read", "no: the kernel's own counters are read by system calls");
	else if (!info || !info->fast_counter_read)
		prof_fact("counters.fast_read", "no: PAPI reads by system calls here");
	else if (multiplexed)
		prof_fact("counters.fast_read", "no: multiplexed events are read by system calls");
	else
		prof_fact("counters.fast_read", "yes: PAPI reads with an instruction of user mode");
}

static void tell_multiplexed(unsigned n)
{
	char text[96];

	if (!multiplexed)
		return;
	snprintf(text, sizeof(text), "%u events take turns on fewer counters; values are estimates", n);
	prof_fact("counters.multiplexed", text);
}

static void tell_sampling(void)
{
	const struct config *config = config_get();
	char percent[32];

	snprintf(percent, sizeof(percent), "%g", config->budget);
	prof_fact("sampling.budget_percent", percent);
	prof_fact(
	        "sampling.counters",
	        config->budget >= 100
	                ? "every operation"
	                : "the first operation of a kind on any thread, then one at random in every n of the "
	                  "kind's operations on a thread, n a power of two such that its readings take at "
	                  "most "
	                  "half of the budget's share of the kind's time; threads of a group read the same "
	                  "operations; none while a thread's readings have taken more than that of its time");
}

/* A multiplexed counter jumps: nothing can be said of one reading. */
static void tell_own(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char key[sizeof("counters.own.") + PLAN_NAME_BYTES], text[32];

		if (multiplexed || own[i] == ~0ull)
			own[i] = 0;
		if (!own[i])
			continue;
		snprintf(key, sizeof(key), "counters.own.%.127s", names[i]);
		snprintf(text, sizeof(text), "%llu", (unsigned long long)own[i]);
		prof_fact(key, text);
	}
}

static void settle(unsigned n, uint64_t reading_raw)
{
	struct guard g;

	read_ns = (double)reading_raw * clock_raw_ns(&recorder.clock);
	for (unsigned i = 0; i < n; i++)
		tell(names[i], is_software(names[i]) ? PROF_COUNTER_SOFTWARE : PROF_COUNTER_HARDWARE, i,
		     multiplexed ? "multiplexed: an estimate" : "");
	tell_groups();
	tell_multiplexed(n);
	tell_own(n);
	tell_fast_read(n);
	tell_sampling();
	if (guard_enter(&g)) {
		cost_add("counters_ns", read_ns);
		guard_leave(&g);
	}
	__atomic_store_n(&n_names, n, __ATOMIC_RELEASE);
}

/* The shortest of some readings, as they are made; whatever disturbs makes one
 * longer. What one counts of itself is likewise the least seen between two. */
static uint64_t time_reading(int set)
{
	long long values[2][PROF_MAX_COUNTERS] = {{0}};
	uint64_t best = ~0ull;

	memset(own, 0xff, sizeof(own));
	for (unsigned i = 0; i < TIMED_READS; i++) {
		const long long *before = values[(i + 1) % 2], *now = values[i % 2];
		uint64_t start = prof_clock(), took;
		struct guard calm;
		int rc;

		if (!foreign_enter(&calm))
			return 0;
		rc = papi.read(set, values[i % 2]);
		foreign_leave(&calm);
		if (rc != PAPI_OK)
			return 0;
		took = prof_clock() - start;
		best = took < best ? took : best;
		for (unsigned k = 0; i && k < PROF_MAX_COUNTERS; k++)
			if (now[k] >= before[k] && (uint64_t)(now[k] - before[k]) < own[k])
				own[k] = (uint64_t)(now[k] - before[k]);
	}
	return best;
}

/* ---- sets ---- */

const uint64_t *counter_set_own(void)
{
	return own;
}

static bool choose(int *set)
{
	const char *list = config_get()->text[CONFIG_COUNTERS];
	uint64_t reading_raw;
	unsigned n;

	if (!counter_set_places)
		counter_places_find(&choice->places);
	if (strcmp(list, "auto") != 0)
		n = try_list(set, list);
	else if (!(n = try_list(set, HARDWARE_LIST))) {
		tell_what_is_missing();
		n = try_list(set, SOFTWARE_LIST);
	}
	tell_what_is_missing();
	if (!n)
		return false;
	if (papi.start(*set) != PAPI_OK || !(reading_raw = time_reading(*set))) {
		destroy(set);
		return false;
	}
	settle(n, reading_raw);
	return true;
}

bool counter_set_first(int *set)
{
	bool ok;

	*set = PAPI_NULL;
	multiplexed = false;
	choice = memory_pages(sizeof(*choice));
	if (!choice)
		return false;
	ok = choose(set);
	memory_unpages(choice, sizeof(*choice));
	choice = NULL;
	return ok;
}

bool counter_set_make(int *set)
{
	papi.register_thread();
	if (!create(set, multiplexed, names[0]))
		return false;
	for (unsigned i = 0; i < counters_number(); i++)
		if (papi.add_named_event(*set, names[i]) != PAPI_OK)
			goto drop;
	if (papi.start(*set) == PAPI_OK)
		return true;
drop:
	destroy(set);
	return false;
}

void counter_set_drop(int *set)
{
	long long values[PROF_MAX_COUNTERS];

	papi.stop(*set, values);
	destroy(set);
	papi.unregister_thread();
}

void counter_set_after_fork(void)
{
	__atomic_store_n(&n_names, 0, __ATOMIC_RELAXED);
}
