/* process.h: whose memory this is.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A child made by _Fork() or a bare clone() runs none of our handlers, and all
 * that it finds says that it is its parent: its thread's chunk, shared with the
 * parent, and a lock that nobody may be left to give back. What would lead it
 * there is therefore in memory that the kernel clears in every child; fork(),
 * which calls us, is let keep it.
 */
#ifndef PROF_RUNTIME_PROCESS_PROCESS_H
#define PROF_RUNTIME_PROCESS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process_state {
	uint32_t lock;  /* of guard.c */
	uint32_t alive; /* 0: a child that nobody told us of */
};

extern struct process_state *process_state;

/* Once, at the start. Where the kernel can't do this all else is as before. */
void process_start(void);

/* Zeroed memory, cleared in children that nobody told us of, never given back;
 * null when there is no more of it. Lock held. */
void *process_alloc(size_t bytes);

/* Whether a child made from now on finds all of it as it was. Lock held. */
void process_keep(bool keep);

/* Whether the caller runs in the process that it was in when this was last
 * told so: not in a vforked child, which lives in its parent's memory. */
bool process_is_mine(void);
void process_is_mine_now(void);

#endif
