/* instrumented_hook.c: a hook of a program's own, which counts.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdio.h>

#define UNTOLD __attribute__((no_instrument_function))

void __cyg_profile_func_enter(void *function, void *from) UNTOLD;
void __cyg_profile_func_exit(void *function, void *from) UNTOLD;
static void __attribute__((destructor)) UNTOLD report(void);

static int entered, left;

void __cyg_profile_func_enter(void *function, void *from)
{
	(void)function, (void)from;
	__atomic_fetch_add(&entered, 1, __ATOMIC_RELAXED);
}

void __cyg_profile_func_exit(void *function, void *from)
{
	(void)function, (void)from;
	__atomic_fetch_add(&left, 1, __ATOMIC_RELAXED);
}

static void report(void)
{
	printf("%d entered, %d left\n", entered, left);
}
