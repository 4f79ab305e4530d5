/* replay_report.c: the figures that every format of the report shows.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/replay/replay_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tools/lib/model/model_group.h"
#include "tools/lib/support/table.h"

const char *report_phase_name(enum prof_phase phase)
{
	return phase == PROF_PHASE_PREFILL ? "prefill" : phase == PROF_PHASE_DECODE ? "decode" : "outside";
}

const char *report_dtype(const struct report *r)
{
	return r->options->model.dtype >= 0 ? op_dtype_name((unsigned)r->options->model.dtype) : "trace";
}

const char *report_model(const struct report *r)
{
	return r->options->model.kind == MODEL_PIM_AI ? "pim-ai" : "roofline";
}

double report_devices(const struct report *r)
{
	return r->options->model.kind == MODEL_ROOFLINE ? model_group_devices(&r->options->model) : 1;
}

enum cost_limit report_limit(const struct replay_totals *t)
{
	enum cost_limit most = LIMIT_NONE;

	for (unsigned i = 1; i < LIMIT_N; i++)
		if (t->limit_ns[i] > t->limit_ns[most])
			most = (enum cost_limit)i;
	return most;
}

static void rates(struct report_figures *f)
{
	f->power_w = f->time_ns > 0 ? f->energy_pj / f->time_ns / 1e3 : NAN;
	f->tokens_per_s = f->time_ns > 0 && f->tokens > 0 ? f->tokens / f->time_ns * 1e9 : NAN;
}

struct report_figures report_of_measured(const struct report *r, const struct measured_phase *p)
{
	struct report_figures f = {
	        .time_ns = measured_time_ns(p),
	        .energy_pj = p->energy_j * 1e12,
	        .energy_error_pj = p->energy_error_j * 1e12,
	        .low_ns = NAN,
	        .high_ns = NAN,
	        .low_pj = NAN,
	        .high_pj = NAN,
	        .idle_pj = p->idle_j * 1e12,
	        .tokens = p->tokens,
	        .time_from = "measured",
	        .energy_from = r->measured->energy_is_measured ? "measured" : "assumed",
	};

	rates(&f);
	return f;
}

struct report_figures report_of_replay(const struct report *r, const struct replay *replay,
                                       const struct cost *c, double tokens)
{
	bool all_host = c->cell[COST_TIME] > 0 && c->cell[COST_NS_HOST] == c->cell[COST_TIME];
	struct report_figures f = {
	        .time_ns = c->cell[COST_TIME],
	        .energy_pj = cost_energy_pj(c),
	        .energy_error_pj = NAN,
	        .low_ns = NAN,
	        .high_ns = NAN,
	        .low_pj = NAN,
	        .high_pj = NAN,
	        .idle_pj = NAN,
	        .tokens = tokens,
	        .time_from = all_host ? "measured" : "modelled",
	        .energy_from = "modelled",
	};

	if (replay_has_ranges(replay)) {
		f.low_ns = c->cell[COST_LO_NS];
		f.high_ns = c->cell[COST_HI_NS];
		f.low_pj = c->cell[COST_LO_PJ];
		f.high_pj = c->cell[COST_HI_PJ];
	}
	/* A sum is only as good as its weakest part. */
	if (c->cell[COST_PJ_HOST] > 0 && !r->measured->energy_is_measured)
		f.energy_from = "assumed";
	if (c->cell[COST_NS_HOST] > 0 && isnan(measured_power_w(r->measured)))
		f.energy_pj = NAN;
	rates(&f);
	return f;
}

double report_tokens(const struct report *r, int phase)
{
	double sum = 0;

	if (phase >= 0)
		return r->measured->phase[phase].tokens;
	for (unsigned i = 0; i < MEASURED_PHASES; i++)
		sum += r->measured->phase[i].tokens;
	return sum;
}

/* "rope (44), add (88)": kinds that the published rules leave out. */
static unsigned list_unpriced(const struct replay *r, char *text, size_t bytes)
{
	unsigned kinds = 0;
	size_t used = 0;

	*text = 0;
	for (unsigned i = 0; i < PROF_OP_LIMIT && used < bytes; i++) {
		const char *name = op_name(i);

		if (!r->unpriced[i])
			continue;
		used += (size_t)snprintf(text + used, bytes - used, "%s%s (%llu)", kinds ? ", " : "",
		                         name ? name : "other", (unsigned long long)r->unpriced[i]);
		kinds++;
	}
	return kinds;
}

static void note_recording(const struct report *r, void (*say)(void *arg, const char *text), void *arg)
{
	char text[200], took[32];
	double ns = 0;

	if (!r->measured->recording_ns)
		return;
	for (unsigned i = 0; i < MEASURED_PHASES; i++)
		ns += r->measured->recording_ns[i];
	table_format_value(TABLE_SECONDS, ns / 1e9, took, sizeof took);
	snprintf(text, sizeof text,
	         "measured times are less what recording cost: of operations what lies inside, of steps %s "
	         "(costs measured one by one)",
	         took);
	say(arg, text);
}

void report_notes(const struct report *r, void (*say)(void *arg, const char *text), void *arg)
{
	char text[1024], list[800];

	if (r->n_replays && list_unpriced(r->replays[0], list, sizeof list)) {
		snprintf(text, sizeof text, "not priced by these rules, so free: %s", list);
		say(arg, text);
	}
	for (unsigned i = 0; i < r->n_refusals; i++) {
		snprintf(text, sizeof text, "left out: %s", r->refusals[i].text);
		say(arg, text);
	}
	for (unsigned i = 0; i < r->n_replays; i++) {
		if (replay_capacity(r->replays[i], text, sizeof text))
			say(arg, text);
		if (r->replays[i]->untimed_host) {
			snprintf(text, sizeof text,
			         "%s: %llu operations stay on the host, and the trace has no time for them",
			         r->replays[i]->name, (unsigned long long)r->replays[i]->untimed_host);
			say(arg, text);
		}
	}
	replay_counters_note(r->counters, text, sizeof text);
	if (*text)
		say(arg, text);
	note_recording(r, say, arg);
	if (*trace_missing_text(r->trace, text, sizeof text))
		say(arg, text);
	if (r->trace->n_problems)
		say(arg, trace_problems_text(r->trace, text, sizeof text));
}
