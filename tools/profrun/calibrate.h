/* calibrate.h: measure this host, and write what was measured as a profile.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFRUN_CALIBRATE_H
#define TOOLS_PROFRUN_CALIBRATE_H

#include "tools/lib/support/diag.h"

struct calibrate_request {
	const char *path;    /* of the profile; null: standard output */
	const char *name;    /* of the accelerator in it; null: made from the CPU's name */
	const char *sysfs;   /* where meters are looked for */
	const char **traces; /* runs that rates of kernels are fitted from, or null */
	unsigned n_traces;
	double seconds; /* that measuring takes about; 0: the default of a minute */
};

#define CALIBRATE_SECONDS 60.0

/* 0, or -1 and an error; then no file is written. */
int calibrate(const struct calibrate_request *r, struct diag *d);

#endif
