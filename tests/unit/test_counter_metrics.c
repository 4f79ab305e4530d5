/* test_counter_metrics.c: derived figures by a trace's facts, and their errors.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/counters/counter_metrics.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <string.h>

#define NEAR(got, want) CU_ASSERT_DOUBLE_EQUAL(got, want, 1e-9 * (1 + fabs((double)(want))))

static struct trace_counter counters[] = {{"INS", "", PROF_COUNTER_HARDWARE, 0},
                                          {"CYC", "", PROF_COUNTER_HARDWARE, 0},
                                          {"L3:MISS", "", PROF_COUNTER_HARDWARE, 0}};
static struct trace_fact facts[] = {
        {"host.cpu", "x", 0},
        {"counters.metric.FLOPS.ipc", "instructions/cycle = INS / CYC", 0},
        {"counters.metric.MEM.ipc", "instructions/cycle = INS / CYC", 0},
        {"counters.metric.MEM.bandwidth", "bytes/s = 64 * L3:MISS / time", 0},
        {"counters.metric.CACHE.bandwidth", "bytes/s = 32 * L3:MISS / time", 0},
        {"counters.metric.CACHE.bad", "1 = INS / GONE", 0},
        {"counters.metric.CACHE.worse", "INS", 0},
};
static const struct trace trace = {.counters = counters, .n_counters = 3, .facts = facts, .n_facts = 7};
static struct metrics m;

static void add(struct totals *s, double ns, double ins, double cyc, double miss)
{
	struct op_event ev = {.n_slices = 1, .timed = true, .n_counted = 1};

	ev.time_ns = ev.busy_ns = ev.counted_ns = (uint64_t)ns;
	ev.n_counters = ins > 0 ? 3 : 0;
	ev.counters[0] = (uint64_t)ins;
	ev.counters[1] = (uint64_t)cyc;
	ev.counters[2] = (uint64_t)miss;
	totals_add(s, 0, &ev);
}

/* One name where two groups say the same; both where they differ. */
static void names(void)
{
	CU_ASSERT_EQUAL(metrics_of_trace(&m, &trace), 0);
	CU_ASSERT_EQUAL(m.n, 3);
	CU_ASSERT_STRING_EQUAL(m.list[0]->name, "ipc");
	CU_ASSERT_STRING_EQUAL(m.list[0]->unit, "instructions/cycle");
	CU_ASSERT_STRING_EQUAL(m.list[1]->name, "bandwidth");
	CU_ASSERT_STRING_EQUAL(m.list[2]->name, "CACHE.bandwidth");
	CU_ASSERT_EQUAL(m.n_problems, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(m.problems[0], "unknown name 'GONE'"));
	CU_ASSERT_PTR_NOT_NULL(strstr(m.problems[1], "UNIT = FORMULA"));
	metrics_release(&m);
}

/* INS and CYC have the same relative residuals: IPC is certain, though neither
 * total is. Misses follow the mean of 10, 20, 30: the error is theirs, scaled. */
static void errors(void)
{
	uint64_t like = totals_like(1, 1, "");
	struct totals *s = totals_new(1, 3, &like);
	double inputs[COUNTER_INPUTS] = {[COUNTER_TIME] = 0.5};
	struct estimate e;

	CU_ASSERT_EQUAL(metrics_of_trace(&m, &trace), 0);
	add(s, 100, 0, 0, 0);
	add(s, 100, 2000, 1000, 10);
	add(s, 100, 2400, 1200, 20);
	add(s, 100, 2200, 1100, 30);
	totals_settle(s);
	NEAR(totals_value(s, 0, 0), 8800);
	CU_ASSERT(totals_value_error(s, 0, 0) > 100);
	e = metric_estimate(&m, m.list[0], s, 0, inputs);
	NEAR(e.value, 2);
	CU_ASSERT_DOUBLE_EQUAL(e.error, 0, 1e-6);
	e = metric_estimate(&m, m.list[1], s, 0, inputs);
	NEAR(e.value, 64 * 80 / 0.5);
	NEAR(e.error, totals_value_error(s, 0, 2) * 64 / 0.5);
	metrics_release(&m);
	totals_free(s);
}

static void of_ones_own(void)
{
	struct diag d;

	CU_ASSERT_EQUAL(metrics_of_trace(&m, &trace), 0);
	CU_ASSERT_EQUAL(metrics_add(&m, "misses=1000 * L3:MISS / INS", &d), 0);
	CU_ASSERT_STRING_EQUAL(m.list[3]->name, "misses");
	CU_ASSERT_EQUAL(metrics_add(&m, "misses=1", &d), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(d.text, "already"));
	CU_ASSERT_EQUAL(metrics_add(&m, "misses", &d), -1);
	CU_ASSERT_EQUAL(metrics_add(&m, "x=INZ", &d), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(d.text, "metric x: column 1: unknown name 'INZ'; did you mean 'INS'?"));
	metrics_release(&m);
}

int main(void)
{
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("counter metrics", NULL, NULL);
	CU_add_test(suite, "names", names);
	CU_add_test(suite, "errors", errors);
	CU_add_test(suite, "of one's own", of_ones_own);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
