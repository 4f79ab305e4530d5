/* model_cost.h: the price of an operation, in parts.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_MODEL_MODEL_COST_H
#define TOOLS_LIB_MODEL_MODEL_COST_H

#include <string.h>

/* Every part is one cell, so that prices are added up by one plain loop. */
enum cost_cell {
	COST_TIME, /* ns */
#define COST_NS(id, key, meaning) COST_NS_##id,
#define COST_PJ(id, key, meaning)
#define COST_BYTES(id, key, meaning)
#include "tools/lib/model/model_cost.def"
#undef COST_NS
#undef COST_PJ
#undef COST_BYTES
#define COST_NS(id, key, meaning)
#define COST_PJ(id, key, meaning) COST_PJ_##id,
#define COST_BYTES(id, key, meaning)
#include "tools/lib/model/model_cost.def"
#undef COST_NS
#undef COST_PJ
#undef COST_BYTES
#define COST_NS(id, key, meaning)
#define COST_PJ(id, key, meaning)
#define COST_BYTES(id, key, meaning) COST_BYTES_##id,
#include "tools/lib/model/model_cost.def"
#undef COST_NS
#undef COST_PJ
#undef COST_BYTES
	/* Ends of the interval that the ranges of a profile's numbers give. */
	COST_LO_NS,
	COST_HI_NS,
	COST_LO_PJ,
	COST_HI_PJ,
	COST_N
};

/* What an operation's time is spent on in the main. */
enum cost_limit {
	LIMIT_NONE, /* it costs nothing */
	LIMIT_COMPUTE,
	LIMIT_MEMORY, /* weights and activations */
	LIMIT_CACHE,  /* keys and values */
	LIMIT_LAUNCH,
	LIMIT_LINK,
	LIMIT_TRANSFER, /* over the link to the host */
	LIMIT_HOST,
	LIMIT_N
};

struct cost {
	double cell[COST_N];
	enum cost_limit limit;
};

static inline void cost_add(struct cost *restrict to, const struct cost *restrict c)
{
	for (unsigned i = 0; i < COST_N; i++)
		to->cell[i] += c->cell[i];
}

/* Energy of all parts, pJ. */
static inline double cost_energy_pj(const struct cost *c)
{
	double sum = 0;

	for (unsigned i = COST_PJ_H2D; i <= COST_PJ_HOST; i++)
		sum += c->cell[i];
	return sum;
}

/* JSON key of a cell ("time_ns" for COST_TIME), and name of a limit. */
const char *cost_key(enum cost_cell cell);
const char *cost_limit_name(enum cost_limit limit);

#endif
