/* meta.h: the META records of the trace.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Before the file exists all records wait in memory. What is interned (strings,
 * call sites, descriptors, modules, facts, energy domains) is kept in memory
 * for good: the tables point to it, and a forked child that records writes it
 * again, so that numbers known to hooks mean the same in the child's trace.
 * All functions: lock held.
 */
#ifndef PROF_RUNTIME_TRACE_META_H
#define PROF_RUNTIME_TRACE_META_H

#include <prof/trace_format.h>
#include <stdbool.h>
#include <sys/uio.h>

/* Add a record made of parts, the first of which begins with a struct
 * prof_meta (filled in here). Returns the record in memory when its kind is
 * kept, else any non-null pointer; null when there is no memory or no room. */
const void *meta_add(uint16_t type, const struct iovec *parts, int n);

/* A number for the chunk in which a record of so many bytes would stand that
 * goes with time, where the size of the file is limited: records there can't
 * count on those of another chunk. */
uint32_t meta_timeline_chunk(uint32_t bytes);

/* The record of a type that is kept, by its number; null when there is none.
 * Slow. */
const void *meta_find(uint16_t type, uint32_t id);

/* Write all that waits to the file just opened; false when that fails. */
bool meta_open(void);

/* The chunk is complete. */
void meta_close(void);

/* A record of `parts` put where space is kept for last words, when the file
 * can't grow any more. */
void meta_add_last(uint16_t type, const struct iovec *parts, int n);

/* The place of the next record, with room after it for an end and what belongs
 * to it; false when there is none. All that was added since goes again. */
struct meta_mark {
	uint32_t serial;
	uint8_t *at;
};
bool meta_mark(struct meta_mark *mark);
void meta_rewind(const struct meta_mark *mark);

/* In a forked child: back to waiting, with what is kept. */
void meta_restart(void);

/* A string of a record as a part, cut at 4 KiB; META_ZERO must follow it, which
 * is counted in *bytes. */
#define META_ZERO                                                                                            \
	{                                                                                                    \
		(void *)"", 1                                                                                \
	}
struct iovec meta_text(const char *text, uint32_t *bytes);

#endif
