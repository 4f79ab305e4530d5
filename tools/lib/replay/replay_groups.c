/* replay_groups.c: layers, functions and contexts: where time goes in the run
 * and on the devices.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/replay/replay_report.h"
#include "tools/lib/support/table.h"

/* One descriptor in one phase, before equal names are joined. */
struct part {
	char name[64];
	int order;
	enum prof_phase phase;
	uint32_t desc;
};

static void name_of(const struct op_desc *d, enum report_by by, struct part *p)
{
	const char *op = op_name(d->op) ? op_name(d->op) : "other";

	p->order = 0;
	if (by == REPORT_BY_LAYER) {
		p->order = d->layer < 0 ? -1 : d->layer;
		if (d->layer < 0)
			snprintf(p->name, sizeof p->name, "outside");
		else
			snprintf(p->name, sizeof p->name, "%d", d->layer);
	} else if (by == REPORT_BY_FUNCTION) {
		snprintf(p->name, sizeof p->name, "%s", op);
	} else {
		snprintf(p->name, sizeof p->name, "%.40s%s%s", d->context, *d->context ? " " : "", op);
	}
}

static int compare_parts(const void *x, const void *y)
{
	const struct part *a = x, *b = y;

	if (a->phase != b->phase)
		return a->phase < b->phase ? -1 : 1;
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* What takes longest first, within its phase. */
static int compare_groups(const void *x, const void *y)
{
	const struct report_group *a = x, *b = y;

	if (a->phase != b->phase)
		return a->phase < b->phase ? -1 : 1;
	if (a->device_ns[0] != b->device_ns[0])
		return a->device_ns[0] > b->device_ns[0] ? -1 : 1;
	if (a->cpu_ns != b->cpu_ns)
		return a->cpu_ns > b->cpu_ns ? -1 : 1;
	return strcmp(a->name, b->name);
}

static const struct replay_sum *sum_of(const struct report *r, unsigned replay, const struct part *p)
{
	return &r->replays[replay]->sums[(size_t)p->desc * REPLAY_PHASES + p->phase];
}

static unsigned collect(const struct report *r, enum report_by by, struct part *parts)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->trace->n_descs; i++)
		for (unsigned phase = 0; phase < REPLAY_PHASES; phase++) {
			struct part p = {.desc = i, .phase = (enum prof_phase)phase};

			if (!sum_of(r, 0, &p)->operations)
				continue;
			name_of(&r->trace->descs[i], by, &p);
			parts[n++] = p;
		}
	return n;
}

static void join(const struct report *r, const struct part *p, struct report_group *g)
{
	g->operations += (double)sum_of(r, 0, p)->operations;
	g->cpu_ns += r->desc_ns[(size_t)p->desc * MEASURED_PHASES + p->phase];
	for (unsigned i = 0; i < r->n_replays; i++) {
		g->device_ns[i] += sum_of(r, i, p)->cost.cell[COST_TIME];
		g->device_pj[i] += cost_energy_pj(&sum_of(r, i, p)->cost);
	}
}

int report_groups_make(const struct report *r, enum report_by by, struct report_groups *g)
{
	struct part *parts = malloc(((size_t)r->trace->n_descs * REPLAY_PHASES + 1) * sizeof *parts);
	unsigned n = parts ? collect(r, by, parts) : 0;

	memset(g, 0, sizeof *g);
	g->groups = calloc(n + 1, sizeof *g->groups);
	g->cells = calloc(((size_t)n + 1) * 2 * r->n_replays, sizeof *g->cells);
	if (!parts || !g->groups || !g->cells) {
		free(parts);
		report_groups_release(g);
		return -1;
	}
	qsort(parts, n, sizeof *parts, compare_parts);
	for (unsigned i = 0; i < n; i++) {
		struct report_group *group;

		if (i == 0 || compare_parts(&parts[i - 1], &parts[i])) {
			group = &g->groups[g->n];
			memcpy(group->name, parts[i].name, sizeof group->name);
			group->order = parts[i].order;
			group->phase = parts[i].phase;
			group->device_ns = g->cells + (size_t)g->n * 2 * r->n_replays;
			group->device_pj = group->device_ns + r->n_replays;
			g->n++;
		}
		join(r, &parts[i], &g->groups[g->n - 1]);
	}
	if (by != REPORT_BY_LAYER)
		qsort(g->groups, g->n, sizeof *g->groups, compare_groups);
	free(parts);
	return 0;
}

void report_groups_release(struct report_groups *g)
{
	free(g->groups);
	free(g->cells);
	memset(g, 0, sizeof *g);
}

static const char *title(enum report_by by)
{
	return by == REPORT_BY_LAYER ? "layer" : by == REPORT_BY_FUNCTION ? "function" : "context";
}

/* Times of a phase, for shares: measured in operations, and on the device. */
static double phase_cpu_ns(const struct report *r, enum prof_phase phase)
{
	return r->measured->phase[phase].ops_ns;
}

static void rows(const struct report *r, enum report_by by, const struct report_groups *g, struct table *t)
{
	bool timed = measured_total(r->measured).timed > 0;

	for (unsigned i = 0; i < g->n; i++) {
		const struct report_group *group = &g->groups[i];
		double all = phase_cpu_ns(r, group->phase);

		table_row(t);
		table_text(t, report_phase_name(group->phase));
		table_text(t, group->name);
		table_number(t, group->operations);
		if (timed) {
			table_number(t, group->cpu_ns / 1e9);
			table_number(t, all > 0 ? group->cpu_ns / all : NAN);
		}
		for (unsigned k = 0; k < r->n_replays; k++) {
			double device = r->replays[k]->phase[group->phase].cost.cell[COST_TIME];

			table_number(t, group->device_ns[k] / 1e9);
			table_number(t, device > 0 ? group->device_ns[k] / device : NAN);
			table_number(t, group->device_pj[k] / 1e12);
		}
	}
}

/* Columns are named after the replays; their titles live in `titles`. */
static void print(const struct report *r, enum report_by by, const struct report_groups *g,
                  enum table_format format, FILE *out)
{
	bool timed = measured_total(r->measured).timed > 0;
	unsigned fixed = timed ? 5 : 3, n = fixed + 3 * r->n_replays;
	struct table_column *columns = calloc(n, sizeof *columns);
	char(*titles)[96] = calloc(n, sizeof *titles);
	struct table *t = NULL;

	if (columns && titles) {
		columns[0] = (struct table_column){"phase", "phase", TABLE_TEXT};
		columns[1] = (struct table_column){title(by), title(by), TABLE_TEXT};
		columns[2] = (struct table_column){"calls", "operations", TABLE_COUNT};
		if (timed) {
			columns[3] = (struct table_column){"CPU", "measured_s", TABLE_SECONDS};
			columns[4] = (struct table_column){"share", "measured_share", TABLE_PERCENT};
		}
		for (unsigned i = 0; i < r->n_replays; i++) {
			unsigned c = fixed + 3 * i;
			const char *name = r->replays[i]->name;

			snprintf(titles[c], sizeof *titles, "%s.time_s", name);
			snprintf(titles[c + 1], sizeof *titles, "%s.share", name);
			snprintf(titles[c + 2], sizeof *titles, "%s.energy_j", name);
			columns[c] = (struct table_column){name, titles[c], TABLE_SECONDS};
			columns[c + 1] = (struct table_column){"share", titles[c + 1], TABLE_PERCENT};
			columns[c + 2] = (struct table_column){"energy", titles[c + 2], TABLE_JOULES};
		}
		t = table_new(columns, n);
	}
	if (t) {
		rows(r, by, g, t);
		table_print(t, format, r->colour, out);
	}
	table_free(t);
	free(titles);
	free(columns);
}

void report_groups_text(const struct report *r, enum report_by by, const struct report_groups *g, FILE *out)
{
	fputc('\n', out);
	print(r, by, g, TABLE_FOR_PEOPLE, out);
}

void report_groups_csv(const struct report *r, enum report_by by, const struct report_groups *g, FILE *out)
{
	print(r, by, g, TABLE_CSV, out);
}

void report_groups_json(const struct report *r, enum report_by by, const struct report_groups *g,
                        struct json_out *j)
{
	bool timed = measured_total(r->measured).timed > 0;

	for (unsigned i = 0; i < g->n; i++) {
		const struct report_group *group = &g->groups[i];

		json_open(j, NULL, '{');
		json_text(j, "phase", report_phase_name(group->phase));
		json_text(j, title(by), group->name);
		json_number(j, "operations", group->operations);
		json_number(j, "measured_ns", timed ? group->cpu_ns : NAN);
		json_open(j, "replays", '[');
		for (unsigned k = 0; k < r->n_replays; k++) {
			json_open(j, NULL, '{');
			json_text(j, "arch", r->replays[k]->name);
			json_number(j, "time_ns", group->device_ns[k]);
			json_number(j, "energy_pj", group->device_pj[k]);
			json_close(j, '}');
		}
		json_close(j, ']');
		json_close(j, '}');
	}
}

double report_explained(const struct report *r)
{
	double ops = 0, wall = 0;

	for (unsigned i = 0; i < MEASURED_PHASES; i++)
		if (r->measured->phase[i].wall_ns > 0) {
			ops += r->measured->phase[i].ops_ns - r->measured->phase[i].between_ns;
			wall += r->measured->phase[i].wall_ns - r->measured->phase[i].between_ns;
		}
	return wall > 0 ? ops / wall : NAN;
}
