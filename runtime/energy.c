/* energy.c: the energy meters of the machine (powercap).
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Every folder below SYSFS/class/powercap with a readable energy_uj is a domain;
 * "intel-rapl:0:1" is part of "intel-rapl:0". A meter is opened anew for each
 * reading, as programs close descriptors that they do not know.
 */
#include "runtime/energy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/config.h"
#include "runtime/files.h"
#include "runtime/meta.h"
#include "runtime/note.h"
#include "runtime/recorder_state.h"

#define DOMAINS_MAX 64
#define NAME_BYTES  64
#define PATH_BYTES  512
#define APART_NS    5000000u
#define PLATFORM    "psys" /* the whole platform: packages, memory, and the rest */

struct domain {
	char folder[NAME_BYTES]; /* "intel-rapl:0" */
	char name[NAME_BYTES];   /* "package-0" */
	uint32_t parent;         /* id, 0: none */
	uint64_t range_uj;       /* largest value before it starts from zero */
	uint64_t last_uj, sum_uj;
};

static struct domain domains[DOMAINS_MAX];
static unsigned n_domains;
static bool looked, unreadable;
static bool from_zero; /* the next sample is the first of its trace */
static uint64_t last_ns;

static int read_meter(const struct domain *d, const char *file, uint64_t *value)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%.384s/class/powercap/%s/%s", config_get()->text[CONFIG_SYSFS],
	         d->folder, file);
	return files_read_u64(path, value);
}

static void found(const char *name, void *arg)
{
	struct domain *d = &domains[n_domains];
	char path[PATH_BYTES];

	if (n_domains == DOMAINS_MAX || strlen(name) >= NAME_BYTES || !strchr(name, ':'))
		return;
	memset(d, 0, sizeof(*d));
	strcpy(d->folder, name);
	if (read_meter(d, "max_energy_range_uj", &d->range_uj) < 0)
		return;
	if (read_meter(d, "energy_uj", &d->last_uj) < 0) {
		unreadable = true;
		return;
	}
	snprintf(path, sizeof(path), "%.384s/class/powercap/%s/name", config_get()->text[CONFIG_SYSFS], name);
	if (files_read_line(path, d->name, sizeof(d->name)) <= 0)
		strcpy(d->name, name);
	n_domains++;
}

/* By insertion: there are a handful, and qsort() may call malloc. */
static void sort_domains(void)
{
	for (unsigned i = 1; i < n_domains; i++)
		for (unsigned j = i; j > 0 && strcmp(domains[j - 1].folder, domains[j].folder) > 0; j--) {
			struct domain swap = domains[j];

			domains[j] = domains[j - 1];
			domains[j - 1] = swap;
		}
}

/* The domain whose energy includes this one's: the one it is named below;
 * for another meter of the same thing (intel-rapl-mmio) the first; for what
 * is at the top, the platform. */
static uint32_t parent_of(unsigned i)
{
	const struct domain *d = &domains[i];
	const char *colon = strrchr(d->folder, ':');
	size_t above = (size_t)(colon - d->folder);

	for (unsigned k = 0; k < n_domains; k++)
		if (strlen(domains[k].folder) == above && memcmp(domains[k].folder, d->folder, above) == 0)
			return k + 1;
	if (strchr(d->folder, ':') != colon)
		return 0;
	for (unsigned k = 0; k < i; k++)
		if (strcmp(domains[k].name, d->name) == 0)
			return k + 1;
	for (unsigned k = 0; k < n_domains; k++)
		if (k != i && strcmp(domains[k].name, PLATFORM) == 0)
			return k + 1;
	return 0;
}

static void introduce(unsigned i)
{
	struct domain *d = &domains[i];
	struct prof_meta_energy_domain m = {.id = i + 1, .source = PROF_ENERGY_POWERCAP};
	struct iovec text = meta_text(d->name, &m.name_bytes);
	struct iovec parts[] = {{&m, sizeof(m)}, text, META_ZERO};

	m.parent = d->parent = parent_of(i);
	meta_add(PROF_META_ENERGY_DOMAIN, parts, 3);
}

static void look(void)
{
	char path[PATH_BYTES];

	looked = true;
	snprintf(path, sizeof(path), "%.384s/class/powercap", config_get()->text[CONFIG_SYSFS]);
	files_list(path, found, NULL);
	sort_domains();
	for (unsigned i = 0; i < n_domains; i++)
		introduce(i);
	if (unreadable)
		note_add("The machine has energy meters (%s) that this user may not read.", path);
	else if (!n_domains)
		note_add("The machine has no energy meters below %s.", path);
}

static void sample(unsigned i, uint64_t tick)
{
	struct domain *d = &domains[i];
	struct prof_meta_energy_sample m = {.tick = tick, .domain = i + 1};
	struct iovec part = {&m, sizeof(m)};
	uint64_t now_uj;

	if (read_meter(d, "energy_uj", &now_uj) < 0)
		return;
	if (from_zero)
		d->sum_uj = 0;
	else
		d->sum_uj += now_uj >= d->last_uj ? now_uj - d->last_uj : d->range_uj - d->last_uj + now_uj;
	d->last_uj = now_uj;
	m.energy_uj = d->sum_uj;
	meta_add(PROF_META_ENERGY_SAMPLE, &part, 1);
}

void energy_sample_now(void)
{
	uint64_t tick = recorder_ticks(prof_clock());

	if (!looked)
		look();
	last_ns = prof_clock_monotonic();
	for (unsigned i = 0; i < n_domains; i++)
		sample(i, tick);
	from_zero = false;
}

void energy_sample(void)
{
	if (!looked || (n_domains && prof_clock_monotonic() - last_ns >= APART_NS))
		energy_sample_now();
}

void energy_after_fork(void)
{
	from_zero = true;
	last_ns = 0;
}
