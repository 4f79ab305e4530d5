/* output_name.h: which name the trace of this process gets.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The file is made under a temporary name and renamed when its header is in
 * it, so that other processes of the run never see one without. A name that
 * is taken by the same run is left to it: trace.bin, then trace.<pid>.bin, then
 * trace.<pid>.2.bin ...; what another run left is kept as NAME~.
 *
 * A pattern that ends in a slash, or names a folder, asks for a folder of the
 * run (output_folder.h); so does a job of several ranks, whose trace.bin is
 * the folder trace.d.
 */
#ifndef PROF_RUNTIME_TRACE_OUTPUT_NAME_H
#define PROF_RUNTIME_TRACE_OUTPUT_NAME_H

#include <stdint.h>

#include "runtime/trace/output.h"

#define OUTPUT_PATH_BYTES 4096

struct output_name {
	char temporary[OUTPUT_PATH_BYTES], final[OUTPUT_PATH_BYTES];
	int fd;       /* of the temporary file, the caller's */
	int folder;   /* locked while names are compared */
	bool has_pid; /* the final name tells the process already */
};

/* Makes the temporary file, and the folder of the run where one is asked for. */
bool output_name_begin(struct output_name *name, const char *pattern, const uint8_t run_id[16],
                       struct output_why *why);

/* Gives it its final name. */
bool output_name_end(struct output_name *name, const uint8_t run_id[16], struct output_why *why);

/* Instead of output_name_end: removes it. */
void output_name_abandon(struct output_name *name);

/* A lock on a folder, waited for a moment at most; its descriptor, to be
 * closed, or -1. */
int output_lock_folder(const char *path);

#endif
