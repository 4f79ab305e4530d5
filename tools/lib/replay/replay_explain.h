/* replay_explain.h: the default model's prices, term by term.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_REPLAY_REPLAY_EXPLAIN_H
#define TOOLS_LIB_REPLAY_REPLAY_EXPLAIN_H

#include <stdio.h>

#include "tools/lib/support/json_out.h"
#include "tools/lib/replay/replay.h"

/* One kind of operation in one phase on one device. */
struct explained {
	uint64_t operations;
	struct model_part part[MODEL_N_TERMS]; /* added up; rates are those of the sums */
};

struct explain {
	const struct replay *replay;
	struct explained *kinds; /* [(device * REPLAY_PHASES + phase) * PROF_OP_LIMIT + op] */
};

/* 0, or -1 without memory. */
int explain_begin(struct explain *e, const struct replay *r);
void explain_release(struct explain *e);

/* One operation as it was priced. */
void explain_event(struct explain *e, const struct op_event *ev, const struct replay_price *p);

/* Each term of each kind: seconds, joules, and what its formula was given. */
void explain_text(const struct explain *e, FILE *out);
void explain_csv_header(FILE *out);
void explain_csv(const struct explain *e, FILE *out);
void explain_json(const struct explain *e, struct json_out *j);

#endif
