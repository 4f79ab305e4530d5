/* inject_stack.h: the stack that the dynamic linker is to begin with.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * As the kernel makes it (argument count, arguments, environment, auxiliary
 * vector): the arguments are the linker's, the environment is the program's but
 * for what is the loader's, and the vector says that the linker is the program.
 */
#ifndef TOOLS_PROFRUN_INJECT_STACK_H
#define TOOLS_PROFRUN_INJECT_STACK_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tools/lib/support/diag.h"
#include "tools/profrun/inject.h"

struct inject_stack {
	/* Of the process. */
	char *environment; /* strings, one after the other */
	size_t environment_bytes, n_environment;
	Elf64_auxv_t *auxiliary;
	size_t n_auxiliary; /* with the last, AT_NULL */
	size_t bytes;       /* that it may take at most, beside four paths */
	/* Of the linker, set by the caller before inject_stack_build(). */
	uint64_t linker_headers, n_linker_headers, linker_entry;
	/* What was built: the bytes and where they must lie. */
	unsigned char *image;
	size_t image_bytes;
	uint64_t at;
};

/* Read what the kernel gave a process that has just been executed,
 * 0, or -1 and d; released either way by _release. */
int inject_stack_read(struct inject_stack *s, pid_t pid, struct diag *d);

/* Build it above the address `room`, with s->bytes and four paths of space. */
int inject_stack_build(struct inject_stack *s, const struct inject_plan *plan, uint64_t room, struct diag *d);

void inject_stack_release(struct inject_stack *s);

#endif
