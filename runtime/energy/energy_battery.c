/* energy_battery.c: what batteries give.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A folder of class/power_supply whose `type` is "Battery" and whose `scope`
 * is not "Device" (a mouse's) is a battery of the machine; it counts while its
 * `status` is "Discharging". The power it gives now is taken where it is told
 * (power_now in uW, or current_now in uA times voltage_now in uV): what it
 * still holds (energy_now in uWh, or charge_now in uAh times voltage_now) moves
 * in large steps, minutes apart. The kernel's Documentation/ABI/testing/
 * sysfs-class-power has the units. What a battery gives is the whole machine's.
 */
#include <stdio.h>
#include <string.h>

#include "runtime/energy/energy_source.h"
#include "runtime/process/files.h"

#define CLASS        "class/power_supply"
#define UJ_PER_UWH   3600.0
#define UW_PER_UAUV  1e-6 /* uA times uV is pW */
#define UJ_PER_UAHUV (UJ_PER_UWH * 1e-6)

static const struct way {
	const char *value, *factor;
	bool is_power;
	double scale;
} ways[] = {
        {"power_now", "", true, 1},
        {"current_now", "voltage_now", true, UW_PER_UAUV},
        {"energy_now", "", false, UJ_PER_UWH},
        {"charge_now", "voltage_now", false, UJ_PER_UAHUV},
};

static bool try_way(struct energy_find *f, const char *name, const struct way *way)
{
	char folder[METER_FOLDER_BYTES], text[16];
	struct energy_meter *m;

	snprintf(folder, sizeof(folder), CLASS "/%s", name);
	m = energy_new(f, folder);
	if (!m || energy_text(m, "type", text, sizeof(text)) <= 0 || strcmp(text, "Battery") != 0)
		return false;
	if (energy_text(m, "scope", text, sizeof(text)) > 0 && strcmp(text, "Device") == 0)
		return false;
	strcpy(m->name, name);
	strcpy(m->file[METER_VALUE], way->value);
	strcpy(m->file[METER_FACTOR], way->factor);
	strcpy(m->file[METER_STATUS], "status");
	m->is_power = way->is_power;
	m->falls = !way->is_power;
	m->scale = way->scale;
	return energy_found(f);
}

static void found(const char *name, void *arg)
{
	if (strlen(name) >= METER_NAME_BYTES)
		return;
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (try_way(arg, name, &ways[i]))
			return;
}

static void find(struct energy_find *f)
{
	char path[METER_FOLDER_BYTES];

	energy_path(path, sizeof(path), CLASS);
	files_list(path, found, f);
	energy_sort(f);
}

const struct energy_source energy_battery = {"battery", PROF_ENERGY_BATTERY, find};
