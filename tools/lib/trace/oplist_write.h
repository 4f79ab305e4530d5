/* oplist_write.h: operations as the lines of an op list.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_TRACE_OPLIST_WRITE_H
#define TOOLS_LIB_TRACE_OPLIST_WRITE_H

#include <stdio.h>

#include "tools/lib/trace/trace.h"

struct oplist_writer;

/* Null without memory. */
struct oplist_writer *oplist_writer_new(const struct trace *t, FILE *out);
void oplist_writer_free(struct oplist_writer *w);

/* Write one line; -1 without memory. Errors of the file stay in the file. */
int oplist_write(struct oplist_writer *w, const struct op_event *ev);

#endif
