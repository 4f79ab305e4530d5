/* test_list.c: a long op list is read again by each cursor, a short one is kept: nobody can tell which.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/lib/trace/trace_private.h"

/* More than are kept; of each step, of each reading of a counter. */
enum { LONG = 262200, STEP = 100, READING = 1000 };

static char path[] = "/tmp/test_list.XXXXXX";
static FILE *list;
static const char *context = "residual";

static void begin(void)
{
	list = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
}

static void line(unsigned i, uint64_t start, const char *more)
{
	fprintf(list,
	        "{\"op\": \"%s\", \"context\": \"%s\", \"step\": %u, \"start_ns\": %llu, \"time_ns\": "
	        "5, "
	        "\"dtype\": \"float32\", \"input\": [4, 8], \"output\": [4, 8]%s}\n",
	        i % 3 ? "add" : "mul", context, i / STEP, (unsigned long long)start, more);
}

static void lines(unsigned n)
{
	char counters[64];

	for (unsigned i = 0; i < n; i++) {
		snprintf(counters, sizeof(counters), ", \"counters\": {\"A\": %u}", i);
		line(i, 10 * (uint64_t)i, i % READING ? "" : counters);
	}
}

static struct trace *opened(bool streamed)
{
	struct trace *t = NULL;
	struct diag d = {""};

	CU_ASSERT_EQUAL_FATAL(fclose(list), 0);
	if (trace_open(path, &(struct trace_options){.children = true}, &t, &d))
		printf("%s\n", d.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_EQUAL(t->priv->streamed, streamed);
	CU_ASSERT_EQUAL(t->priv->events == NULL, streamed);
	return t;
}

/* Operation i is as `line` wrote it. */
static bool is_line(const struct trace *t, const struct op_event *ev, unsigned i)
{
	unsigned counters = i % READING ? 0 : 1;

	return t->descs[ev->desc].op == (i % 3 ? PROF_OP_ADD : PROF_OP_MUL)
	       && ev->start_ns == 10 * (uint64_t)i && ev->time_ns == 5 && ev->self_ns == 5 && ev->depth == 0
	       && ev->timed && t->steps[ev->step].number == i / STEP && ev->n_counters == counters
	       && (!counters || ev->counters[0] == i);
}

/* How many operations a cursor has, all as written, when so many are read at a time. */
static unsigned as_written(struct trace *t, unsigned at_a_time)
{
	struct trace_cursor *c = trace_cursor_open(t);
	struct op_event ev[7];
	struct diag d;
	unsigned n = 0;
	int got;

	while ((got = trace_cursor_read(c, ev, at_a_time, &d)) > 0)
		for (int i = 0; i < got; i++)
			n += is_line(t, &ev[i], n);
	CU_ASSERT_EQUAL(got, 0);
	trace_cursor_close(c);
	return n;
}

static void long_and_short(void)
{
	for (unsigned n = 2000; n <= LONG; n += LONG - 2000) {
		struct trace *t;

		begin();
		lines(n);
		t = opened(n == LONG);
		CU_ASSERT_EQUAL(as_written(t, 1), n);
		CU_ASSERT_EQUAL(as_written(t, 7), n); /* a second cursor begins at the beginning */
		CU_ASSERT_EQUAL(t->records, n);
		CU_ASSERT_EQUAL(t->n_descs, 2);
		CU_ASSERT_EQUAL(t->n_steps, n / STEP);
		CU_ASSERT_EQUAL(t->steps[0].start_ns, 0);
		CU_ASSERT_EQUAL(t->steps[1].start_ns, 10 * STEP);
		CU_ASSERT_EQUAL(t->steps[1].end_ns, 10 * (2 * STEP - 1) + 5);
		CU_ASSERT_EQUAL(t->end_ns, 10 * (uint64_t)(n - 1) + 5);
		trace_close(t);
	}
}

/* What has to be put in order, or knows its children, is kept whatever its length. */
static void disordered_or_nested(void)
{
	for (int nested = 0; nested < 2; nested++) {
		struct trace_cursor *c;
		struct op_event ev;
		struct trace *t;
		struct diag d;
		bool first = true;

		begin();
		lines(LONG);
		line(LONG, nested ? 10 * (uint64_t)(LONG - 1) : 1, nested ? ", \"depth\": 1" : "");
		t = opened(false);
		c = trace_cursor_open(t);
		for (unsigned i = 0; trace_cursor_next(c, &ev, &d) == 1; i++) {
			if (!nested && i == 1)
				CU_ASSERT_EQUAL(ev.start_ns, 1);
			if (nested && ev.start_ns == 10 * (uint64_t)(LONG - 1)) {
				CU_ASSERT_EQUAL(ev.self_ns, first ? 0 : 5);
				CU_ASSERT_EQUAL(ev.depth, !first);
				first = false;
			}
		}
		CU_ASSERT_EQUAL(first, !nested);
		trace_cursor_close(c);
		trace_close(t);
	}
}

static void changed_meanwhile(void)
{
	struct trace_cursor *c;
	struct op_event ev;
	struct diag d = {""};
	struct trace *t;
	int more;

	begin();
	lines(LONG);
	t = opened(true);
	c = trace_cursor_open(t);
	CU_ASSERT_EQUAL(trace_cursor_next(c, &ev, &d), 1);
	list = fopen(path, "r+");
	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	context = "strange."; /* lines as long as before */
	lines(LONG);
	context = "residual";
	CU_ASSERT_EQUAL(fclose(list), 0);
	do
		more = trace_cursor_next(c, &ev, &d);
	while (more == 1);
	CU_ASSERT_EQUAL(more, -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(d.text, "the list changed while it was read"));
	trace_cursor_close(c);
	trace_close(t);
}

static int enter(void)
{
	int fd = mkstemp(path);

	return fd < 0 || close(fd);
}

static int leave(void)
{
	return unlink(path);
}

int main(void)
{
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("op lists", enter, leave);
	CU_add_test(suite, "long and short", long_and_short);
	CU_add_test(suite, "disordered or nested", disordered_or_nested);
	CU_add_test(suite, "changed meanwhile", changed_meanwhile);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
