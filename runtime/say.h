/* say.h: words on standard error, if it is still the one the program began with.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_SAY_H
#define PROF_RUNTIME_SAY_H

#include <stdint.h>

/* Remember what standard error is, before anything else. */
void say_start(void);

/* "libprofshim: SENTENCE" as one write. Raises no SIGPIPE; says nothing when
 * descriptor 2 was closed, or has become another file since. Never waits: what
 * finds the pipe full is dropped. */
void say_line(const char *sentence);

/* In a child: it counts its own. */
void say_after_fork(void);

/* How many lines were dropped because nobody read. */
uint32_t say_dropped(void);

#endif
