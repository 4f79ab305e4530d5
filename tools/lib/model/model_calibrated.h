/* model_calibrated.h: prices by what a host's own runs took.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_MODEL_MODEL_CALIBRATED_H
#define TOOLS_LIB_MODEL_MODEL_CALIBRATED_H

#include "tools/lib/model/model.h"

/* Where the device's profile has a calibration with a rate for this operation,
 * replace the times of p's terms: matrix is the fitted arithmetic (products or
 * not), weights and activations the fitted transfers, launch all that does not
 * depend on the work; the terms that these hold already become 0. Energies stay
 * as they are. False, and p unchanged, elsewhere. */
bool model_calibrated_parts(const struct op_desc *d, const struct model_device *dev, struct model_parts *p);

#endif
