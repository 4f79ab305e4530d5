/* record_switch.c: PROFSHIM_RECORD obeyed.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Steps and the signal switch for all threads, regions for the thread that
 * opened them. The signal is taken only when nobody has: a program that sets a
 * handler of its own later has it, and that is told in the trace.
 */
#include "runtime/record_switch.h"

#include <prof/record_switch.h>
#include <stdio.h>

#include "runtime/config.h"
#include "runtime/trace/note.h"
#include "runtime/recorder.h"
#include "runtime/say.h"
#include "runtime/thread.h"

uint32_t prof_switched;

static struct prof_switch sw;

/* In somebody else's thread, at any moment: one store, nothing else. */
static void toggle(int number)
{
	(void)number;
	__atomic_xor_fetch(&prof_switched, PROF_SWITCH_SIGNAL_OFF, __ATOMIC_RELAXED);
}

static void switch_to(uint32_t what, bool on)
{
	if (on)
		__atomic_and_fetch(&prof_switched, ~what, __ATOMIC_RELAXED);
	else
		__atomic_or_fetch(&prof_switched, what, __ATOMIC_RELAXED);
}

static bool is_ours(const struct sigaction *action)
{
	return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == toggle;
}

/* SA_RESTART and SA_ONSTACK: the program's calls go on, and a thread with a
 * small stack is served where it wants to be. */
static void take_signal(void)
{
	struct sigaction now, ours = {.sa_handler = toggle, .sa_flags = SA_RESTART | SA_ONSTACK};

	if (!sw.signal_number)
		return;
	switch_to(PROF_SWITCH_SIGNAL_OFF, sw.begins_on);
	sigemptyset(&ours.sa_mask);
	if (sigaction(sw.signal_number, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO)
	    && now.sa_handler == SIG_DFL && sigaction(sw.signal_number, &ours, NULL) == 0)
		return;
	if (is_ours(&now))
		return;
	note_add("The signal of %s is taken or ignored already: it does not switch recording.",
	         config_name(CONFIG_RECORD));
}

void record_switch_start(void)
{
	const char *text = config_get()->text[CONFIG_RECORD];
	struct prof_text_error error;
	char sentence[256];

	if (!prof_switch_parse(text, &sw, &error)) {
		snprintf(sentence, sizeof(sentence), "%s: column %u: '%.*s' %s; everything is recorded",
		         config_name(CONFIG_RECORD), (unsigned)error.at + 1,
		         (int)strcspn(text + error.at, ","), text + error.at, error.what);
		say_line(sentence);
		return;
	}
	__atomic_store_n(&prof_switched,
	                 (sw.n_steps ? PROF_SWITCH_STEPS_OFF : 0) | (sw.n_regions ? PROF_SWITCH_REGIONS : 0),
	                 __ATOMIC_RELAXED);
	take_signal();
}

void record_switch_end(void)
{
	struct sigaction now;

	if (sw.signal_number && sigaction(sw.signal_number, NULL, &now) == 0 && !is_ours(&now))
		note_add(
		        "The program has a use of its own for the signal of %s: it did not switch recording.",
		        config_name(CONFIG_RECORD));
}

bool record_switch_step_begins(uint64_t number)
{
	bool on = prof_switch_has_step(&sw, number);

	switch_to(PROF_SWITCH_STEPS_OFF, on);
	return on;
}

void record_switch_step_ended(uint64_t next)
{
	if (!prof_switch_has_step(&sw, next))
		switch_to(PROF_SWITCH_STEPS_OFF, false);
}

bool record_switch_names(const char *name, const char *path)
{
	for (unsigned i = 0; i < sw.n_regions; i++)
		if (prof_glob_match(sw.region[i], sw.region_bytes[i], name)
		    || prof_glob_match(sw.region[i], sw.region_bytes[i], path))
			return true;
	return false;
}
