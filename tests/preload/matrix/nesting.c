/* nesting.c: kernels in kernels, jumps out of them, stacks that end in them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <xmmintrin.h>

#include "tests/preload/matrix/known.h"
#include "tests/preload/matrix/table.h"

#define DEPTH 4

static struct ledger_lane *level[DEPTH + 1];
static unsigned depth;
static jmp_buf outside;

static void go_deeper(void)
{
	if (depth == DEPTH)
		return;
	depth++;
	known_call_on(level[depth]);
	known_call_on(level[depth]);
	depth--;
}

/* Each product makes two of the next level inside. */
static int nested(void)
{
	for (int i = 0; i <= DEPTH; i++)
		level[i] = known_lane();
	kernel_inside = go_deeper;
	for (int i = 0; i < 5000; i++)
		known_call_on(level[0]);
	return 3;
}

static void leave(void)
{
	longjmp(outside, 1);
}

/* Products that are left in the middle don't count: they did not end. */
static int left_by_jump(void)
{
	for (volatile int i = 0; i < 20000; i++) {
		kernel_inside = NULL;
		known_calls(1);
		kernel_inside = leave;
		if (!setjmp(outside))
			known_calls(1);
	}
	kernel_inside = NULL;
	known_calls(1000);
	return 3;
}

static struct ledger_lane *endless;
static sigjmp_buf mended;

static void without_end(void)
{
	known_call_on(endless);
}

static void mend(int ignored)
{
	siglongjmp(mended, 1);
}

/* A product in a product, till the stack ends; the handler, on another stack,
 * jumps out. That may be in the middle of what the shim does: then recording
 * may stop, but not the program. */
static int stack_ends(void)
{
	static char other[65536];
	stack_t stack = {.ss_sp = other, .ss_size = sizeof(other)};
	struct sigaction action = {.sa_handler = mend, .sa_flags = SA_ONSTACK};

	known_calls(1000);
	endless = known_lane();
	known_must(sigaltstack(&stack, NULL) == 0, "a stack");
	known_must(sigaction(SIGSEGV, &action, NULL) == 0, "a handler");
	for (volatile int i = 0; i < 3; i++) {
		kernel_inside = without_end;
		if (!sigsetjmp(mended, 1))
			known_call_on(endless);
		kernel_inside = NULL;
		puts("mended");
	}
	known_fate(FATE_ANY);
	known_calls(1000);
	return 3;
}

/* The other half of the floating point state: mode bits of both units. */
static int keeps_modes(void)
{
	unsigned short x87 = 0x027f, x87_now;
	unsigned mode = _MM_MASK_MASK | _MM_FLUSH_ZERO_ON | 0x40 | _MM_ROUND_DOWN;

	for (int i = 0; i < 50000; i++) {
		_mm_setcsr(mode);
		__asm__ volatile("fldcw %0" : : "m"(x87));
		known_calls(1);
		__asm__ volatile("fnstcw %0" : "=m"(x87_now));
		known_must((_mm_getcsr() & ~(unsigned)_MM_EXCEPT_MASK) == mode && x87_now == x87,
		           "the floating point mode");
	}
	return 3;
}

int main(int argc, char **argv)
{
	static const struct situation all[] = {{"nested", nested},
	                                       {"left_by_jump", left_by_jump},
	                                       {"stack_ends", stack_ends},
	                                       {"keeps_modes", keeps_modes},
	                                       {0}};

	return situation_run(all, argc, argv);
}
