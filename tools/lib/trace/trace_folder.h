/* trace_folder.h: the traces in a folder, and their merge as one trace.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_TRACE_TRACE_FOLDER_H
#define TOOLS_LIB_TRACE_TRACE_FOLDER_H

#include "tools/lib/trace/trace.h"

struct trace_folder {
	char **paths; /* in the order of their names */
	unsigned n, capacity;
};

/* The traces in a folder, told by content; not those that were kept aside
 * (NAME~) or that are being made (NAME.new). Fails when there is none. */
int trace_folder_list(const char *folder, struct trace_folder *list, struct diag *d);
void trace_folder_release(struct trace_folder *list);

/* Open their merge, which is made in a file without a name below TMPDIR or
 * /var/tmp; of a single one, itself. Merged traces in the folder are left
 * out, and traces of different runs are an error. */
int trace_folder_open(const char *folder, const struct trace_options *options, struct trace **out,
                      struct diag *d);

/* The same of the traces of a list; `name` is what the merge is called. */
int trace_folder_merge(const struct trace_folder *list, const char *name, const struct trace_options *options,
                       struct trace **out, struct diag *d);

#endif
