/* energy_facts.c: what the trace says of the energy meters.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/energy/energy_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/config.h"
#include "runtime/process/facts.h"
#include "runtime/trace/meta.h"
#include "runtime/trace/note.h"

#define NS_PER_MS   1e6
#define CHANGES_MIN 3 /* fewer say nothing of how often a meter is brought up to date */

static void add(unsigned id, const char *what, const char *value)
{
	char key[48];

	snprintf(key, sizeof(key), "energy.%u.%s", id, what);
	facts_add(key, value);
}

static void add_number(unsigned id, const char *what, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6g", value);
	add(id, what, text);
}

/* Where the meter is: the file, or PAPI's event. */
static void path_of(const struct energy_meter *m, char *path, size_t bytes)
{
	snprintf(path, bytes, "%s%s%s", m->folder, m->file[METER_VALUE][0] ? "/" : "", m->file[METER_VALUE]);
}

/* The watts of a path in "PATH=WATTS,PATH=WATTS"; false when it has none. */
static bool idle_of(const char *list, const char *path, double *watts)
{
	size_t bytes = strlen(path);

	while (*list) {
		size_t item = strcspn(list, ",");

		if (item > bytes && memcmp(list, path, bytes) == 0 && list[bytes] == '=') {
			char *end;

			*watts = strtod(list + bytes + 1, &end);
			return end > list + bytes + 1 && (*end == ',' || !*end) && *watts >= 0;
		}
		list += item;
		list += *list == ',';
	}
	return false;
}

void energy_facts_domains(const struct energy_meter *meters, unsigned n, enum prof_energy_source source)
{
	char path[METER_FOLDER_BYTES + METER_FILE_BYTES + 2];

	for (unsigned i = 0; i < n; i++) {
		const struct energy_meter *meter = &meters[i];
		struct prof_meta_energy_domain m = {.id = i + 1, .source = source, .parent = meter->parent};
		struct iovec text = meta_text(meter->name, &m.name_bytes);
		struct iovec parts[] = {{&m, sizeof(m)}, text, META_ZERO};
		double idle_w;

		meta_add(PROF_META_ENERGY_DOMAIN, parts, 3);
		path_of(meter, path, sizeof(path));
		add(i + 1, "path", path);
		add(i + 1, "kind", meter->is_power ? "power reading" : "energy counter");
		if (idle_of(config_get()->text[CONFIG_IDLE], path, &idle_w))
			add_number(i + 1, "idle_w", idle_w);
	}
}

void energy_facts_period(uint64_t period_ns)
{
	char text[32];

	if (!period_ns)
		return;
	snprintf(text, sizeof(text), "%.6g", (double)period_ns / NS_PER_MS);
	facts_add("energy.period_ms", text);
}

void energy_facts_end(const struct energy_meter *meters, unsigned n, double seconds)
{
	char path[METER_FOLDER_BYTES + METER_FILE_BYTES + 2];

	for (unsigned i = 0; i < n; i++) {
		const struct energy_meter *m = &meters[i];

		path_of(m, path, sizeof(path));
		if (seconds > 0 && m->changes >= CHANGES_MIN)
			add_number(i + 1, "update_ms", seconds * 1e3 / m->changes);
		if (m->failures)
			note_add("The energy meter %.300s could not be read %u times: its energy of then is "
			         "%s.",
			         path, m->failures, m->is_power ? "missing" : "known in sum alone");
		if (m->restarts)
			note_add("The energy meter %.300s began anew %u times: energy is missing.", path,
			         m->restarts);
		if (m->gaps)
			note_add("The energy meter %.300s was read so seldom %u times that it may have "
			         "wrapped "
			         "around more than once in between.",
			         path, m->gaps);
	}
}
