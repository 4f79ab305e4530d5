/* replay_bounds.h: prices on a profile whose numbers have ranges.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_REPLAY_REPLAY_BOUNDS_H
#define TOOLS_LIB_REPLAY_REPLAY_BOUNDS_H

#include "tools/lib/replay/replay.h"

/* A device and what the ends of its ranges make of it. */
struct replay_bounds {
	struct model_device value, best, worst;
};

/* One for each device of the replay, malloc'ed, and the power that all of them
 * draw while they wait. Null without memory. */
struct replay_bounds *replay_bounds_new(const struct replay *r, double *idle_w);

/* A price with both ends, which enclose it: each term gets cheaper when any of
 * its numbers gets better. (Only kernels' choice of blocks can move a price the
 * other way, so the price itself counts as an end.) */
void replay_bounds_price(const struct op_desc *d, const struct replay_bounds *b, const struct model_ctx *ctx,
                         struct cost *c);

/* Over the link to the host: time, energy and bytes in c, which is zero. */
void replay_transfer_cost(const struct arch *a, bool to_device, double bytes, struct cost *c);

/* The energy of the device that waits meanwhile, and both ends. */
void replay_bounds_transfer(const struct replay_bounds *b, bool to_device, double bytes, struct cost *c);

#endif
