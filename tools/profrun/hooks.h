/* hooks.h: what would be hooked in a program, how, and why not.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFRUN_HOOKS_H
#define TOOLS_PROFRUN_HOOKS_H

#include "tools/lib/support/diag.h"
#include "tools/lib/support/table.h"

struct launch_request;

struct hooks_request {
	const char *explain; /* the function to tell of; null: list what is hooked */
	enum table_format format;
};

/* Start the program at `path` with libprofshim.so (LD_PRELOAD is set already), which
 * tells and ends it before it runs, and print what was told. 0; or -1 and d, for a
 * bad file of hooks too, and for a program in which nobody answers. */
int hooks_tell(const struct launch_request *program, const struct hooks_request *request, struct diag *d);

#endif
