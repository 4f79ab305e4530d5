/* energy.c: the energy meters of the machine: choice, samples, facts.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/energy/energy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/config.h"
#include "runtime/energy/energy_facts.h"
#include "runtime/energy/energy_papi.h"
#include "runtime/energy/energy_sampler.h"
#include "runtime/energy/energy_source.h"
#include "runtime/process/files.h"
#include "runtime/foreign.h"
#include "runtime/guard.h"
#include "runtime/memory.h"
#include "runtime/trace/meta.h"
#include "runtime/trace/note.h"
#include "runtime/recorder_state.h"

#define APART_NS      5000000u
#define PERIOD_NS     10000000.0 /* RAPL has a new value every millisecond; a token takes tens of them */
#define PERIOD_MAX_NS 1e9
#define BUDGET_SHARE  0.05 /* of PROFSHIM_BUDGET is for the thread */
#define TIMED_ROUNDS  3
#define AUTO          "auto"
#define STEPS         "steps"
#define PAPI          "papi"
#define NONE          "none"

static const struct energy_source *const sources[] = {&energy_powercap, &energy_hwmon, &energy_battery};

#define SOURCES (sizeof(sources) / sizeof(sources[0]))

enum papi_state { PAPI_UNWANTED, PAPI_WANTED, PAPI_OPENING, PAPI_OPEN, PAPI_NONE };

static struct energy_meter *meters;
static unsigned n_meters;
static enum prof_energy_source source;
static bool looked;
static bool unreadable;
static uint64_t last_ns;
static uint64_t began_raw;         /* when energy began to count */
static uint64_t period_ns;         /* of the thread, 0: there is none */
static bool is_due;                /* in a forked child: all begins anew */
static bool is_left;               /* in a forked child: PAPI's meters are its parent's */
static enum papi_state papi_state; /* atomic */
static struct {
	uint32_t busy; /* atomic: somebody asks PAPI */
	bool fresh;    /* values not yet written down */
	unsigned failures;
	uint64_t raw, values[ENERGY_PAPI_MAX];
} asked;

/* ---- choice ---- */

static const char *wanted(void)
{
	return config_get()->text[CONFIG_ENERGY];
}

static bool is_wanted(const char *name)
{
	return strcmp(wanted(), name) == 0;
}

static bool is_any_wanted(void)
{
	return is_wanted(AUTO) || is_wanted(STEPS) || !*wanted();
}

static void write_sample(unsigned i, uint64_t raw, double sum_uj)
{
	struct prof_meta_energy_sample m = {.tick = recorder_ticks(raw), .domain = i + 1};
	struct iovec part = {&m, sizeof(m)};

	m.energy_uj = (uint64_t)(sum_uj + 0.5);
	meta_add(PROF_META_ENERGY_SAMPLE, &part, 1);
}

static void write_reading(const struct poll_reading *r)
{
	if (r->meter < n_meters)
		write_sample(r->meter, r->raw, r->sum_uj);
}

/* When a reading counts as made: at the border that it is for, some
 * microseconds earlier, but never before the meter's last one. */
static uint64_t stamp(const struct energy_meter *m, uint64_t border)
{
	return m->has_last && (int64_t)(m->last_raw - border) > 0 ? m->last_raw : border;
}

/* One reading of all by this thread, and its samples, behind those of the
 * other. Descriptors are opened anew, as programs close those that they do not
 * know. */
static void read_here(bool write, uint64_t border)
{
	bool may = poll_try(&energy_shared); /* else the thread reads them at this moment */
	struct meter_fds fds;

	energy_sampler_drain(write_reading);
	for (unsigned i = 0; i < n_meters && may; i++) {
		uint64_t now = stamp(&meters[i], border);

		meter_open(&meters[i], &fds);
		if (meter_read(&meters[i], &fds, now, recorder.clock.raw_ns) == METER_READ && write)
			write_sample(i, now, meters[i].sum_uj);
		meter_close(&fds);
	}
	if (may)
		poll_done(&energy_shared);
}

/* What a round of readings takes, at best: nanoseconds. */
static double round_ns(void)
{
	double best = PERIOD_MAX_NS;

	for (int i = 0; i < TIMED_ROUNDS; i++) {
		uint64_t start = prof_clock();
		double took;

		read_here(false, start);
		took = (double)(prof_clock() - start) * recorder.clock.raw_ns;
		best = took < best ? took : best;
	}
	return best;
}

/* As often as its share of the budget allows, but so that no counter wraps
 * around twice between two readings. */
static uint64_t choose_period(void)
{
	double share = config_get()->budget / 100 * BUDGET_SHARE, period = PERIOD_NS;
	double cost = round_ns() / (share > 0 ? share : 1e-9);

	if (cost > period)
		period = cost < PERIOD_MAX_NS ? cost : PERIOD_MAX_NS;
	for (unsigned i = 0; i < n_meters; i++) {
		double longest = meter_longest_ns(&meters[i]) / 2;

		if (longest > 0 && longest < period)
			period = longest;
	}
	return (uint64_t)(period < 1e6 ? 1e6 : period);
}

/* From here on energy counts, from zero. */
static void start(void)
{
	for (unsigned i = 0; i < n_meters; i++)
		meter_restart(&meters[i]);
	began_raw = prof_clock();
	is_due = false;
	if (!period_ns || energy_sampler_start(meters, n_meters, period_ns))
		return;
	note_add("The energy meters are read at the borders of steps alone: no thread for them can be had "
	         "(%s).",
	         strerrordesc_np(errno));
	period_ns = 0;
}

static void begin(enum prof_energy_source number)
{
	source = number;
	energy_facts_domains(meters, n_meters, source);
	if (!is_wanted(STEPS) && source != PROF_ENERGY_PAPI && config_get()->budget > 0)
		period_ns = choose_period();
	energy_facts_period(period_ns);
	start();
}

static void look_in(const struct energy_source *s)
{
	struct energy_find f = {.meters = meters, .max = POLL_METERS_MAX};

	s->find(&f);
	n_meters = f.n;
	unreadable |= f.unreadable;
	if (n_meters)
		begin(s->number);
}

static void look_in_files(bool past_powercap)
{
	for (unsigned i = past_powercap; i < SOURCES && !n_meters; i++)
		if (is_any_wanted() || is_wanted(sources[i]->name))
			look_in(sources[i]);
	if (n_meters)
		return;
	if (unreadable)
		note_add("The machine has energy meters (below %s/class) that this user may not read.",
		         config_get()->text[CONFIG_SYSFS]);
	else
		note_add("The machine has no energy meters below %s/class%s%s.",
		         config_get()->text[CONFIG_SYSFS], is_any_wanted() ? "" : " of the kind ",
		         is_any_wanted() ? "" : wanted());
}

/* Whether it is worth asking PAPI, which takes milliseconds to start: there are
 * meters that can't be read as files. */
static bool may_papi_know(void)
{
	char path[METER_FOLDER_BYTES], text[16];

	if (unreadable)
		return true;
	energy_path(path, sizeof(path), "bus/event_source/devices/power/type");
	return files_read_line(path, text, sizeof(text)) > 0;
}

static void look(void)
{
	bool is_known = is_any_wanted() || is_wanted(PAPI) || is_wanted(NONE);

	looked = true;
	for (unsigned i = 0; i < SOURCES; i++)
		is_known |= is_wanted(sources[i]->name);
	if (!is_known)
		note_add("PROFSHIM_ENERGY is \"%.32s\", which is no source of energy; none is read.",
		         wanted());
	if (is_wanted(NONE) || !is_known)
		return;
	if (!meters && !(meters = memory_pages(POLL_METERS_MAX * sizeof(*meters))))
		return;
	if (is_any_wanted())
		look_in(&energy_powercap);
	if (is_wanted(PAPI) || (is_any_wanted() && !n_meters && may_papi_know()))
		__atomic_store_n(&papi_state, PAPI_WANTED, __ATOMIC_RELEASE);
	else if (!n_meters)
		look_in_files(is_any_wanted());
}

/* ---- PAPI ---- */

static void open_papi(void)
{
	enum papi_state is_wanted_now = PAPI_WANTED;
	struct energy_find f = {.meters = meters, .max = POLL_METERS_MAX};
	const char *why;
	struct guard g;

	if (!__atomic_compare_exchange_n(&papi_state, &is_wanted_now, PAPI_OPENING, false, __ATOMIC_ACQ_REL,
	                                 __ATOMIC_RELAXED))
		return;
	why = energy_papi_open(&f);
	if (!guard_enter(&g))
		return;
	if (why) {
		if (is_wanted(PAPI))
			note_add("PAPI gives no energy: %s.", why);
		else
			look_in_files(true);
	} else {
		n_meters = f.n;
		begin(PROF_ENERGY_PAPI);
	}
	__atomic_store_n(&papi_state, why ? PAPI_NONE : PAPI_OPEN, __ATOMIC_RELEASE);
	guard_leave(&g);
}

static void ask(void)
{
	if (__atomic_exchange_n(&asked.busy, 1, __ATOMIC_ACQUIRE))
		return;
	asked.raw = prof_clock();
	asked.fresh = energy_papi_read(asked.values);
	asked.failures += !asked.fresh;
	__atomic_store_n(&asked.busy, 0, __ATOMIC_RELEASE);
}

/* Lock held. */
static void take_asked(void)
{
	if (__atomic_exchange_n(&asked.busy, 1, __ATOMIC_ACQUIRE))
		return;
	for (unsigned i = 0; i < n_meters; i++) {
		meters[i].failures += asked.failures;
		if (!asked.fresh)
			continue;
		meter_take(&meters[i], asked.values[i], 1, asked.raw, recorder.clock.raw_ns);
		write_sample(i, asked.raw, meters[i].sum_uj);
	}
	asked.fresh = false;
	asked.failures = 0;
	__atomic_store_n(&asked.busy, 0, __ATOMIC_RELEASE);
}

/* From here on energy counts. */
static void take_first(void)
{
	struct guard g;

	if (!guard_enter(&g))
		return;
	take_asked();
	guard_leave(&g);
}

void energy_prepare(void)
{
	enum papi_state now = __atomic_load_n(&papi_state, __ATOMIC_ACQUIRE);
	struct guard calm;

	if (now != PAPI_WANTED && now != PAPI_OPEN)
		return;
	if (!foreign_enter(&calm))
		return;
	if (now == PAPI_WANTED)
		open_papi();
	if (__atomic_load_n(&papi_state, __ATOMIC_ACQUIRE) == PAPI_OPEN) {
		ask();
		if (now == PAPI_WANTED)
			take_first();
	}
	foreign_leave(&calm);
}

/* ---- samples ---- */

void energy_drain(void)
{
	if (n_meters && source != PROF_ENERGY_PAPI)
		energy_sampler_drain(write_reading);
}

/* The thread finds out late that it can't have descriptors of its own. */
static void tell_refusal(void)
{
	if (!period_ns || energy_sampler_runs())
		return;
	period_ns = 0;
	note_add("The energy meters are read at the borders of steps alone: their thread can't go on.");
}

void energy_sample_now(uint64_t raw)
{
	if (!looked) {
		look();
		raw = prof_clock(); /* that took a while */
	}
	last_ns = prof_clock_monotonic();
	if (is_left)
		note_add("The energy that PAPI reads is in the trace of the process alone that forked this "
		         "one.");
	is_left = false;
	if (!n_meters)
		return;
	if (source == PROF_ENERGY_PAPI) {
		take_asked();
		return;
	}
	if (is_due)
		start();
	tell_refusal();
	read_here(true, raw);
}

void energy_sample(uint64_t raw)
{
	if (!looked || (n_meters && prof_clock_monotonic() - last_ns >= APART_NS))
		energy_sample_now(raw);
}

void energy_end(void)
{
	bool ran = energy_sampler_runs();
	uint64_t now = prof_clock();
	double seconds = (double)(now - began_raw) * recorder.clock.raw_ns * 1e-9;

	energy_sampler_stop();
	period_ns = 0;
	energy_sample_now(now);
	if (n_meters)
		energy_facts_end(meters, n_meters, ran ? seconds : 0);
}

void energy_after_fork(void)
{
	if (source == PROF_ENERGY_PAPI) {
		energy_papi_after_fork();
		papi_state = PAPI_NONE;
		n_meters = 0;
		is_left = true;
	}
	memset(&asked, 0, sizeof(asked));
	energy_sampler_after_fork();
	is_due = true;
	last_ns = 0;
}
