/* energy_papi.c: energy meters that PAPI reads.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Three components know RAPL: "powercap" reads class/powercap, "rapl" the
 * processor's registers, and perf_event_uncore the kernel's PMU "power", by the
 * names that libpfm gives it. Which of them is built in, and may be used,
 * differs; they are tried in that order. The first event of a component must be
 * there for each package.
 */
#include "runtime/energy/energy_papi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/counters/counters_papi.h"
#include "runtime/process/files.h"

#define PACKAGES_MAX 8

#define UJ_PER_NJ   1e-3
#define UJ_PER_PERF (1e6 / 4294967296.0) /* perf counts in 2^-32 J */

static const struct kind {
	const char *event; /* %d: the package, or a processor of it */
	const char *name;  /* %d: the package */
	double scale;      /* uJ of one unit */
	bool is_part;      /* of the package's first event */
	bool by_processor;
} kinds[] = {
        {"powercap:::ENERGY_UJ:ZONE%d", "package-%d", 1, false, false},
        {"powercap:::ENERGY_UJ:ZONE%d_SUBZONE0", "package-%d-part-0", 1, true, false},
        {"powercap:::ENERGY_UJ:ZONE%d_SUBZONE1", "package-%d-part-1", 1, true, false},
        {"powercap:::ENERGY_UJ:ZONE%d_SUBZONE2", "package-%d-part-2", 1, true, false},
        {"rapl:::PACKAGE_ENERGY:PACKAGE%d", "package-%d", UJ_PER_NJ, false, false},
        {"rapl:::PP0_ENERGY:PACKAGE%d", "core-%d", UJ_PER_NJ, true, false},
        {"rapl:::PP1_ENERGY:PACKAGE%d", "uncore-%d", UJ_PER_NJ, true, false},
        {"rapl:::DRAM_ENERGY:PACKAGE%d", "dram-%d", UJ_PER_NJ, true, false},
        {"rapl::RAPL_ENERGY_PKG:cpu=%d", "package-%d", UJ_PER_PERF, false, true},
        {"rapl::RAPL_ENERGY_CORES:cpu=%d", "core-%d", UJ_PER_PERF, true, true},
        {"rapl::RAPL_ENERGY_GPU:cpu=%d", "uncore-%d", UJ_PER_PERF, true, true},
        {"rapl::RAPL_ENERGY_DRAM:cpu=%d", "dram-%d", UJ_PER_PERF, true, true},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int set = PAPI_NULL;
static unsigned n_events;

/* The processor that stands for a package, or -1. */
static int processor_of(int package)
{
	char path[METER_FOLDER_BYTES], text[64];
	const char *p = text;

	energy_path(path, sizeof(path), "bus/event_source/devices/power/cpumask");
	if (files_read_line(path, text, sizeof(text)) <= 0)
		return -1;
	for (; package > 0 && (p = strchr(p, ',')); package--)
		p++;
	return p ? (int)strtol(p, NULL, 10) : -1;
}

/* A text with its %d filled in. */
static void fill_in(char *text, size_t bytes, const char *form, int number)
{
	const char *mark = strstr(form, "%d");

	snprintf(text, bytes, "%.*s%d%s", (int)(mark - form), form, number, mark + 2);
}

/* One event more in the set; false when PAPI does not have it. */
static bool add(struct energy_find *f, const struct kind *kind, int package, unsigned *whole)
{
	struct energy_meter *m = &f->meters[f->n];
	int place = kind->by_processor ? processor_of(package) : package;

	if (f->n == f->max || f->n == ENERGY_PAPI_MAX || place < 0)
		return false;
	memset(m, 0, sizeof(*m));
	fill_in(m->folder, sizeof(m->folder), kind->event, place);
	fill_in(m->name, sizeof(m->name), kind->name, package);
	if (papi.query_named_event(m->folder) != PAPI_OK || papi.add_named_event(set, m->folder) != PAPI_OK)
		return false;
	m->scale = kind->scale;
	m->parent = kind->is_part ? *whole : 0;
	f->n++;
	if (!kind->is_part)
		*whole = f->n;
	return true;
}

/* Those of the component whose first event is kinds[first]. */
static void add_component(struct energy_find *f, unsigned first)
{
	for (int package = 0; package < PACKAGES_MAX; package++) {
		unsigned whole = 0;

		if (!add(f, &kinds[first], package, &whole))
			return;
		for (unsigned i = first + 1; i < KINDS && kinds[i].is_part; i++)
			add(f, &kinds[i], package, &whole);
	}
}

const char *energy_papi_open(struct energy_find *f)
{
	const char *why = papi_open();

	if (why)
		return why;
	if (papi.create_eventset(&set) != PAPI_OK)
		return "PAPI makes no set of events";
	for (unsigned i = 0; i < KINDS && !f->n; i++)
		if (!kinds[i].is_part)
			add_component(f, i);
	n_events = f->n;
	if (n_events && papi.start(set) == PAPI_OK)
		return NULL;
	f->n = n_events = 0;
	papi.cleanup_eventset(set);
	papi.destroy_eventset(&set);
	return "PAPI has no energy events here";
}

bool energy_papi_read(uint64_t values[ENERGY_PAPI_MAX])
{
	long long read[ENERGY_PAPI_MAX];

	if (!n_events || papi.read(set, read) != PAPI_OK)
		return false;
	for (unsigned i = 0; i < n_events; i++)
		values[i] = (uint64_t)read[i];
	return true;
}

void energy_papi_after_fork(void)
{
	set = PAPI_NULL;
	n_events = 0;
}
