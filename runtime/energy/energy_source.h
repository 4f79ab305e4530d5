/* energy_source.h: where energy meters are found.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A source is a file that fills in struct energy_meter; energy.c asks one after
 * another until one has meters. All functions: lock held, unless said
 * otherwise.
 */
#ifndef PROF_RUNTIME_ENERGY_ENERGY_SOURCE_H
#define PROF_RUNTIME_ENERGY_ENERGY_SOURCE_H

#include <prof/trace_format.h>
#include <stddef.h>

#include "runtime/energy/energy_meter.h"

/* Meters being found. */
struct energy_find {
	struct energy_meter *meters;
	unsigned n, max;
	bool unreadable; /* there is one that this user may not read */
};

struct energy_source {
	const char *name; /* in PROFSHIM_ENERGY */
	enum prof_energy_source number;
	void (*find)(struct energy_find *f);
};

extern const struct energy_source energy_powercap; /* class/powercap: RAPL, as the kernel shows it */
extern const struct energy_source energy_hwmon;    /* class/hwmon: energy and power of boards and chips */
extern const struct energy_source energy_battery;  /* class/power_supply: what batteries give */

/* ---- for the sources ---- */

/* A path below the folder of PROFSHIM_SYSFS; cut when it is too long. */
void energy_path(char *path, size_t bytes, const char *below);

/* A new meter in `folder` (below the folder of PROFSHIM_SYSFS), or null when
 * there are too many or the path is too long. It counts once energy_found()
 * says so. */
struct energy_meter *energy_new(struct energy_find *f, const char *folder);

/* Whether all files of the meter that energy_new() gave last hold what they
 * should; then it is one of those found. Otherwise it is forgotten. */
bool energy_found(struct energy_find *f);

/* Put the meters found into the order of their folders. */
void energy_sort(struct energy_find *f);

/* A number in a file of the meter's folder; 0, or -1 and errno, which is 0 when
 * the file can be read but has no number. */
int energy_number(const struct energy_meter *m, const char *file, uint64_t *value);

/* A line of text in a file of the meter's folder; its bytes, or less than 1. */
long energy_text(const struct energy_meter *m, const char *file, char *text, size_t bytes);

#endif
