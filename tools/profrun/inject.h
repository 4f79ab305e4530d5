/* inject.h: bring the shim into a program that has no loader to do so.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFRUN_INJECT_H
#define TOOLS_PROFRUN_INJECT_H

#include <limits.h>
#include <sys/types.h>

#include "tools/lib/support/diag.h"

/* What is brought in: the carrier, a program that the shim is preloaded into, and
 * the dynamic linker that loads both. */
struct inject_plan {
	char library[PATH_MAX], carrier[PATH_MAX], linker[PATH_MAX];
};

/* Find the carrier beside the library, and its linker. 0, or -1 and d. */
int inject_prepare(struct inject_plan *plan, const char *library, struct diag *d);

/* `pid` is a child that is traced and has stopped because it executed a static
 * program, no instruction of which has run. Have the linker start the carrier in
 * it, and then the program begin as if nothing had been; it is traced no more
 * then. 0; or -1 with one clause in d that says why not, when it is good for
 * nothing but to be killed; or 1, when it was, by somebody else. Its end, when it
 * was waited for here, is in *wait_status. */
int inject_shim(const struct inject_plan *plan, pid_t pid, int *wait_status, struct diag *d);

#endif
