/* energy.h: the parts of proftrace energy.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFTRACE_ENERGY_H
#define TOOLS_PROFTRACE_ENERGY_H

#include "tools/lib/energy/energy.h"
#include "tools/lib/replay/measured.h"
#include "tools/proftrace/proftrace.h"

struct energy_view {
	struct trace *trace;
	struct energy *energy;
	struct measured measured;
	struct host host;
	bool has_host; /* a profile to assume from, where there is no meter */
	double grid;   /* grams of CO2 equivalent a kWh; NaN: not asked for */
	enum table_format format;
};

/* Each prints one table; 0, or -1 and d. */
int energy_by_domain(const struct energy_view *v, struct diag *d);
int energy_by_phase(const struct energy_view *v, struct diag *d);
int energy_by_step(const struct energy_view *v, struct diag *d);
int energy_by_sample(const struct energy_view *v, struct diag *d);

/* By keys of proftrace stats: modelled, or assumed where there is no meter. */
int energy_by_group(const struct energy_view *v, const char *keys, struct diag *d);

/* Lines for people on where the figures come from. */
void energy_notes(const struct energy_view *v);

/* "measured", "assumed", or "" where nothing is known. */
const char *energy_origin(const struct energy_view *v);

/* "powercap", "PAPI", "hwmon", "battery" or "unknown". */
const char *energy_source_name(enum prof_energy_source source);

#endif
