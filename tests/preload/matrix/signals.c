/* signals.c: handlers that come in the middle of a record, and never go back.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <errno.h>
#include <fenv.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <xmmintrin.h>

#include "tests/preload/matrix/known.h"
#include "tests/preload/matrix/table.h"

#define PERIOD_US 200

static volatile sig_atomic_t ticks;
static struct ledger_lane *handler_lane;
static sigjmp_buf place;

static void every(void (*handler)(int), int flags)
{
	struct itimerval period = {{0, PERIOD_US}, {0, PERIOD_US}};
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &period, NULL);
}

static void no_more(void)
{
	struct itimerval never = {0};

	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_IGN); /* valgrind delivers the last one late, even when the trace has ended */
}

static void record_in_handler(int number)
{
	int before = errno;

	ticks++;
	known_call_on(handler_lane);
	errno = before;
}

static void interrupted(int flags)
{
	known_mine();
	handler_lane = known_lane();
	known_lossy(handler_lane);
	known_calls(10);
	every(record_in_handler, SA_RESTART | flags);
	while (ticks < 1000)
		known_calls(100);
	no_more();
	known_calls(100);
}

static int handler_records(void)
{
	interrupted(0);
	return 3;
}

static int alternate_stack(void)
{
	stack_t stack = {.ss_size = (size_t)SIGSTKSZ < 8192 ? 8192 : (size_t)SIGSTKSZ};

	stack.ss_sp = malloc(stack.ss_size);
	known_must(sigaltstack(&stack, NULL) == 0, "sigaltstack");
	interrupted(SA_ONSTACK);
	return 3;
}

static void jump_out(int number)
{
	ticks++;
	siglongjmp(place, 1);
}

static __attribute__((noinline)) void deeper(int levels)
{
	volatile char frame[512];

	frame[0] = 0;
	if (levels > 0)
		deeper(levels - 1);
	else
		known_calls(50);
	frame[1] = frame[0];
}

/* What a handler left in the middle is not recorded; all that follows is. */
static int handler_jumps(void)
{
	known_lossy(known_mine());
	if (sigsetjmp(place, 1) == 0)
		every(jump_out, SA_NODEFER); /* not before there is a place to jump to */
	while (ticks < 1000)
		deeper(ticks % 8);
	no_more();
	known_calls(1000);
	return 3;
}

static int keeps_errno(void)
{
	for (int i = 1; i < 20000; i++) {
		errno = i % 100;
		known_calls(1);
		known_must(errno == i % 100, "errno");
	}
	return 3;
}

static int keeps_fenv(void)
{
	static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST};
	unsigned csr = _mm_getcsr();

	for (int i = 0; i < 4000; i++) {
		fesetround(modes[i % 4]);
		feclearexcept(FE_ALL_EXCEPT);
		if (i % 3 == 0)
			feraiseexcept(FE_INEXACT | FE_OVERFLOW);
		known_calls(i % 400 == 0 ? 2000 : 1);
		known_must(fegetround() == modes[i % 4], "the rounding mode");
		known_must(fetestexcept(FE_DIVBYZERO | FE_INVALID) == 0, "exception flags");
		known_must(i % 3 != 0 || fetestexcept(FE_OVERFLOW) != 0, "exception flags that were set");
	}
	_mm_setcsr(csr);
	return 3;
}

int main(int argc, char **argv)
{
	static const struct situation all[] = {
	        {"handler_records", handler_records}, {"alternate_stack", alternate_stack},
	        {"handler_jumps", handler_jumps},     {"keeps_errno", keeps_errno},
	        {"keeps_fenv", keeps_fenv},           {0}};

	return situation_run(all, argc, argv);
}
