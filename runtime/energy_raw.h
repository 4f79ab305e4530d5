/* energy_raw.h: system calls without the C library.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * For the code that also runs on the meters' thread (energy_sampler.h), which
 * has no thread-local storage of its own: not even errno. A failed call
 * returns the negative errno, as the kernel does.
 */
#ifndef PROF_RUNTIME_ENERGY_RAW_H
#define PROF_RUNTIME_ENERGY_RAW_H

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
#else
#error "runtime/energy_raw.h: this CPU needs its system call here"
#endif

#endif
