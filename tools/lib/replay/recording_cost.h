/* recording_cost.h: what recording itself cost, as the trace tells it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An operation's interval is between two readings of the clock, of which one's
 * duration lies inside. Everything else of its own lies outside: the call site
 * before; the record after; counters, where they were read, before the first
 * reading and after the second. What lies inside of an operation are its
 * children, with all that they cost.
 */
#ifndef TOOLS_LIB_REPLAY_RECORDING_COST_H
#define TOOLS_LIB_REPLAY_RECORDING_COST_H

#include "tools/lib/trace/trace.h"

/* Nanoseconds of one each, measured when recording began; 0 when the trace does
 * not tell. The totals are for the run; NaN when it does not tell. */
struct recording_cost {
	double clock_ns, record_ns, site_ns;
	double counters_ns; /* one reading of the set */
	double total_ns;    /* all of it: estimated from the above, slow paths measured */
};

struct recording_cost recording_cost_of(const struct trace *t);

/* Of one slice of an operation: all, and what lies within its interval. */
double recording_cost_whole(const struct recording_cost *c, const struct op_desc *d, bool counted);
double recording_cost_inside(const struct recording_cost *c);

#endif
