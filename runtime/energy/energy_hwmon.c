/* energy_hwmon.c: energy and power that chips of a board measure.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A folder of class/hwmon is one chip: `name` says which; energyN_input is a
 * counter in uJ, powerN_average and powerN_input are powers in uW (the average
 * is taken where there are both), and NAME_label says of what (the kernel's
 * Documentation/hwmon/sysfs-interface). Where a chip counts energy its powers
 * are left out: they are the same again. amd_energy has a counter for each core
 * and one for each socket, which includes them.
 */
#include <stdio.h>
#include <string.h>

#include "runtime/energy/energy_source.h"
#include "runtime/process/files.h"

#define CLASS    "class/hwmon"
#define CHIPS    64
#define ENERGIES 1024 /* amd_energy numbers every core */
#define POWERS   32

struct chip {
	struct energy_find *find;
	char folder[METER_FOLDER_BYTES];
	char name[METER_NAME_BYTES];
};

/* "package-0" for amd_energy's "Esocket0", else CHIP or CHIP:LABEL. */
static void name_it(const struct chip *chip, struct energy_meter *m, const char *stem)
{
	char label[24] = "", file[METER_FILE_BYTES];

	if (stem[0] == 'c') /* ina3221 labels voltages */
		snprintf(file, sizeof(file), "in%s_label", stem + 4);
	else
		snprintf(file, sizeof(file), "%s_label", stem);
	if (energy_text(m, file, label, sizeof(label)) <= 0)
		snprintf(label, sizeof(label), "%s", stem);
	if (strncmp(label, "Esocket", 7) == 0)
		snprintf(m->name, sizeof(m->name), "package-%.8s", label + 7);
	else
		snprintf(m->name, sizeof(m->name), "%.36s:%s", chip->name, label);
}

/* A meter of the chip: STEM_SUFFIX, times `factor` where that is not "". */
static bool try_meter(const struct chip *chip, const char *stem, const char *suffix, const char *factor)
{
	struct energy_meter *m = energy_new(chip->find, chip->folder);

	if (!m)
		return false;
	snprintf(m->file[METER_VALUE], METER_FILE_BYTES, "%s_%s", stem, suffix);
	snprintf(m->file[METER_FACTOR], METER_FILE_BYTES, "%s", factor);
	m->is_power = stem[0] != 'e';
	m->scale = 1; /* uJ, uW, or mA times mV */
	name_it(chip, m, stem);
	if (strstr(m->name, ":Ecore"))
		return false; /* parts of the socket, hundreds of them */
	return energy_found(chip->find);
}

static void find_counters(const struct chip *chip)
{
	char stem[24];

	for (int i = 1; i <= ENERGIES; i++) {
		snprintf(stem, sizeof(stem), "energy%d", i);
		try_meter(chip, stem, "input", "");
		if (i >= POWERS && strcmp(chip->name, "amd_energy") != 0)
			break;
	}
}

static void find_powers(const struct chip *chip)
{
	char stem[24];

	for (int i = 1; i <= POWERS; i++) {
		snprintf(stem, sizeof(stem), "power%d", i);
		if (!try_meter(chip, stem, "average", ""))
			try_meter(chip, stem, "input", "");
	}
}

/* Current in mA times voltage in mV, where a chip leaves that to its readers. */
static void find_currents(const struct chip *chip)
{
	char stem[24], voltage[METER_FILE_BYTES];

	for (int i = 1; i <= 3; i++) {
		snprintf(stem, sizeof(stem), "curr%d", i);
		snprintf(voltage, sizeof(voltage), "in%d_input", i);
		try_meter(chip, stem, "input", voltage);
	}
}

static bool is_label(const char *name, const char *label)
{
	const char *colon = strchr(name, ':');

	return colon && strcmp(colon + 1, label) == 0;
}

/* Where one of a chip's channels is the sum of all, the others are parts of it. */
static void set_parents(struct energy_find *f, unsigned first)
{
	static const char *const wholes[] = {"VDD_IN", "POM_5V_IN", "Total System Power"};
	unsigned whole = f->n;

	for (unsigned i = first; i < f->n && whole == f->n; i++)
		for (unsigned k = 0; k < sizeof(wholes) / sizeof(wholes[0]); k++)
			if (is_label(f->meters[i].name, wholes[k]))
				whole = i;
	for (unsigned i = first; i < f->n && whole < f->n; i++)
		if (i != whole)
			f->meters[i].parent = whole + 1;
}

/* Batteries appear here as well (energy_battery.c has them), and devices whose
 * energy is not the host's. */
static bool is_other(const char *name, const char *folder)
{
	static const char *const others[] = {"amdgpu", "radeon", "nouveau", "i915", "xe"};
	char path[METER_FOLDER_BYTES + 16], type[16];

	for (unsigned k = 0; k < sizeof(others) / sizeof(others[0]); k++)
		if (strcmp(name, others[k]) == 0)
			return true;
	snprintf(path, sizeof(path), "%s/device/type", folder);
	return files_read_line(path, type, sizeof(type)) > 0 && strcmp(type, "Battery") == 0;
}

static void look_at_chip(struct energy_find *f, int number)
{
	char folder[METER_FOLDER_BYTES], path[METER_FOLDER_BYTES + 8];
	struct chip chip = {.find = f};
	unsigned first = f->n;

	snprintf(chip.folder, sizeof(chip.folder), CLASS "/hwmon%d", number);
	energy_path(folder, sizeof(folder), chip.folder);
	snprintf(path, sizeof(path), "%s/name", folder);
	if (files_read_line(path, chip.name, sizeof(chip.name)) <= 0 || is_other(chip.name, folder))
		return;
	find_counters(&chip);
	if (f->n == first)
		find_powers(&chip);
	if (f->n == first && strcmp(chip.name, "ina3221") == 0)
		find_currents(&chip);
	set_parents(f, first);
}

static void find(struct energy_find *f)
{
	for (int i = 0; i < CHIPS; i++)
		look_at_chip(f, i);
}

const struct energy_source energy_hwmon = {"hwmon", PROF_ENERGY_HWMON, find};
