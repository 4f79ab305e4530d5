/* energy.c: proftrace energy: where the machine's joules went.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/proftrace/energy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct settings {
	const char *by, *format, *host;
	double grid;
};

const char *energy_origin(const struct energy_view *v)
{
	return energy_is_measured(v->energy) ? "measured" : v->has_host ? "assumed" : "";
}

/* Which meters the figures are the sum of: those that are no part of others. */
static void tell_meters(const struct energy_view *v)
{
	const char *before = "";

	for (unsigned i = 0; i < v->trace->n_domains; i++) {
		const struct trace_energy_domain *domain = &v->trace->domains[i];
		double first_ns, last_ns;

		if (domain->parent || energy_domain_samples(v->energy, i, &first_ns, &last_ns) < 2)
			continue;
		printf("%s%s (%s)", before, domain->name, energy_source_name(domain->source));
		before = ", ";
	}
}

void energy_notes(const struct energy_view *v)
{
	const struct trace *t = v->trace;
	double idle_w = energy_idle_w(v->energy);
	const char *period = trace_fact_get(t, "energy.period_ms");

	if (!energy_is_measured(v->energy)) {
		if (t->is_list)
			puts("\nan op list has no meter readings");
		else
			puts("\nno meter of the host was read");
		if (v->has_host)
			printf("energy is time x power, assumed from host profile %s\n", v->host.name);
		return;
	}
	fputs("\nenergy is the whole machine's, of everything that ran on it, by ", stdout);
	tell_meters(v);
	puts(": measured");
	if (*period)
		printf("meters were read every %s ms, and where steps begin and end\n", period);
	if (isfinite(idle_w))
		printf("the idle machine took %.3g W before the run (measured); net is without that\n",
		       idle_w);
	else
		puts("what the idle machine takes was not measured; profrun --idle does");
}

/* ---- the pass that phases and assumptions need ---- */

static int measure(struct energy_view *v, struct diag *d)
{
	struct trace_cursor *c = trace_cursor_open(v->trace);
	struct op_event ev;
	int more = -1;

	if (!c || measured_begin(&v->measured, v->trace, NULL, 0)) {
		trace_cursor_close(c);
		return diag_set(d, "%s: out of memory", v->trace->path);
	}
	while ((more = trace_cursor_next(c, &ev, d)) > 0)
		measured_events(&v->measured, &ev, 1);
	trace_cursor_close(c);
	if (!more)
		measured_end(&v->measured, v->has_host ? &v->host : NULL);
	measured_release(&v->measured);
	return more;
}

static int find_host(struct energy_view *v, const char *name, struct diag *d)
{
	char dir[4096];

	if (energy_is_measured(v->energy))
		return 0;
	cli_data_dir("arch/hosts", dir, sizeof(dir));
	v->has_host = host_find(&v->host, dir, name, trace_fact_get(v->trace, "host.cpu"), d) == 0;
	return v->has_host || !name ? 0 : -1;
}

static int show(struct energy_view *v, const char *by, struct diag *d)
{
	static const struct {
		const char *name;
		int (*show)(const struct energy_view *v, struct diag *d);
	} views[] = {{"phase", energy_by_phase},
	             {"step", energy_by_step},
	             {"domain", energy_by_domain},
	             {"sample", energy_by_sample}};

	for (unsigned i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		if (!strcmp(by, views[i].name))
			return views[i].show(v, d);
	return energy_by_group(v, by, d);
}

static int run(const char *tool, struct trace *t, const struct settings *s)
{
	struct energy_view v = {
	        .trace = t, .energy = energy_new(t), .grid = s->grid, .format = proftrace_format(s->format)};
	struct diag d;
	int status = CLI_OK;

	if (!v.energy)
		return cli_error(tool, "out of memory");
	if (find_host(&v, s->host, &d) || measure(&v, &d) || show(&v, s->by, &d))
		status = cli_error(tool, d.text);
	else if (v.format == TABLE_FOR_PEOPLE)
		energy_notes(&v);
	energy_free(v.energy);
	return status;
}

int command_energy(int argc, char **argv)
{
	struct settings s = {.by = "phase", .format = "text", .grid = NAN};
	const struct cli_option options[] = {
	        {"--by", 'b', CLI_STRING, "KEYS", "phase, step, domain, sample, or keys of proftrace stats",
	         &s.by, 0, 0},
	        {"--grid", 0, CLI_DOUBLE, "GRAMS", "add carbon: grams of CO2 equivalent a kWh (assumed)",
	         &s.grid, 0, 5000},
	        {"--host", 0, CLI_STRING, "NAME",
	         "host profile where no meter was read; else by the CPU's name", &s.host, 0, 0},
	        {"--format", 0, CLI_CHOICE, "text|json|csv", "what to print", &s.format, 0, 0},
	        {0},
	};
	const struct cli_command command = {
	        "proftrace energy",
	        "[OPTION]... TRACE",
	        "Say where the machine's energy went.",
	        options,
	        1,
	        1,
	        "Energy of phases, steps, domains and samples is measured, by the meters that the recorder\n"
	        "read; of operations it is modelled, by regression over the meters' intervals. Without a\n"
	        "meter all of it is assumed from a host profile.",
	        false};
	struct trace *t;
	char **args;
	unsigned n;
	int status = cli_parse(&command, argc, argv, &args, &n);

	if (status != CLI_GO_ON)
		return status;
	t = proftrace_open(command.tool, args[0], NULL);
	status = t ? run(command.tool, t, &s) : CLI_BAD_INPUT;
	trace_close(t);
	return cli_finish(command.tool, status);
}
