/* symbolize.h: names of functions, offline, from the modules' symbol tables.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A module's file is used when its build-id is the recorded one (or none was
 * recorded); else, and where it is stripped, the separate debug file of that
 * build-id, in /usr/lib/debug or where the shim looks for one. Tables are read once, when first asked for. C++ names are shown as
 * they are written in C++.
 */
#ifndef TOOLS_LIB_TRACE_SYMBOLIZE_H
#define TOOLS_LIB_TRACE_SYMBOLIZE_H

#include "tools/lib/trace/trace.h"

struct symbolizer;

/* Null only without memory. The trace must outlive it. */
struct symbolizer *symbolizer_new(const struct trace *t);
void symbolizer_free(struct symbolizer *s);

/* The function that a frame returns into, "" when it is not known. Valid as
 * long as the symbolizer. */
const char *symbolizer_function(struct symbolizer *s, const struct prof_frame *frame);

/* "function (module+0x12)", "module+0x12" or "0x12", into buf; returns buf. */
const char *symbolizer_text(struct symbolizer *s, const struct prof_frame *frame, char *buf, unsigned bytes);

#endif
