/* guard.c: the way into the recorder's slow paths.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A futex lock of three states (free, held, held and waited for) instead of a
 * pthread mutex: it knows its owner, and a child can reset it. Nobody waits for
 * it without end: whatever went wrong, the program must go on.
 */
#include "runtime/guard.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/busy.h"
#include "runtime/process/process.h"
#include "runtime/recorder_state.h"
#include "runtime/say.h"

enum { FREE, HELD, WAITED_FOR };

#define TURN_NS 1000000

uint32_t guard_turns = 10000;

static const char *lock_owner; /* address of the owner's `self`, */
static uintptr_t lock_stack;   /* and where its stack was */
static bool given_up;          /* atomic */

/* Of the thread that holds the lock while another program is to take this one's
 * place: it may leave by longjmp(), or be cancelled, in the midst of that. */
static pid_t lent_to; /* atomic; 0: nobody */
static uintptr_t lent_stack;
static __thread char self __attribute__((tls_model("initial-exec")));

/* The C library's functions never block the signal that it cancels by, and its
 * handler of it (glibc's up to today) asks whether cancellation is asynchronous,
 * but not whether it is on: one on its way when it was turned off takes effect.
 * Let through are the signal by which setuid() reaches all threads, and those of
 * faults: a program may mend what made them, as by a larger stack or in place of
 * a forbidden system call, and the kernel ends it where they are blocked. */
#define SIGNAL_OF_SETUID 33
#define BIT(signal)      (1ull << ((signal)-1))
#define LET_THROUGH                                                                                          \
	(BIT(SIGNAL_OF_SETUID) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGSEGV)       \
	 | BIT(SIGSYS))

void guard_calm(struct guard *g)
{
	const uint64_t blocked = ~LET_THROUGH;

	g->saved_errno = errno;
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &blocked, &g->signals, sizeof(blocked));
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &g->cancel_state);
}

void guard_uncalm(const struct guard *g)
{
	int ignored;

	pthread_setcancelstate(g->cancel_state, &ignored);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &g->signals, NULL, sizeof(g->signals));
	errno = g->saved_errno;
}

static void give_up(void)
{
	if (__atomic_exchange_n(&given_up, true, __ATOMIC_RELAXED))
		return;
	if (recorder_phase() == RECORDER_ARMED || recorder_phase() == RECORDER_OPEN)
		recorder_set_phase(RECORDER_STOPPED);
	say_line("recording stops: a thread of the program does not come back out of the recorder");
}

/* Whether the lock was lent to a thread that is no more; it is the caller's then. */
static bool take_from_the_dead(void)
{
	pid_t thread = __atomic_load_n(&lent_to, __ATOMIC_ACQUIRE);

	return thread && syscall(SYS_tgkill, syscall(SYS_getpid), thread, 0) < 0 && errno == ESRCH
	       && __atomic_compare_exchange_n(&lent_to, &thread, 0, false, __ATOMIC_ACQ_REL,
	                                      __ATOMIC_RELAXED);
}

/* A turn ends by the clock, or the lock has changed hands meanwhile; else the
 * kernel refuses to wait, and the turn is slept through. */
static bool lock_wait(void)
{
	const struct timespec turn = {0, TURN_NS};
	uint32_t *lock = &process_state->lock;
	uint32_t turns = 0;

	while (__atomic_exchange_n(lock, WAITED_FOR, __ATOMIC_ACQUIRE) != FREE) {
		if (take_from_the_dead()) {
			ending_take_back();
			return true;
		}
		if (turns == guard_turns || __atomic_load_n(&given_up, __ATOMIC_RELAXED)) {
			give_up();
			return false;
		}
		if (syscall(SYS_futex, lock, FUTEX_WAIT_PRIVATE, WAITED_FOR, &turn, NULL, 0) == 0
		    || errno == EAGAIN)
			continue;
		if (errno != ETIMEDOUT)
			nanosleep(&turn, NULL);
		turns++;
	}
	return true;
}

/* In a child that nobody told us of: the lock is free there, but whoever held
 * it in the parent left things half done. */
static void adopt(void)
{
	bool torn = lock_owner != NULL;

	process_state->alive = 1;
	lent_to = 0;
	recorder_orphan(torn);
}

static void unlock(void)
{
	uint32_t *lock = &process_state->lock;

	__atomic_store_n(&lock_owner, NULL, __ATOMIC_RELAXED);
	if (__atomic_exchange_n(lock, FREE, __ATOMIC_RELEASE) == WAITED_FOR)
		syscall(SYS_futex, lock, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void guard_leave(const struct guard *g)
{
	unlock();
	guard_uncalm(g);
}

/* Whether the calling thread was lent the lock and has left what it wanted it
 * for; the lock is free again then. */
static bool take_from_the_past(void)
{
	struct guard g;

	if (!__atomic_load_n(&lent_to, __ATOMIC_RELAXED) || !busy_is_over(lent_stack))
		return false;
	guard_calm(&g);
	lent_to = 0;
	ending_take_back();
	guard_leave(&g);
	return true;
}

/* Of the lock that the calling thread holds: whether it holds it no more. What
 * a fault's handler left by longjmp() is in pieces. */
static bool is_left(void)
{
	if (__atomic_load_n(&lent_to, __ATOMIC_RELAXED))
		return take_from_the_past();
	if (busy_is_left(lock_stack))
		give_up();
	return false;
}

bool guard_enter(struct guard *g)
{
	uint32_t expected = FREE;
	bool orphan = !__atomic_load_n(&process_state->alive, __ATOMIC_RELAXED);

	if (!orphan && __atomic_load_n(&lock_owner, __ATOMIC_RELAXED) == &self && !is_left())
		return false;
	guard_calm(g);
	if (!__atomic_compare_exchange_n(&process_state->lock, &expected, HELD, false, __ATOMIC_ACQUIRE,
	                                 __ATOMIC_RELAXED)
	    && !lock_wait()) {
		guard_uncalm(g);
		return false;
	}
	if (orphan)
		adopt();
	lock_stack = busy_stack_pointer();
	__atomic_store_n(&lock_owner, &self, __ATOMIC_RELAXED);
	return true;
}

void guard_lend(const struct guard *g)
{
	lent_stack = busy_stack_pointer();
	__atomic_store_n(&lent_to, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	guard_uncalm(g);
}

bool guard_return(struct guard *g)
{
	guard_calm(g);
	if (lock_owner == &self && lent_to) {
		__atomic_store_n(&lent_to, 0, __ATOMIC_RELEASE);
		return true;
	}
	guard_uncalm(g);
	return false;
}

void guard_reset(void)
{
	lock_owner = NULL;
	lent_to = 0;
	given_up = false;
	__atomic_store_n(&process_state->lock, FREE, __ATOMIC_RELEASE);
}
