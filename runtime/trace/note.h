/* note.h: what is missing, and why; lock held.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_TRACE_NOTE_H
#define PROF_RUNTIME_TRACE_NOTE_H

/* As prof_note, from inside the runtime. */
void note_add(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As note_add, where there may be no room but for last words. */
void note_last(const char *sentence);

#endif
