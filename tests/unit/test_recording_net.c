/* test_recording_net.c: times less what recording cost, of operations inside of others.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/replay/recording_net.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/lib/trace/trace_write.h"

#define SHAPE  "\"input\": [8], \"output\": [8], \"dtype\": \"float32\", \"thread\": 1"
#define STEP   ", \"step\": 0, \"phase\": \"decode\""
#define INSIDE ", \"callsite\": [\"a.out+0x10\"]"

/* silu encloses relu, which encloses gelu, and tanh, which was counted; add is alone, twice. */
static const char list[] =
        "{\"op\": \"silu\", " SHAPE STEP ", \"start_ns\": 0, \"time_ns\": 1000}\n"
        "{\"op\": \"relu\", " SHAPE STEP ", \"start_ns\": 10, \"time_ns\": 400, \"depth\": 1}\n"
        "{\"op\": \"gelu\", " SHAPE STEP ", \"start_ns\": 20, \"time_ns\": 300, \"depth\": 2}\n"
        "{\"op\": \"tanh\", " SHAPE STEP INSIDE ", \"start_ns\": 500, \"time_ns\": 400, \"depth\": 1, "
        "\"counters\": {\"C\": 5}}\n"
        "{\"op\": \"add\", " SHAPE STEP ", \"start_ns\": 2000, \"time_ns\": 100}\n"
        "{\"op\": \"add\", " SHAPE ", \"start_ns\": 9000, \"time_ns\": 100}\n";

static char list_path[] = "/tmp/test_recording_net.XXXXXX", trace_path[] = "/tmp/test_recording_net.XXXXXX";

static int write_trace(bool with_costs)
{
	static const struct trace_cost costs[] = {
	        {"clock_ns", 10}, {"record_ns", 5}, {"site_ns", 3}, {"counters_ns", 100}, {"total_ns", 777}};
	struct trace_options options = {.children = true};
	struct trace *t;
	struct diag d;
	int result;

	if (trace_open(list_path, &options, &t, &d))
		return -1;
	t->costs = malloc(sizeof(costs));
	memcpy(t->costs, costs, sizeof(costs));
	t->n_costs = with_costs ? 5 : 0;
	result = trace_write(t, trace_path, &d);
	trace_close(t);
	return result;
}

static int write_list(void)
{
	int fd = mkstemp(list_path), other = mkstemp(trace_path);
	ssize_t n = write(fd, list, sizeof(list) - 1);

	close(fd);
	close(other);
	return n == (ssize_t)sizeof(list) - 1 ? 0 : -1;
}

static int remove_files(void)
{
	return unlink(list_path) || unlink(trace_path);
}

/* One outermost operation after the other: name and times, net. */
static void expect(const struct recording_net *n, struct trace_cursor *c, const struct trace *t,
                   const char *op, uint64_t time_ns)
{
	struct op_event ev;

	CU_ASSERT_EQUAL(trace_cursor_next(c, &ev, NULL), 1);
	CU_ASSERT_STRING_EQUAL(op_name(t->descs[ev.desc].op), op);
	recording_net_apply(n, &ev);
	CU_ASSERT_EQUAL(ev.time_ns, time_ns);
	CU_ASSERT_EQUAL(ev.busy_ns, time_ns);
}

/* Of one: 10 inside; 2 x 10 + 5 = 25 in all, 25 + 3 + 2 x 100 = 228 of tanh. */
static void operations_and_steps(void)
{
	struct recording_net n;
	struct trace_cursor *c;
	struct trace *t;
	struct diag d;

	CU_ASSERT_EQUAL(write_trace(true), 0);
	CU_ASSERT_EQUAL(recording_net_make(&n, trace_path, NULL, &d), 0);
	CU_ASSERT_EQUAL(trace_open(trace_path, NULL, &t, &d), 0);
	c = trace_cursor_open(t);
	expect(&n, c, t, "silu", 1000 - 10 - 25 - 25 - 228);
	expect(&n, c, t, "add", 90);
	expect(&n, c, t, "add", 90);
	CU_ASSERT_DOUBLE_EQUAL(n.steps_ns[PROF_PHASE_DECODE], 25 + 25 + 25 + 228 + 25, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(n.steps_ns[PROF_PHASE_PREFILL], 0, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(recording_cost_of(t).total_ns, 777, 1e-9);
	trace_cursor_close(c);
	trace_close(t);
	recording_net_release(&n);
}

static void untold(void)
{
	struct recording_net n;
	struct diag d = {""};

	CU_ASSERT_EQUAL(write_trace(false), 0);
	CU_ASSERT_EQUAL(recording_net_make(&n, trace_path, NULL, &d), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(d.text, "does not tell what recording cost"));
}

int main(void)
{
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("recording net", write_list, remove_files);
	CU_add_test(suite, "operations and steps", operations_and_steps);
	CU_add_test(suite, "untold", untold);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
