/* foreign.h: the way into code that is not ours.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The dynamic loader, libunwind and PAPI have locks of their own. A thread that
 * is cancelled in there, or leaves by a handler's longjmp(), leaves them taken
 * for ever; and so does a thread that is there while another one calls fork(),
 * to the child. Whoever calls them therefore goes in here: signals are blocked
 * and cancellation is off meanwhile, and fork() waits until nobody is inside.
 * Neither waits for the other longer than about half a second. A child that was made
 * although somebody was inside never goes in.
 */
#ifndef PROF_RUNTIME_FOREIGN_H
#define PROF_RUNTIME_FOREIGN_H

#include <stdbool.h>

#include "runtime/guard.h"

/* Calm the calling thread and go in; false, with nothing to undo, when it must
 * do without. May be nested. Not with the lock of guard.h held. */
bool foreign_enter(struct guard *calm);
void foreign_leave(const struct guard *calm);

/* Around fork(), before the lock is taken and after it is given back. */
void foreign_before_fork(void);
void foreign_after_fork_parent(void);

/* In a child, told of by fork() or not: whoever else was inside has left it torn. */
void foreign_after_fork_child(void);

#endif
