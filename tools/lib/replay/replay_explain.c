/* replay_explain.c: the default model's prices, term by term.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/replay/replay_explain.h"

#include <math.h>
#include <stdlib.h>

#include "tools/lib/replay/replay_report.h"
#include "tools/lib/support/table.h"

enum { VALUE_BYTES = 32 };

static struct explained *kind_of(const struct explain *e, unsigned device, unsigned phase, unsigned op)
{
	return &e->kinds[((size_t)device * REPLAY_PHASES + phase) * PROF_OP_LIMIT + op];
}

int explain_begin(struct explain *e, const struct replay *r)
{
	e->replay = r;
	e->kinds = calloc((size_t)(r->map->n_devices + 1) * REPLAY_PHASES * PROF_OP_LIMIT, sizeof *e->kinds);
	return e->kinds ? 0 : -1;
}

void explain_release(struct explain *e)
{
	free(e->kinds);
	e->kinds = NULL;
}

void explain_event(struct explain *e, const struct op_event *ev, const struct replay_price *p)
{
	struct explained *x = kind_of(e, p->device, p->phase, e->replay->trace->descs[ev->desc].op);
	struct model_parts parts;

	if (p->device == MAP_HOST)
		return;
	x->operations++;
	replay_parts(e->replay, ev, p->device, &parts);
	for (unsigned i = 0; i < MODEL_N_TERMS; i++) {
		x->part[i].ns += parts.part[i].ns;
		x->part[i].pj += parts.part[i].pj;
		/* What powers are given does not add up. */
		if (i == MODEL_TERM_STATIC || i == MODEL_TERM_POWER)
			x->part[i].amount = fmax(x->part[i].amount, parts.part[i].amount);
		else
			x->part[i].amount += parts.part[i].amount;
	}
}

static bool says_something(const struct model_part *p)
{
	return p->ns != 0 || p->pj != 0 || p->amount != 0;
}

/* Of all terms: the whole. */
static struct model_part whole(const struct explained *x)
{
	struct model_part sum = {0, 0, 0, 0};

	for (unsigned i = 0; i < MODEL_N_TERMS; i++) {
		sum.ns += x->part[i].ns;
		sum.pj += x->part[i].pj;
	}
	return sum;
}

typedef void each_fn(void *arg, const struct explain *e, unsigned at, const struct explained *x);

static void each_kind(const struct explain *e, each_fn *each, void *arg)
{
	unsigned n = (e->replay->map->n_devices + 1) * REPLAY_PHASES * PROF_OP_LIMIT;

	for (unsigned i = 0; i < n; i++)
		if (e->kinds[i].operations)
			each(arg, e, i, &e->kinds[i]);
}

static const char *op_of(unsigned at)
{
	const char *name = op_name(at % PROF_OP_LIMIT);

	return name ? name : "other";
}

static const char *phase_of(unsigned at)
{
	return report_phase_name((enum prof_phase)(at / PROF_OP_LIMIT % REPLAY_PHASES));
}

static const char *device_of(const struct explain *e, unsigned at)
{
	return replay_device(e->replay, at / PROF_OP_LIMIT / REPLAY_PHASES);
}

/* ---- for people ---- */

static void text_line(FILE *out, const char *name, const struct model_part *p, double all_ns)
{
	char took[VALUE_BYTES], joules[VALUE_BYTES];
	double ns = fabs(p->ns);

	table_format_value(TABLE_SECONDS, ns / 1e9, took, sizeof took);
	table_format_value(TABLE_JOULES, p->pj / 1e12, joules, sizeof joules);
	fprintf(out, "  %-13s %s%9s %10s %6.1f%%", name, p->ns < 0 ? "-" : " ", took, joules,
	        all_ns > 0 ? 100 * p->ns / all_ns : 0);
}

static void text_each(void *arg, const struct explain *e, unsigned at, const struct explained *x)
{
	struct model_part all = whole(x);
	FILE *out = arg;

	fprintf(out, "\n%s, %s, on %s: %llu operations\n", op_of(at), phase_of(at), device_of(e, at),
	        (unsigned long long)x->operations);
	for (unsigned i = 0; i < MODEL_N_TERMS; i++) {
		const struct model_part *p = &x->part[i];

		if (!says_something(p))
			continue;
		text_line(out, model_term_name((enum model_term)i), p, all.ns);
		fprintf(out, "   from %.6g %s", p->amount, model_term_unit((enum model_term)i));
		if (p->ns > 0 && i != MODEL_TERM_POWER)
			fprintf(out, " at %.4g a ns", p->amount / p->ns);
		fputc('\n', out);
	}
	text_line(out, "total", &all, all.ns);
	fputc('\n', out);
}

void explain_text(const struct explain *e, FILE *out)
{
	each_kind(e, text_each, out);
}

/* ---- for programs ---- */

void explain_csv_header(FILE *out)
{
	fputs("machine,device,phase,op,operations,term,time_ns,energy_pj,amount,unit\n", out);
}

static void csv_each(void *arg, const struct explain *e, unsigned at, const struct explained *x)
{
	FILE *out = arg;

	for (unsigned i = 0; i < MODEL_N_TERMS; i++) {
		const struct model_part *p = &x->part[i];

		if (says_something(p))
			fprintf(out, "%s,%s,%s,%s,%llu,%s,%.17g,%.17g,%.17g,%s\n", e->replay->name,
			        device_of(e, at), phase_of(at), op_of(at), (unsigned long long)x->operations,
			        model_term_name((enum model_term)i), p->ns, p->pj, p->amount,
			        model_term_unit((enum model_term)i));
	}
}

void explain_csv(const struct explain *e, FILE *out)
{
	each_kind(e, csv_each, out);
}

static void json_each(void *arg, const struct explain *e, unsigned at, const struct explained *x)
{
	struct model_part all = whole(x);
	struct json_out *j = arg;

	json_open(j, NULL, '{');
	json_text(j, "arch", e->replay->name);
	json_text(j, "device", device_of(e, at));
	json_text(j, "phase", phase_of(at));
	json_text(j, "op", op_of(at));
	json_number(j, "operations", (double)x->operations);
	json_number(j, "time_ns", all.ns);
	json_number(j, "energy_pj", all.pj);
	json_open(j, "terms", '{');
	for (unsigned i = 0; i < MODEL_N_TERMS; i++) {
		if (!says_something(&x->part[i]))
			continue;
		json_open(j, model_term_name((enum model_term)i), '{');
		json_number(j, "time_ns", x->part[i].ns);
		json_number(j, "energy_pj", x->part[i].pj);
		json_number(j, "amount", x->part[i].amount);
		json_text(j, "unit", model_term_unit((enum model_term)i));
		json_close(j, '}');
	}
	json_close(j, '}');
	json_close(j, '}');
}

void explain_json(const struct explain *e, struct json_out *j)
{
	each_kind(e, json_each, j);
}
