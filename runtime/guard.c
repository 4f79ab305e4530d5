/* guard.c: the way into the recorder's slow paths.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A futex lock of three states (free, held, held and waited for) instead of a
 * pthread mutex: it knows its owner, and a child can reset it.
 */
#include "runtime/guard.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/process.h"
#include "runtime/recorder_state.h"

enum { FREE, HELD, WAITED_FOR };

static const char *lock_owner; /* address of the owner's `self` */
static __thread char self __attribute__((tls_model("initial-exec")));

void guard_calm(struct guard *g)
{
	sigset_t all;

	g->saved_errno = errno;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &g->signals);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &g->cancel_state);
}

void guard_uncalm(const struct guard *g)
{
	int ignored;

	pthread_setcancelstate(g->cancel_state, &ignored);
	pthread_sigmask(SIG_SETMASK, &g->signals, NULL);
	errno = g->saved_errno;
}

static void lock_wait(void)
{
	uint32_t *lock = &process_state->lock;

	while (__atomic_exchange_n(lock, WAITED_FOR, __ATOMIC_ACQUIRE) != FREE)
		syscall(SYS_futex, lock, FUTEX_WAIT_PRIVATE, WAITED_FOR, NULL, NULL, 0);
}

/* In a child that nobody told us of: the lock is free there, but whoever held
 * it in the parent left things half done. */
static void adopt(void)
{
	bool torn = lock_owner != NULL;

	process_state->alive = 1;
	recorder_orphan(torn);
}

bool guard_enter(struct guard *g)
{
	uint32_t expected = FREE;
	bool orphan = !__atomic_load_n(&process_state->alive, __ATOMIC_RELAXED);

	if (!orphan && __atomic_load_n(&lock_owner, __ATOMIC_RELAXED) == &self)
		return false;
	guard_calm(g);
	if (!__atomic_compare_exchange_n(&process_state->lock, &expected, HELD, false, __ATOMIC_ACQUIRE,
	                                 __ATOMIC_RELAXED))
		lock_wait();
	if (orphan)
		adopt();
	__atomic_store_n(&lock_owner, &self, __ATOMIC_RELAXED);
	return true;
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

void guard_reset(void)
{
	lock_owner = NULL;
	__atomic_store_n(&process_state->lock, FREE, __ATOMIC_RELEASE);
}
