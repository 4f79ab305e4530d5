/* model_group.h: one operation on several devices.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Tensor parallelism cuts weights and heads, expert parallelism experts and
 * tokens, the pipeline layers and rows. Formulas and sources:
 * docs/cost_models.md, "Several devices".
 */
#ifndef TOOLS_LIB_MODEL_MODEL_GROUP_H
#define TOOLS_LIB_MODEL_MODEL_GROUP_H

#include "tools/lib/model/model.h"
#include "tools/lib/model/model_product.h"

/* What one device does of an operation, and how many do it. */
struct model_share {
	double devices; /* at work at the same time, each with this share */
	double repeats; /* micro-batches: the share comes back so often, for energy */
	double slots;   /* lengths of the share that the operation takes: repeats, and bubbles, over stages */
};

/* Cut the work (and its product, which may be null) down to one device's share. */
void model_group_share(const struct op_desc *d, const struct model_options *o, struct op_work *w,
                       struct model_product *p, struct model_share *share);

/* Of so many devices that share heads, those that hold different parts of the cache:
 * with fewer heads in it than devices, several hold the same. */
double model_group_cache_holders(const struct op_desc *d, double devices);

/* What devices and chips then tell each other. */
struct model_exchange {
	double ns;
	double bytes; /* sent by all of them */
	double pj;
};

/* whole: the work before it was cut. */
void model_group_exchange(const struct op_desc *d, const struct model_device *dev,
                          const struct op_work *whole, struct model_exchange *x);

/* Devices that the options ask for, static power and all. */
double model_group_devices(const struct model_options *o);

enum model_collective { MODEL_ALL_GATHER, MODEL_ALL_REDUCE, MODEL_ALL_TO_ALL, MODEL_SEND };

/* One collective of n devices over `bytes`: of the whole result for gathering
 * and reducing, of each device for all-to-all, of one message for sending. */
void model_collective(enum model_collective what, double n, double bytes, const struct model_device *dev,
                      struct model_exchange *x);

#endif
