/* walk_budget.h: which call sites are worth a walk of the stack.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A walk takes microseconds. All walks together may take `share` of the time
 * since the start. As long as they have taken less than half of that there is
 * one for each stack not seen before; from then on return addresses have equal
 * parts of the share each, however often they come: whoever has used up his
 * own waits, and what is recorded meanwhile is the return address alone.
 *
 * Nothing here reads a clock: times are raw ticks that the caller has.
 */
#ifndef PROF_RUNTIME_CALL_SITE_WALK_BUDGET_H
#define PROF_RUNTIME_CALL_SITE_WALK_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define WALK_PLACES 256u

/* One return address on one thread. */
struct walk_place {
	const void *return_address;
	uint64_t next_raw;   /* no walk before, when they are short */
	uint32_t generation; /* of the modules when `site` was found, plus 1; 0: not yet */
	uint32_t site;       /* with the return address alone */
};

/* What belongs to one thread; zeros at first. */
struct walk_budget {
	uint32_t n_places;
	uint64_t walks, walks_raw; /* made, and the time that took */
	uint64_t cheap;            /* call sites without a walk */
	struct walk_place place[WALK_PLACES];
};

/* Once: the share of the time (1: all that is asked for, 0: none), when time
 * began, and how much may be spent before any of it has passed. */
void walk_budget_start(double share, uint64_t start_raw, uint64_t free_raw);

/* What is kept of a return address, which may put another out. */
struct walk_place *walk_budget_place(struct walk_budget *b, const void *return_address);

/* That, but null when nothing is kept of it. */
struct walk_place *walk_budget_find(struct walk_budget *b, const void *return_address);

/* Whether the stack is to be walked for it now. */
bool walk_budget_allows(const struct walk_place *place, uint64_t raw_now);

/* It was, and took so long. */
void walk_budget_spent(struct walk_budget *b, struct walk_place *place, uint64_t raw_now, uint64_t raw);

#endif
