/* stats_extras.c: the columns of proftrace stats that have to be asked for.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/proftrace/stats_extras.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/arch/host.h"
#include "tools/lib/replay/measured.h"

enum kind {
	RECORDING,
	INTENSITY,
	PEAK_SHARE,
	COUNTER,
	COUNTER_ERROR,
	METRIC,
	METRIC_ERROR,
	COUNTED_OF, /* for people: "n of N" */
	COUNTED,
	SLICES,
	BORROWED,
	PROVENANCE,
};

enum { DEEPEST = 64 };

/* Groups of the operations that enclose the next one of a thread. */
struct enclosing {
	struct group *groups[DEEPEST];
};

static void add_column(struct extras *x, enum kind kind, unsigned index, struct table_column column)
{
	if (x->n == EXTRAS_MAX)
		return;
	x->kinds[x->n] = (struct extra_column){kind, index};
	x->columns[x->n++] = column;
}

/* "NAME", and for programs "NAME_error". */
static int add_estimate(struct extras *x, enum kind kind, unsigned index, const char *name, const char *unit)
{
	char title[200], key[200];
	const char *kept_title, *kept_key;

	snprintf(title, sizeof(title), "%.120s%s%.60s", name, *unit ? " " : "", unit);
	snprintf(key, sizeof(key), "%.190s_error", name);
	kept_title = arena_copy(&x->metrics.arena, title, strlen(title));
	kept_key = arena_copy(&x->metrics.arena, key, strlen(key));
	if (!kept_title || !kept_key)
		return -1;
	add_column(x, kind, index,
	           (struct table_column){kept_title, name, x->people ? TABLE_FIGURE : TABLE_NUMBER});
	if (!x->people)
		add_column(x, kind + 1, index, (struct table_column){kept_key, kept_key, TABLE_NUMBER});
	return 0;
}

static int add_estimates(struct extras *x, const struct trace *t)
{
	for (unsigned i = 0; x->options->counters && i < x->metrics.n_counters; i++)
		if (add_estimate(x, COUNTER, i, t->counters[i].name, ""))
			return -1;
	for (unsigned i = 0; x->options->metrics && i < x->metrics.n; i++) {
		const struct metric *m = x->metrics.list[i];

		if (add_estimate(x, METRIC, i, m->name, strcmp(m->unit, "1") ? m->unit : ""))
			return -1;
	}
	return 0;
}

static void add_counts(struct extras *x)
{
	if (x->people) {
		add_column(x, COUNTED_OF, 0, (struct table_column){"counted", "counted", TABLE_FIGURE});
		return;
	}
	add_column(x, COUNTED, 0, (struct table_column){"counted_slices", "counted_slices", TABLE_COUNT});
	add_column(x, SLICES, 0, (struct table_column){"slices", "slices", TABLE_COUNT});
	add_column(x, BORROWED, 0,
	           (struct table_column){"estimated_slices", "estimated_slices", TABLE_COUNT});
	add_column(x, PROVENANCE, 0,
	           (struct table_column){"counters_provenance", "counters_provenance", TABLE_TEXT});
}

static void add_columns(struct extras *x)
{
	if (x->options->net)
		add_column(x, RECORDING, 0, (struct table_column){"recording", "recording_s", TABLE_SECONDS});
	if (!x->options->metrics)
		return;
	add_column(x, INTENSITY, 0, (struct table_column){"FLOP/byte", "flop_per_byte", TABLE_NUMBER});
	add_column(x, PEAK_SHARE, 0, (struct table_column){"of peak", "peak_share", TABLE_PERCENT});
}

static int find_peak(struct extras *x, const struct trace *t, struct diag *d)
{
	double visible = measured_visible_threads(t);
	struct host h;
	char dir[4096];

	cli_data_dir("arch/hosts", dir, sizeof(dir));
	if (host_find(&h, dir, x->options->host, trace_fact_get(t, "host.cpu"), d))
		return -1;
	x->peak_flops = host_peak_flops(&h, visible, x->clock_hz > 0 ? x->clock_hz : 0);
	snprintf(x->peak_source, sizeof(x->peak_source),
	         "%.4g GFLOP/s in float32, of %.0f hardware threads (assumed, host profile %.60s)",
	         x->peak_flops / 1e9, visible, h.name);
	return 0;
}

int extras_init(struct extras *x, struct groups *gs, const struct extra_options *o, bool people,
                struct diag *d)
{
	const struct trace *t = gs->trace;
	double clock_hz = strtod(trace_fact_get(t, "host.clock_hz"), NULL);
	bool wants = o->counters || o->metrics;

	memset(x, 0, sizeof(*x));
	x->options = o;
	x->groups = gs;
	x->people = people;
	x->cost = recording_cost_of(t);
	x->clock_hz = clock_hz > 0 ? clock_hz : NAN;
	x->peak_flops = NAN;
	if (metrics_of_trace(&x->metrics, t))
		return diag_set(d, "out of memory");
	for (unsigned i = 0; i < o->formulas.n; i++)
		if (metrics_add(&x->metrics, o->formulas.items[i], d))
			return -1;
	if (o->metrics && find_peak(x, t, d))
		return -1;
	if (o->net && !(x->stacks = calloc(t->n_threads + 1, sizeof(*x->stacks))))
		return diag_set(d, "out of memory");
	add_columns(x);
	if (add_estimates(x, t) || (wants && t->n_counters && !(x->totals = totals_of_trace(t))))
		return diag_set(d, "out of memory");
	if (x->totals)
		add_counts(x);
	return 0;
}

void extras_release(struct extras *x)
{
	totals_free(x->totals);
	metrics_release(&x->metrics);
	free(x->stacks);
}

bool extras_want_children(const struct extra_options *o)
{
	return o->net;
}

/* ---- the pass over the operations ---- */

static void spend(struct group *g, double ns)
{
	if (g)
		g->recording_ns += ns;
}

/* An operation's own time holds one reading of the clock; those around it hold
 * all that it cost. Self times have lost the children's intervals already. */
static void take_recording(struct extras *x, struct group *g, const struct op_event *ev)
{
	const struct trace *t = x->groups->trace;
	struct enclosing *e = &x->stacks[ev->thread <= t->n_threads ? ev->thread : 0];
	double inside = recording_cost_inside(&x->cost);
	double whole = recording_cost_whole(&x->cost, &t->descs[ev->desc], ev->n_counters > 0);

	if (ev->depth >= DEEPEST || !ev->timed)
		return;
	e->groups[ev->depth] = g;
	spend(g, inside);
	if (x->options->self && ev->depth)
		spend(e->groups[ev->depth - 1], whole - inside);
	for (unsigned i = 0; i < ev->depth && !x->options->self; i++)
		spend(e->groups[i], whole);
}

int extras_event(struct extras *x, struct group *g, const struct op_event *ev)
{
	if (x->options->net)
		take_recording(x, g, ev);
	return g && x->totals ? totals_add(x->totals, g->number, ev) : 0;
}

int extras_settle(struct extras *x)
{
	if (x->totals && totals_settle(x->totals))
		return -1;
	for (unsigned i = 0; i < x->groups->n; i++) {
		struct group *g = x->groups->groups[i];

		g->recording_ns = g->recording_ns < g->time_ns ? g->recording_ns : g->time_ns;
		g->time_ns -= g->recording_ns;
		if (x->totals) {
			struct totals_counts n = totals_counts(x->totals, g->number);

			x->slices += n.slices;
			x->counted += n.counted;
			x->borrowed += n.borrowed;
		}
	}
	return 0;
}

/* ---- figures ---- */

static struct estimate counter_of(const struct extras *x, const struct group *g, unsigned i)
{
	return (struct estimate){totals_value(x->totals, g->number, i),
	                         totals_value_error(x->totals, g->number, i)};
}

static struct estimate metric_of(const struct extras *x, const struct group *g, unsigned i)
{
	double inputs[COUNTER_INPUTS] = {[COUNTER_TIME] = g->timed ? g->time_ns / 1e9 : NAN,
	                                 [COUNTER_FLOPS] = g->flops,
	                                 [COUNTER_BYTES] = g->bytes,
	                                 [COUNTER_CLOCK_HZ] = x->clock_hz};

	return metric_estimate(&x->metrics, x->metrics.list[i], x->totals, g->number, inputs);
}

static struct estimate estimate_of(const struct extras *x, const struct group *g, unsigned column)
{
	const struct extra_column *c = &x->kinds[column];

	return c->kind <= COUNTER_ERROR ? counter_of(x, g, c->index) : metric_of(x, g, c->index);
}

double extras_value(const struct extras *x, const struct group *g, unsigned column)
{
	switch ((enum kind)x->kinds[column].kind) {
	case RECORDING:
		return x->cost.clock_ns > 0 ? g->recording_ns / 1e9 : NAN;
	case INTENSITY:
		return g->bytes > 0 ? g->flops / g->bytes : NAN;
	case PEAK_SHARE:
		return g->time_ns > 0 ? g->flops / g->time_ns * 1e9 / x->peak_flops : NAN;
	case COUNTER:
	case METRIC:
		return estimate_of(x, g, column).value;
	case COUNTER_ERROR:
	case METRIC_ERROR:
		return estimate_of(x, g, column).error;
	case COUNTED_OF:
	case COUNTED:
		return totals_counts(x->totals, g->number).counted;
	case SLICES:
		return totals_counts(x->totals, g->number).slices;
	case BORROWED:
		return totals_counts(x->totals, g->number).borrowed;
	default:
		return NAN;
	}
}

/* "1.23 G" */
static void put_figure(double v, char *buf, unsigned bytes)
{
	static const struct {
		double factor;
		const char *prefix;
	} prefixes[] = {{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e3, " k"}, {1, ""}};
	char number[32];
	unsigned i = 0;

	while (i < 4 && fabs(v) < prefixes[i].factor * 0.9995)
		i++;
	table_format_value(TABLE_NUMBER, v / prefixes[i].factor, number, sizeof(number));
	snprintf(buf, bytes, "%s%s", number, prefixes[i].prefix);
}

static void put_percent(double share, char *buf, unsigned bytes)
{
	if (share < 9.995e-5)
		snprintf(buf, bytes, " ±<0.01 %%");
	else
		snprintf(buf, bytes,
		         share < 0.01 ? " ±%.2f %%"
		         : share < 1  ? " ±%.3g %%"
		                      : " ±%.0f %%",
		         share * 100);
}

static void put_estimate(struct table *t, struct estimate e)
{
	char value[48], error[48], text[128];

	if (isnan(e.value)) {
		table_text(t, "-");
		return;
	}
	put_figure(e.value, value, sizeof(value));
	if (isnan(e.error))
		snprintf(error, sizeof(error), " ±?");
	else if (e.error == 0)
		error[0] = 0;
	else if (e.value != 0)
		put_percent(fabs(e.error / e.value), error, sizeof(error));
	else
		snprintf(error, sizeof(error), " ±%.3g", e.error);
	snprintf(text, sizeof(text), "%s%s", value, error);
	table_text(t, text);
}

static const char *provenance(struct totals_counts n)
{
	if (n.counted == n.slices)
		return "measured";
	return n.borrowed > 0 ? "measured in a sample, scaled; in part from like operations"
	                      : "measured in a sample, scaled";
}

static void put_cell(const struct extras *x, const struct group *g, unsigned column, struct table *t)
{
	struct totals_counts n;
	char text[64];

	switch ((enum kind)x->kinds[column].kind) {
	case COUNTER:
	case METRIC:
		if (!x->people)
			break;
		put_estimate(t, estimate_of(x, g, column));
		return;
	case COUNTED_OF:
		n = totals_counts(x->totals, g->number);
		snprintf(text, sizeof(text), "%.0f of %.0f", n.counted, n.slices);
		table_text(t, text);
		return;
	case PROVENANCE:
		table_text(t, provenance(totals_counts(x->totals, g->number)));
		return;
	default:
		break;
	}
	table_number(t, extras_value(x, g, column));
}

void extras_put_cells(const struct extras *x, const struct group *g, struct table *t)
{
	for (unsigned i = 0; i < x->n; i++)
		put_cell(x, g, i, t);
}

/* ---- notes ---- */

static void note_counters(const struct extras *x, const struct trace *t)
{
	const char *multiplexed = trace_fact_get(t, "counters.multiplexed");

	if (!t->n_counters)
		printf("counters: none in this trace\n");
	if (!x->totals)
		return;
	if (x->counted == x->slices)
		printf("counters: measured in every slice\n");
	else
		printf("counters: measured in %.0f of %.0f slices and scaled; ± one standard error\n",
		       x->counted, x->slices);
	if (x->borrowed > 0)
		printf("          %.0f slices are of operations that were counted less than twice: estimated "
		       "from like ones\n",
		       x->borrowed);
	if (*multiplexed)
		printf("          multiplexed: %s\n", multiplexed);
}

void extras_put_notes(const struct extras *x, const struct trace *t)
{
	char cost[32], missing[1024];

	if (*trace_missing_text(t, missing, sizeof(missing)))
		printf("not in the trace: %s\n", missing);

	if (x->options->counters || x->options->metrics)
		note_counters(x, t);
	if (x->options->metrics && !isnan(x->peak_flops))
		printf("peak: %s\n", x->peak_source);
	if (x->options->net && !(x->cost.clock_ns > 0))
		printf("recording: this trace does not tell what it cost\n");
	if (isnan(x->cost.total_ns) || !t->end_ns)
		return;
	table_format_value(TABLE_SECONDS, x->cost.total_ns / 1e9, cost, sizeof(cost));
	printf("recording: %s in all, %.2g %% of the run (costs measured one by one, times how often)%s\n",
	       cost, x->cost.total_ns / (double)t->end_ns * 100,
	       x->options->net ? "; what lies inside the operations is taken off their times" : "");
}
