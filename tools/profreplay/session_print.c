/* session_print.c: printing, and the second pass for what shows single operations.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdlib.h>
#include <string.h>

#include "tools/lib/replay/replay_explain.h"
#include "tools/profreplay/profreplay.h"

typedef void each_fn(void *arg, unsigned i, const struct op_event *ev, const struct replay_price *p);

/* Go over the trace again, with fresh replays, and hand each operation on. */
static int second_pass(struct session *s, struct diag *d, each_fn *each, void *arg)
{
	struct trace_cursor *c = trace_cursor_open(s->trace);
	struct replay **again = calloc(s->n_replays, sizeof(struct replay *));
	struct replay_price p;
	struct op_event ev;
	int rc = c && again ? 0 : diag_set(d, "out of memory");

	for (unsigned i = 0; rc == 0 && i < s->n_replays; i++) {
		again[i] = replay_new(s->names[i], s->trace, &s->maps[i], &s->options);
		if (!again[i])
			rc = diag_set(d, "out of memory");
	}
	while (rc == 0 && (rc = trace_cursor_next(c, &ev, d)) > 0) {
		rc = 0;
		if (s->set.net)
			recording_net_apply(&s->net, &ev);
		for (unsigned i = 0; i < s->n_replays; i++) {
			replay_event(again[i], &ev, &p);
			if (p.cost.cell[COST_NS_HOST] > 0)
				p.cost.cell[COST_PJ_HOST] = p.cost.cell[COST_NS_HOST] * s->host_w * 1e3;
			each(arg, i, &ev, &p);
		}
	}
	for (unsigned i = 0; again && i < s->n_replays; i++)
		replay_free(again[i]);
	free((void *)again);
	trace_cursor_close(c);
	return rc;
}

/* ---- the log ---- */

struct log {
	struct report_log out;
	const struct session *s;
	bool begun;
};

static void log_each(void *arg, unsigned i, const struct op_event *ev, const struct replay_price *p)
{
	struct log *l = arg;

	if (i == 0 && l->begun)
		l->out.index++;
	l->begun = true;
	report_log_event(&l->out, l->s->replays[i], ev, p);
}

static int print_log(struct session *s, const struct report *r, struct json_out *j, struct diag *d)
{
	struct log l = {.out = {.report = r, .out = stdout, .json = j}, .s = s};
	bool csv = !strcmp(s->set.format, "csv");
	int rc;

	l.out.csv = csv;
	if (j)
		json_open(j, "ops", '[');
	else
		report_log_header(&l.out);
	rc = second_pass(s, d, log_each, &l);
	if (j)
		json_close(j, ']');
	return rc;
}

/* ---- terms ---- */

static void terms_each(void *arg, unsigned i, const struct op_event *ev, const struct replay_price *p)
{
	struct explain *all = arg;

	explain_event(&all[i], ev, p);
}

static int print_terms(struct session *s, struct json_out *j, struct diag *d)
{
	struct explain *all = calloc(s->n_replays + 1, sizeof *all);
	bool csv = !strcmp(s->set.format, "csv");
	int rc = all ? 0 : -1;

	for (unsigned i = 0; i < s->n_replays && rc == 0; i++)
		rc = explain_begin(&all[i], s->replays[i]);
	rc = rc ? diag_set(d, "out of memory") : second_pass(s, d, terms_each, all);
	if (j)
		json_open(j, "explain", '[');
	else if (csv && rc == 0)
		explain_csv_header(stdout);
	for (unsigned i = 0; i < s->n_replays && all; i++) {
		if (rc == 0 && j)
			explain_json(&all[i], j);
		else if (rc == 0 && csv)
			explain_csv(&all[i], stdout);
		else if (rc == 0)
			explain_text(&all[i], stdout);
		explain_release(&all[i]);
	}
	if (j)
		json_close(j, ']');
	free(all);
	return rc;
}

/* ---- how prices came about ---- */

struct told {
	const struct session *s;
	unsigned char *seen; /* [descriptor * replays + replay] */
};

static void explain_each(void *arg, unsigned i, const struct op_event *ev, const struct replay_price *p)
{
	struct told *e = arg;
	unsigned char *seen = &e->seen[(size_t)ev->desc * e->s->n_replays + i];

	if (*seen & (1u << p->phase))
		return;
	*seen |= (unsigned char)(1u << p->phase);
	report_explain(e->s->replays[i], ev, p, stdout);
}

static int print_verbose(struct session *s, struct diag *d)
{
	struct told e = {.s = s, .seen = calloc((size_t)s->trace->n_descs + 1, s->n_replays)};
	int rc = e.seen ? 0 : diag_set(d, "out of memory");

	if (rc == 0)
		rc = second_pass(s, d, explain_each, &e);
	free(e.seen);
	return rc;
}

/* ---- everything, in order ---- */

static int print_groups(const struct session *s, const struct report *r, struct json_out *j, struct diag *d)
{
	const bool wanted[] = {s->set.layers, s->set.functions, s->set.summary};
	static const char *const keys[] = {"layers", "functions", "summary"};
	struct report_groups g;

	for (unsigned by = 0; by < 3; by++) {
		if (!wanted[by])
			continue;
		if (report_groups_make(r, (enum report_by)by, &g))
			return diag_set(d, "out of memory");
		if (j) {
			json_open(j, keys[by], '[');
			report_groups_json(r, (enum report_by)by, &g, j);
			json_close(j, ']');
		} else if (!strcmp(s->set.format, "csv")) {
			report_groups_csv(r, (enum report_by)by, &g, stdout);
		} else {
			report_groups_text(r, (enum report_by)by, &g, stdout);
		}
		report_groups_release(&g);
	}
	return 0;
}

static int print_json(struct session *s, const struct report *r, struct diag *d)
{
	struct json_out j = {.out = stdout};
	int rc;

	report_json(r, &j);
	rc = print_groups(s, r, &j, d);
	if (rc == 0 && s->set.log)
		rc = print_log(s, r, &j, d);
	if (rc == 0 && s->set.explain)
		rc = print_terms(s, &j, d);
	json_close(&j, '}');
	return rc;
}

int session_print(struct session *s, struct diag *d)
{
	struct report r = {
	        .trace = s->trace,
	        .measured = &s->measured,
	        .host = s->has_host ? &s->host : NULL,
	        .replays = s->replays,
	        .n_replays = s->n_replays,
	        .options = &s->options,
	        .desc_ns = s->desc_ns,
	        .counters = &s->counters,
	        .refusals = s->refusals,
	        .n_refusals = s->n_refusals,
	};
	bool csv = !strcmp(s->set.format, "csv");
	bool tables = s->set.layers || s->set.functions || s->set.summary || s->set.log || s->set.explain;

	if (!strcmp(s->set.format, "json"))
		return print_json(s, &r, d);
	if (csv && !tables)
		report_csv(&r, stdout);
	if (!csv) {
		r.colour = cli_colour();
		report_text(&r, stdout);
	}
	if (print_groups(s, &r, NULL, d))
		return -1;
	if (s->set.log && print_log(s, &r, NULL, d))
		return -1;
	if (s->set.explain && print_terms(s, NULL, d))
		return -1;
	return s->set.verbose ? print_verbose(s, d) : 0;
}
