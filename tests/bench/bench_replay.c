/* bench_replay.c: operations a second of the replay alone, on one core.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * usage: bench_replay TRACE [OPERATIONS]
 * The trace's operations are held in memory and fed over and over, so that
 * reading is left out; profreplay itself on a long trace shows both together.
 * Prints "name operations/s" a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/lib/measured.h"
#include "tools/lib/replay.h"

static struct op_event *events;
static size_t n_events;

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* others may be at work */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int hold_events(struct trace *t, struct diag *d)
{
	struct trace_cursor *c = trace_cursor_open(t);
	struct op_event ev;
	size_t room = 0;
	int rc = c ? 1 : diag_set(d, "out of memory");

	while (rc > 0 && (rc = trace_cursor_next(c, &ev, d)) > 0) {
		if (n_events == room) {
			room = room ? room * 2 : 1024;
			events = realloc(events, room * sizeof *events);
			if (!events)
				return diag_set(d, "out of memory");
		}
		events[n_events++] = ev;
	}
	trace_cursor_close(c);
	return rc < 0 || !n_events ? diag_set(d, "no operations") : 0;
}

static int run(const char *name, struct trace *t, const struct map *map, enum model_kind kind,
               double operations)
{
	struct replay_options options = {.model = {.kind = kind, .dtype = -1, .experts_per_token = 2}};
	struct replay *r = replay_new(name, t, map, &options);
	struct measured m;
	double begin = now_s(), done = 0;

	if (!r)
		return -1;
	measured_begin(&m, t, NULL, 0);
	while (done < operations) {
		for (size_t i = 0; i < n_events; i++) {
			measured_event(&m, &events[i]);
			replay_event(r, &events[i], NULL);
		}
		done += (double)n_events;
	}
	printf("%s %.4g\n", name, done / (now_s() - begin));
	replay_end(r, 0);
	replay_free(r);
	return 0;
}

int main(int argc, char **argv)
{
	struct arch_set set = {NULL, 0};
	struct map map = {.everything = false};
	struct trace *t = NULL;
	const struct arch *a;
	struct diag d = {""};
	double operations = argc > 2 ? strtod(argv[2], NULL) : 20e6;
	int rc = 1;

	if (argc < 2) {
		fputs("usage: bench_replay TRACE [OPERATIONS]\n", stderr);
		return 2;
	}
	if (!arch_set_load(&set, PROF_SOURCE_DIR "/arch/PIM-AI-1chip.yaml", &d)
	    && (a = arch_set_find(&set, "PIM-AI-1chip", &d)) && !map_everything(&map, a, &d)
	    && !trace_open(argv[1], NULL, &t, &d) && !hold_events(t, &d))
		rc = run("roofline", t, &map, MODEL_ROOFLINE, operations)
		     || run("pim-ai", t, &map, MODEL_PIM_AI, operations);
	if (*d.text)
		fprintf(stderr, "bench_replay: error: %s\n", d.text);
	free(events);
	trace_close(t);
	map_release(&map);
	arch_set_release(&set);
	return rc;
}
