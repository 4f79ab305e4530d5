/* outfile.h: a file that appears whole or not at all.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Written beside its place under another name and renamed at the end, so that
 * an error, a full disk or a signal leaves what was there before.
 */
#ifndef TOOLS_LIB_SUPPORT_OUTFILE_H
#define TOOLS_LIB_SUPPORT_OUTFILE_H

#include <stdio.h>

#include "tools/lib/support/diag.h"

struct outfile {
	FILE *file;
	const char *path;
	char temporary[4200]; /* "" for standard output */
};

/* path null: standard output. A device or a pipe is written directly. */
int outfile_open(struct outfile *o, const char *path, struct diag *d);

/* Put the file in its place; -1 when it could not be written whole. */
int outfile_commit(struct outfile *o, struct diag *d);

/* Let go of a file that is not wanted; after _commit, nothing. */
void outfile_abandon(struct outfile *o);

#endif
