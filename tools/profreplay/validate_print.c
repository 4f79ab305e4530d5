/* validate_print.c: profreplay --validate.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/support/json_out.h"
#include "tools/lib/support/table.h"
#include "tools/lib/calibration/validate.h"
#include "tools/profreplay/profreplay.h"

static const char *const phases[] = {"unknown", "prefill", "decode"};

static const struct table_column columns[] = {
        {"by", "by", TABLE_TEXT},
        {"name", "name", TABLE_TEXT},
        {"phase", "phase", TABLE_TEXT},
        {"operations", "operations", TABLE_COUNT},
        {"measured", "measured_s", TABLE_SECONDS},
        {"predicted", "modelled_s", TABLE_SECONDS},
        {"error", "error", TABLE_PERCENT},
        {"median", "median_error", TABLE_PERCENT},
        {"9 of 10", "p90_error", TABLE_PERCENT},
};

static void put_row(struct table *t, const char *by, const char *name, const char *phase,
                    const struct error_histogram *errors, double measured_ns, double predicted_ns)
{
	table_row(t);
	table_text(t, by);
	table_text(t, name);
	table_text(t, phase);
	table_number(t, (double)errors->n);
	table_number(t, measured_ns / 1e9);
	table_number(t, predicted_ns / 1e9);
	table_number(t, predicted_ns / measured_ns - 1);
	table_number(t, error_quantile(errors, 0.5));
	table_number(t, error_quantile(errors, 0.9));
}

static int by_time(const void *a, const void *b)
{
	const struct validation_group *x = a, *y = b;

	if (x->by_context != y->by_context)
		return x->by_context - y->by_context;
	return x->measured_ns < y->measured_ns ? 1 : x->measured_ns > y->measured_ns ? -1 : 0;
}

static void put_table(struct validation *v, enum table_format format)
{
	struct table *t = table_new(columns, sizeof columns / sizeof *columns);

	if (!t)
		return;
	qsort(v->groups, v->n_groups, sizeof *v->groups, by_time);
	for (unsigned i = 0; i < v->n_groups; i++) {
		const struct validation_group *g = &v->groups[i];

		put_row(t, g->by_context ? "context" : "kind", g->name, phases[g->phase], &g->errors,
		        g->measured_ns, g->predicted_ns);
	}
	put_row(t, "run", "operations", "all", &v->errors, v->measured_ns, v->predicted_ns);
	if (v->wall_ns > 0)
		put_row(t, "run", "steps", "all", &v->errors, v->wall_ns, v->predicted_ns + v->between_ns);
	table_print(t, format, cli_colour(), stdout);
	table_free(t);
}

/* How many operations lie within so much of the measured time. */
static void put_distribution(const struct validation *v)
{
	static const double ends[] = {0.05, 0.1, 0.2, 0.5, 1};
	uint64_t until = 0;
	unsigned bin = 0;

	printf("\noff by        operations\n");
	for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++) {
		uint64_t before = until;

		for (; bin < ERROR_BINS && bin * ERROR_BIN < ends[i] - ERROR_BIN / 2; bin++)
			until += v->errors.bins[bin];
		printf("below %3.0f %%  %9.1f %%\n", 100 * ends[i],
		       100 * (double)(until - before) / (double)v->errors.n);
	}
	printf("more         %9.1f %%\n", 100 * (double)(v->errors.n - until) / (double)v->errors.n);
}

/* ---- the picture ---- */

static void plot_points(const struct validation *v, FILE *out)
{
	for (unsigned op = 0; op < PROF_OP_LIMIT; op++) {
		bool begun = false;

		for (unsigned i = 0; i < v->n_points; i++) {
			if (v->points[i].op != op || !(v->points[i].predicted_ns > 0))
				continue;
			if (!begun)
				fprintf(out, "$op%u << end\n", op);
			begun = true;
			fprintf(out, "%.6g %.6g\n", v->points[i].measured_ns / 1e3,
			        v->points[i].predicted_ns / 1e3);
		}
		if (begun)
			fprintf(out, "end\n");
	}
}

static void plot_series(const struct validation *v, FILE *out)
{
	fprintf(out, "plot x with lines lc 'gray' title 'as measured', 1.2*x with lines dt 2 lc 'gray' title "
	             "'20 %% off', x/1.2 with lines dt 2 lc 'gray' notitle");
	for (unsigned op = 0; op < PROF_OP_LIMIT; op++)
		for (unsigned i = 0; i < v->n_points; i++)
			if (v->points[i].op == op && v->points[i].predicted_ns > 0) {
				fprintf(out, ", $op%u with points pt 7 ps 0.5 title '%s' noenhanced", op,
				        op_name(op));
				break;
			}
	fputc('\n', out);
}

/* By gnuplot, which tells the kind of picture by the file's name. */
static int plot(const struct validation *v, const char *path, struct diag *d)
{
	size_t n = strlen(path);
	bool png = n > 4 && !strcmp(path + n - 4, ".png");
	FILE *out;
	int status;

	if (strpbrk(path, "'\n"))
		return diag_set(d, "--plot: a name with quotes or line ends cannot be given to gnuplot");
	out = popen("gnuplot", "w");
	if (!out)
		return diag_set(d, "gnuplot: %s", strerror(errno));
	fprintf(out, "set terminal %s size 900,700\nset output '%s'\n", png ? "pngcairo" : "svg", path);
	fprintf(out, "set logscale xy\nset key outside right\nset xlabel 'measured, us'\n"
	             "set ylabel 'modelled, us'\nset grid\n");
	plot_points(v, out);
	plot_series(v, out);
	status = pclose(out);
	return status ? diag_set(d, "gnuplot could not draw %s (is it installed?)", path) : 0;
}

int validate_print(struct session *s, struct diag *d)
{
	enum table_format format = !strcmp(s->set.format, "json")  ? TABLE_JSON
	                           : !strcmp(s->set.format, "csv") ? TABLE_CSV
	                                                           : TABLE_FOR_PEOPLE;
	const struct arch *a = arch_set_find(&s->archs, s->set.archs.items[0], d);
	struct validation *v;
	int rc = 0;

	if (!a || trace_open(s->set.path, NULL, &s->trace, d))
		return -1;
	s->options.model = (struct model_options){.kind = MODEL_ROOFLINE, .dtype = -1};
	v = validate(s->trace, a, &s->options.model, d);
	if (!v)
		return -1;
	if (!v->errors.n)
		rc = diag_set(d, "%s: holds no operations with times", s->set.path);
	if (!rc && s->set.plot)
		rc = plot(v, s->set.plot, d);
	if (!rc && format == TABLE_FOR_PEOPLE)
		printf("%s on %s: %.0f threads; measured, and modelled from %s\n\n", s->set.path, a->name,
		       v->run.threads, a->calibration ? "its calibration" : "its peaks");
	if (!rc)
		put_table(v, format);
	if (!rc && format == TABLE_FOR_PEOPLE) {
		put_distribution(v);
		if (v->unpriced)
			printf("\n%.1f %% of the operations have no fitted rate: the roofline priced them\n",
			       100 * (double)v->unpriced / (double)v->errors.n);
	}
	validation_free(v);
	return rc;
}
