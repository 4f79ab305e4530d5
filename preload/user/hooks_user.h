/* hooks_user.h: functions that a file of hooks names.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_USER_HOOKS_USER_H
#define PRELOAD_USER_HOOKS_USER_H

/* Take over those that are in new modules (look.h). */
void hooks_user_take(void);

/* Before the trace ends: say in it which functions could not be called. */
void hooks_user_end(void);

#endif
