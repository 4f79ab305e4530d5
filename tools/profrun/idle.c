/* idle.c: what the machine takes while it is idle, measured before a run.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Every meter below sysfs is measured whose file the shim may record from
 * (runtime/energy_*.c); which of them it takes does not matter here, as it
 * looks its own up by path. A counter's watts are its growth over the whole
 * time; a reading of power is averaged.
 */
#include "tools/profrun/idle.h"

#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define METERS_MAX 128
#define APART_S    0.05 /* between two readings of power */

/* A kind of meter: watts are `scale` times its file, or times it and `factor`
 * beside it; of a counter, the scale is that of its joules. */
static const struct kind {
	const char *pattern, *factor, *range;
	bool is_power;
	double scale;
} kinds[] = {
        {"class/powercap/*:*/energy_uj", NULL, "max_energy_range_uj", false, 1e-6},
        {"class/hwmon/hwmon*/energy*_input", NULL, NULL, false, 1e-6},
        {"class/hwmon/hwmon*/power*_average", NULL, NULL, true, 1e-6},
        {"class/hwmon/hwmon*/power*_input", NULL, NULL, true, 1e-6},
        {"class/hwmon/hwmon*/curr1_input", "in1_input", NULL, true, 1e-6},
        {"class/hwmon/hwmon*/curr2_input", "in2_input", NULL, true, 1e-6},
        {"class/hwmon/hwmon*/curr3_input", "in3_input", NULL, true, 1e-6},
        {"class/power_supply/*/power_now", NULL, NULL, true, 1e-6},
        {"class/power_supply/*/current_now", "voltage_now", NULL, true, 1e-12},
};

struct meter {
	char path[PATH_MAX];
	const struct kind *kind;
	double first, sum; /* a counter's first value; the sum of readings of power */
	unsigned readings;
	bool failed;
};

struct meters {
	struct meter all[METERS_MAX];
	unsigned n;
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool read_number(const char *path, double *value)
{
	FILE *f = fopen(path, "re");
	bool ok = f && fscanf(f, "%lf", value) == 1;

	if (f)
		fclose(f);
	return ok;
}

static bool read_beside(const struct meter *m, const char *file, double *value)
{
	char path[PATH_MAX + 64];
	int folder = (int)(strrchr(m->path, '/') - m->path);

	snprintf(path, sizeof(path), "%.*s/%s", folder, m->path, file);
	return read_number(path, value);
}

/* In joules or watts. */
static bool read_meter(const struct meter *m, double *value)
{
	double factor = 1;

	if (!read_number(m->path, value) || (m->kind->factor && !read_beside(m, m->kind->factor, &factor)))
		return false;
	*value *= factor * m->kind->scale;
	if (m->kind->is_power)
		*value = fabs(*value); /* the sign of a current is its direction */
	return true;
}

static void find_kind(struct meters *meters, const char *sysfs, const struct kind *kind)
{
	char pattern[PATH_MAX];
	glob_t g;

	snprintf(pattern, sizeof(pattern), "%s/%s", sysfs, kind->pattern);
	if (glob(pattern, 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc && meters->n < METERS_MAX; i++) {
		struct meter *m = &meters->all[meters->n];

		memset(m, 0, sizeof(*m));
		m->kind = kind;
		if (snprintf(m->path, sizeof(m->path), "%s", g.gl_pathv[i]) < (int)sizeof(m->path)
		    && read_meter(m, &m->first))
			meters->n++;
	}
	globfree(&g);
}

/* Time that all processors spent, and of it that they were idle, in ticks. */
static bool read_load(double *total, double *idle)
{
	unsigned long long t[8];
	FILE *f = fopen("/proc/stat", "re");
	int n = f ? fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3],
	                   &t[4], &t[5], &t[6], &t[7])
	          : 0;

	if (f)
		fclose(f);
	if (n < 5)
		return false;
	*idle = (double)t[3] + (double)t[4]; /* idle, and waiting for a disk */
	*total = 0;
	for (int i = 0; i < n; i++)
		*total += (double)t[i];
	return true;
}

static void read_powers(struct meters *meters)
{
	for (unsigned i = 0; i < meters->n; i++) {
		struct meter *m = &meters->all[i];
		double watts;

		if (!m->kind->is_power || m->failed)
			continue;
		m->failed = !read_meter(m, &watts);
		m->sum += m->failed ? 0 : watts;
		m->readings++;
	}
}

/* The meter's watts over so many seconds; false when it told nothing. */
static bool watts_of(const struct meter *m, double seconds, double *watts)
{
	double last, range = 0;

	if (m->failed)
		return false;
	if (m->kind->is_power) {
		*watts = m->readings ? m->sum / m->readings : 0;
		return m->readings > 0;
	}
	if (!read_meter(m, &last) || last == m->first)
		return false;
	if (last < m->first && (!m->kind->range || !read_beside(m, m->kind->range, &range)))
		return false;
	*watts = (last - m->first + (last < m->first ? range * m->kind->scale : 0)) / seconds;
	return *watts >= 0;
}

static char *tell(const struct meters *meters, double seconds)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *f = open_memstream(&text, &bytes);
	double watts;

	if (!f)
		return NULL;
	for (unsigned i = 0; i < meters->n; i++)
		if (watts_of(&meters->all[i], seconds, &watts))
			fprintf(f, "%s%s=%.6g", ftell(f) > 0 ? "," : "", meters->all[i].path, watts);
	fclose(f);
	if (text && !*text) {
		free(text);
		return NULL;
	}
	return text;
}

/* How much of the processors' time was spent meanwhile, in percent. */
static double measure(struct meters *meters, double seconds)
{
	struct timespec apart = {0, (long)(APART_S * 1e9)};
	double total[2] = {0}, idle[2] = {0}, end = now_s() + seconds;
	bool is_known = read_load(&total[0], &idle[0]);

	for (unsigned i = 0; i < meters->n; i++)
		if (!read_meter(&meters->all[i], &meters->all[i].first))
			meters->all[i].failed = true;
	do {
		read_powers(meters);
		nanosleep(&apart, NULL);
	} while (now_s() < end);
	is_known = is_known && read_load(&total[1], &idle[1]) && total[1] > total[0];
	return is_known ? 100 * (1 - (idle[1] - idle[0]) / (total[1] - total[0])) : 0;
}

char *idle_measure(const struct idle_request *request)
{
	struct meters *meters = calloc(1, sizeof(*meters));
	double start, busy;
	char *text = NULL;

	if (!meters)
		return NULL;
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		find_kind(meters, request->sysfs, &kinds[i]);
	if (meters->n == 0)
		goto out;
	if (request->is_told && isatty(STDERR_FILENO))
		fprintf(stderr, "profrun: measuring what the idle machine takes (%g s)\n", request->seconds);
	start = now_s();
	busy = measure(meters, request->seconds);
	if (request->may_be_busy || busy <= IDLE_BUSY_PERCENT)
		text = tell(meters, now_s() - start);
	else if (request->is_told)
		fprintf(stderr,
		        "profrun: warning: the machine's idle power is not known: its processors were busy "
		        "%.0f %% of the time while it was measured, and may be %.0f %%\n",
		        busy, IDLE_BUSY_PERCENT);
out:
	free(meters);
	return text;
}
