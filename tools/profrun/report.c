/* report.c: sum up a run that has ended, for people.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Of several processes the sums are those of their merge: on one clock, so that
 * time in which several of them compute is time once, as is the machine's energy.
 */
#include "tools/profrun/report.h"

#include <errno.h>
#include <limits.h>
#include <prof/trace_format.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/lib/support/table.h"
#include "tools/lib/trace/trace.h"

enum { NAMES_SHOWN = 8 };

struct run_sums {
	uint64_t operations, prompt_tokens, generated_tokens;
	uint64_t covered_ns; /* time in which at least one operation ran */
};

static int sum_up(struct trace *t, struct run_sums *sums, struct diag *d)
{
	struct trace_cursor *c = trace_cursor_open(t);
	struct op_event ev;
	uint64_t until = 0; /* what is covered so far */
	int more = -1;

	memset(sums, 0, sizeof(*sums));
	if (!c)
		return diag_set(d, "%s: there is no memory to read it", t->path);
	while ((more = trace_cursor_next(c, &ev, d)) > 0) {
		uint64_t end = ev.start_ns + ev.time_ns;

		sums->operations++;
		if (end > until) {
			sums->covered_ns += end - (ev.start_ns > until ? ev.start_ns : until);
			until = end;
		}
	}
	trace_cursor_close(c);
	for (unsigned i = 0; i < t->n_steps; i++) {
		if (t->steps[i].phase == PROF_PHASE_PREFILL)
			sums->prompt_tokens += t->steps[i].tokens;
		else if (t->steps[i].phase == PROF_PHASE_DECODE)
			sums->generated_tokens += t->steps[i].tokens;
	}
	return more;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static int open_all(const struct run_traces *found, struct trace **t, struct diag *d)
{
	return found->list.n == 1 ? trace_open(found->list.paths[0], NULL, t, d)
	                          : trace_folder_merge(&found->list, "the merge of its traces", NULL, t, d);
}

/* As a person in this folder would type it. */
static const char *short_path(const char *path)
{
	char cwd[PATH_MAX];
	size_t n;

	if (!getcwd(cwd, sizeof(cwd)))
		return path;
	n = strlen(cwd);
	return !strncmp(path, cwd, n) && path[n] == '/' && path[n + 1] ? path + n + 1 : path;
}

/* What a file of hooks says in vain, or wrongly, is not in the sums: notes that
 * begin with its path. */
static void report_notes(const struct trace *t)
{
	for (unsigned i = 0; i < t->n_notes; i++)
		if (t->notes[i][0] == '/')
			fprintf(stderr, "profrun: note: %s\n", short_path(t->notes[i]));
}

static void report_sums(const struct run_traces *found, const struct run_times *times)
{
	struct run_sums sums;
	struct trace *t = NULL;
	struct diag d = {""};
	double covered_s;

	if (open_all(found, &t, &d) != 0 || sum_up(t, &sums, &d) != 0) {
		fprintf(stderr, "profrun: run: the trace cannot be summed up: %s\n", d.text);
		trace_close(t);
		return;
	}
	covered_s = (double)sums.covered_ns * 1e-9;
	fprintf(stderr, "profrun: run: %llu operation%s", (unsigned long long)sums.operations,
	        plural(sums.operations));
	if (t->n_processes > 1)
		fprintf(stderr, " of %u processes", t->n_processes);
	if (t->n_steps)
		fprintf(stderr, " in %u step%s", t->n_steps, plural(t->n_steps));
	if (sums.prompt_tokens || sums.generated_tokens)
		fprintf(stderr, ", %llu prompt and %llu generated token%s",
		        (unsigned long long)sums.prompt_tokens, (unsigned long long)sums.generated_tokens,
		        plural(sums.generated_tokens));
	fprintf(stderr, ", %.3g s of the program's %.3g s (%.0f %%)", covered_s, times->wall_s,
	        times->wall_s > 0 ? 100 * covered_s / times->wall_s : 0);
	if (t->n_problems || t->state == PROF_STATE_STOPPED || t->lost)
		fprintf(stderr, "; incomplete, see proftrace info");
	fprintf(stderr, "\n");
	report_notes(t);
	trace_close(t);
}

/* The names of the traces, without their folder. */
static void put_names(const struct run_traces *found)
{
	for (unsigned i = 0; i < found->list.n; i++) {
		const char *slash = strrchr(found->list.paths[i], '/');

		if (i == NAMES_SHOWN) {
			fprintf(stderr, " and %u more", found->list.n - i);
			return;
		}
		fprintf(stderr, "%s %s", i ? "," : "", slash ? slash + 1 : found->list.paths[i]);
	}
}

static void report_traces(const struct run_traces *found, const char *path)
{
	char size[64];

	table_format_value(TABLE_BYTES, found->bytes, size, sizeof(size));
	fprintf(stderr, "profrun: trace: %s (%s", path, size);
	if (found->list.n > 1) {
		fprintf(stderr, ", %u traces:", found->list.n);
		put_names(found);
	}
	fprintf(stderr, ")\n");
}

/* Traces that lie among others are named one by one. */
static void report_look(const struct run_traces *found, const char *path)
{
	if (found->list.n < 2) {
		fprintf(stderr, "profrun: look: proftrace stats %s; profreplay %s --arch PIM-AI-1chip\n",
		        path, path);
		return;
	}
	if (*found->folder) {
		fprintf(stderr,
		        "profrun: look: proftrace stats %s --by process,op; proftrace merge %s -o run.bin\n",
		        path, path);
		return;
	}
	fprintf(stderr, "profrun: look: proftrace merge");
	for (unsigned i = 0; i < found->list.n && i < NAMES_SHOWN; i++)
		fprintf(stderr, " %s", short_path(found->list.paths[i]));
	fprintf(stderr, "%s -o run.bin; proftrace stats run.bin --by process,op\n",
	        found->list.n > NAMES_SHOWN ? " ..." : "");
	if (found->list.n > NAMES_SHOWN)
		fprintf(stderr,
		        "profrun: look: profrun -o run/ keeps all traces of a run in a folder, which every "
		        "tool reads as one\n");
}

const char *report_unwritable(const char *output)
{
	size_t n = strlen(output);
	char folder[PATH_MAX];
	const char *slash;

	while (n > 1 && output[n - 1] == '/') /* a folder, which the first process makes */
		n--;
	slash = memrchr(output, '/', n);
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - output) + 1 : 1, slash ? output : ".");
	return access(folder, W_OK | X_OK) == 0 ? NULL : strerror(errno);
}

static void report_nothing(const char *output, const struct run_times *times, const char *narrowed)
{
	const char *why = report_unwritable(output);

	fprintf(stderr, "profrun: trace: none was written\n");
	if (why)
		fprintf(stderr,
		        "profrun: run: %.3g s; nothing can be written to the folder of %s: %s\n"
		        "profrun: look: profrun -o FILE writes the trace elsewhere\n",
		        times->wall_s, short_path(output), why);
	else if (*narrowed)
		fprintf(stderr,
		        "profrun: run: %.3g s without an operation that%s would record\n"
		        "profrun: look: without that profrun records all that libprofshim.so knows; "
		        "proftrace stats shows what there is\n",
		        times->wall_s, narrowed);
	else
		fprintf(stderr,
		        "profrun: run: %.3g s without a call of a function that libprofshim.so knows\n"
		        "profrun: look: profrun --list-hooks says what is hooked and why functions are not, "
		        "--verbose 1 what kept them from recording\n",
		        times->wall_s);
}

void report_run(const char *output, const struct run_traces *found, const struct run_times *times,
                const char *narrowed)
{
	const char *path;

	if (found->list.n == 0) {
		report_nothing(output, times, narrowed);
		return;
	}
	path = short_path(*found->folder && found->list.n > 1 ? found->folder : found->list.paths[0]);
	report_traces(found, path);
	report_sums(found, times);
	report_look(found, path);
}
