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

/* Offsets in the frame of a signal, in words from the way back: the kernel's ABI,
 * as are the 512 bytes of floating point state and the magic number in them. */
enum { FRAME_RSP = 21, FRAME_FP = 29, FRAME_LEAST = 119 };
#define FP_BYTES  512u
#define FP_MAGIC  0x46505853u
#define FP_MAGICS 464u

/* Whether it is all there: what earlier handlers left is soon overwritten in part. */
__attribute__((no_sanitize("address", "thread"))) static bool is_frame(const uintptr_t *word, uintptr_t end)
{
	uintptr_t here = (uintptr_t)word, stack, fp;

	if ((uintptr_t)(word + FRAME_LEAST) > end)
		return false;
	stack = word[FRAME_RSP];
	fp = word[FRAME_FP];
	return stack > here && stack <= end && fp > here && fp + FP_BYTES <= stack && fp % 16 == 0
	       && *(const uint32_t *)(fp + FP_MAGICS) == FP_MAGIC;
}

__attribute__((no_sanitize("address", "thread"))) static bool has_signal_frame(uintptr_t from, uintptr_t to)
{
	uintptr_t restorer[SIGNALS];
	unsigned n = find_restorers(restorer);

	for (const uintptr_t *word = (const uintptr_t *)from; word < (const uintptr_t *)to; word++)
		for (unsigned i = 0; i < n; i++)
			if (*word == restorer[i] && is_frame(word, to))
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

bool busy_is_left(uintptr_t busy)
{
	uintptr_t here = busy_stack_pointer();
	int saved_errno = errno;
	bool left = here > busy && here - busy < FAR_BYTES && !on_alternate_stack();

	errno = saved_errno;
	return left;
}

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
