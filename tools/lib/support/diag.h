/* diag.h: what went wrong, as a whole sentence with its place.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Library functions return 0, or -1 with a struct diag filled; they never
 * print and never exit. Tools print "TOOL: error: TEXT".
 */
#ifndef TOOLS_LIB_SUPPORT_DIAG_H
#define TOOLS_LIB_SUPPORT_DIAG_H

struct diag {
	char text[768]; /* "run.trace: record 42 is cut short: has 9 bytes of 24" */
};

/* Fill d (which may be null) and return -1. */
int diag_set(struct diag *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As diag_set, with "file:line:column: " in front (line or column 0: left out). */
int diag_at(struct diag *d, const char *file, unsigned line, unsigned column, const char *format, ...)
        __attribute__((format(printf, 5, 6)));

/* The entry of names[0..n) nearest to `name` when it is near enough to be
 * meant (edit distance, '-' and '_' equal, case ignored), else null. */
const char *diag_nearest(const char *name, const char *const *names, unsigned n);

#endif
