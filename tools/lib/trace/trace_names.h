/* trace_names.h: strings and descriptors as records of a trace being written.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_TRACE_TRACE_NAMES_H
#define TOOLS_LIB_TRACE_TRACE_NAMES_H

#include "tools/lib/support/interner.h"
#include "tools/lib/trace/op.h"
#include "tools/lib/trace/trace_file.h"

/* All zero but the file is a start. */
struct trace_names {
	struct trace_file *file;
	struct interner strings;
};

void trace_names_release(struct trace_names *n);

/* The id of a string, 0 for "", written to the file when it is new. */
int trace_names_string(struct trace_names *n, const char *text, uint32_t *id);

/* A descriptor's record, its id and call site as in d, its strings written. */
enum {
	TRACE_DESC_MAX = sizeof(struct prof_meta_desc)
	                 + PROF_MAX_OPERANDS * (sizeof(struct prof_desc_operand) + PROF_MAX_DIMS * 16)
	                 + PROF_MAX_ATTRS * sizeof(struct prof_desc_attr)
};
struct trace_desc_record {
	union {
		struct prof_meta_desc desc; /* its size_bytes is not filled in */
		uint8_t bytes[TRACE_DESC_MAX];
	};
	size_t n;
};

/* canonical: with the context and the layer that tools found; else as it was
 * recorded, for them to find again. */
int trace_names_desc(struct trace_names *n, const struct op_desc *d, bool canonical,
                     struct trace_desc_record *record);

/* Write it to the file. */
int trace_names_write_desc(struct trace_names *n, struct trace_desc_record *record);

#endif
