/* energy.h: joules of a stretch of time, from a trace's energy samples.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Samples are cumulative, a domain at a time; between two of them the energy is
 * taken to grow evenly. What that may be wrong by is said with each figure: at a
 * border that lies a part f into an interval of energy E and length T, the
 * energy before the border lies between E - (1 - f) T P and f T P (and between 0
 * and E), P being the largest power the domain showed; the error is the distance
 * from the even value to the further of the two. A border on a sample has none.
 * docs/energy.md, "From samples to steps".
 */
#ifndef TOOLS_LIB_ENERGY_ENERGY_H
#define TOOLS_LIB_ENERGY_ENERGY_H

#include "tools/lib/trace/trace.h"

struct energy_figure {
	double joules;  /* NaN: unknown */
	double error_j; /* at most, from the sampling; meters have errors of their own */
};

struct energy;

/* Null only without memory. The trace must outlive it. */
struct energy *energy_new(const struct trace *t);
void energy_free(struct energy *e);

/* Whether some domain has two samples or more; else every figure is NaN. */
bool energy_is_measured(const struct energy *e);

/* All domains that are not part of others, from_ns to to_ns of the trace. */
struct energy_figure energy_between(const struct energy *e, double from_ns, double to_ns);

/* Stretches of time, ascending, none within another. */
struct energy_stretch {
	double from_ns, to_ns;
};

/* What the joules of all n stretches together may be wrong by, all domains that are no
 * part of others: less than the sum of what each may be, for what is taken from one
 * stretch at a border within an interval mostly goes to the next. In an interval of which
 * the stretches cover a part f, their energy lies between E - (1 - f) T P and f T P. */
double energy_error_of(const struct energy *e, const struct energy_stretch *stretches, unsigned n);

/* One domain: index into trace.domains. */
struct energy_figure energy_domain_between(const struct energy *e, unsigned domain, double from_ns,
                                           double to_ns);

/* When a domain was first and last read, ns; how often. */
unsigned energy_domain_samples(const struct energy *e, unsigned domain, double *first_ns, double *last_ns);

/* Times at which the domains that are not part of others were read, ascending
 * and each once; *n of them. The caller frees it; null without memory. */
double *energy_sample_times(const struct energy *e, unsigned *n);

/* Watts of the idle machine as measured before the run, all domains that are not
 * part of others, or one of them; NaN where the trace does not say. */
double energy_idle_w(const struct energy *e);
double energy_domain_idle_w(const struct energy *e, unsigned domain);

#endif
