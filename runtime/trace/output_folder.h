/* output_folder.h: the folder that the traces of a run's processes share.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The first process that records makes it and puts a mark into it, which says
 * whose run it is; link(2) decides when several come at once. Another run's
 * folder is kept as NAME~. A folder that somebody else made and put something
 * into gets no mark: it is used, and never moved.
 */
#ifndef PROF_RUNTIME_TRACE_OUTPUT_FOLDER_H
#define PROF_RUNTIME_TRACE_OUTPUT_FOLDER_H

#include "runtime/trace/output.h"
#include "runtime/trace/output_name.h"

/* Have the folder ready, `path` being absolute and without a slash at its end. */
bool output_folder_ready(const char *path, const uint8_t run_id[16], struct output_why *why);

/* The name of this process's trace in it: rank3.bin, or program.4711.bin. */
void output_folder_file(char *name, size_t bytes);

#endif
