/* energy_raw.h: system calls without the C library.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * For the code that also runs on the meters' thread (energy_sampler.h), which
 * has no thread-local storage of its own: not even errno. A failed call
 * returns the negative errno, as the kernel does.
 */
#ifndef PROF_RUNTIME_ENERGY_ENERGY_RAW_H
#define PROF_RUNTIME_ENERGY_ENERGY_RAW_H

#include <stdint.h>
#include <sys/syscall.h>

struct raw_call {
	long a, b, c, d; /* arguments; what a call does not take is ignored */
};

#if defined(__x86_64__)
static inline long raw_syscall(long number, struct raw_call arg)
{
	register long d __asm__("r10") = arg.d;
	register long e __asm__("r8") = 0;
	register long f __asm__("r9") = 0;
	long result;

	__asm__ volatile("syscall"
	                 : "=a"(result)
	                 : "a"(number), "D"(arg.a), "S"(arg.b), "d"(arg.c), "r"(d), "r"(e), "r"(f)
	                 : "rcx", "r11", "memory");
	return result;
}

/* A thread on `stack` (its end, aligned to 16) that calls run(arg) and ends;
 * *id is its number until then. Returns the number, or the negative errno.
 * Not clone() of the C library, which sanitizers take over. */
static inline long raw_thread(long flags, void **stack, int *id, int (*run)(void *), void *arg)
{
	register long child_id __asm__("r10") = (long)id;
	register long tls __asm__("r8") = 0;
	long result;

	*--stack = arg;
	*--stack = (void *)(uintptr_t)run;
	__asm__ volatile("syscall\n\t"
	                 "test %%rax, %%rax\n\t"
	                 "jnz 1f\n\t"
	                 "xor %%ebp, %%ebp\n\t"
	                 "pop %%rax\n\t"
	                 "pop %%rdi\n\t"
	                 "call *%%rax\n\t"
	                 "mov %%eax, %%edi\n\t"
	                 "mov %[exit], %%eax\n\t"
	                 "syscall\n\t"
	                 "hlt\n"
	                 "1:"
	                 : "=a"(result)
	                 : "a"(SYS_clone), "D"(flags), "S"(stack), "d"(id), "r"(child_id),
	                   "r"(tls), [exit] "i"(SYS_exit)
	                 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long raw_syscall(long number, struct raw_call arg)
{
	register long n __asm__("x8") = number;
	register long a __asm__("x0") = arg.a;
	register long b __asm__("x1") = arg.b;
	register long c __asm__("x2") = arg.c;
	register long d __asm__("x3") = arg.d;
	register long e __asm__("x4") = 0;
	register long f __asm__("x5") = 0;

	__asm__ volatile("svc #0" : "+r"(a) : "r"(n), "r"(b), "r"(c), "r"(d), "r"(e), "r"(f) : "memory");
	return a;
}

/* As above. */
static inline long raw_thread(long flags, void **stack, int *id, int (*run)(void *), void *arg)
{
	register long n __asm__("x8") = SYS_clone;
	register long a __asm__("x0") = flags;
	register long b __asm__("x1");
	register long c __asm__("x2") = (long)id;
	register long d __asm__("x3") = 0;
	register long e __asm__("x4") = (long)id;

	*--stack = arg;
	*--stack = (void *)(uintptr_t)run;
	b = (long)stack;
	__asm__ volatile("svc #0\n\t"
	                 "cbnz x0, 1f\n\t"
	                 "mov x29, #0\n\t"
	                 "ldp x1, x0, [sp], #16\n\t"
	                 "blr x1\n\t"
	                 "mov x8, %[exit]\n\t"
	                 "svc #0\n"
	                 "1:"
	                 : "+r"(a)
	                 : "r"(n), "r"(b), "r"(c), "r"(d), "r"(e), [exit] "i"(SYS_exit)
	                 : "memory");
	return a;
}
#else
#error "runtime/energy/energy_raw.h: this CPU needs its system call here"
#endif

#endif
