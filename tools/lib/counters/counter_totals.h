/* counter_totals.h: totals of counters that were read for some operations only.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The population is the slices (one thread's part of an operation); those with
 * counters are the sample. Strata are the descriptors. What was counted is
 * added up as it is; what was not is predicted from the stratum's sample, by
 * the ratio of counts to time or by the mean, whichever leaves the smaller
 * variance in that stratum. With all of a stratum in one group this is the
 * stratified ratio or expansion estimator of Cochran, Sampling Techniques (3rd
 * ed., chapters 5 and 6), finite population correction included: with residuals
 * of variance s^2, n of N counted and U = N - n,
 *     V = s^2 (U^2 / n + U) = N^2 (1 - n/N) s^2 / n.
 * Every n-th operation from a random start is treated as a random sample.
 * Slices of one operation that were counted together are one observation.
 *
 * A stratum's first operation, when counted, adds its counts and is left out of
 * the sample: recorders take it for certain, and a first time is unlike others.
 *
 * Slices that take far longer than is usual for their descriptor are strata of
 * their own: they waited, and what they counted is not in proportion to it.
 *
 * A stratum with fewer than two observations takes the ratio of like ones: of
 * the same operation, data type and context (attention grows with every token),
 * else without the context, else of the same operation, else of all. Its
 * error is the spread of those strata among each other.
 *
 * Errors are standard errors, widened by Student's t over its limit where few
 * observations stand behind them, so that twice the error covers 95 %.
 */
#ifndef TOOLS_LIB_COUNTERS_COUNTER_TOTALS_H
#define TOOLS_LIB_COUNTERS_COUNTER_TOTALS_H

#include "tools/lib/trace/trace.h"

struct totals;

/* Strata 0 to n_strata - 1 of n_counters counters; like[i] says what
 * stratum i is like: totals_like(). Null without memory. */
struct totals *totals_new(unsigned n_strata, unsigned n_counters, const uint64_t *like);
uint64_t totals_like(unsigned op, unsigned dtype, const char *context);

/* Strata are the trace's descriptors. */
struct totals *totals_of_trace(const struct trace *t);
void totals_free(struct totals *s);

/* Count an operation (its desc is the stratum) in a group, which the caller
 * numbers from 0; -1 without memory. */
int totals_add(struct totals *s, unsigned group, const struct op_event *ev);

/* After the last operation, before anything below; -1 without memory. */
int totals_settle(struct totals *s);

struct totals_counts {
	double slices;   /* in all */
	double counted;  /* whose counters were read */
	double borrowed; /* not counted, and estimated from other descriptors */
};
struct totals_counts totals_counts(const struct totals *s, unsigned group);

/* A counter's total over a group; NaN when nothing at all was counted. */
double totals_value(const struct totals *s, unsigned group, unsigned counter);

/* The standard error of sum(slopes[i] * total of counter i); 0 when all was
 * counted, NaN when a single observation is all there is. */
double totals_error(const struct totals *s, unsigned group, const double *slopes);

/* That of one counter's total. */
double totals_value_error(const struct totals *s, unsigned group, unsigned counter);

#endif
