/* replay_text.c: the report for people, one screen unless more is asked for.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <math.h>
#include <string.h>

#include "tools/lib/replay/replay_report.h"
#include "tools/lib/support/table.h"

enum { WIDTH = 80, VALUE_BYTES = 32 };

static const char *value(enum table_kind kind, double v, char *buf)
{
	if (isfinite(v))
		return table_format_value(kind, v, buf, VALUE_BYTES);
	strcpy(buf, "-");
	return buf;
}

/* "27.1 x": how many times better than the CPU; below 1 it is worse. */
static const char *times(double better, char *buf)
{
	if (isfinite(better) && better > 0)
		snprintf(buf, VALUE_BYTES,
		         better < 999.5     ? "%.3g x"
		         : better < 99999.5 ? "%.0f x"
		                            : "%.0e x",
		         better);
	else
		strcpy(buf, "-");
	return buf;
}

static void bold(const struct report *r, FILE *out, bool on)
{
	if (r->colour)
		fputs(on ? "\033[1m" : "\033[0m", out);
}

/* Columns that the longest machine's name takes. */
static int machine_width(const struct report *r)
{
	int width = 15;

	for (unsigned i = 0; i < r->n_replays; i++) {
		int n = (int)strlen(r->replays[i]->name) + 1;

		width = n > width ? n : width;
	}
	return width;
}

/* Tokens a second; networks of a few rows have very many. */
static const char *rate_of(double tokens_per_s, char buf[VALUE_BYTES])
{
	if (!isfinite(tokens_per_s) || tokens_per_s < 99999999.5)
		return value(TABLE_NUMBER, tokens_per_s, buf);
	snprintf(buf, VALUE_BYTES, "%.2e", tokens_per_s);
	return buf;
}

static void line(const struct report *r, FILE *out, const char *phase, const char *machine,
                 const struct report_figures *f, const struct report_figures *cpu)
{
	char time[VALUE_BYTES], energy[VALUE_BYTES], power[VALUE_BYTES], rate[VALUE_BYTES];
	char each[VALUE_BYTES], faster[VALUE_BYTES], saves[VALUE_BYTES];
	const char *mark = strcmp(f->energy_from, "assumed") || !isfinite(f->energy_pj) ? " " : "*";

	fprintf(out, "%-8s%-*s%8s %8s%s%7s%9s%9s", phase, machine_width(r), machine,
	        value(TABLE_SECONDS, f->time_ns / 1e9, time),
	        value(TABLE_JOULES, f->energy_pj / 1e12, energy), mark, value(TABLE_WATTS, f->power_w, power),
	        rate_of(f->tokens_per_s, rate),
	        value(TABLE_JOULES, f->tokens > 0 ? f->energy_pj / 1e12 / f->tokens : NAN, each));
	if (cpu)
		fprintf(out, "%8s%8s", times(cpu->time_ns / f->time_ns, faster),
		        times(cpu->energy_pj / f->energy_pj, saves));
	fputc('\n', out);
}

/* One phase: the CPU, then each replay. phase -1: all together. */
static void phase_lines(const struct report *r, int phase, FILE *out)
{
	const char *name = phase < 0 ? "total" : report_phase_name((enum prof_phase)phase);
	struct measured_phase m = phase < 0 ? measured_total(r->measured) : r->measured->phase[phase];
	struct report_figures cpu = report_of_measured(r, &m);

	if (m.timed)
		line(r, out, name, "CPU", &cpu, NULL);
	for (unsigned i = 0; i < r->n_replays; i++) {
		struct replay_totals t;
		struct report_figures f;

		replay_total(r->replays[i], &t);
		f = report_of_replay(r, r->replays[i],
		                     phase < 0 ? &t.cost : &r->replays[i]->phase[phase].cost,
		                     report_tokens(r, phase));
		line(r, out, m.timed || i ? "" : name, r->replays[i]->name, &f, m.timed ? &cpu : NULL);
	}
}

static bool phase_exists(const struct report *r, int phase)
{
	return r->replays[0]->phase[phase].operations || r->replays[0]->phase[phase].cost.cell[COST_TIME] > 0;
}

static void figures(const struct report *r, FILE *out)
{
	unsigned phases = 0;

	bold(r, out, true);
	fprintf(out, "%-8s%-*s%8s %8s %7s%9s%9s%8s%8s\n", "phase", machine_width(r), "machine", "time",
	        "energy", "power", "tokens/s", "J/token", "faster", "saves");
	bold(r, out, false);
	for (int phase = PROF_PHASE_UNKNOWN; phase <= PROF_PHASE_DECODE; phase++)
		if (phase_exists(r, phase)) {
			phase_lines(r, phase, out);
			phases++;
		}
	if (phases != 1)
		phase_lines(r, -1, out);
}

/* A line of shares: which part of the device's time each limit holds. */
static void shares(const struct report *r, const struct replay *replay, const char *name,
                   const struct replay_totals *t, FILE *out)
{
	double all = t->cost.cell[COST_TIME];

	fprintf(out, "%-8s%-*s", name, machine_width(r), replay->name);
	for (unsigned i = 1; i < LIMIT_N; i++) {
		if (i == LIMIT_LINK || i == LIMIT_HOST)
			continue;
		fprintf(out, "%8.1f%%", all > 0 ? 100 * t->limit_ns[i] / all : 0);
	}
	fprintf(out, "%9.1f%%  %s\n",
	        all > 0 ? 100 * (t->limit_ns[LIMIT_LINK] + t->limit_ns[LIMIT_HOST]) / all : 0,
	        cost_limit_name(report_limit(t)));
}

static void where_time_goes(const struct report *r, FILE *out)
{
	fputc('\n', out);
	bold(r, out, true);
	fprintf(out, "%-8s%-*s%9s%9s%9s%9s%9s%10s  %s\n", "limited", machine_width(r), "machine", "compute",
	        "memory", "cache", "launch", "transfer", "host,link", "most");
	bold(r, out, false);
	for (int phase = PROF_PHASE_UNKNOWN; phase <= PROF_PHASE_DECODE; phase++)
		for (unsigned i = 0; i < r->n_replays && phase_exists(r, phase); i++)
			shares(r, r->replays[i], i ? "" : report_phase_name((enum prof_phase)phase),
			       &r->replays[i]->phase[phase], out);
}

/* Figures of a phase, or of all (-1). */
static struct report_figures figures_of(const struct report *r, unsigned i, int phase)
{
	struct replay_totals t;

	replay_total(r->replays[i], &t);
	return report_of_replay(r, r->replays[i], phase < 0 ? &t.cost : &r->replays[i]->phase[phase].cost,
	                        report_tokens(r, phase));
}

static void interval(enum table_kind kind, double low, double high, int width, FILE *out)
{
	char from[VALUE_BYTES], to[VALUE_BYTES];

	fprintf(out, "%9s - %-*s", value(kind, low, from), width, value(kind, high, to));
}

static void phase_intervals(const struct report *r, int phase, FILE *out)
{
	for (unsigned i = 0; i < r->n_replays; i++) {
		struct report_figures f = figures_of(r, i, phase);
		double each = f.tokens > 0 ? 1 / f.tokens : NAN;

		fprintf(out, "%-8s%-*s",
		        i           ? ""
		        : phase < 0 ? "total"
		                    : report_phase_name((enum prof_phase)phase),
		        machine_width(r), r->replays[i]->name);
		if (!isfinite(f.low_ns)) {
			fputs("        - (no number of its profile has a range)\n", out);
			continue;
		}
		interval(TABLE_SECONDS, f.low_ns / 1e9, f.high_ns / 1e9, 8, out);
		interval(TABLE_JOULES, f.low_pj / 1e12, f.high_pj / 1e12, 8, out);
		interval(TABLE_NUMBER, 1e9 / (f.high_ns * each), 1e9 / (f.low_ns * each), 8, out);
		interval(TABLE_JOULES, f.low_pj / 1e12 * each, f.high_pj / 1e12 * each, 0, out);
		fputc('\n', out);
	}
}

/* The intervals, where a profile's numbers have ranges. */
static void intervals(const struct report *r, FILE *out)
{
	unsigned ranged = 0, phases = 0;

	for (unsigned i = 0; i < r->n_replays; i++)
		ranged += isfinite(figures_of(r, i, -1).low_ns) != 0;
	if (!ranged)
		return;
	fputc('\n', out);
	bold(r, out, true);
	fprintf(out, "%-8s%-*s%9s%11s%9s%11s%9s%11s%9s\n", "ranges", machine_width(r), "machine", "time", "",
	        "energy", "", "tokens/s", "", "J/token");
	bold(r, out, false);
	for (int phase = PROF_PHASE_UNKNOWN; phase <= PROF_PHASE_DECODE; phase++)
		if (phase_exists(r, phase)) {
			phase_intervals(r, phase, out);
			phases++;
		}
	if (phases != 1)
		phase_intervals(r, -1, out);
	fputs("from all numbers of a profile at the better end of their ranges to all at the worse\n", out);
}

static double at_least_one(int64_t n)
{
	return n > 1 ? (double)n : 1;
}

static void title(const struct report *r, FILE *out)
{
	const char *command = trace_fact_get(r->trace, "process.command");
	struct measured_phase all = measured_total(r->measured);
	char text[512];

	snprintf(text, sizeof text, "%s%s%s", r->trace->path, *command ? ": " : "", command);
	fprintf(out, "%.*s\n", WIDTH - 1, text);
	fprintf(out, "%llu operations, %llu steps, %.0f prompt and %.0f generated tokens; %s model, ",
	        (unsigned long long)all.operations, (unsigned long long)r->measured->steps,
	        report_tokens(r, PROF_PHASE_PREFILL), report_tokens(r, PROF_PHASE_DECODE), report_model(r));
	fprintf(out, "%s\n", r->options->model.dtype < 0 ? "types of the trace" : report_dtype(r));
	if (report_devices(r) > 1 || r->options->model.group.micro_batches > 1) {
		const struct model_group_options *g = &r->options->model.group;

		fprintf(out,
		        "%.0f devices of each profile: tensor %.0f, pipeline %.0f, expert %.0f; %.0f "
		        "micro-batches\n",
		        report_devices(r), at_least_one(g->tensor), at_least_one(g->pipeline),
		        at_least_one(g->expert), at_least_one(g->micro_batches));
	}
	fputc('\n', out);
}

static void say(void *arg, const char *text)
{
	fprintf(arg, "note: %s\n", text);
}

static void legend(const struct report *r, FILE *out)
{
	const char *cpu = trace_fact_get(r->trace, "host.cpu");
	double explained = report_explained(r);
	bool timed = measured_total(r->measured).timed > 0;

	fputc('\n', out);
	if (!timed)
		fputs("the list has no times: nothing to compare with; the devices are modelled\n", out);
	else
		fprintf(out, "CPU%s%s: time measured; %senergy %s%s; devices: modelled\n", *cpu ? " " : "",
		        cpu, r->measured->energy_is_measured ? "" : "* ",
		        r->measured->energy_is_measured ? "measured" : "assumed from host profile ",
		        r->measured->energy_is_measured || !r->host ? "" : r->host->name);
	if (isfinite(explained))
		fprintf(out, "the recorded operations explain %.1f %% of the steps' time\n", 100 * explained);
	report_notes(r, say, out);
}

void report_text(const struct report *r, FILE *out)
{
	title(r, out);
	figures(r, out);
	where_time_goes(r, out);
	intervals(r, out);
	legend(r, out);
}
