/* replay_json.c: the report as one JSON object, "profreplay-1".
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <math.h>

#include "tools/lib/support/json_out.h"
#include "tools/lib/replay/replay_report.h"

static void cells(struct json_out *j, const char *key, const struct cost *c, unsigned from, unsigned to)
{
	json_open(j, key, '{');
	for (unsigned i = from; i <= to; i++)
		if (c->cell[i] != 0)
			json_number(j, cost_key((enum cost_cell)i), c->cell[i]);
	json_close(j, '}');
}

void report_json_price(struct json_out *j, const struct cost *c)
{
	json_number(j, "time_ns", c->cell[COST_TIME]);
	cells(j, "performance_ns", c, COST_NS_H2D, COST_NS_HOST);
	cells(j, "energy_pj", c, COST_PJ_H2D, COST_PJ_HOST);
	cells(j, "transfer_bytes", c, COST_BYTES_H2D, COST_BYTES_D2H);
}

static void range(struct json_out *j, const char *key, double low, double high)
{
	json_open(j, key, '[');
	json_number(j, NULL, low);
	json_number(j, NULL, high);
	json_close(j, ']');
}

static void figures(struct json_out *j, const struct report_figures *f)
{
	json_number(j, "tokens", f->tokens);
	json_number(j, "tokens_per_s", f->tokens_per_s);
	json_number(j, "energy_pj_total", f->energy_pj);
	json_number(j, "power_w", f->power_w);
	json_number(j, "energy_pj_per_token", f->tokens > 0 ? f->energy_pj / f->tokens : NAN);
	if (isfinite(f->low_ns)) {
		range(j, "time_ns_range", f->low_ns, f->high_ns);
		range(j, "energy_pj_range", f->low_pj, f->high_pj);
	}
	if (isfinite(f->energy_error_pj))
		json_number(j, "energy_pj_error", f->energy_error_pj);
	if (isfinite(f->idle_pj))
		json_number(j, "energy_pj_idle", f->idle_pj);
	json_text(j, "provenance", f->time_from);
	json_text(j, "energy_provenance", f->energy_from);
}

static void limits(struct json_out *j, const struct replay_totals *t)
{
	json_open(j, "limited_by_ns", '{');
	for (unsigned i = 0; i < LIMIT_N; i++)
		if (t->limit_ns[i] > 0)
			json_number(j, cost_limit_name((enum cost_limit)i), t->limit_ns[i]);
	json_close(j, '}');
}

static void replay_phase(const struct report *r, const struct replay *replay, struct json_out *j,
                         const char *key, const struct replay_totals *t, double tokens)
{
	struct report_figures f = report_of_replay(r, replay, &t->cost, tokens);

	json_open(j, key, '{');
	report_json_price(j, &t->cost);
	figures(j, &f);
	limits(j, t);
	json_number(j, "operations", (double)t->operations);
	json_close(j, '}');
}

/* How several devices share the run. */
static void group(const struct report *r, struct json_out *j)
{
	const struct model_group_options *g = &r->options->model.group;

	json_number(j, "devices", report_devices(r));
	if (g->tensor > 1)
		json_number(j, "tensor", (double)g->tensor);
	if (g->pipeline > 1)
		json_number(j, "pipeline", (double)g->pipeline);
	if (g->expert > 1)
		json_number(j, "expert", (double)g->expert);
	if (g->micro_batches > 1)
		json_number(j, "micro_batches", (double)g->micro_batches);
}

static void replay(const struct report *r, const struct replay *one, struct json_out *j)
{
	struct replay_totals total;

	replay_total(one, &total);
	json_open(j, NULL, '{');
	json_text(j, "arch", one->name);
	json_text(j, "model", report_model(r));
	json_text(j, "dtype", report_dtype(r));
	if (report_devices(r) > 1)
		group(r, j);
	replay_phase(r, one, j, "prefill", &one->phase[PROF_PHASE_PREFILL],
	             report_tokens(r, PROF_PHASE_PREFILL));
	replay_phase(r, one, j, "decode", &one->phase[PROF_PHASE_DECODE],
	             report_tokens(r, PROF_PHASE_DECODE));
	replay_phase(r, one, j, "total", &total, report_tokens(r, -1));
	json_close(j, '}');
}

/* What was taken off the steps of a phase, or of all. */
static double steps_recording_ns(const struct measured *m, unsigned phase)
{
	double sum = 0;

	for (unsigned i = 0; i < MEASURED_PHASES; i++)
		sum += phase == i || phase == REPLAY_COUNTERS_ALL ? m->recording_ns[i] : 0;
	return sum;
}

static void measured_phase(const struct report *r, struct json_out *j, const char *key,
                           const struct measured_phase *p, unsigned phase)
{
	struct report_figures f = report_of_measured(r, p);

	json_open(j, key, '{');
	json_number(j, "time_ns", f.time_ns);
	json_number(j, "operations_ns", p->ops_ns);
	json_number(j, "operations", (double)p->operations);
	if (r->measured->recording_ns)
		json_number(j, "steps_recording_ns", steps_recording_ns(r->measured, phase));
	figures(j, &f);
	replay_counters_json(r->counters, phase, j);
	json_close(j, '}');
}

static void measured(const struct report *r, struct json_out *j)
{
	struct measured_phase total = measured_total(r->measured);

	if (!total.timed) {
		json_null(j, "measured");
		return;
	}
	json_open(j, "measured", '{');
	measured_phase(r, j, "prefill", &r->measured->phase[PROF_PHASE_PREFILL], PROF_PHASE_PREFILL);
	measured_phase(r, j, "decode", &r->measured->phase[PROF_PHASE_DECODE], PROF_PHASE_DECODE);
	measured_phase(r, j, "total", &total, REPLAY_COUNTERS_ALL);
	if (r->host && !r->measured->energy_is_measured) {
		json_text(j, "host_profile", r->host->name);
		json_text(j, "host_source", r->host->source);
	}
	json_close(j, '}');
}

static void note(void *arg, const char *text)
{
	json_text(arg, NULL, text);
}

void report_json(const struct report *r, struct json_out *j)
{
	struct measured_phase total = measured_total(r->measured);

	json_open(j, NULL, '{');
	json_text(j, "format", "profreplay-1");
	json_open(j, "trace", '{');
	json_text(j, "path", r->trace->path);
	json_number(j, "operations", (double)total.operations);
	json_number(j, "steps", (double)r->measured->steps);
	json_number(j, "prompt_tokens", report_tokens(r, PROF_PHASE_PREFILL));
	json_number(j, "generated_tokens", report_tokens(r, PROF_PHASE_DECODE));
	json_close(j, '}');
	measured(r, j);
	json_open(j, "replays", '[');
	for (unsigned i = 0; i < r->n_replays; i++)
		replay(r, r->replays[i], j);
	json_close(j, ']');
	for (unsigned i = 0; i < r->n_refusals; i++) {
		if (i == 0)
			json_open(j, "refused", '[');
		json_open(j, NULL, '{');
		json_text(j, "arch", r->refusals[i].name);
		json_text(j, "why", r->refusals[i].text);
		json_close(j, '}');
		if (i + 1 == r->n_refusals)
			json_close(j, ']');
	}
	json_open(j, "notes", '[');
	report_notes(r, note, j);
	json_close(j, ']');
}
