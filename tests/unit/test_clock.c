/* test_clock.c: the clock of recordings and the system's tell the same time.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/clock/clock.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <prof/trace_format.h>
#include <time.h>

enum { WAIT_NS = 20000000 };

static void wait_a_little(void)
{
	struct timespec wait = {.tv_nsec = WAIT_NS};

	nanosleep(&wait, NULL);
}

/* Where the CPU's own counter is trusted, it is what is read. */
static void the_kind_is_known(void)
{
	struct clock_setup setup;

	clock_start(&setup);
	CU_ASSERT_EQUAL(setup.kind, clock_cpu_trusted() ? PROF_CLOCK_CPU_KIND : PROF_CLOCK_MONOTONIC);
	CU_ASSERT(setup.tick_shift <= 8);
	CU_ASSERT(setup.epoch_realtime_ns > 0);
}

/* The time between two readings lies between what the system's clock says within
 * and without; a hundredth is left to the rate's error. */
static void a_tick_is_as_long_as_it_is_said(void)
{
	struct clock_setup setup;
	uint64_t outer, inner, begin, end;
	double ns;

	clock_start(&setup);
	outer = prof_clock_monotonic();
	begin = prof_clock();
	inner = prof_clock_monotonic();
	wait_a_little();
	inner = prof_clock_monotonic() - inner;
	end = prof_clock();
	outer = prof_clock_monotonic() - outer;
	ns = (double)(end - begin) * clock_raw_ns(&setup);
	CU_ASSERT(inner >= WAIT_NS);
	CU_ASSERT(ns >= (double)inner * 0.99);
	CU_ASSERT(ns <= (double)outer * 1.01);
}

static void it_never_goes_back(void)
{
	struct clock_setup setup;
	uint64_t last = 0;

	clock_start(&setup);
	for (int i = 0; i < 100000; i++) {
		uint64_t now = prof_clock();

		CU_ASSERT_FATAL(now >= last);
		last = now;
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"the kind is known", the_kind_is_known},
	        {"a tick is as long as it is said", a_tick_is_as_long_as_it_is_said},
	        {"it never goes back", it_never_goes_back},
	        CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{"clock", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};

	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 1;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
