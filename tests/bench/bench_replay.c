/* bench_replay.c: operations a second of the replay alone, on one core.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * usage: bench_replay TRACE [OPERATIONS]
 * The trace's first operations are held in memory and fed over and over, so that
 * reading is left out; profreplay itself on a long trace shows both together. They
 * are so few that processors keep them at hand, as they do with those just read.
 * Prints "name operations/s" a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/lib/replay/measured.h"
#include "tools/lib/replay/replay.h"

enum { HELD = 4096 };

static struct op_event events[HELD];
static unsigned n_events;

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* others may be at work */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int hold_events(struct trace *t, struct diag *d)
{
	struct trace_cursor *c = trace_cursor_open(t);
	int got = c ? trace_cursor_read(c, events, HELD, d) : diag_set(d, "out of memory");

	trace_cursor_close(c);
	n_events = got > 0 ? (unsigned)got : 0;
	return got == 0 ? diag_set(d, "no operations") : got < 0 ? -1 : 0;
}

static int run(const char *name, const struct arch *a, struct trace *t, enum model_kind kind,
               double operations)
{
	struct replay_options options = {.model = {.kind = kind, .dtype = -1, .experts_per_token = 2}};
	struct map map = {.everything = false};
	struct replay *r;
	struct measured m;
	double begin, done = 0;
	struct diag d;

	options.model.group.topology = options.model.group.collective = -1;
	if (!a || map_everything(&map, a, &d) || !(r = replay_new(name, t, &map, &options))) {
		map_release(&map);
		return -1;
	}
	if (measured_begin(&m, t, NULL, 0)) {
		replay_free(r);
		map_release(&map);
		return -1;
	}
	begin = now_s();
	while (done < operations) {
		for (unsigned i = 0; i < n_events; i += TRACE_TOGETHER) {
			unsigned n = n_events - i < TRACE_TOGETHER ? n_events - i : TRACE_TOGETHER;

			measured_events(&m, &events[i], n);
			replay_events(r, &events[i], n);
		}
		done += n_events;
	}
	printf("%s %.4g\n", name, done / (now_s() - begin));
	replay_end(r, 0);
	measured_release(&m);
	replay_free(r);
	map_release(&map);
	return 0;
}

/* On a published profile, and on one that has every term and ranges. */
static int run_all(const struct arch_set *set, struct trace *t, double operations, struct diag *d)
{
	const struct arch *plain = arch_set_find(set, "PIM-AI-1chip", d);
	const struct arch *full = arch_set_find(set, "H100-SXM", d);

	return run("roofline", plain, t, MODEL_ROOFLINE, operations)
	       || run("full", full, t, MODEL_ROOFLINE, operations)
	       || run("pim-ai", plain, t, MODEL_PIM_AI, operations);
}

int main(int argc, char **argv)
{
	struct arch_set set = {NULL, 0};
	struct trace *t = NULL;
	struct diag d = {""};
	double operations = argc > 2 ? strtod(argv[2], NULL) : 20e6;
	int rc = 1;

	if (argc < 2) {
		fputs("usage: bench_replay TRACE [OPERATIONS]\n", stderr);
		return 2;
	}
	if (!arch_set_load_dir(&set, PROF_SOURCE_DIR "/arch", &d) && !trace_open(argv[1], NULL, &t, &d)
	    && !hold_events(t, &d))
		rc = run_all(&set, t, operations, &d);
	if (*d.text)
		fprintf(stderr, "bench_replay: error: %s\n", d.text);
	trace_close(t);
	arch_set_release(&set);
	return rc;
}
