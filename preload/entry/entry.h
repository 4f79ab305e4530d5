/* entry.h: take over functions that no PLT leads to, at their first instructions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The first instructions of the function move to code of ours near by (the
 * moved part), which goes on in the function behind them; where they were a
 * jump to the replacement is put. As few bytes as possible are taken: endbr64
 * stays, padding before and behind the function is used.
 *
 * What is refused, always with the reason: functions too short to hold the
 * jump, functions that jump back to what is taken, those with instructions
 * that cannot be decoded or moved, memory that is no module's code.
 *
 * Unwinding and exceptions need nothing: no call is left in the moved part. One
 * that is moved leaves the address behind the original call as its return
 * address, so no frame of a stack ever belongs to the moved part, except of
 * a signal's handler that interrupts one of its few instructions.
 *
 * Other threads: all bytes change at once (code_pages.h), so a thread runs the
 * function as it was or as it is. What would hurt is one that stands behind
 * the first of several replaced instructions, preempted or in a handler. There
 * is no way of knowing that without stopping it, and stopping it (signals,
 * ptrace) would be felt by the program: its system calls fail with EINTR.
 * Therefore, while the process has one thread, as in the constructor of the
 * shim, everything is taken; with several only what replaces one instruction,
 * through a short jump to padding where that helps, or what the caller says to
 * be unused. The rest is refused. Giving back is always safe: nobody can stand
 * inside the jump.
 *
 * Nothing here changes errno. Only entry_<cpu>.c knows the CPU.
 */
#ifndef PRELOAD_ENTRY_ENTRY_H
#define PRELOAD_ENTRY_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entry_request {
	void *function;
	size_t bytes;      /* its length, as symbols_each() tells it; 0 is refused */
	size_t room;       /* and with the padding up to the next function; 0: not known */
	bool is_unused;    /* no thread can be in it: its module is just being loaded */
	void *replacement; /* jumped to instead, with all registers and the stack as they came */
	void **original;   /* gets what runs the function as it was, before the replacement can run */
};

/* Take over a function. 0; or -1, with nothing changed, and one clause that says
 * why ("it is shorter than a jump") in why. May load Capstone, so it may wait
 * for the loader's lock. */
int entry_take(const struct entry_request *r, char *why, size_t why_bytes);

/* As entry_take() but changes nothing: would it work? replacement and original
 * may be null. */
int entry_check(const struct entry_request *r, char *why, size_t why_bytes);

/* The function whose moved part holds this address; any other address as it is.
 * Takes no lock. */
const void *entry_origin(const void *address);

/* Whether a function is taken over now. Takes no lock. */
bool entry_holds(const void *function);

/* After a dlclose(): functions whose module went are forgotten. */
void entry_forget_unloaded(void);

/* At exit: every function is again as it was. What is in the moved parts and
 * the replacements runs on; they stay. */
void entry_return_all(void);

#endif
