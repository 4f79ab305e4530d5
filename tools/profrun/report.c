/* report.c: find the traces of a run that has ended, and sum them up.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The program may have been a shell script, so that any of its descendants may
 * have written the trace, and several may have: the first one to record takes
 * the name, the others put their process id before its extension. A trace
 * belongs to this run when recording began after the program was started, and
 * all traces of the run carry the run id of the first.
 */
#include "tools/profrun/report.h"

#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <prof/trace_format.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/lib/table.h"
#include "tools/lib/trace.h"

struct run_traces {
	char main[PATH_MAX]; /* of the process that took the name, or the first found */
	uint8_t run_id[16];
	unsigned n;   /* in all */
	double bytes; /* in all */
};

/* Whether the file at path is a trace that began at or after began_ns. */
static bool read_header(const char *path, uint64_t began_ns, struct prof_file_header *h, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && fstat(fd, st) == 0 && read(fd, h, sizeof(*h)) == (ssize_t)sizeof(*h)
	          && !memcmp(h->magic, PROF_TRACE_MAGIC, sizeof(h->magic))
	          && h->epoch_realtime_ns >= began_ns;

	if (fd >= 0)
		close(fd);
	return ok;
}

static void add_trace(struct run_traces *found, const char *path, uint64_t began_ns)
{
	struct prof_file_header h;
	struct stat st;

	if (!strcmp(path, found->main) || !read_header(path, began_ns, &h, &st))
		return;
	if (found->n == 0) {
		snprintf(found->main, sizeof(found->main), "%s", path);
		memcpy(found->run_id, h.run_id, sizeof(h.run_id));
	} else if (memcmp(found->run_id, h.run_id, sizeof(h.run_id)) != 0) {
		return;
	}
	found->n++;
	found->bytes += (double)st.st_size;
}

/* `text` with what glob(3) would take for a pattern made literal. */
static void put_literal(char *out, size_t bytes, const char *text, size_t n)
{
	size_t used = strlen(out);

	for (size_t i = 0; i < n && used + 3 < bytes; i++) {
		if (strchr("*?[\\", text[i]))
			out[used++] = '\\';
		out[used++] = text[i];
	}
	out[used] = '\0';
}

/* The pattern that names of further processes' traces have: "*" for the process
 * id where output has %p, else before the extension. */
static void make_pattern(const char *output, char *pattern, size_t bytes)
{
	const char *base = strrchr(output, '/');
	const char *place = strstr(output, "%p");
	const char *rest = place ? place + 2 : NULL;

	pattern[0] = '\0';
	if (!place) {
		place = strrchr(base ? base + 1 : output, '.');
		if (!place)
			place = output + strlen(output);
		rest = place;
	}
	put_literal(pattern, bytes, output, (size_t)(place - output));
	strncat(pattern, strstr(output, "%p") ? "*" : ".*", bytes - strlen(pattern) - 1);
	put_literal(pattern, bytes, rest, strlen(rest));
}

static void find_traces(const char *output, pid_t pid, uint64_t began_ns, struct run_traces *found)
{
	char pattern[2 * PATH_MAX], mine[PATH_MAX];
	const char *p = strstr(output, "%p");
	glob_t g;

	memset(found, 0, sizeof(*found));
	if (p)
		snprintf(mine, sizeof(mine), "%.*s%ld%s", (int)(p - output), output, (long)pid, p + 2);
	else
		snprintf(mine, sizeof(mine), "%s", output);
	add_trace(found, mine, began_ns);
	make_pattern(output, pattern, sizeof(pattern));
	if (glob(pattern, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++)
			add_trace(found, g.gl_pathv[i], began_ns);
		globfree(&g);
	}
}

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

static void report_sums(const struct run_traces *found, const struct run_times *times)
{
	struct trace_options options = {0};
	struct run_sums sums;
	struct trace *t = NULL;
	struct diag d = {""};
	double covered_s;

	if (trace_open(found->main, &options, &t, &d) != 0 || sum_up(t, &sums, &d) != 0) {
		fprintf(stderr, "profrun: run: the trace cannot be summed up: %s\n", d.text);
		trace_close(t);
		return;
	}
	covered_s = (double)sums.covered_ns * 1e-9;
	fprintf(stderr, "profrun: run: %llu operation%s", (unsigned long long)sums.operations,
	        plural(sums.operations));
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
	trace_close(t);
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

void report_run(const char *output, pid_t pid, const struct run_times *times)
{
	struct run_traces found;
	const char *path;
	char size[64];

	find_traces(output, pid, times->began_realtime_ns, &found);
	path = short_path(found.main);
	if (found.n == 0) {
		fprintf(stderr,
		        "profrun: trace: none was written\n"
		        "profrun: run: %.3g s without a call of a function that libprofshim.so knows\n"
		        "profrun: look: profrun --verbose 1 says what was hooked and what kept it from "
		        "recording\n",
		        times->wall_s);
		return;
	}
	fprintf(stderr, "profrun: trace: %s (%s", path,
	        table_format_value(TABLE_BYTES, found.bytes, size, sizeof(size)));
	if (found.n > 1)
		fprintf(stderr, " with %u of the run's other processes beside it", found.n - 1);
	fprintf(stderr, ")\n");
	report_sums(&found, times);
	fprintf(stderr, "profrun: look: proftrace stats %s; profreplay %s --arch PIM-AI-1chip\n", path, path);
}
