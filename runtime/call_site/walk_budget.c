/* walk_budget.c: which call sites are worth a walk of the stack.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/call_site/walk_budget.h"

#include <string.h>

static double share = 1;
static uint64_t start_raw, free_raw;
static uint64_t spent_raw; /* by all threads; atomic */

void walk_budget_start(double part, uint64_t start, uint64_t at_once)
{
	share = part;
	start_raw = start;
	free_raw = at_once;
	__atomic_store_n(&spent_raw, 0, __ATOMIC_RELAXED);
}

static struct walk_place *slot_of(struct walk_budget *b, const void *return_address)
{
	uint64_t hash = (uint64_t)(uintptr_t)return_address * 0x9e3779b97f4a7c15u;

	return &b->place[hash >> 56];
}
_Static_assert(WALK_PLACES == 1u << 8, "slot_of takes eight bits");

struct walk_place *walk_budget_find(struct walk_budget *b, const void *return_address)
{
	struct walk_place *p = slot_of(b, return_address);

	return p->return_address == return_address ? p : NULL;
}

struct walk_place *walk_budget_place(struct walk_budget *b, const void *return_address)
{
	struct walk_place *p = slot_of(b, return_address);

	if (p->return_address == return_address)
		return p;
	b->n_places += !p->return_address;
	memset(p, 0, sizeof(*p));
	p->return_address = return_address;
	return p;
}

bool walk_budget_allows(const struct walk_place *place, uint64_t raw_now)
{
	double spent = (double)__atomic_load_n(&spent_raw, __ATOMIC_RELAXED);
	double allowed = (double)free_raw + share * (double)(raw_now > start_raw ? raw_now - start_raw : 0);

	if (share >= 1 || share <= 0)
		return share > 0;
	return spent * 2 < allowed || (spent < allowed && raw_now >= place->next_raw);
}

/* The place has its part of the share: after this long it has paid. */
void walk_budget_spent(struct walk_budget *b, struct walk_place *place, uint64_t raw_now, uint64_t raw)
{
	b->walks++;
	b->walks_raw += raw;
	__atomic_fetch_add(&spent_raw, raw, __ATOMIC_RELAXED);
	if (share > 0)
		place->next_raw = raw_now + (uint64_t)((double)raw * b->n_places / share);
}
