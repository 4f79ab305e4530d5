/* ending.c: the last record of a trace, whichever way its program ends.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Threads may still run when it is written. They are halted first; what they
 * were about to record then is not in the trace.
 */
#include "runtime/cost.h"
#include "runtime/counters/counters.h"
#include "runtime/energy/energy.h"
#include "runtime/guard.h"
#include "runtime/trace/meta.h"
#include "runtime/trace/note.h"
#include "runtime/trace/output.h"
#include "runtime/process/process.h"
#include "runtime/record_switch.h"
#include "runtime/recorder.h"
#include "runtime/recorder_state.h"
#include "runtime/say.h"
#include "runtime/step.h"
#include "runtime/clock/sync.h"
#include "runtime/thread.h"

static struct prof_meta_end end_record(enum prof_end_reason reason)
{
	struct thread_sums sums = thread_sums();

	return (struct prof_meta_end){.tick = recorder_ticks(prof_clock()),
	                              .records = sums.records,
	                              .lost = sums.lost,
	                              .skipped = sums.skipped,
	                              .reason = (uint32_t)reason};
}

void ending_stopped(void)
{
	struct prof_meta_end m = end_record(PROF_END_STOPPED);
	struct iovec part = {&m, sizeof(m)};

	meta_add_last(PROF_META_END, &part, 1);
}

static void write_end(enum prof_end_reason reason)
{
	struct recorder_work work;
	struct prof_meta_end m;
	struct iovec part = {&m, sizeof(m)};

	energy_sample_now(prof_clock());
	sync_now();
	thread_halt_all();
	thread_seal_all();
	thread_work(&work);
	cost_total(&work);
	m = end_record(reason);
	meta_add(PROF_META_END, &part, 1);
}

static void tell_dropped(void)
{
	if (say_dropped())
		note_add("Standard error was full: %u lines of the recorder's were dropped.", say_dropped());
}

/* For good: nothing is recorded any more. */
static void finish(enum prof_end_reason reason)
{
	struct guard g;

	energy_prepare();
	if (!guard_enter(&g))
		return;
	/* A vforked child lives in our memory, but the end is not ours. */
	if (process_is_mine() && recorder.state == RECORDER_OPEN) {
		thread_halt_all();
		step_finish();
		record_switch_end();
		counters_end();
		energy_end();
		tell_dropped();
		write_end(reason);
		if (recorder.state == RECORDER_OPEN) {
			meta_close();
			output_set_state(PROF_STATE_CLOSED);
			prof_say(1, "the trace is %s", output_path());
		}
	}
	if (process_is_mine() && recorder.state != RECORDER_STOPPED)
		recorder_set_phase(RECORDER_ENDED);
	guard_leave(&g);
}

void prof_runtime_stop(void)
{
	finish(PROF_END_EXIT);
}

void prof_runtime_leave(void)
{
	if (recorder_phase() == RECORDER_OPEN)
		finish(PROF_END_QUICK_EXIT);
}

/* ---- exec, which may fail ---- */

static struct meta_mark before_exec;

bool prof_runtime_exec_begin(void)
{
	struct guard g;

	if (recorder_phase() != RECORDER_OPEN || !guard_enter(&g))
		return false;
	if (recorder.state != RECORDER_OPEN || !process_is_mine() || !meta_mark(&before_exec)) {
		guard_leave(&g);
		return false;
	}
	write_end(PROF_END_EXEC);
	if (recorder.state == RECORDER_OPEN)
		output_set_state(PROF_STATE_CLOSED);
	guard_lend(&g); /* the new program gets the signals that this one had; the lock stays */
	return true;
}

void ending_take_back(void)
{
	if (recorder.state != RECORDER_OPEN)
		return;
	output_set_state(PROF_STATE_OPEN);
	meta_rewind(&before_exec);
}

void prof_runtime_exec_failed(void)
{
	struct guard g;

	if (!guard_return(&g))
		return;
	ending_take_back();
	guard_leave(&g);
}
