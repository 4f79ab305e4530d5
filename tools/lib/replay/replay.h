/* replay.h: what a recorded run would take on other devices.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A replay has a mapping and a model; it is fed the operations of a trace in
 * order and adds up prices per phase. Several replays can be fed in one pass.
 * Prices are remembered per descriptor, so that an operation costs a look-up
 * and some additions.
 */
#ifndef TOOLS_LIB_REPLAY_REPLAY_H
#define TOOLS_LIB_REPLAY_REPLAY_H

#include "tools/lib/replay/map.h"
#include "tools/lib/model/model.h"
#include "tools/lib/trace/trace.h"

#define REPLAY_PHASES 3u /* indexed by enum prof_phase; UNKNOWN is in the total only */

struct replay_totals {
	struct cost cost;
	uint64_t operations;
	double limit_ns[LIMIT_N]; /* time by what limits it */
};

/* Prices of one descriptor in one phase, added up. */
struct replay_sum {
	struct cost cost;
	uint64_t operations;
};

struct replay_options {
	struct model_options model;
	bool per_desc; /* keep `sums` */
};

struct replay {
	const char *name; /* of the accelerator, or "mapped" */
	const struct trace *trace;
	const struct map *map;
	const struct replay_options *options;

	struct replay_totals phase[REPLAY_PHASES];
	struct replay_sum *sums;          /* [descriptor * REPLAY_PHASES + phase]; null unless per_desc */
	uint64_t unpriced[PROF_OP_LIMIT]; /* operations that the rules do not price, by kind */
	uint64_t untimed_host;            /* operations on the host without a measured time */
	double host_ns;                   /* time of operations that stayed on the host */

	struct replay_private *priv;
};

/* What happened to one operation. */
struct replay_price {
	unsigned device;       /* MAP_HOST or 1 + index into map->devices */
	enum prof_phase phase; /* in which the replay priced it */
	struct cost cost;      /* with its transfers */
	bool priced;
};

/* Everything given must outlive the replay. Null without memory. */
struct replay *replay_new(const char *name, const struct trace *t, const struct map *map,
                          const struct replay_options *options);
void replay_free(struct replay *r);

/* The next operations; or one, whose price is wanted. */
void replay_events(struct replay *r, const struct op_event *ev, unsigned n);
void replay_event(struct replay *r, const struct op_event *ev, struct replay_price *price);

/* After the last one: results go back to the host, and what stayed on the
 * host is charged `host_w` watts. */
void replay_end(struct replay *r, double host_w);

/* All phases together. */
void replay_total(const struct replay *r, struct replay_totals *total);

/* Whether its prices are intervals: the default model, and a profile with ranges. */
bool replay_has_ranges(const struct replay *r);

/* Name of a device of this replay. */
const char *replay_device(const struct replay *r, unsigned device);

/* The default model's price of an operation on a device (not the host), term by term. */
void replay_parts(const struct replay *r, const struct op_event *ev, unsigned device, struct model_parts *p);

/* Bytes of weights and cache that one device of that number must keep, and the
 * part of its weights that must be streamed for them to fit (0 unless the
 * options ask for it). 0, or -1 without memory. */
int replay_resident(const struct replay *r, unsigned device, double *bytes, double *streamed);

/* What the devices must hold, and what does not fit: a sentence per device
 * whose memory is too small, into text; returns how many. */
unsigned replay_capacity(const struct replay *r, char *text, unsigned bytes);

/* Whether the default model refuses to price this run because of that. */
bool replay_refused(const struct replay *r);

#endif
