/* energy_groups.c: energy of operations, by the keys of proftrace stats.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/energy/energy_model.h"
#include "tools/proftrace/energy.h"
#include "tools/proftrace/stats_groups.h"

struct part {
	const struct group *group;
	double calls, time_ns;
	struct energy_use use;
	struct energy_figure energy;
};

struct parts {
	struct part *parts;
	unsigned n, capacity;
	struct energy_model *model; /* null: assumed */
	double power_w;             /* of an operation under way, assumed */
};

static struct part *part_of(struct parts *p, const struct group *g)
{
	struct part *grown;

	if (g->number < p->n)
		return &p->parts[g->number];
	grown = array_grow(p->parts, &p->capacity, g->number, sizeof(*grown));
	if (!grown)
		return NULL;
	p->parts = grown;
	memset(&grown[g->number], 0, sizeof(*grown));
	p->n = g->number + 1;
	return &grown[g->number];
}

static int add_up(struct parts *p, struct groups *gs, struct diag *d)
{
	struct trace_cursor *c = trace_cursor_open(gs->trace);
	struct op_event ev;
	int more = -1;

	diag_set(d, "%s: out of memory", gs->trace->path);
	while (c && (more = trace_cursor_next(c, &ev, d)) > 0) {
		struct group *g = NULL;
		struct part *part;

		if (groups_find(gs, &ev, &g) || !g || !(part = part_of(p, g))) {
			more = -1;
			break;
		}
		part->group = g;
		part->calls++;
		part->time_ns += (double)ev.time_ns;
		if (p->model)
			energy_model_add(p->model, &ev, &part->use);
	}
	trace_cursor_close(c);
	return more;
}

static void price(struct parts *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		struct part *part = &p->parts[i];

		if (p->model)
			part->energy = energy_model_price(p->model, &part->use);
		else
			part->energy = (struct energy_figure){p->power_w * part->time_ns / 1e9, NAN};
	}
}

static int by_energy(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->energy.joules != y->energy.joules)
		return x->energy.joules > y->energy.joules ? -1 : 1;
	return x->group->number < y->group->number ? -1 : x->group->number > y->group->number;
}

static void row(struct table *t, const struct groups *gs, const struct part *p, double total_j,
                const char *origin)
{
	table_row(t);
	for (unsigned k = 0; k < gs->n_keys; k++)
		table_text(t, p->group ? p->group->cells[k] : k ? "" : "(static power)");
	table_number(t, p->group ? p->calls : NAN);
	table_number(t, p->time_ns / 1e9);
	table_number(t, p->energy.joules);
	table_number(t, p->energy.error_j);
	table_number(t, total_j > 0 ? p->energy.joules / total_j : NAN);
	table_text(t, origin);
}

static int print(const struct energy_view *v, const struct groups *gs, struct parts *p)
{
	static const struct table_column figures[] = {
	        {"calls", "calls", TABLE_COUNT},      {"time", "time_s", TABLE_SECONDS},
	        {"energy", "energy_j", TABLE_JOULES}, {"+-", "energy_standard_error_j", TABLE_JOULES},
	        {"share", "share", TABLE_PERCENT},    {"provenance", "provenance", TABLE_TEXT},
	};
	enum { FIGURES = sizeof(figures) / sizeof(figures[0]) };
	struct table_column columns[GROUP_KEYS_MAX + FIGURES];
	const char *origin = p->model ? "modelled" : "assumed";
	struct part rest = {.time_ns = (double)v->trace->end_ns};
	struct table *t;
	double total_j = 0;

	for (unsigned i = 0; i < gs->n_keys; i++)
		columns[i] = (struct table_column){group_key_name(gs->keys[i]), group_key_name(gs->keys[i]),
		                                   TABLE_TEXT};
	memcpy(columns + gs->n_keys, figures, sizeof(figures));
	t = table_new(columns, gs->n_keys + FIGURES);
	if (!t)
		return -1;
	if (p->model)
		rest.energy = energy_model_static(p->model);
	for (unsigned i = 0; i < p->n; i++)
		total_j += p->parts[i].energy.joules;
	total_j += p->model ? rest.energy.joules : 0;
	for (unsigned i = 0; i < p->n; i++)
		row(t, gs, &p->parts[i], total_j, origin);
	if (p->model)
		row(t, gs, &rest, total_j, origin);
	table_print(t, v->format, cli_colour(), stdout);
	table_free(t);
	return 0;
}

static void tell_model(const struct energy_model *m)
{
	const struct energy_fit *f = energy_model_fit(m);

	printf("\nmodelled by regression over %u intervals of the meters: it explains %.1f %% of their "
	       "variance, %.1f %% of those left out of it\n",
	       f->observations, 100 * f->explained, 100 * f->explained_new);
	for (unsigned i = 0; i < energy_model_columns(m); i++) {
		double one[ENERGY_FIT_MAX] = {0};

		one[i] = 1;
		if (f->dropped[i])
			printf("  %s: cannot be told apart from those above, or never occurred\n",
			       energy_model_column(m, i));
		else
			printf("  %s: %.3g +- %.2g %s\n", energy_model_column(m, i), f->weight[i],
			       energy_fit_error(f, one), energy_model_unit(m, i));
	}
	printf("  all multiplied by %.4g, so that the parts add up to what the meters counted\n",
	       energy_model_scale(m));
}

int energy_by_group(const struct energy_view *v, const char *keys, struct diag *d)
{
	struct parts p = {.power_w = NAN};
	struct groups gs;
	int result = -1;

	if (groups_init(&gs, v->trace, keys, &(struct cli_list){0}, d))
		goto out;
	if (energy_is_measured(v->energy)) {
		p.model = energy_model_new(v->trace, v->energy, d);
		if (!p.model)
			goto out;
	} else if (!v->has_host) {
		diag_set(d, "%s: no meter was read, and no host profile fits; --host names one",
		         v->trace->path);
		goto out;
	} else {
		p.power_w = measured_power_w(&v->measured);
	}
	if (add_up(&p, &gs, d))
		goto out;
	price(&p);
	if (p.n)
		qsort(p.parts, p.n, sizeof(*p.parts), by_energy);
	if (print(v, &gs, &p))
		diag_set(d, "%s: out of memory", v->trace->path);
	else
		result = 0;
	if (!result && p.model && v->format == TABLE_FOR_PEOPLE)
		tell_model(p.model);
out:
	energy_model_free(p.model);
	free(p.parts);
	groups_release(&gs);
	return result;
}
