/* builtin.h: functions that the tables know and that their exported names don't lead to.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The shim's names are bound before all others, which is how most calls are
 * seen. What gets around that is taken over where it is:
 *
 *   by its slot     in a library that was bound to another one (RTLD_DEEPBIND)
 *   by its pointer  when the program asks a handle for it (dlsym)
 *   by its entry    when the program, or a library that binds its functions to
 *                   itself (-Bsymbolic, hidden names), has a copy of its own
 */
#ifndef PRELOAD_BUILTIN_H
#define PRELOAD_BUILTIN_H

#include <stdbool.h>

#include "preload/user/user_modules.h"

/* At the start. */
void builtin_start(void);

/* After slots_look() and user_modules_look() found new modules. */
void builtin_look(bool at_start);

/* Instead, where nothing is to be changed: the functions that would be taken over at
 * their entries, and what is in the way ("": nothing). */
void builtin_each_entry(void (*visit)(const struct symbols_function *f, const struct user_module *module,
                                      const char *why));

/* The program is about to open a library that binds to itself first; libraries that
 * were there have been looked at. */
void builtin_expect_own_binding(void);

/* What dlsym() answers to a caller; null: what it would answer without us. */
void *builtin_answer(void *handle, const char *name, const void *caller);

/* After a dlclose(): functions that went are forgotten. */
void builtin_forget_unloaded(void);

#endif
