/* model_cost.c: names of the parts of a price.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/model/model_cost.h"

const char *cost_key(enum cost_cell cell)
{
	static const char *const keys[COST_N] = {
	        [COST_TIME] = "time_ns",         [COST_LO_NS] = "time_ns_low",
	        [COST_HI_NS] = "time_ns_high",   [COST_LO_PJ] = "energy_pj_low",
	        [COST_HI_PJ] = "energy_pj_high",
#define COST_NS(id, key, meaning)    [COST_NS_##id] = key,
#define COST_PJ(id, key, meaning)    [COST_PJ_##id] = key,
#define COST_BYTES(id, key, meaning) [COST_BYTES_##id] = key,
#include "tools/lib/model/model_cost.def"
#undef COST_NS
#undef COST_PJ
#undef COST_BYTES
	};

	return keys[cell];
}

const char *cost_limit_name(enum cost_limit limit)
{
	static const char *const names[LIMIT_N] = {
	        [LIMIT_NONE] = "nothing",       [LIMIT_COMPUTE] = "compute", [LIMIT_MEMORY] = "memory",
	        [LIMIT_CACHE] = "cache",        [LIMIT_LAUNCH] = "launch",   [LIMIT_LINK] = "interconnect",
	        [LIMIT_TRANSFER] = "transfers", [LIMIT_HOST] = "host",
	};

	return names[limit];
}
