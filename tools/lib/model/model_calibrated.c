/* model_calibrated.c: prices by what a host's own runs took.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/model/model_calibrated.h"

#include "tools/lib/calibration/calibration.h"

bool model_calibrated_parts(const struct op_desc *d, const struct model_device *dev, struct model_parts *p)
{
	const struct calibration *c = dev->arch->calibration;
	const struct calibration_rate *rate = c ? calibration_find(c, d) : NULL;
	struct calibration_run run = {.threads = dev->threads > 0 ? dev->threads
	                                         : c              ? c->threads
	                                                          : 1,
	                              .weight_bytes = dev->weight_bytes};
	double x[FIT_TERMS];

	if (!rate)
		return false;
	calibration_terms(c, d, &run, x);
	for (unsigned i = 0; i < MODEL_N_TERMS; i++)
		p->part[i].ns = i == MODEL_TERM_INTERCONNECT || i == MODEL_TERM_STREAM ? p->part[i].ns : 0;
	p->part[MODEL_TERM_MATRIX].ns = rate->c[2] * x[2];
	p->part[MODEL_TERM_WEIGHTS].ns = rate->c[3] * x[3];
	p->part[MODEL_TERM_ACTIVATIONS].ns = rate->c[4] * x[4] + rate->c[5] * x[5];
	p->part[MODEL_TERM_LAUNCH].ns =
	        rate->c[0] * x[0] + rate->c[1] * x[1] + calibration_between_ns(c, &run);
	return true;
}
