/* energy_views.c: energy by phase, step, domain and sample.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <math.h>
#include <stdlib.h>

#include "tools/lib/energy/energy_steps.h"
#include "tools/proftrace/energy.h"

#define J_PER_KWH 3.6e6

static int no_memory(const struct energy_view *v, struct diag *d)
{
	return diag_set(d, "%s: out of memory", v->trace->path);
}

static int finish(const struct energy_view *v, struct table *t)
{
	table_print(t, v->format, cli_colour(), stdout);
	table_free(t);
	return 0;
}

/* ---- phases ---- */

static void phase_row(const struct energy_view *v, struct table *t, const char *name,
                      const struct measured_phase *p)
{
	double time_ns = measured_time_ns(p);

	table_row(t);
	table_text(t, name);
	table_number(t, p->tokens);
	table_number(t, time_ns / 1e9);
	table_number(t, p->energy_j);
	table_number(t, p->energy_error_j);
	table_number(t, p->energy_j - p->idle_j);
	table_number(t, time_ns > 0 ? p->energy_j / time_ns * 1e9 : NAN);
	table_number(t, p->tokens > 0 ? p->energy_j / p->tokens : NAN);
	table_text(t, energy_origin(v));
	if (isfinite(v->grid))
		table_number(t, p->energy_j / J_PER_KWH * v->grid);
}

int energy_by_phase(const struct energy_view *v, struct diag *d)
{
	static const struct table_column columns[] = {
	        {"phase", "phase", TABLE_TEXT},
	        {"tokens", "tokens", TABLE_COUNT},
	        {"time", "time_s", TABLE_SECONDS},
	        {"energy", "energy_j", TABLE_JOULES},
	        {"+-", "energy_error_j", TABLE_JOULES},
	        {"net of idle", "net_energy_j", TABLE_JOULES},
	        {"power", "power_w", TABLE_WATTS},
	        {"a token", "energy_j_per_token", TABLE_JOULES},
	        {"provenance", "provenance", TABLE_TEXT},
	        {"g CO2e (assumed)", "carbon_g_assumed", TABLE_NUMBER},
	};
	static const char *const names[MEASURED_PHASES] = {"unknown", "prefill", "decode"};
	struct measured_phase total = measured_total(&v->measured);
	struct table *t = table_new(columns, 9 + isfinite(v->grid));

	if (!t)
		return no_memory(v, d);
	for (unsigned i = 1; i <= MEASURED_PHASES; i++) {
		unsigned phase = i % MEASURED_PHASES; /* those without a name last */

		if (v->measured.phase[phase].operations)
			phase_row(v, t, names[phase], &v->measured.phase[phase]);
	}
	phase_row(v, t, "total", &total);
	return finish(v, t);
}

/* ---- steps ---- */

static void step_row(const struct energy_view *v, struct table *t, const struct trace_step *s,
                     const struct energy_step *e)
{
	double time_s = s->end_ns > s->start_ns ? (double)(s->end_ns - s->start_ns) / 1e9 : NAN;
	double joules = e->joules;

	if (!energy_is_measured(v->energy))
		joules = measured_power_w(&v->measured) * time_s;
	table_row(t);
	table_number(t, s->number < 0 ? NAN : (double)s->number);
	table_text(t, proftrace_phase(s->phase));
	table_number(t, s->tokens ? s->tokens : NAN);
	table_number(t, (double)s->start_ns / 1e9);
	table_number(t, time_s);
	table_number(t, joules);
	table_number(t, e->error_j);
	table_number(t, joules - energy_idle_w(v->energy) * e->machine_ns / 1e9);
	table_number(t, joules / time_s);
	table_text(t, isfinite(joules) ? energy_origin(v) : "");
}

int energy_by_step(const struct energy_view *v, struct diag *d)
{
	static const struct table_column columns[] = {
	        {"step", "step", TABLE_COUNT},          {"phase", "phase", TABLE_TEXT},
	        {"tokens", "tokens", TABLE_COUNT},      {"began", "start_s", TABLE_SECONDS},
	        {"time", "time_s", TABLE_SECONDS},      {"energy", "energy_j", TABLE_JOULES},
	        {"+-", "energy_error_j", TABLE_JOULES}, {"net of idle", "net_energy_j", TABLE_JOULES},
	        {"power", "power_w", TABLE_WATTS},      {"provenance", "provenance", TABLE_TEXT},
	};
	const struct trace *trace = v->trace;
	struct energy_step *steps = calloc((size_t)trace->n_steps + 1, sizeof(*steps));
	struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));

	if (!steps || !t || energy_of_steps(v->energy, trace, steps)) {
		free(steps);
		table_free(t);
		return no_memory(v, d);
	}
	for (unsigned i = 0; i < trace->n_steps; i++)
		step_row(v, t, &trace->steps[i], &steps[i]);
	free(steps);
	return finish(v, t);
}

/* ---- domains ---- */

const char *energy_source_name(enum prof_energy_source source)
{
	switch (source) {
	case PROF_ENERGY_POWERCAP:
		return "powercap";
	case PROF_ENERGY_PAPI:
		return "PAPI";
	case PROF_ENERGY_HWMON:
		return "hwmon";
	case PROF_ENERGY_BATTERY:
		return "battery";
	default:
		return "unknown";
	}
}

static void domain_row(const struct energy_view *v, struct table *t, unsigned i)
{
	const struct trace_energy_domain *domain = &v->trace->domains[i];
	double first_ns, last_ns, idle_w = energy_domain_idle_w(v->energy, i), time_s;
	unsigned n = energy_domain_samples(v->energy, i, &first_ns, &last_ns);
	struct energy_figure f = energy_domain_between(v->energy, i, first_ns, last_ns);

	time_s = (last_ns - first_ns) / 1e9;
	table_row(t);
	table_text(t, domain->name);
	table_text(t, domain->parent ? v->trace->domains[domain->parent - 1].name : "");
	table_text(t, energy_source_name(domain->source));
	table_number(t, n);
	table_number(t, time_s);
	table_number(t, f.joules);
	table_number(t, f.joules - idle_w * time_s);
	table_number(t, f.joules / time_s);
	table_number(t, idle_w);
	table_text(t, n > 1 ? "measured" : "");
}

int energy_by_domain(const struct energy_view *v, struct diag *d)
{
	static const struct table_column columns[] = {
	        {"domain", "domain", TABLE_TEXT},
	        {"part of", "part_of", TABLE_TEXT},
	        {"source", "source", TABLE_TEXT},
	        {"samples", "samples", TABLE_COUNT},
	        {"time", "time_s", TABLE_SECONDS},
	        {"energy", "energy_j", TABLE_JOULES},
	        {"net of idle", "net_energy_j", TABLE_JOULES},
	        {"power", "power_w", TABLE_WATTS},
	        {"idle power", "idle_power_w", TABLE_WATTS},
	        {"provenance", "provenance", TABLE_TEXT},
	};
	struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));

	if (!t)
		return no_memory(v, d);
	for (unsigned i = 0; i < v->trace->n_domains; i++)
		domain_row(v, t, i);
	return finish(v, t);
}

/* ---- samples ---- */

int energy_by_sample(const struct energy_view *v, struct diag *d)
{
	static const struct table_column columns[] = {
	        {"time", "time_s", TABLE_SECONDS},
	        {"interval", "interval_s", TABLE_SECONDS},
	        {"energy", "energy_j", TABLE_JOULES},
	        {"power", "power_w", TABLE_WATTS},
	};
	unsigned n;
	double *times = energy_sample_times(v->energy, &n);
	struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));

	if (!times || !t) {
		free(times);
		table_free(t);
		return no_memory(v, d);
	}
	for (unsigned i = 1; i < n; i++) {
		double length_s = (times[i] - times[i - 1]) / 1e9;
		double joules = energy_between(v->energy, times[i - 1], times[i]).joules;

		table_row(t);
		table_number(t, times[i] / 1e9);
		table_number(t, length_s);
		table_number(t, joules);
		table_number(t, joules / length_s);
	}
	free(times);
	return finish(v, t);
}
