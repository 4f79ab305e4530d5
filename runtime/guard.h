/* guard.h: the way into the recorder's slow paths.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One lock for everything that is shared, held only by code that does not call
 * the dynamic loader, PAPI, libunwind or anything else that may wait for the
 * program: so it can be taken wherever the program stands, inside dlopen()
 * too. While it is held signals are blocked and cancellation is off: a handler
 * could come back into the recorder, or leave it by longjmp. errno is kept.
 */
#ifndef PROF_RUNTIME_GUARD_H
#define PROF_RUNTIME_GUARD_H

#include <stdbool.h>
#include <stdint.h>

/* What is put back at the end. */
struct guard {
	uint64_t signals; /* as the kernel has them */
	int cancel_state;
	int saved_errno;
};

/* Calm the calling thread without the lock: signals, cancellation, errno. */
void guard_calm(struct guard *g);
void guard_uncalm(const struct guard *g);

/* Calm it and take the lock; false, with nothing to undo, when the calling
 * thread holds it already, or when nobody gives it back for guard_turns (of a
 * millisecond): recording has stopped then. */
bool guard_enter(struct guard *g);
void guard_leave(const struct guard *g);
extern uint32_t guard_turns; /* ten seconds; tests wait less */

/* Of a thread that holds the lock: keep it, but calm it no more, while exec() is
 * tried; and calm it again. When it does not come back from there, the next to
 * want the lock calls ending_take_back() and has it; guard_return() is false then. */
void guard_lend(const struct guard *g);
bool guard_return(struct guard *g);

/* In a child made by fork(), whose parent's thread held the lock: held no more. */
void guard_reset(void);

#endif
