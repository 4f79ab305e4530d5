/* inject_cpu.h: what of a traced process's start depends on the CPU.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Each function returns 0, or -1 with errno.
 */
#ifndef TOOLS_PROFRUN_INJECT_CPU_H
#define TOOLS_PROFRUN_INJECT_CPU_H

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)

typedef struct user_regs_struct inject_registers;

static inline int inject_get_registers(pid_t pid, inject_registers *r)
{
	return ptrace(PTRACE_GETREGS, pid, NULL, r) < 0 ? -1 : 0;
}

static inline int inject_set_registers(pid_t pid, inject_registers *r)
{
	return ptrace(PTRACE_SETREGS, pid, NULL, r) < 0 ? -1 : 0;
}

static inline uint64_t inject_program_counter(const inject_registers *r)
{
	return r->rip;
}

static inline uint64_t inject_result(const inject_registers *r)
{
	return r->rax;
}

/* A system call and a breakpoint in place of the first bytes. */
static inline uint64_t inject_call_code(uint64_t code)
{
	return (code & ~(uint64_t)0xffffff) | 0xcc050f;
}

static inline void inject_set_call(inject_registers *r, uint64_t at, long number, const uint64_t a[6])
{
	r->rip = at;
	r->rax = (unsigned long)number;
	r->orig_rax = (unsigned long)-1; /* no call to begin again */
	r->rdi = a[0];
	r->rsi = a[1];
	r->rdx = a[2];
	r->r10 = a[3];
	r->r8 = a[4];
	r->r9 = a[5];
}

/* As the kernel leaves them for a new program. */
static inline void inject_set_start(inject_registers *r, uint64_t entry, uint64_t stack)
{
	r->rip = entry;
	r->rsp = stack;
	r->orig_rax = (unsigned long)-1;
	r->rax = r->rdx = r->rbp = 0;
}

#elif defined(__aarch64__)

typedef struct user_regs_struct inject_registers;

static inline int inject_get_registers(pid_t pid, inject_registers *r)
{
	struct iovec all = {r, sizeof(*r)};

	return ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &all) < 0 ? -1 : 0;
}

static inline int inject_set_registers(pid_t pid, inject_registers *r)
{
	struct iovec all = {r, sizeof(*r)};

	return ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &all) < 0 ? -1 : 0;
}

static inline uint64_t inject_program_counter(const inject_registers *r)
{
	return r->pc;
}

static inline uint64_t inject_result(const inject_registers *r)
{
	return r->regs[0];
}

/* `svc #0` and `brk #0` in place of the first bytes. */
static inline uint64_t inject_call_code(uint64_t code)
{
	return 0xd4200000d4000001;
}

static inline void inject_set_call(inject_registers *r, uint64_t at, long number, const uint64_t a[6])
{
	r->pc = at;
	r->regs[8] = (uint64_t)number;
	for (int i = 0; i < 6; i++)
		r->regs[i] = a[i];
}

static inline void inject_set_start(inject_registers *r, uint64_t entry, uint64_t stack)
{
	r->pc = entry;
	r->sp = stack;
	r->regs[0] = 0;
}

#else
#error "profrun: how is a traced process started on this CPU?"
#endif

static inline int inject_peek(pid_t pid, uint64_t at, uint64_t *word)
{
	long got;

	errno = 0;
	got = ptrace(PTRACE_PEEKTEXT, pid, (void *)(uintptr_t)at, NULL);
	*word = (uint64_t)got;
	return errno ? -1 : 0;
}

static inline int inject_poke(pid_t pid, uint64_t at, uint64_t word)
{
	return ptrace(PTRACE_POKETEXT, pid, (void *)(uintptr_t)at, (void *)(uintptr_t)word) < 0 ? -1 : 0;
}

/* The process is killed when this one ends before it is let go. */
static inline int inject_bind(pid_t pid)
{
	return ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(uintptr_t)PTRACE_O_EXITKILL) < 0 ? -1 : 0;
}

static inline int inject_continue(pid_t pid)
{
	return ptrace(PTRACE_CONT, pid, NULL, NULL) < 0 ? -1 : 0;
}

static inline int inject_let_go(pid_t pid)
{
	return ptrace(PTRACE_DETACH, pid, NULL, NULL) < 0 ? -1 : 0;
}

#endif
