/* check.c: compare the traces of a run with the ledger, operation for operation.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * check LEDGER TRACE...: silent, and status 0, when every image has the trace
 * that its fate promises and nothing else is in any of them.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/preload/matrix/ledger.h"
#include "tools/lib/trace/trace.h"

static const struct ledger *ledger;
static uint64_t seen[LEDGER_LANES];
static struct {
	bool traced;
	uint64_t lost;
} image[LEDGER_IMAGES];
static int failures;

/* The first few are enough. */
#define FAIL(...) (void)(failures++ < 12 && printf(__VA_ARGS__) && putchar('\n'))

/* Whether an operation is the next one of its lane. */
static void take(const struct trace *t, const struct op_desc *d, int64_t expected_image)
{
	int64_t m = op_attr_get(d, PROF_ATTR_M, 0), n = op_attr_get(d, PROF_ATTR_N, 0),
	        k = op_attr_get(d, PROF_ATTR_K, 0);
	const struct ledger_lane *lane;

	if (strcmp(d->name, "cblas_sgemm") != 0 || m < 1 || m > ledger->lanes) {
		FAIL("%s: there is a %s of %" PRId64 " that nobody made", t->path, d->name, m);
		return;
	}
	lane = &ledger->lane[m - 1];
	if (lane->image != k || (expected_image && k != expected_image))
		FAIL("%s: an operation of image %" PRId64 " is in the trace of another", t->path, k);
	if (!lane->lossy && n != 1 + (int64_t)(seen[m - 1] % LEDGER_CYCLE))
		FAIL("%s: lane %" PRId64 ": operation %" PRIu64 " has n = %" PRId64, t->path, m, seen[m - 1],
		     n);
	seen[m - 1]++;
}

static bool mentions_stop(const struct trace *t)
{
	for (unsigned i = 0; i < t->n_notes; i++)
		if (strstr(t->notes[i], "stops"))
			return true;
	return false;
}

static void check_end(const struct trace *t, enum fate fate)
{
	static const enum prof_end_reason reason[] = {[FATE_EXIT] = PROF_END_EXIT,
	                                              [FATE_QUICK] = PROF_END_QUICK_EXIT,
	                                              [FATE_EXEC] = PROF_END_EXEC,
	                                              [FATE_STOPPED] = PROF_END_STOPPED};

	if (fate == FATE_ANY)
		return;
	if (t->n_problems)
		FAIL("%s: %s", t->path, t->problems[0]);
	if (fate == FATE_NOTHING)
		FAIL("%s: there should be no trace", t->path);
	if (fate == FATE_KILLED) {
		if (t->state != PROF_STATE_OPEN)
			FAIL("%s: is closed, though its program was killed", t->path);
		return;
	}
	if (t->state != (fate == FATE_STOPPED ? PROF_STATE_STOPPED : PROF_STATE_CLOSED))
		FAIL("%s: is in state %d", t->path, (int)t->state);
	if (t->end_reason != reason[fate])
		FAIL("%s: ends by reason %d, not %d", t->path, (int)t->end_reason, (int)reason[fate]);
	if (fate == FATE_STOPPED && !mentions_stop(t))
		FAIL("%s: does not say why it stops", t->path);
}

/* The image that made a trace is told by its operations. */
static void read_trace(const char *path)
{
	struct trace_cursor *cursor;
	struct op_event event;
	struct trace *t;
	struct diag diag;
	int64_t of = 0;
	int got;

	if (trace_open(path, &(struct trace_options){.children = true}, &t, &diag)) {
		FAIL("%s", diag.text);
		return;
	}
	cursor = trace_cursor_open(t);
	while ((got = trace_cursor_next(cursor, &event, &diag)) == 1) {
		const struct op_desc *d = &t->descs[event.desc];

		if (!of)
			of = op_attr_get(d, PROF_ATTR_K, 0);
		take(t, d, of);
	}
	trace_cursor_close(cursor);
	if (got < 0)
		FAIL("%s: %s", path, diag.text);
	if (of < 1 || of > ledger->images) {
		FAIL("%s: has no operation of an image", path);
	} else {
		if (image[of - 1].traced)
			FAIL("%s: image %" PRId64 " has two traces", path, of);
		image[of - 1].traced = true;
		image[of - 1].lost = t->lost;
		check_end(t, (enum fate)ledger->image[of - 1].fate);
		if ((int)t->pid != ledger->image[of - 1].pid)
			FAIL("%s: says process %u, not %d", path, t->pid, ledger->image[of - 1].pid);
	}
	trace_close(t);
}

static void check_lane(uint32_t i)
{
	const struct ledger_lane *lane = &ledger->lane[i];
	const struct ledger_image *of = &ledger->image[lane->image - 1];
	uint64_t least = of->fate >= FATE_STOPPED || lane->lossy ? 0 : of->running ? lane->least : lane->done;
	uint64_t most = of->fate == FATE_NOTHING                                ? 0
	                : of->fate == FATE_KILLED || of->running || lane->lossy ? lane->begun
	                                                                        : lane->done;

	if (seen[i] < least || seen[i] > most)
		FAIL("lane %u of image %u (process %d): %" PRIu64 " operations recorded, %" PRIu64
		     " made, %" PRIu64 " begun",
		     i + 1, lane->image, of->pid, seen[i], lane->done, lane->begun);
}

static void check_image(uint32_t i)
{
	const struct ledger_image *of = &ledger->image[i];
	uint64_t begun = 0, done = 0, found = image[i].lost;

	for (uint32_t l = 0; l < ledger->lanes; l++) {
		if (ledger->lane[l].image != i + 1)
			continue;
		begun += ledger->lane[l].begun;
		done += ledger->lane[l].done;
		found += seen[l];
	}
	if (of->fate < FATE_STOPPED && done && !image[i].traced)
		FAIL("image %u (process %d) has no trace", i + 1, of->pid);
	if (of->fate >= FATE_KILLED || of->running)
		return;
	if (of->lossy ? found < done || found > begun : image[i].lost != 0)
		FAIL("image %u (process %d): %" PRIu64 " operations recorded, %" PRIu64
		     " of them as lost, of %" PRIu64 " made and %" PRIu64 " begun",
		     i + 1, of->pid, found, image[i].lost, done, begun);
}

int main(int argc, char **argv)
{
	int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;

	ledger = mmap(NULL, sizeof(*ledger), PROT_READ, MAP_SHARED, fd, 0);
	if (fd < 0 || ledger == MAP_FAILED) {
		fprintf(stderr, "check: error: no ledger\n");
		return 2;
	}
	for (int i = 2; i < argc; i++)
		read_trace(argv[i]);
	for (uint32_t i = 0; i < ledger->lanes; i++)
		check_lane(i);
	for (uint32_t i = 0; i < ledger->images; i++)
		check_image(i);
	if (!ledger->lanes)
		FAIL("no operation was made");
	return failures != 0;
}
