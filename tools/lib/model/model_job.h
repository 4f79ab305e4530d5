/* model_job.h: an operation made ready for pricing, on any device.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What follows from shapes and options alone is worked out once; the profile
 * and the ends of its ranges then each have a price from it.
 */
#ifndef TOOLS_LIB_MODEL_MODEL_JOB_H
#define TOOLS_LIB_MODEL_MODEL_JOB_H

#include "tools/lib/model/model_group.h"

struct model_job {
	const struct op_desc *d; /* with the types and heads that the options ask for */
	struct op_desc copy;     /* d, where the options changed something */
	struct op_work whole, w; /* of all devices; of one */
	bool is_product;
	struct model_product product; /* of one device */
	struct model_share share;
};

/* d must outlive the job; the job cannot be moved. */
void model_job_make(struct model_job *job, const struct op_desc *d, const struct model_options *o,
                    const struct model_ctx *ctx);

/* The price term by term, or added up. */
void model_roofline_parts(const struct model_job *job, const struct model_device *dev,
                          struct model_parts *parts);
void model_roofline_price(const struct model_job *job, const struct model_device *dev, struct cost *c);

#endif
