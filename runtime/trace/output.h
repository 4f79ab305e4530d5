/* output.h: the file of the trace: its name, its growth, its end.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Nothing here may hurt the program: growth asks for the space first, so that
 * a full disk or a limit is an error and not a signal; the descriptor is out
 * of the way and is checked before each use, as daemons close all of theirs.
 * All functions: lock held.
 */
#ifndef PROF_RUNTIME_TRACE_OUTPUT_H
#define PROF_RUNTIME_TRACE_OUTPUT_H

#include <prof/trace_format.h>
#include <stdbool.h>

/* Why something failed, for people. */
#define OUTPUT_WHY_BYTES 384
struct output_why {
	char text[OUTPUT_WHY_BYTES];
};

/* Create the file named by `pattern` (%p: the process id), or one in the folder
 * it asks for, under the rules for names that are taken, with this header. */
bool output_open(const char *pattern, const struct prof_file_header *header, struct output_why *why);

/* PROF_CHUNK_ALIGN bytes of the file at *offset, which read as zeros, mapped;
 * null on failure. They are at the end, or, where the file may not grow any
 * more, those of the oldest chunk in the ring (ring.h), which is given up. The
 * first call yields the bytes from the start of the file, with the header in
 * them. */
void *output_grow(uint64_t *offset, struct output_why *why);
void output_unmap(void *chunk);

/* Whether the size of the file is limited; whether it is as large as it may be. */
bool output_is_limited(void);
bool output_is_full(void);

/* The state in the header changes. */
void output_set_state(enum prof_file_state state);

/* Where the trace is; "" before output_open. */
const char *output_path(void);

/* In a forked child: the file is the parent's; let go of it. */
void output_forget(void);

/* `pattern` with %p replaced, into path[size]; false when it does not fit. */
bool output_expand(const char *pattern, int pid, char *path, size_t size);

#endif
