/* replay_counters.c: the recorded run's counters, phase by phase.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/replay/replay_counters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/model/op_math.h"

int replay_counters_begin(struct replay_counters *c, const struct trace *t)
{
	double clock_hz = strtod(trace_fact_get(t, "host.clock_hz"), NULL);

	memset(c, 0, sizeof(*c));
	c->trace = t;
	if (!t->n_counters)
		return 0;
	for (unsigned i = 0; i < REPLAY_COUNTERS_PHASES; i++)
		c->inputs[i][COUNTER_CLOCK_HZ] = clock_hz > 0 ? clock_hz : NAN;
	c->phases = totals_of_trace(t);
	c->all = totals_of_trace(t);
	c->flops = calloc(t->n_descs + 1, sizeof(double));
	c->bytes = calloc(t->n_descs + 1, sizeof(double));
	if (!c->phases || !c->all || !c->flops || !c->bytes)
		return -1;
	for (unsigned i = 0; i < t->n_descs; i++) {
		struct op_work w;

		op_work(&t->descs[i], 0, &w);
		c->flops[i] = w.flops;
		c->bytes[i] = w.read_bytes + w.write_bytes;
	}
	return metrics_of_trace(&c->metrics, t);
}

int replay_counters_event(struct replay_counters *c, const struct op_event *ev)
{
	if (!c->phases)
		return 0;
	for (unsigned i = 0; i < 2; i++) {
		double *inputs = c->inputs[i ? REPLAY_COUNTERS_ALL : ev->phase];

		inputs[COUNTER_TIME] += (double)ev->time_ns / 1e9;
		inputs[COUNTER_FLOPS] += c->flops[ev->desc];
		inputs[COUNTER_BYTES] += c->bytes[ev->desc];
	}
	return totals_add(c->phases, ev->phase, ev) || totals_add(c->all, 0, ev) ? -1 : 0;
}

int replay_counters_end(struct replay_counters *c)
{
	return c->phases && (totals_settle(c->phases) || totals_settle(c->all)) ? -1 : 0;
}

void replay_counters_release(struct replay_counters *c)
{
	totals_free(c->phases);
	totals_free(c->all);
	metrics_release(&c->metrics);
	free(c->flops);
	free(c->bytes);
	memset(c, 0, sizeof(*c));
}

static void put(struct json_out *j, const char *name, double value, double error)
{
	json_open(j, name, '{');
	json_number(j, "value", value);
	json_number(j, "error", error);
	json_close(j, '}');
}

void replay_counters_json(const struct replay_counters *c, unsigned phase, struct json_out *j)
{
	const struct totals *s = phase == REPLAY_COUNTERS_ALL ? c->all : c->phases;
	unsigned group = phase == REPLAY_COUNTERS_ALL ? 0 : phase;
	struct totals_counts n;

	if (!s)
		return;
	n = totals_counts(s, group);
	json_open(j, "counters", '{');
	for (unsigned i = 0; i < c->metrics.n_counters; i++)
		put(j, c->trace->counters[i].name, totals_value(s, group, i),
		    totals_value_error(s, group, i));
	json_close(j, '}');
	json_open(j, "metrics", '{');
	for (unsigned i = 0; i < c->metrics.n; i++) {
		const struct metric *m = c->metrics.list[i];
		struct estimate e = metric_estimate(&c->metrics, m, s, group, c->inputs[phase]);

		put(j, m->name, e.value, e.error);
	}
	json_close(j, '}');
	json_number(j, "counted_slices", n.counted);
	json_number(j, "slices", n.slices);
	json_number(j, "estimated_slices", n.borrowed);
}

void replay_counters_note(const struct replay_counters *c, char *buf, unsigned bytes)
{
	struct totals_counts n = {0};
	const char *multiplexed = trace_fact_get(c->trace, "counters.multiplexed");

	buf[0] = 0;
	if (!c->all)
		return;
	n = totals_counts(c->all, 0);
	snprintf(buf, bytes, "counters were measured in %.0f of %.0f slices%s%s%s", n.counted, n.slices,
	         n.counted < n.slices ? " and scaled" : "", *multiplexed ? "; multiplexed: " : "",
	         multiplexed);
}
