/* energy_steps.h: the machine's energy shared out among the steps of a run.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_ENERGY_ENERGY_STEPS_H
#define TOOLS_LIB_ENERGY_ENERGY_STEPS_H

#include "tools/lib/energy/energy.h"

struct energy_step {
	double joules;     /* what the meters counted; NaN: unknown, or the step was not seen to end */
	double error_j;    /* at most, from the sampling (energy.h) */
	double machine_ns; /* its part of the machine's time: its length when it ran alone */
};

/* Each step's part, into steps[trace.n_steps]. Where steps of several processes
 * are under way at once, each gets an equal part of energy and time, so that the
 * sum over steps is never more than the machine used. 0, or -1 without memory. */
int energy_of_steps(const struct energy *e, const struct trace *t, struct energy_step *steps);

/* What the joules of all steps of a phase together may be wrong by (energy_error_of);
 * NaN without memory. */
double energy_error_of_phase(const struct energy *e, const struct trace *t, enum prof_phase phase);

#endif
