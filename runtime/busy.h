/* busy.h: whether what was begun will go on.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Code that a signal handler must not come back into marks itself busy by its
 * stack pointer, and is done when the mark is zero again.
 */
#ifndef PROF_RUNTIME_BUSY_H
#define PROF_RUNTIME_BUSY_H

#include <stdbool.h>
#include <stdint.h>

/* Inlined in a debug build too, with what calls it to mark a place: in a frame of its own, gone by then,
 * the pointer would lie below where the frame of a signal begins. */
__attribute__((always_inline)) static inline uintptr_t busy_stack_pointer(void)
{
	uintptr_t pointer;

#if defined(__x86_64__)
	__asm__ volatile("mov %%rsp, %0" : "=r"(pointer));
#elif defined(__aarch64__)
	__asm__ volatile("mov %0, sp" : "=r"(pointer));
#else
#error "runtime: how is the stack pointer read on this CPU?"
#endif
	return pointer;
}

/* Whether a mark made by this thread is of code that will never go on, because
 * a signal handler left it by longjmp() or the thread was cancelled there. Not
 * hot: only for marks that are found set. */
bool busy_is_over(uintptr_t busy);

/* Whether the caller stands further out on the same stack than the mark was
 * made, which code that comes back to it does not. */
bool busy_is_left(uintptr_t busy);

#endif
