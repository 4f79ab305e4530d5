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

#include "tools/lib/op_math.h"
#include "tools/proftrace/proftrace.h"
#include "tools/proftrace/stats_groups.h"

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
	int figure; /* -1: by the keys */
	unsigned key;
	double total_ns;
} order;

static int by_order(const void *a, const void *b)
{
	const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;

	if (order.figure >= 0) {
		double p = figure_of(x, (unsigned)order.figure, order.total_ns);
		double q = figure_of(y, (unsigned)order.figure, order.total_ns);

		p = isnan(p) ? -1 : p;
		q = isnan(q) ? -1 : q;
		if (p != q)
			return p > q ? -1 : 1;
		return x->number < y->number ? -1 : x->number > y->number;
	}
	return strverscmp(x->cells[order.key], y->cells[order.key]);
}

static int set_order(const struct groups *gs, const char *sort, struct diag *d)
{
	const char *names[COLUMNS + GROUP_KEYS_MAX], *nearest;

	for (unsigned i = 0; i < COLUMNS; i++) {
		names[i] = figures[i].key;
		if (!strcmp(sort, figures[i].key) || !strcasecmp(sort, figures[i].title)) {
			order.figure = (int)i;
			return 0;
		}
	}
	order.figure = -1;
	for (order.key = 0; order.key < gs->n_keys; order.key++) {
		names[COLUMNS + order.key] = group_key_name(gs->keys[order.key]);
		if (!strcmp(sort, group_key_name(gs->keys[order.key])))
			return 0;
	}
	nearest = diag_nearest(sort, names, COLUMNS + gs->n_keys);
	return diag_set(d, "cannot sort by '%.100s'%s%s%s", sort, nearest ? "; did you mean '" : "",
	                nearest ? nearest : "", nearest ? "'?" : "");
}

static int count_operations(struct groups *gs, bool self, struct diag *d)
{
	struct trace_cursor *c = trace_cursor_open(gs->trace);
	struct op_event ev;
	int more;

	if (!c)
		return diag_set(d, "out of memory");
	while ((more = trace_cursor_next(c, &ev, d)) == 1) {
		struct group *g;

		if (groups_find(gs, &ev, &g)) {
			more = diag_set(d, "out of memory");
			break;
		}
		if (!g)
			continue;
		g->calls++;
		g->time_ns += (double)(self ? ev.self_ns : ev.time_ns);
		g->timed |= ev.timed;
		g->flops += gs->work[ev.desc].flops;
		g->bytes += gs->work[ev.desc].read_bytes + gs->work[ev.desc].write_bytes;
	}
	trace_cursor_close(c);
	return more;
}

static int print_groups(const struct groups *gs, const struct settings *s)
{
	struct table_column columns[GROUP_KEYS_MAX + COLUMNS];
	struct table *t;
	unsigned shown = s->top > 0 && s->top < gs->n ? (unsigned)s->top : gs->n;

	for (unsigned i = 0; i < gs->n_keys; i++)
		columns[i] = (struct table_column){group_key_name(gs->keys[i]), group_key_name(gs->keys[i]),
		                                   TABLE_TEXT};
	memcpy(columns + gs->n_keys, figures, sizeof(figures));
	t = table_new(columns, gs->n_keys + COLUMNS);
	if (!t)
		return -1;
	for (unsigned i = 0; i < shown; i++) {
		table_row(t);
		for (unsigned j = 0; j < gs->n_keys; j++)
			table_text(t, gs->groups[i]->cells[j]);
		for (unsigned j = 0; j < COLUMNS; j++)
			table_number(t, figure_of(gs->groups[i], j, order.total_ns));
	}
	table_print(t, proftrace_format(s->format), cli_colour(), stdout);
	table_free(t);
	return 0;
}

static int run(const char *tool, struct trace *t, const struct settings *s)
{
	struct groups gs;
	struct diag d;
	int status = CLI_BAD_INPUT;

	if (groups_init(&gs, t, s->by, &s->filters, &d) || set_order(&gs, s->sort, &d)) {
		cli_error(tool, d.text);
		status = CLI_USAGE;
		goto out;
	}
	if (count_operations(&gs, s->self, &d)) {
		cli_error(tool, d.text);
		goto out;
	}
	order.total_ns = 0;
	for (unsigned i = 0; i < gs.n; i++)
		order.total_ns += gs.groups[i]->time_ns;
	if (gs.n)
		qsort(gs.groups, gs.n, sizeof(*gs.groups), by_order);
	status = print_groups(&gs, s) ? cli_error(tool, "out of memory") : CLI_OK;
out:
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
	        "Times are measured; FLOPs and bytes are computed from the shapes.",
	        false};
	struct trace *t;
	char **args;
	unsigned n;
	int status = cli_parse(&command, argc, argv, &args, &n);

	if (status == CLI_GO_ON) {
		t = proftrace_open(command.tool, args[0],
		                   &(struct trace_options){.children = s.children || s.self});
		status = t ? run(command.tool, t, &s) : CLI_BAD_INPUT;
		trace_close(t);
		status = cli_finish(command.tool, status);
	}
	free(s.filters.items);
	return status;
}
