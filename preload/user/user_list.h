/* user_list.h: tell what is hooked, how, and why not, instead of running the program.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * `profrun --list-hooks` and `--explain` set PROFSHIM_LIST to a descriptor, with a
 * function's name behind a space for the latter. What is told there are lines of fields
 * with tabs between them:
 *
 *	file	PATH of the file of hooks
 *	error	SENTENCE	(of the file)
 *	hook	LINE KEY WHAT FUNCTION MODULE OFFSET HOW CALLS WHY
 *	known	FUNCTION FAMILY CALLER CALLS	(the shim stands in for it)
 *	function	NAME MODULE OFFSET BYTES SOURCE WHY CALLS	(explain; WHY not by its entry, or empty)
 *	calls	NAME CALLER MODULE CALLS	(explain: calls through slots)
 *	later	NAME FAMILY	(explain: the shim stands in for it wherever it comes)
 *	near	NAME MODULE WHAT	(explain: there is none such, but one like it)
 *	end
 *
 * CALLS are the places in code that call a function, or the slots that lead to it.
 */
#ifndef PRELOAD_USER_USER_LIST_H
#define PRELOAD_USER_USER_LIST_H

#include "preload/user/user_file.h"

/* Whether this was asked for. */
bool user_list_wanted(void);

/* Tell it, and end the process. path: of the file, "" for none; why: it is a bad one. */
void user_list(const struct user_file *file, const char *path, const char *why) __attribute__((noreturn));

/* At the end of a recording: notes of the hooks that could not be called, because
 * the compiler left no call of the function, or there is none. */
void user_list_note(const struct user_file *file, const char *path);

#endif
