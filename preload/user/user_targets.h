/* user_targets.h: the functions that a file of hooks is about, found and taken over.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_USER_USER_TARGETS_H
#define PRELOAD_USER_USER_TARGETS_H

#include "preload/user/user_calls.h"

/* Find what the hooks of the file are about in the modules that slots_look() and
 * user_modules_look() found to be new, and take it over; a dry look changes nothing. */
void user_targets_look(const struct user_file *file, bool is_dry);

/* What was found so far, in the order of the file; the next one, null after the last. */
const struct user_target *user_targets_first(void);

/* Functions that the shim stands in for already and that a hook is about, too. */
struct user_refused {
	const struct user_hook *user;
	const char *name;
	const struct user_refused *next;
};
const struct user_refused *user_targets_refused(void);

#endif
