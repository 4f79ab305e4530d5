/* runtime.c: the recorder comes, runs and goes.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/call_site/call_site.h"
#include "runtime/trace/checksum.h"
#include "runtime/config.h"
#include "runtime/cost.h"
#include "runtime/counters/counters.h"
#include "runtime/energy/energy.h"
#include "runtime/process/facts.h"
#include "runtime/filter.h"
#include "runtime/foreign.h"
#include "runtime/guard.h"
#include "runtime/process/job.h"
#include "runtime/trace/meta.h"
#include "runtime/trace/note.h"
#include "runtime/trace/output.h"
#include "runtime/process/process.h"
#include "runtime/record_switch.h"
#include "runtime/recorder.h"
#include "runtime/recorder_state.h"
#include "runtime/process/run_id.h"
#include "runtime/say.h"
#include "runtime/step.h"
#include "runtime/clock/sync.h"
#include "runtime/thread.h"

struct recorder recorder;

static struct guard fork_guard; /* of the thread that forks; lock held */
static __thread bool fork_guarded __attribute__((tls_model("initial-exec")));

void recorder_set_phase(enum recorder_phase phase)
{
	__atomic_store_n(&recorder.state, phase, __ATOMIC_RELEASE);
}

/* Which run this is, found at the latest before a child is made: by then its
 * ancestors may be gone. */
static void find_run(void)
{
	static bool known;

	if (!known)
		run_id_find(config_get()->text[CONFIG_RUN], recorder.run_id);
	known = true;
}

/* ---- the file ---- */

static void fill_header(struct prof_file_header *h)
{
	double raw_ns = clock_raw_ns(&recorder.clock);

	__atomic_store(&recorder.clock.raw_ns, &raw_ns,
	               __ATOMIC_RELAXED); /* what later syncs are compared with */
	memset(h, 0, sizeof(*h));
	memcpy(h->magic, PROF_TRACE_MAGIC, sizeof(h->magic));
	h->version = PROF_TRACE_VERSION;
	h->header_bytes = sizeof(*h);
	h->clock_kind = recorder.clock.kind;
	h->tick_shift = recorder.clock.tick_shift;
	h->tick_ns_estimate = raw_ns * (double)(1u << recorder.clock.tick_shift);
	h->epoch_raw = recorder.clock.epoch_raw;
	h->epoch_realtime_ns = recorder.clock.epoch_realtime_ns;
	h->epoch_monotonic_ns = recorder.clock.epoch_monotonic_ns;
	memcpy(h->run_id, recorder.run_id, sizeof(h->run_id));
	h->pid = (uint32_t)getpid();
	h->ppid = (uint32_t)getppid();
	h->checksum = checksum_64(h, offsetof(struct prof_file_header, pid));
}

bool recorder_open(void)
{
	static bool knows_host;
	struct prof_file_header header;
	struct output_why why;

	find_run();
	fill_header(&header);
	if (!output_open(config_get()->text[CONFIG_OUTPUT], &header, &why)) {
		recorder_halt(why.text);
		return false;
	}
	if (!knows_host)
		facts_collect();
	knows_host = true;
	recorder_set_phase(RECORDER_OPEN);
	if (!meta_open())
		return false;
	energy_sample_now(prof_clock());
	sync_now();
	cost_measure();
	return recorder.state == RECORDER_OPEN;
}

void recorder_halt(const char *why)
{
	char sentence[OUTPUT_WHY_BYTES + 64];

	if (recorder.state == RECORDER_STOPPED || recorder.state == RECORDER_ENDED)
		return;
	recorder_set_phase(RECORDER_STOPPED);
	thread_halt_all();
	snprintf(sentence, sizeof(sentence), "recording stops: %s", why);
	note_last(sentence);
	ending_stopped();
	output_set_state(PROF_STATE_STOPPED);
	say_line(sentence);
}

void prof_stop(const char *why)
{
	struct guard g;

	if (!guard_enter(&g))
		return;
	recorder_halt(why);
	guard_leave(&g);
}

/* ---- fork ---- */

/* The lock is held across fork(), so that the child's copy of everything is
 * in order. */
void prof_runtime_fork_begin(void)
{
	struct guard g;

	foreign_before_fork();
	fork_guarded = guard_enter(&g);
	if (!fork_guarded)
		return;
	fork_guard = g;
	find_run();
	process_keep(true);
}

void prof_runtime_fork_parent(void)
{
	struct guard g = fork_guard;

	foreign_after_fork_parent();
	if (!fork_guarded)
		return;
	process_keep(false);
	guard_leave(&g);
}

/* The mappings are shared with the parent, who goes on writing into them: let
 * go of them without a touch. The child's own trace begins when it records. */
static void begin_anew(void)
{
	meta_restart();
	output_forget();
	counters_after_fork();
	energy_after_fork();
	step_after_fork();
	say_after_fork();
	recorder.records = recorder.lost = recorder.skipped = recorder.slow_raw = 0;
	memset(&recorder.work, 0, sizeof(recorder.work));
	recorder_set_phase(RECORDER_ARMED);
}

void prof_runtime_fork_child(void)
{
	struct guard g = fork_guard;

	foreign_after_fork_child();
	if (!fork_guarded)
		return;
	process_is_mine_now();
	process_keep(false);
	if (recorder.state == RECORDER_OPEN || recorder.state == RECORDER_ARMED) {
		thread_after_fork();
		begin_anew();
	}
	guard_reset();
	guard_uncalm(&g);
}

void recorder_orphan(bool torn)
{
	bool was_on = recorder.state == RECORDER_OPEN || recorder.state == RECORDER_ARMED;

	process_is_mine_now();
	foreign_after_fork_child();
	thread_orphan();
	if (was_on && !torn)
		begin_anew();
	if (!was_on || !torn)
		return;
	recorder_set_phase(RECORDER_ENDED);
	prof_thread_current = NULL;
	say_line("a child made by clone() while another thread kept the recorder busy is not recorded");
}

/* ---- start and stop ---- */

void prof_runtime_start(void)
{
	struct guard g;

	if (recorder_phase() != RECORDER_OFF || !guard_enter(&g))
		return;
	say_start();
	config_start();
	job_start();
	process_start();
	clock_start(&recorder.clock);
	thread_start();
	if (pthread_atfork(prof_runtime_fork_begin, prof_runtime_fork_parent, prof_runtime_fork_child) == 0) {
		recorder_set_phase(RECORDER_ARMED);
		sync_now();
		record_switch_start();
		filter_start();
	}
	guard_leave(&g);
}
