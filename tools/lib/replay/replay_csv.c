/* replay_csv.c: the figures of the report as one table.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <math.h>

#include "tools/lib/replay/replay_report.h"
#include "tools/lib/support/table.h"

static const struct table_column columns[] = {
        {"machine", "machine", TABLE_TEXT},
        {"model", "model", TABLE_TEXT},
        {"dtype", "dtype", TABLE_TEXT},
        {"phase", "phase", TABLE_TEXT},
        {"time", "time_ns", TABLE_NUMBER},
        {"time is", "provenance", TABLE_TEXT},
        {"energy", "energy_pj_total", TABLE_NUMBER},
        {"energy is", "energy_provenance", TABLE_TEXT},
        {"power", "power_w", TABLE_NUMBER},
        {"tokens", "tokens", TABLE_NUMBER},
        {"tokens/s", "tokens_per_s", TABLE_NUMBER},
        {"to device", "host_to_device_ns", TABLE_NUMBER},
        {"back", "device_to_host_ns", TABLE_NUMBER},
        {"compute", "compute_ns", TABLE_NUMBER},
        {"memory", "mem_transfer_ns", TABLE_NUMBER},
        {"cache", "kv_load_ns", TABLE_NUMBER},
        {"least time", "time_ns_low", TABLE_NUMBER},
        {"most time", "time_ns_high", TABLE_NUMBER},
        {"least energy", "energy_pj_low", TABLE_NUMBER},
        {"most energy", "energy_pj_high", TABLE_NUMBER},
        {"devices", "devices", TABLE_NUMBER},
        {"limited by", "limited_by", TABLE_TEXT},
        {"J/token", "energy_pj_per_token", TABLE_NUMBER},
        {"launch", "launch_ns", TABLE_NUMBER},
        {"links", "interconnect_ns", TABLE_NUMBER},
        {"on chip", "on_chip_ns", TABLE_NUMBER},
        {"power limit", "power_limit_ns", TABLE_NUMBER},
        {"host", "host_ns", TABLE_NUMBER},
/* The energies, each by its key in JSON. */
#define COST_NS(id, key, meaning)
#define COST_PJ(id, key, meaning) {meaning, key "_pj", TABLE_NUMBER},
#define COST_BYTES(id, key, meaning)
#include "tools/lib/model/model_cost.def"
#undef COST_PJ
#undef COST_BYTES
#undef COST_NS
};

/* Columns between the figures that the CPU has as well and the number of devices. */
enum { ONLY_MODELLED = 9 };

static void row(struct table *t, const char *machine, const char *model, const char *dtype, const char *phase)
{
	table_row(t);
	table_text(t, machine);
	table_text(t, model);
	table_text(t, dtype);
	table_text(t, phase);
}

static void figures(struct table *t, const struct report_figures *f)
{
	table_number(t, f->time_ns);
	table_text(t, f->time_from);
	table_number(t, f->energy_pj);
	table_text(t, f->energy_from);
	table_number(t, f->power_w);
	table_number(t, f->tokens);
	table_number(t, f->tokens_per_s);
}

static const char *phase_name(int phase)
{
	return phase < 0 ? "total" : report_phase_name((enum prof_phase)phase);
}

static void measured_rows(const struct report *r, struct table *t)
{
	struct measured_phase total = measured_total(r->measured);

	for (int phase = PROF_PHASE_DECODE; phase >= -1 && total.timed; phase--) {
		struct measured_phase p = phase < 0 ? total : r->measured->phase[phase];
		struct report_figures f = report_of_measured(r, &p);

		if (!p.timed)
			continue;
		row(t, "CPU", "", "trace", phase_name(phase));
		figures(t, &f);
		for (unsigned i = 0; i < ONLY_MODELLED; i++)
			table_number(t, NAN);
		table_number(t, 1);
		table_text(t, "");
		table_number(t, f.tokens > 0 ? f.energy_pj / f.tokens : NAN);
	}
}

static void replay_rows(const struct report *r, const struct replay *one, struct table *t)
{
	struct replay_totals total;

	replay_total(one, &total);
	for (int phase = PROF_PHASE_DECODE; phase >= -1; phase--) {
		const struct replay_totals *p = phase < 0 ? &total : &one->phase[phase];
		struct report_figures f = report_of_replay(r, one, &p->cost, report_tokens(r, phase));

		if (!p->operations && p->cost.cell[COST_TIME] == 0)
			continue;
		row(t, one->name, report_model(r), report_dtype(r), phase_name(phase));
		figures(t, &f);
		for (unsigned i = COST_NS_H2D; i <= COST_NS_KV; i++)
			table_number(t, p->cost.cell[i]);
		table_number(t, f.low_ns);
		table_number(t, f.high_ns);
		table_number(t, f.low_pj);
		table_number(t, f.high_pj);
		table_number(t, report_devices(r));
		table_text(t, cost_limit_name(report_limit(p)));
		table_number(t, f.tokens > 0 ? f.energy_pj / f.tokens : NAN);
		for (unsigned i = COST_NS_LAUNCH; i <= COST_NS_HOST; i++)
			table_number(t, p->cost.cell[i]);
		for (unsigned i = COST_PJ_H2D; i <= COST_PJ_HOST; i++)
			table_number(t, p->cost.cell[i]);
	}
}

void report_csv(const struct report *r, FILE *out)
{
	struct table *t = table_new(columns, sizeof columns / sizeof *columns);

	if (!t)
		return;
	measured_rows(r, t);
	for (unsigned i = 0; i < r->n_replays; i++)
		replay_rows(r, r->replays[i], t);
	table_print(t, TABLE_CSV, 0, out);
	table_free(t);
}
