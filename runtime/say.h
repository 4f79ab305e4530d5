/* say.h: words on standard error, if it is still the one the program began with.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_SAY_H
#define PROF_RUNTIME_SAY_H

/* Remember what standard error is, before anything else. */
void say_start(void);

/* "libprofshim: SENTENCE" as one write. Raises no SIGPIPE; says nothing when
 * descriptor 2 was closed, or has become another file since. */
void say_line(const char *sentence);

#endif
