/* stats.c: proftrace stats: where the time went.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Operations of one descriptor, phase, step and thread go to the same group,
 * so what a group is called and whether a filter keeps it is asked once for
 * each such tuple, not for each operation.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/model/op_math.h"
#include "tools/proftrace/proftrace.h"
#include "tools/proftrace/stats_extras.h"

enum { COLUMNS = 7 };

static const struct table_column figures[COLUMNS] = {
        {"calls", "calls", TABLE_COUNT},    {"time", "time_s", TABLE_SECONDS},
        {"share", "share", TABLE_PERCENT},  {"FLOPs", "flops", TABLE_NUMBER},
        {"bytes", "bytes", TABLE_BYTES},    {"GFLOP/s", "gflop_per_s", TABLE_NUMBER},
        {"GB/s", "gb_per_s", TABLE_NUMBER},
};

struct settings {
	const char *by, *sort, *format;
	struct cli_list filters;
	int64_t top;
	bool self, children;
	struct extra_options extra;
};

static double figure_of(const struct group *g, unsigned column, double total_ns)
{
	double seconds = g->time_ns / 1e9;

	switch (column) {
	case 0:
		return g->calls;
	case 1:
		return g->timed ? seconds : NAN;
	case 2:
		return g->timed && total_ns > 0 ? g->time_ns / total_ns : NAN;
	case 3:
		return g->flops;
	case 4:
		return g->bytes;
	case 5:
		return g->time_ns > 0 ? g->flops / g->time_ns : NAN;
	default:
		return g->time_ns > 0 ? g->bytes / g->time_ns : NAN;
	}
}

/* qsort has no argument of its own. */
static struct {
	int figure; /* -1: by the keys; from COLUMNS on: extra columns */
	unsigned key;
	double total_ns;
	const struct extras *extras;
} order;

static double order_figure(const struct group *g)
{
	if (order.figure >= COLUMNS)
		return extras_value(order.extras, g, (unsigned)order.figure - COLUMNS);
	return figure_of(g, (unsigned)order.figure, order.total_ns);
}

static int by_order(const void *a, const void *b)
{
	const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;

	if (order.figure >= 0) {
		double p = order_figure(x), q = order_figure(y);

		p = isnan(p) ? -1 : p;
		q = isnan(q) ? -1 : q;
		if (p != q)
			return p > q ? -1 : 1;
		return x->number < y->number ? -1 : x->number > y->number;
	}
	return strverscmp(x->cells[order.key], y->cells[order.key]);
}

static int set_order(const struct groups *gs, const struct extras *x, const char *sort, struct diag *d)
{
	const char *names[COLUMNS + EXTRAS_MAX + GROUP_KEYS_MAX], *nearest;
	unsigned n = COLUMNS + x->n;

	order.extras = x;
	for (unsigned i = 0; i < x->n; i++) {
		names[COLUMNS + i] = x->columns[i].key;
		if (!strcmp(sort, x->columns[i].key)) {
			order.figure = (int)(COLUMNS + i);
			return 0;
		}
	}

	for (unsigned i = 0; i < COLUMNS; i++) {
		names[i] = figures[i].key;
		if (!strcmp(sort, figures[i].key) || !strcasecmp(sort, figures[i].title)) {
			order.figure = (int)i;
			return 0;
		}
	}
	order.figure = -1;
	for (order.key = 0; order.key < gs->n_keys; order.key++) {
		names[n + order.key] = group_key_name(gs->keys[order.key]);
		if (!strcmp(sort, group_key_name(gs->keys[order.key])))
			return 0;
	}
	nearest = diag_nearest(sort, names, n + gs->n_keys);
	return diag_set(d, "cannot sort by '%.100s'%s%s%s", sort, nearest ? "; did you mean '" : "",
	                nearest ? nearest : "", nearest ? "'?" : "");
}

static int count_operations(struct groups *gs, struct extras *x, const struct settings *s, struct diag *d)
{
	bool all = s->self || s->children;
	struct trace_cursor *c = trace_cursor_open(gs->trace);
	struct op_event ev;
	int more;

	if (!c)
		return diag_set(d, "out of memory");
	while ((more = trace_cursor_next(c, &ev, d)) == 1) {
		struct group *g = NULL;

		if ((ev.depth && !all ? 0 : groups_find(gs, &ev, &g)) || extras_event(x, g, &ev)) {
			more = diag_set(d, "out of memory");
			break;
		}
		if (!g)
			continue;
		g->calls++;
		g->time_ns += (double)(s->self ? ev.self_ns : ev.time_ns);
		g->timed |= ev.timed;
		g->flops += gs->work[ev.desc].flops;
		g->bytes += gs->work[ev.desc].read_bytes + gs->work[ev.desc].write_bytes;
	}
	trace_cursor_close(c);
	if (!more && extras_settle(x))
		return diag_set(d, "out of memory");
	return more;
}

static int print_groups(const struct groups *gs, const struct extras *x, const struct settings *s)
{
	struct table_column columns[GROUP_KEYS_MAX + COLUMNS + EXTRAS_MAX];
	struct table *t;
	unsigned shown = s->top > 0 && s->top < gs->n ? (unsigned)s->top : gs->n;

	for (unsigned i = 0; i < gs->n_keys; i++)
		columns[i] = (struct table_column){group_key_name(gs->keys[i]), group_key_name(gs->keys[i]),
		                                   TABLE_TEXT};
	memcpy(columns + gs->n_keys, figures, sizeof(figures));
	memcpy(columns + gs->n_keys + COLUMNS, x->columns, x->n * sizeof(*x->columns));
	t = table_new(columns, gs->n_keys + COLUMNS + x->n);
	if (!t)
		return -1;
	for (unsigned i = 0; i < shown; i++) {
		table_row(t);
		for (unsigned j = 0; j < gs->n_keys; j++)
			table_text(t, gs->groups[i]->cells[j]);
		for (unsigned j = 0; j < COLUMNS; j++)
			table_number(t, figure_of(gs->groups[i], j, order.total_ns));
		extras_put_cells(x, gs->groups[i], t);
	}
	table_print(t, proftrace_format(s->format), cli_colour(), stdout);
	table_free(t);
	if (x->people)
		extras_put_notes(x, gs->trace);
	return 0;
}

static int prepare(struct groups *gs, struct extras *x, struct trace *t, const struct settings *s,
                   struct diag *d)
{
	bool people = proftrace_format(s->format) == TABLE_FOR_PEOPLE;

	if (groups_init(gs, t, s->by, &s->filters, d))
		return -1;
	if (s->self && (s->extra.counters || s->extra.metrics) && t->n_counters)
		return diag_set(d, "--self has no counters: they are of whole operations");
	return extras_init(x, gs, &s->extra, people, d) || set_order(gs, x, s->sort, d) ? -1 : 0;
}

static int run(const char *tool, struct trace *t, const struct settings *s)
{
	static struct extras x;
	struct groups gs;
	struct diag d;
	int status = CLI_BAD_INPUT;

	if (prepare(&gs, &x, t, s, &d)) {
		cli_error(tool, d.text);
		status = CLI_USAGE;
		goto out;
	}
	for (unsigned i = 0; i < x.metrics.n_problems; i++)
		fprintf(stderr, "%s: warning: %s: %s\n", tool, t->path, x.metrics.problems[i]);
	if (count_operations(&gs, &x, s, &d)) {
		cli_error(tool, d.text);
		goto out;
	}
	order.total_ns = 0;
	for (unsigned i = 0; i < gs.n; i++)
		order.total_ns += gs.groups[i]->time_ns;
	if (gs.n)
		qsort(gs.groups, gs.n, sizeof(*gs.groups), by_order);
	status = print_groups(&gs, &x, s) ? cli_error(tool, "out of memory") : CLI_OK;
out:
	extras_release(&x);
	groups_release(&gs);
	return status;
}

int command_stats(int argc, char **argv)
{
	struct settings s = {.by = "op", .sort = "time_s", .format = "text"};
	const struct cli_option options[] = {
	        {"--by", 'b', CLI_STRING, "KEYS", "keys to group by, with commas between", &s.by, 0, 0},
	        {"--sort", 's', CLI_STRING, "COLUMN", "column to sort by, largest first; a key: by name",
	         &s.sort, 0, 0},
	        {"--filter", 'f', CLI_LIST, "KEY=PATTERN", "only operations whose key fits; may be repeated",
	         &s.filters, 0, 0},
	        {"--top", 'n', CLI_INT, "N", "show the first N rows only", &s.top, 1, 1e9},
	        {"--children", 0, CLI_FLAG, NULL, "count operations inside of others as well", &s.children, 0,
	         0},
	        {"--self", 0, CLI_FLAG, NULL, "an operation's time is without that of those inside", &s.self,
	         0, 0},
	        {"--counters", 'c', CLI_FLAG, NULL, "add totals of the counters, scaled, with their error",
	         &s.extra.counters, 0, 0},
	        {"--metrics", 'm', CLI_FLAG, NULL,
	         "add figures derived from counters and shapes, and the share of the peak", &s.extra.metrics,
	         0, 0},
	        {"--metric", 0, CLI_LIST, "NAME=FORMULA", "one more derived figure; may be repeated",
	         &s.extra.formulas, 0, 0},
	        {"--net", 0, CLI_FLAG, NULL, "take what recording cost off the times", &s.extra.net, 0, 0},
	        {"--host", 0, CLI_STRING, "NAME", "host profile for the peak; else chosen by the CPU's name",
	         &s.extra.host, 0, 0},
	        {"--format", 0, CLI_CHOICE, "text|json|csv", "what to print", &s.format, 0, 0},
	        {0},
	};
	const struct cli_command command = {
	        "proftrace stats",
	        "[OPTION]... TRACE",
	        "Say where the time went.",
	        options,
	        1,
	        1,
	        "Keys: op, context, layer, phase, callsite, function, dtype, step, thread, process, rank, "
	        "name, family, region.\n"
	        "Times are measured; FLOPs and bytes are computed from the shapes; the peak is assumed.",
	        false};
	struct trace *t;
	char **args;
	unsigned n;
	int status = cli_parse(&command, argc, argv, &args, &n);

	if (status == CLI_GO_ON) {
		s.extra.metrics |= s.extra.formulas.n > 0;
		s.extra.self = s.self;
		t = proftrace_open(command.tool, args[0],
		                   &(struct trace_options){.children = s.children || s.self
		                                                       || extras_want_children(&s.extra)});
		status = t ? run(command.tool, t, &s) : CLI_BAD_INPUT;
		trace_close(t);
		status = cli_finish(command.tool, status);
	}
	free(s.filters.items);
	free(s.extra.formulas.items);
	return status;
}
