/* energy_powercap.c: RAPL's domains, as the kernel shows them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Every folder of class/powercap with a colon in its name and a readable
 * energy_uj is a domain; "intel-rapl:0:1" is a part of "intel-rapl:0". The
 * files are described by the kernel's Documentation/power/powercap.
 */
#include <stdio.h>
#include <string.h>

#include "runtime/energy/energy_source.h"
#include "runtime/process/files.h"

#define CLASS    "class/powercap"
#define PLATFORM "psys" /* the whole platform: packages, memory, and the rest */
#define PEAK     2.0    /* peaks go beyond the limits of power, which are means over a while */
#define LIMITS   4

static const char *folder_of(const struct energy_meter *m)
{
	return strrchr(m->folder, '/') + 1;
}

/* The largest of the limits that can be set, in watts; 0: none is told. */
static double most_w(const struct energy_meter *m)
{
	double most = 0;

	for (int i = 0; i < LIMITS; i++) {
		char file[METER_FILE_BYTES];
		uint64_t uw;

		snprintf(file, sizeof(file), "constraint_%d_max_power_uw", i);
		if (energy_number(m, file, &uw) == 0 && (double)uw * 1e-6 * PEAK > most)
			most = (double)uw * 1e-6 * PEAK;
	}
	return most;
}

static void found(const char *name, void *arg)
{
	struct energy_find *f = arg;
	char folder[METER_FOLDER_BYTES];
	struct energy_meter *m;

	if (!strchr(name, ':') || strlen(name) >= METER_NAME_BYTES)
		return;
	snprintf(folder, sizeof(folder), CLASS "/%s", name);
	m = energy_new(f, folder);
	if (!m || energy_number(m, "max_energy_range_uj", &m->range) < 0)
		return;
	strcpy(m->file[METER_VALUE], "energy_uj");
	m->scale = 1;
	m->most_w = most_w(m);
	if (energy_text(m, "name", m->name, sizeof(m->name)) <= 0)
		strcpy(m->name, name);
	energy_found(f);
}

/* The domain whose energy includes this one's: the one it is named below;
 * for another meter of the same thing (intel-rapl-mmio) the first; for what
 * is at the top, the platform. */
static uint32_t parent_of(const struct energy_find *f, unsigned i)
{
	const char *name = folder_of(&f->meters[i]), *colon = strrchr(name, ':');
	size_t above = (size_t)(colon - name);

	for (unsigned k = 0; k < f->n; k++)
		if (strlen(folder_of(&f->meters[k])) == above
		    && memcmp(folder_of(&f->meters[k]), name, above) == 0)
			return k + 1;
	if (strchr(name, ':') != colon)
		return 0;
	for (unsigned k = 0; k < i; k++)
		if (strcmp(f->meters[k].name, f->meters[i].name) == 0)
			return k + 1;
	for (unsigned k = 0; k < f->n; k++)
		if (k != i && strcmp(f->meters[k].name, PLATFORM) == 0)
			return k + 1;
	return 0;
}

static void find(struct energy_find *f)
{
	char path[METER_FOLDER_BYTES];

	energy_path(path, sizeof(path), CLASS);
	files_list(path, found, f);
	energy_sort(f);
	for (unsigned i = 0; i < f->n; i++)
		f->meters[i].parent = parent_of(f, i);
}

const struct energy_source energy_powercap = {"powercap", PROF_ENERGY_POWERCAP, find};
