/* trace_write.h: a trace written anew, and the sound part of a damaged one.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_TRACE_TRACE_WRITE_H
#define TOOLS_LIB_TRACE_TRACE_WRITE_H

#include "tools/lib/trace/trace.h"

/* Write every operation of t (opened with children) as a binary trace whose
 * ticks are nanoseconds, contexts canonical, and steps explicit. */
int trace_write(struct trace *t, const char *path, struct diag *d);

/* Write what is sound of a binary trace, byte for byte, as a closed trace; a
 * note in it says what was wrong. */
int trace_recover(struct trace *t, const char *path, struct diag *d);

#endif
