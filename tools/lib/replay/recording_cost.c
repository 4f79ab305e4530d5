/* recording_cost.c: what recording itself cost, as the trace tells it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/replay/recording_cost.h"

#include <math.h>
#include <string.h>

/* The last record of a name counts. */
static double cost_named(const struct trace *t, const char *name, double otherwise)
{
	for (unsigned i = t->n_costs; i-- > 0;)
		if (!strcmp(t->costs[i].name, name) && t->costs[i].value >= 0)
			return t->costs[i].value;
	return otherwise;
}

struct recording_cost recording_cost_of(const struct trace *t)
{
	struct recording_cost c = {.clock_ns = cost_named(t, "clock_ns", 0),
	                           .record_ns = cost_named(t, "record_ns", 0),
	                           .site_ns = cost_named(t, "site_ns", 0),
	                           .counters_ns = cost_named(t, "counters_ns", 0),
	                           .total_ns = cost_named(t, "total_ns", NAN)};

	return c;
}

double recording_cost_whole(const struct recording_cost *c, const struct op_desc *d, bool counted)
{
	return 2 * c->clock_ns + c->record_ns + (d->site ? c->site_ns : 0)
	       + (counted ? 2 * c->counters_ns : 0);
}

double recording_cost_inside(const struct recording_cost *c)
{
	return c->clock_ns;
}
