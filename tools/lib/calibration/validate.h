/* validate.h: predicted against measured times, operation by operation.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_CALIBRATION_VALIDATE_H
#define TOOLS_LIB_CALIBRATION_VALIDATE_H

#include "tools/lib/arch/arch.h"
#include "tools/lib/calibration/calibration_fit.h"
#include "tools/lib/model/model.h"

/* Relative errors |predicted / measured - 1| of single executions, in bins of a
 * quarter of a percent; the last one holds all above. */
#define ERROR_BINS 2048u
#define ERROR_BIN  0.0025

struct error_histogram {
	uint64_t n, bins[ERROR_BINS];
};

/* Upper end of the bin below which the part p of the errors lies; NaN for none. */
double error_quantile(const struct error_histogram *h, double p);

/* Operations of one kind or context, in one phase. */
struct validation_group {
	const char *name;
	enum prof_phase phase;
	bool by_context; /* else by kind */
	double measured_ns, predicted_ns;
	struct error_histogram errors;
};

/* A descriptor's operations, for the picture. */
struct validation_point {
	unsigned op;
	double measured_ns, predicted_ns; /* median, and the model's */
	uint64_t operations;
};

struct validation {
	struct calibration_run run;
	struct validation_group *groups;
	struct validation_point *points;
	unsigned n_groups, group_capacity, n_points;
	struct error_histogram errors;    /* of all executions */
	double measured_ns, predicted_ns; /* all operations */
	double outside_ns;                /* of operations outside of every step */
	double between_ns;                /* predicted of all that passes between operations */
	double wall_ns;                   /* of the steps and of operations outside; 0: no steps */
	uint64_t unpriced;                /* executions without a fitted rate: by the roofline */
};

/* Price what the trace holds on the machine that a is. NULL and an error. */
struct validation *validate(struct trace *t, const struct arch *a, const struct model_options *o,
                            struct diag *d);
void validation_free(struct validation *v);

#endif
