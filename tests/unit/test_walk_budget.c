/* test_walk_budget.c: which stacks are walked, with made-up times; and what a trace says of the others.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/unit/in_process.h"

#include <string.h>

#include "runtime/call_site/walk_budget.h"

#define SHARE 0.005
#define WALK  20000u /* raw ticks */

static struct walk_budget budget;
static uint64_t now;

static void begin(double share, uint64_t free_raw)
{
	memset(&budget, 0, sizeof(budget));
	now = 5000000;
	walk_budget_start(share, now, free_raw);
}

/* A stack not seen before, from this return address; whether it is walked. */
static bool meet(uintptr_t return_address)
{
	struct walk_place *place = walk_budget_place(&budget, (const void *)return_address);

	if (!walk_budget_allows(place, now))
		return false;
	now += WALK;
	walk_budget_spent(&budget, place, now, WALK);
	return true;
}

static void all_or_none(void)
{
	unsigned walked = 0;

	begin(1, 0);
	for (uintptr_t i = 0; i < 10000; i++)
		walked += meet(0x1000 + i % 7);
	CU_ASSERT_EQUAL(walked, 10000);
	begin(0, 1u << 30);
	CU_ASSERT_FALSE(meet(0x1000));
}

static void the_start_is_free(void)
{
	unsigned walked = 0;

	begin(SHARE, 100 * WALK);
	for (uintptr_t i = 0; i < 1000; i++)
		walked += meet(0x1000 + 16 * i);
	CU_ASSERT_TRUE(walked >= 50 && walked <= 101); /* the second half in equal parts: one each */
}

/* One address that comes a hundred times as often does not take it all. */
static void addresses_have_equal_parts(void)
{
	enum { OTHERS = 9, ROUNDS = 20000 };
	unsigned greedy = 0, other[OTHERS] = {0};
	uint64_t start;

	begin(SHARE, 0);
	start = now;
	for (unsigned i = 0; i < ROUNDS; i++) {
		for (unsigned k = 0; k < 100; k++, now += 500)
			greedy += meet(0x4000);
		for (uintptr_t k = 0; k < OTHERS; k++, now += 500)
			other[k] += meet(0x5000 + 64 * k);
	}
	CU_ASSERT_TRUE((double)budget.walks_raw <= SHARE * (double)(now - start) + WALK);
	CU_ASSERT_TRUE((double)budget.walks_raw >= 0.7 * SHARE * (double)(now - start));
	for (unsigned k = 0; k < OTHERS; k++) {
		CU_ASSERT_TRUE(other[k] >= 10);
		CU_ASSERT_TRUE(greedy <= 12 * other[k]); /* not 100 times */
	}
}

/* ---- in a trace ---- */

static uint32_t sites[2];

/* The stack at each depth is another one, from the same return address. */
static __attribute__((noinline)) uint32_t deep(struct prof_thread *t, unsigned depth, unsigned odd)
{
	volatile uint32_t below;

	if (!depth) {
		below = prof_call_site(t, __builtin_return_address(0), __builtin_frame_address(0));
		return below;
	}
	if (odd & 1) { /* so unlike each other that these remain two calls */
		__asm__ volatile("nop");
		below = deep(t, depth - 1, odd >> 1);
		__asm__ volatile("nop");
	} else {
		__asm__ volatile("nop\n\tnop");
		below = deep(t, depth - 1, odd >> 1);
		__asm__ volatile("nop\n\tnop");
	}
	return below;
}

static void meet_many_stacks(void)
{
	struct prof_thread *t = prof_thread_get();

	for (unsigned i = 0; i < 5000; i++)
		sites[i == 4999] = deep(t, 30, i * 2654435761u);
	record_ops(1);
}

static double cost(struct raw_trace *t, const char *name)
{
	const struct prof_meta_cost *m = NULL;
	double value = 0;

	while ((m = raw_meta(t, PROF_META_COST, m)))
		if (strcmp((const char *)(m + 1), name) == 0)
			value = m->value;
	return value;
}

static void run_deep(const char *percent, bool cheap)
{
	const struct prof_meta_site *site = NULL;
	const struct prof_meta_note *note = NULL;
	unsigned shallow = 0, whole = 0, told = 0;
	struct raw_trace t;

	setenv("PROFSHIM_BUDGET", percent, 1);
	CU_ASSERT_EQUAL(in_process(meet_many_stacks, NULL), 0);
	unsetenv("PROFSHIM_BUDGET");
	CU_ASSERT_TRUE_FATAL(raw_open(&t, "trace.bin"));
	while ((site = raw_meta(&t, PROF_META_SITE, site))) {
		shallow += site->n_frames == 1;
		whole += site->n_frames >= 16;
	}
	CU_ASSERT_EQUAL(shallow > 0, cheap);
	CU_ASSERT_EQUAL(cost(&t, "cheap_sites") > 0, cheap);
	while ((note = raw_meta(&t, PROF_META_NOTE, note)))
		told += strncmp((const char *)(note + 1), "Walks of the stack", 18) == 0;
	CU_ASSERT_EQUAL(told, cheap);
	CU_ASSERT_TRUE(cost(&t, "walks") + cost(&t, "cheap_sites") + cost(&t, "site_hits") == 5000);
	CU_ASSERT_TRUE(cost(&t, "walks") >= whole);
	CU_ASSERT_TRUE(cost(&t, "total_ns") >= cost(&t, "walks") * cost(&t, "walk_ns"));
	if (strcmp(percent, "0") != 0)
		CU_ASSERT_TRUE(whole > 0);
	raw_close(&t);
	unlink("trace.bin");
}

static void a_trace_tells_of_cheap_ones(void)
{
	run_deep("100", false);
	run_deep("0.001", true);
	run_deep("0", true);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
	        {"all or none", all_or_none},
	        {"the start is free", the_start_is_free},
	        {"addresses have equal parts", addresses_have_equal_parts},
	        {"a trace tells of cheap ones", a_trace_tells_of_cheap_ones},
	};
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite_with_setup_and_teardown("walk_budget", NULL, NULL, enter_scratch, leave_scratch);
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		CU_add_test(suite, tests[i].name, tests[i].run);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
