/* energy_model.h: joules of operations, by regression over the meters' intervals.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A meter cannot tell operations apart that are shorter than its interval. Over
 * many intervals their shares can be told: the energy of an interval is taken to
 * be static watts times its length, plus watts of each class of operation times
 * the threads' time in it, plus joules of each counted event (counters that were
 * read for some operations only stand for all of their kind). The weights are
 * the least squares ones, none below zero, and then scaled so that all parts add
 * up to what the meters counted. All figures are modelled.
 */
#ifndef TOOLS_LIB_ENERGY_ENERGY_MODEL_H
#define TOOLS_LIB_ENERGY_ENERGY_MODEL_H

#include "tools/lib/energy/energy.h"
#include "tools/lib/energy/energy_fit.h"

/* Sums of what energy is proportional to: [0] is seconds of the machine. */
struct energy_use {
	double x[ENERGY_FIT_MAX];
};

struct energy_model;

/* Null and d when the trace has no meter, too few intervals, or energy that
 * does not follow from what was done. Passes over the operations twice. */
struct energy_model *energy_model_new(struct trace *t, const struct energy *e, struct diag *d);
void energy_model_free(struct energy_model *m);

/* Add an operation's use. */
void energy_model_add(const struct energy_model *m, const struct op_event *ev, struct energy_use *use);

/* Joules of a use, and their standard error. */
struct energy_figure energy_model_price(const struct energy_model *m, const struct energy_use *use);

/* Static energy of the whole recording: of [0] alone. */
struct energy_figure energy_model_static(const struct energy_model *m);

const struct energy_fit *energy_model_fit(const struct energy_model *m);
unsigned energy_model_columns(const struct energy_model *m);
const char *energy_model_column(const struct energy_model *m, unsigned i); /* "static power", "matrix", ... */
const char *energy_model_unit(const struct energy_model *m, unsigned i);   /* of its weight: "W", "J" */

/* What the parts were multiplied by to add up to the meters' total. */
double energy_model_scale(const struct energy_model *m);

#endif
