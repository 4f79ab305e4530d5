/* stub.h: hooks that are made while the program runs.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_THUNK_STUB_H
#define PRELOAD_THUNK_STUB_H

#include "preload/thunk/thunk.h"

/* Code that does for a struct hook what an exported entry (thunk_entry.inc) does
 * for a row of a table, for functions of this signature-less kind: hook->family's
 * enter() (or enter_shortly()) returns the real function; hook->cache may be
 * null, then nothing is looked up before. The hook is kept for ever; in memory it
 * is followed by the address of what runs the function (a void *), for callers
 * that it cannot be asked for.
 *
 * Beside what the exported entries keep, the code keeps every register that the
 * real function keeps, and asks for no alignment of the stack: callers that the
 * compiler saw together with the function, of which gcc knows which registers
 * it leaves alone, may be led here.
 *
 * Null with errno, when executable memory is refused or used up. Memory of the
 * stub is never given back. */
void *stub_make(const struct hook *hook);

#endif
