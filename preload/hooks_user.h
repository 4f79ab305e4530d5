/* hooks_user.h: functions that a file of hooks names.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_HOOKS_USER_H
#define PRELOAD_HOOKS_USER_H

/* Libraries may have come: look for such functions in them. Cheap if none came. */
void hooks_user_look(void);

/* At exit: everything is as it was. */
void hooks_user_stop(void);

#endif
