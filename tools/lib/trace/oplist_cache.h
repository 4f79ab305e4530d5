/* oplist_cache.h: lines of an op list that differ only in step and times.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * In inference the same operations come back every token. Parsing JSON takes
 * microseconds; finding that a line is an earlier one but for the values of
 * "step", "start_ns" and "time_ns" takes a tenth of one.
 */
#ifndef TOOLS_LIB_TRACE_OPLIST_CACHE_H
#define TOOLS_LIB_TRACE_OPLIST_CACHE_H

#include "tools/lib/trace/oplist.h"

struct oplist_cache;

struct oplist_cache *oplist_cache_new(void);
void oplist_cache_free(struct oplist_cache *c);

/* The operation of an equal line with this line's step and times, valid until
 * the next call, and its descriptor; or null. */
const struct oplist_op *oplist_cache_find(struct oplist_cache *c, const char *text, size_t bytes,
                                          uint32_t *desc);

/* Remember the line that was not found last, as it was parsed. */
void oplist_cache_add(struct oplist_cache *c, const struct oplist_op *op, uint32_t desc);

#endif
