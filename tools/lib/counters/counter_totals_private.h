/* counter_totals_private.h: the strata of a trace whose counters were read for a part.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One pass: sums of squares are of residuals from a first guess (that of the
 * first observation), so that nothing cancels, and are moved to the ratio and
 * the mean at the end. An observation of stratum h: m slices that took x ns and
 * counted y[i]; d[i] = y[i] - guess[i] * x.
 */
#ifndef TOOLS_LIB_COUNTERS_COUNTER_TOTALS_PRIVATE_H
#define TOOLS_LIB_COUNTERS_COUNTER_TOTALS_PRIVATE_H

#include "tools/lib/counters/counter_totals.h"
#include "tools/lib/support/arena.h"

struct stratum {
	uint64_t like;
	bool begun;                 /* its first operation was seen */
	double logs, seen;          /* sum of the logarithms of a slice's time, of so many operations */
	double rest, rest_time;     /* slices that were not counted, and their time */
	double observations, m, x;  /* of the sample */
	double xx, rest_xx;         /* sum of x^2 / m; of the rest */
	double *y, *guess, *dx, *d; /* sums of y, the guess, sums of d x / m and of d */
	double *dd;                 /* sums of d[i] d[j] / m; settled: covariances of the residuals */
	double *rate;               /* settled: counts a ns or a slice */
	struct op_event *first;     /* the first operation, when it was counted */
	double first_x;             /* its time */
	bool by_time[PROF_MAX_COUNTERS];
	int pool; /* that it takes its rates from; -1: its own */
};

/* Like strata together. */
struct pool {
	unsigned level;
	uint64_t key;
	unsigned donors;
	const struct stratum *only; /* the donor, where there is one alone */
	bool by_time;
	double *rate;
	double *spread;     /* covariances of the donors' rates */
	double size, sizes; /* scratch of an error: sums of sizes and of their squares */
};

/* A stratum's part in a group. */
struct cell {
	uint32_t stratum, group;
	double slices, time, counted, counted_time;
	struct cell *next; /* of the group */
};

struct totals {
	unsigned n_strata, n_counters, n_groups, group_capacity;
	struct stratum *strata;
	struct group_sums {
		struct cell *cells;
		double y[PROF_MAX_COUNTERS];
	} * groups;
	struct cell **slots;
	unsigned n_cells, n_slots;
	struct pool *pools;
	unsigned n_pools, pool_capacity;
	bool timed; /* every operation has a time */
	struct arena arena;
};

static inline double *totals_numbers(struct totals *s, unsigned n)
{
	return arena_alloc(&s->arena, n * sizeof(double));
}

/* Take an observation that took x ns into its stratum's sample; -1 without memory. */
int totals_observe(struct totals *s, struct stratum *h, const struct op_event *ev, double x);

#endif
