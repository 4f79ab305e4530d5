/* calibration_fit.h: rates of an engine's kernels from recorded runs.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_CALIBRATION_CALIBRATION_FIT_H
#define TOOLS_LIB_CALIBRATION_CALIBRATION_FIT_H

#include "tools/lib/calibration/calibration.h"
#include "tools/lib/trace/trace.h"

/* What is kept of the times of one descriptor: how many there were, and a
 * uniform sample of them, since a median needs the values themselves. */
#define TIMES_KEPT 63u

struct desc_times {
	uint64_t n;
	double sum_ns;
	float ns[TIMES_KEPT];
};

/* Times of all descriptors of a trace ([n_descs], malloc'ed, the caller's), of
 * operations that are part of no other, and how the run used the machine. Null and
 * an error. */
struct desc_times *desc_times_read(struct trace *t, struct calibration_run *run, struct diag *d);

/* Time of the trace's steps from begin to end, ns; 0: it has none of which both
 * were recorded. */
double trace_steps_ns(const struct trace *t);

/* Bytes of the constant weights that the trace's operations read, each weight
 * once by its name. */
double trace_weight_bytes(const struct trace *t);

/* Median of a descriptor's times, ns; NaN when there are none. */
double desc_times_median(const struct desc_times *times);

/* The p-quantile (0 to 1) of n values with weights; sorts them. NaN for none. */
struct weighted {
	double value, weight;
};
double weighted_quantile(struct weighted *values, size_t n, double p);

struct fit_measurement {
	struct calibration_rate key;
	struct fit_point point;
};

struct fit_set {
	struct fit_measurement *items;
	unsigned n, capacity;
	struct fit_point *between; /* of each trace with steps */
	unsigned n_between, between_capacity;
	double sync_ns; /* what a thread costs the others, where no trace tells: a meeting of all of them */
};

/* Add what a trace measured, in terms of what c holds of the machine. */
int fit_set_add(struct fit_set *s, const struct calibration *c, struct trace *t, struct diag *d);

/* Fit a rate for each kind there are measurements of, in place of what c holds. */
int fit_set_make(struct fit_set *s, struct calibration *c, struct diag *d);
void fit_set_release(struct fit_set *s);

#endif
