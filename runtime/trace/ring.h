/* ring.h: the chunks of a limited file that can be used again, oldest first.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Where the size of the file is limited, every chunk that is complete and
 * holds what goes with time (operations, the timeline) waits here, in order of
 * the moment at which it ends. All functions: lock held.
 */
#ifndef PROF_RUNTIME_TRACE_RING_H
#define PROF_RUNTIME_TRACE_RING_H

#include <stdbool.h>
#include <stdint.h>

struct ring_chunk {
	uint64_t offset;   /* in the file */
	uint64_t end_tick; /* all that is in it began before */
	uint64_t records;  /* operation records in it */
};

/* Empty, with room for `chunks`; false when there is no memory. */
bool ring_start(uint64_t chunks);

/* A chunk more; one that ends as another does comes after it. There must be
 * room: the file has no more chunks than the ring. */
void ring_add(const struct ring_chunk *chunk);

/* The one that ends first, or null. */
const struct ring_chunk *ring_oldest(void);

/* The oldest leaves the ring, which is not empty. */
void ring_drop(void);

#endif
