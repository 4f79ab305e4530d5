/* recording_net.h: times of operations and steps less what recording cost.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A pass of its own over a trace with the operations inside of others adds up
 * what lies within the intervals of each descriptor, phase by phase; the mean of
 * that is then taken off every operation, so that sums are right and a cursor
 * for outermost operations is enough. Steps lose all that their operations cost
 * on one thread: threads that share an operation record it at the same time.
 */
#ifndef TOOLS_LIB_REPLAY_RECORDING_NET_H
#define TOOLS_LIB_REPLAY_RECORDING_NET_H

#include "tools/lib/replay/measured.h"
#include "tools/lib/replay/recording_cost.h"

struct recording_net {
	double *inside_ns;                /* [descriptor * MEASURED_PHASES + phase]: mean of an operation */
	double steps_ns[MEASURED_PHASES]; /* of operations in steps */
};

/* As the trace was opened, with last_layer or null; -1 and d: no memory, it
 * cannot be opened, or it does not tell what recording cost. */
int recording_net_make(struct recording_net *n, const char *path, const char *last_layer, struct diag *d);
void recording_net_release(struct recording_net *n);

/* Take off an outermost operation's times what recording took of them. */
void recording_net_apply(const struct recording_net *n, struct op_event *ev);

#endif
