/* carrier_cpu.h: what of the carrier depends on the CPU.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Nothing here may use the thread pointer, errno and the stack protector's word
 * included: it is the program's, or about to change.
 */
#ifndef PRELOAD_CARRIER_CARRIER_CPU_H
#define PRELOAD_CARRIER_CARRIER_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

#define CPU_CALL(number, ...) cpu_call(number, (const long[6]){__VA_ARGS__})

#if defined(__x86_64__)

#define CARRIER_ARCH_SET_FS 0x1002
#define CARRIER_ARCH_GET_FS 0x1003
#define CARRIER_FSGSBASE    2u /* in AT_HWCAP2: the instructions are allowed */

/* To profrun: the program may begin. */
#define CARRIER_READY() __asm__ volatile("int3")

/* A system call; its result is negative when it failed, errno stays. */
static inline long cpu_call(long number, const long a[6])
{
	register long r10 __asm__("r10") = a[3];
	register long r8 __asm__("r8") = a[4];
	register long r9 __asm__("r9") = a[5];
	long result;

	__asm__ volatile("syscall"
	                 : "=a"(result)
	                 : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
	                 : "rcx", "r11", "memory");
	return result;
}

static inline uintptr_t cpu_thread_pointer(bool quickly)
{
	uintptr_t pointer = 0;

	if (quickly)
		__asm__ volatile("rdfsbase %0" : "=r"(pointer));
	else
		CPU_CALL(SYS_arch_prctl, CARRIER_ARCH_GET_FS, (long)&pointer);
	return pointer;
}

static inline void cpu_set_thread_pointer(bool quickly, uintptr_t pointer)
{
	if (quickly)
		__asm__ volatile("wrfsbase %0" : : "r"(pointer) : "memory");
	else
		CPU_CALL(SYS_arch_prctl, CARRIER_ARCH_SET_FS, (long)pointer);
}

static inline bool cpu_is_quick(unsigned long hwcap2)
{
	return hwcap2 & CARRIER_FSGSBASE;
}

#elif defined(__aarch64__)

#define CARRIER_READY() __asm__ volatile("brk #0")

static inline long cpu_call(long number, const long a[6])
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a[0];
	register long x1 __asm__("x1") = a[1];
	register long x2 __asm__("x2") = a[2];
	register long x3 __asm__("x3") = a[3];
	register long x4 __asm__("x4") = a[4];
	register long x5 __asm__("x5") = a[5];

	__asm__ volatile("svc #0"
	                 : "+r"(x0)
	                 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
	                 : "memory");
	return x0;
}

static inline uintptr_t cpu_thread_pointer(bool quickly)
{
	uintptr_t pointer;

	__asm__ volatile("mrs %0, tpidr_el0" : "=r"(pointer));
	return pointer;
}

static inline void cpu_set_thread_pointer(bool quickly, uintptr_t pointer)
{
	__asm__ volatile("msr tpidr_el0, %0" : : "r"(pointer) : "memory");
}

static inline bool cpu_is_quick(unsigned long hwcap2)
{
	return true;
}

#else
#error "carrier: how is the thread pointer changed on this CPU?"
#endif

#endif
