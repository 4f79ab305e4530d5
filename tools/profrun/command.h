/* command.h: the program that profrun is to run, found as a shell would.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFRUN_COMMAND_H
#define TOOLS_PROFRUN_COMMAND_H

#include <limits.h>

#include "tools/lib/support/diag.h"

/* What a shell answers for a command that cannot be run. */
enum { COMMAND_NOT_EXECUTABLE = 126, COMMAND_NOT_FOUND = 127 };

/* Look `name` up in PATH, unless it has a slash. Returns 0 and the file in
 * path[0..PATH_MAX), or one of the statuses above and d. */
int command_find(const char *name, char *path, struct diag *d);

/* The clause of command_obstacle() for a static program: see inject.h. */
extern const char command_is_static[];

/* Why a preloaded library cannot see into the program at `path` (static, of
 * another machine, set-user-ID), as a clause; null when nothing speaks
 * against it. For a script, its interpreter is looked at. */
const char *command_obstacle(const char *path);

#endif
