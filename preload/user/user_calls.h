/* user_calls.h: calls of functions that a file of hooks names.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_USER_USER_CALLS_H
#define PRELOAD_USER_USER_CALLS_H

#include "preload/user/user_file.h"

enum user_how { USER_HOW_NOT, USER_HOW_ENTRY, USER_HOW_SLOTS };

/* One function that a hook is about, for ever: in memory of the arena. */
struct user_target {
	struct hook hook; /* its name is the function's */
	void *original;   /* runs the function; follows the hook (stub.h) */
	const struct user_hook *user;
	const struct hook *like; /* of the function that it is described as; null: none */
	uintptr_t address;       /* the function, as its callers know it */
	const char *module;      /* path of the file that it is in */
	uint64_t offset;         /* in that */
	void *stub;              /* what calls are led to, null: not made yet */
	enum user_how how;
	unsigned n_slots; /* that lead here */
	bool was_called;
	char why[120]; /* it could not be taken over, or not by its entry */
	struct user_target *next;
};

_Static_assert(offsetof(struct user_target, original) == sizeof(struct hook), "stub.h");

/* The families of such hooks: described by rules, and as another hook's function. */
extern const struct hook_family user_family __attribute__((visibility("hidden")));
extern const struct hook_family user_like_family __attribute__((visibility("hidden")));

/* What of a call is done before vector registers are saved (user_short.c). */
void *user_enter_shortly(struct hook_call *call);
bool user_exit_shortly(struct hook_call *call);

/* What notes call the file, before the first call. */
void user_calls_start(const char *path);

#endif
