/* replay_log.c: the log of a replay, operation by operation.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/replay/replay_report.h"

#include <string.h>

#include "tools/lib/model/op_math.h"

void report_log_header(const struct report_log *l)
{
	if (l->csv)
		fputs("index,phase,layer,op,context,machine,device,measured_ns,time_ns,energy_pj,limited_"
		      "by\n",
		      l->out);
	else
		fprintf(l->out, "\n%8s  %-8s %5s  %-12s %-24s %-16s %12s %14s %16s  %s\n", "index", "phase",
		        "layer", "op", "context", "device", "measured ns", "time ns", "energy pJ",
		        "limited by");
}

static void log_json(struct report_log *l, const struct replay *r, const struct op_event *ev,
                     const struct op_desc *d, const struct replay_price *p)
{
	struct json_out *j = l->json;

	json_open(j, NULL, '{');
	json_number(j, "index", (double)l->index);
	json_text(j, "op", op_name(d->op) ? op_name(d->op) : "other");
	json_text(j, "context", d->context);
	json_number(j, "layer", d->layer);
	json_text(j, "phase", report_phase_name(p->phase));
	if (l->report->n_replays > 1)
		json_text(j, "arch", r->name);
	json_text(j, "device", replay_device(r, p->device));
	if (ev->timed)
		json_number(j, "measured_ns", (double)ev->time_ns);
	report_json_price(j, &p->cost);
	json_text(j, "limited_by", cost_limit_name(p->cost.limit));
	json_close(j, '}');
}

static void log_text(struct report_log *l, const struct replay *r, const struct op_event *ev,
                     const struct op_desc *d, const struct replay_price *p)
{
	fprintf(l->out, "%8llu  %-8s %5d  %-12s %-24s %-16s", (unsigned long long)l->index,
	        report_phase_name(p->phase), d->layer, op_name(d->op) ? op_name(d->op) : "other",
	        *d->context ? d->context : d->name, replay_device(r, p->device));
	if (ev->timed)
		fprintf(l->out, " %12llu", (unsigned long long)ev->time_ns);
	else
		fprintf(l->out, " %12s", "-");
	fprintf(l->out, " %14.1f %16.1f  %s\n", p->cost.cell[COST_TIME], cost_energy_pj(&p->cost),
	        p->priced ? cost_limit_name(p->cost.limit) : "not priced");
}

/* A field of RFC 4180. */
static void csv_text(FILE *out, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void log_csv(struct report_log *l, const struct replay *r, const struct op_event *ev,
                    const struct op_desc *d, const struct replay_price *p)
{
	fprintf(l->out, "%llu,%s,%d,%s,", (unsigned long long)l->index, report_phase_name(p->phase), d->layer,
	        op_name(d->op) ? op_name(d->op) : "other");
	csv_text(l->out, d->context);
	fputc(',', l->out);
	csv_text(l->out, r->name);
	fputc(',', l->out);
	csv_text(l->out, replay_device(r, p->device));
	if (ev->timed)
		fprintf(l->out, ",%llu", (unsigned long long)ev->time_ns);
	else
		fputc(',', l->out);
	fprintf(l->out, ",%.17g,%.17g,%s\n", p->cost.cell[COST_TIME], cost_energy_pj(&p->cost),
	        cost_limit_name(p->cost.limit));
}

void report_log_event(struct report_log *l, const struct replay *r, const struct op_event *ev,
                      const struct replay_price *p)
{
	const struct op_desc *d = &l->report->trace->descs[ev->desc];

	if (l->json)
		log_json(l, r, ev, d, p);
	else if (l->csv)
		log_csv(l, r, ev, d, p);
	else
		log_text(l, r, ev, d, p);
}

static void shape(const struct op_operand *o, FILE *out)
{
	fprintf(out, " %s", op_operand_key(o->role) ? op_operand_key(o->role) : "operand");
	for (unsigned i = 0; i < o->n_dims; i++)
		fprintf(out, "%s%llu", i ? "," : " [", (unsigned long long)o->dims[i]);
	fprintf(out, "%s %s;", o->n_dims ? "]" : "", op_dtype_name(o->dtype) ? op_dtype_name(o->dtype) : "?");
}

void report_explain(const struct replay *r, const struct op_event *ev, const struct replay_price *price,
                    FILE *out)
{
	const struct op_desc *d = &r->trace->descs[ev->desc];
	struct op_work w;

	op_work(d, 0, &w);
	fprintf(out, "\n%s %s, layer %d, %s, on %s:", op_name(d->op) ? op_name(d->op) : "other",
	        *d->context ? d->context : d->name, d->layer, report_phase_name(price->phase),
	        replay_device(r, price->device));
	for (unsigned i = 0; i < d->n_operands; i++)
		shape(&d->operands[i], out);
	fprintf(out, "\n  work as shapes say: %.9g FLOP, %.9g evaluations, %.9g bytes read, %.9g written\n",
	        w.flops, w.special, w.read_bytes, w.write_bytes);
	if (!price->priced) {
		fputs("  not priced by these rules\n", out);
		return;
	}
	fprintf(out, "  time %.9g ns:", price->cost.cell[COST_TIME]);
	for (unsigned i = COST_NS_H2D; i <= COST_NS_HOST; i++)
		if (price->cost.cell[i] != 0)
			fprintf(out, " %s %.9g;", cost_key((enum cost_cell)i), price->cost.cell[i]);
	fprintf(out, " limited by %s\n  energy %.9g pJ:", cost_limit_name(price->cost.limit),
	        cost_energy_pj(&price->cost));
	for (unsigned i = COST_PJ_H2D; i <= COST_PJ_HOST; i++)
		if (price->cost.cell[i] != 0)
			fprintf(out, " %s %.9g;", cost_key((enum cost_cell)i), price->cost.cell[i]);
	fputc('\n', out);
}
