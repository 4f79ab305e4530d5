/* replay_private.h: what a replay knows and remembers.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_REPLAY_REPLAY_PRIVATE_H
#define TOOLS_LIB_REPLAY_REPLAY_PRIVATE_H

#include "tools/lib/replay/replay_bounds.h"

/* What the replay must know of a descriptor at each execution. */
struct replay_plan {
	const struct map_entry *entry; /* null: in no mapping */
	bool priced;
	bool last_layer, moe_end;
	bool by_step;        /* the price depends on the step's context */
	uint32_t like;       /* descriptor whose price it shares: layers are alike */
	double move_bytes;   /* when it changes device */
	double end_bytes;    /* when it is the last one before the host */
	double expert_bytes; /* of one expert's result */
	double kv_bytes;     /* pim-ai: cache read per position of the context */
};

/* A price as it was the last time. Steps come back to the same descriptors, so there
 * is room for those of a step, in both phases, and not for all of a long run whose
 * shapes grow from step to step. */
enum { REPLAY_MEMOS = 8192 };

struct replay_memo {
	struct cost cost;
	uint32_t desc, device;
	int32_t step; /* whose context the price is for; -1: no step changes it */
	bool known;
};

struct replay_private {
	struct replay_plan *plans;
	struct replay_memo *memos; /* [(descriptor * 2 + decode) & memo_mask] */
	uint32_t memo_mask;
	uint64_t *counted;             /* [descriptor * REPLAY_PHASES + phase]: executions to be charged */
	int64_t *counts;               /* per entry of the map: executions asked about with `m` */
	struct replay_bounds *devices; /* [device - 1] */
	double idle_w;                 /* of all devices together */
	struct replay_price *price;    /* of the operation in progress, or null */
	struct replay_sum *sum;        /* likewise */
	unsigned device;               /* where the data is */
	int64_t n_last;                /* executions of the last layer */
	int64_t cache_rows;            /* pim-ai: positions in the cache */
	int32_t step;
	uint32_t desc; /* of the operation before */
	enum prof_phase phase;
	bool begun, has_last, published;
};

/* replay_plan.c: fill the plans, and say in has_last whether the last layer is among them. */
void replay_plans_make(struct replay *r);

#endif
