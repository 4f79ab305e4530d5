/* foreign.c: the way into code that is not ours.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Two counts, each raised before the other is looked at: of threads inside,
 * and of threads that are about to fork. Both sides look every 50 us.
 */
#include "runtime/foreign.h"

#include <stdint.h>
#include <time.h>

#include "runtime/busy.h"
#include "runtime/process/process.h"
#include "runtime/recorder.h"

#define LOOK_NS 50000
#define LOOKS   4000

static uint32_t inside, forks; /* atomic */
static bool is_torn, is_told;  /* atomic */
static __thread uint32_t depth __attribute__((tls_model("initial-exec")));
static __thread uintptr_t mark __attribute__((tls_model("initial-exec")));
static __thread uint32_t own_forks __attribute__((tls_model("initial-exec")));

static void pause_shortly(void)
{
	struct timespec look = {0, LOOK_NS};

	nanosleep(&look, NULL);
}

/* A thread that goes in from a handler of its own fork() waits for nobody. */
static bool go_in(void)
{
	for (int i = 0; i < LOOKS; i++) {
		__atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST);
		if (!__atomic_load_n(&forks, __ATOMIC_SEQ_CST) || own_forks)
			return true;
		__atomic_fetch_sub(&inside, 1, __ATOMIC_SEQ_CST);
		pause_shortly();
	}
	return false;
}

/* A child that nobody told us of finds that out by the lock. */
static void meet_orphan(void)
{
	struct guard g;

	if (!__atomic_load_n(&process_state->alive, __ATOMIC_RELAXED) && guard_enter(&g))
		guard_leave(&g);
}

static bool may_go_in(void)
{
	meet_orphan();
	if (depth > 0 && busy_is_left(mark)) { /* by a fault's handler */
		depth = 0;
		__atomic_fetch_sub(&inside, 1, __ATOMIC_SEQ_CST);
		__atomic_store_n(&is_torn, true, __ATOMIC_RELAXED);
	}
	if (!__atomic_load_n(&is_torn, __ATOMIC_RELAXED))
		return true;
	if (!__atomic_exchange_n(&is_told, true, __ATOMIC_RELAXED))
		prof_note("From here on there are no new call sites and no counters: a thread was in the "
		          "loader, libunwind or PAPI when this process was made, or left by a jump, and may "
		          "have left their locks taken.");
	return false;
}

bool foreign_enter(struct guard *calm)
{
	if (!may_go_in())
		return false;
	guard_calm(calm);
	if (depth == 0 && !go_in()) {
		guard_uncalm(calm);
		return false;
	}
	if (depth++ == 0)
		mark = busy_stack_pointer();
	return true;
}

void foreign_leave(const struct guard *calm)
{
	if (--depth == 0)
		__atomic_fetch_sub(&inside, 1, __ATOMIC_SEQ_CST);
	guard_uncalm(calm);
}

/* ---- fork ---- */

static bool are_others_inside(void)
{
	return __atomic_load_n(&inside, __ATOMIC_SEQ_CST) > (depth > 0);
}

void foreign_before_fork(void)
{
	struct guard calm;

	__atomic_fetch_add(&forks, 1, __ATOMIC_SEQ_CST);
	own_forks++;
	guard_calm(&calm);
	for (int i = 0; i < LOOKS && are_others_inside(); i++)
		pause_shortly();
	guard_uncalm(&calm);
}

void foreign_after_fork_parent(void)
{
	own_forks--;
	__atomic_fetch_sub(&forks, 1, __ATOMIC_SEQ_CST);
}

void foreign_after_fork_child(void)
{
	if (are_others_inside())
		is_torn = true;
	inside = depth > 0;
	is_told = false;
	forks = own_forks = 0;
}
