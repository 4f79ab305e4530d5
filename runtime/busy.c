/* busy.c: whether what was begun will go on.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Whoever comes in the middle of a record is a signal handler, and must keep
 * away; unless the record was given up: a handler left by longjmp(), or the
 * thread was cancelled there. The stack tells. A handler runs below what it
 * interrupts, with the frame that the kernel made between them, which begins
 * with the address of the way back, the "restorer" of sigaction(). Neither
 * holds of a record that was given up.
 */
#include "runtime/busy.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIGNALS   64
#define FAR_BYTES ((uintptr_t)1 << 20) /* farther apart: another stack, about which nothing is known */

/* The kernel's own form of struct sigaction. */
struct kernel_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

static bool on_alternate_stack(void)
{
	stack_t stack;

	return syscall(SYS_sigaltstack, NULL, &stack) < 0 || stack.ss_flags & SS_ONSTACK;
}

#if defined(__x86_64__)
/* The ways back of all handlers there are; nearly always one. */
static unsigned find_restorers(uintptr_t restorer[SIGNALS])
{
	unsigned n = 0;

	for (int i = 1; i <= SIGNALS; i++) {
		struct kernel_action action = {0};
		bool is_known = false;
		uintptr_t back;

		if (syscall(SYS_rt_sigaction, i, NULL, &action, sizeof(action.mask)) < 0)
			continue;
		back = (uintptr_t)action.restorer;
		for (unsigned k = 0; k < n; k++)
			is_known = is_known || restorer[k] == back;
		if (back && !is_known)
			restorer[n++] = back;
	}
	return n;
}

__attribute__((no_sanitize("address", "thread"))) static bool has_signal_frame(uintptr_t from, uintptr_t to)
{
	uintptr_t restorer[SIGNALS];
	unsigned n = find_restorers(restorer);

	for (const uintptr_t *word = (const uintptr_t *)from; word < (const uintptr_t *)to; word++)
		for (unsigned i = 0; i < n; i++)
			if (*word == restorer[i])
				return true;
	return false;
}
#else
/* Its frames can't be told by such a word: a handler is assumed. */
static bool has_signal_frame(uintptr_t from, uintptr_t to)
{
	return from < to;
}
#endif

bool busy_is_over(uintptr_t busy)
{
	uintptr_t here = busy_stack_pointer();
	int saved_errno = errno;
	bool over;

	if (on_alternate_stack())
		over = false;
	else if (here >= busy)
		over = here - busy < FAR_BYTES;
	else
		over = busy - here < FAR_BYTES && !has_signal_frame(here, busy);
	errno = saved_errno;
	return over;
}
