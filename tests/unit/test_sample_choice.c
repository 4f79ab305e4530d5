/* test_sample_choice.c: which operations are read, with made-up times and costs.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/counters/sample_choice.h"

#define SHARE   0.01
#define READING 1000u /* raw ticks */
#define THREADS 4u

static struct sampling thread[THREADS];
static uint64_t now;
static uint32_t next_kind; /* kinds are the process's: each test takes new ones */

static void begin(double share, uint32_t old_kinds)
{
	now += 1000000000;
	sampling_start(share, 100000000, old_kinds);
	for (unsigned i = 0; i < THREADS; i++) {
		free(thread[i].turns);
		memset(&thread[i], 0, sizeof(thread[i]));
		thread[i].turns = calloc(SAMPLING_KINDS, sizeof(*thread[i].turns));
		CU_ASSERT_PTR_NOT_NULL_FATAL(thread[i].turns);
		thread[i].credit_at_raw = now;
		thread[i].random = 1 + i;
	}
}

/* One operation, which lasts `raw` and as much longer as reading it takes. */
static bool operate(struct sampling *s, uint32_t kind, const struct sampling_place *place, uint64_t raw)
{
	static const struct sampling_place none;
	bool chosen = sampling_choose(s, kind, place ? place : &none, now);

	now += raw;
	if (!chosen)
		return false;
	sampling_spent(s, READING);
	sampling_spent(s, READING);
	sampling_learn(s, kind, raw);
	now += 2 * READING;
	return true;
}

/* So many operations of a kind; how many of them were read. */
static unsigned samples_of(uint32_t kind, uint64_t raw, unsigned n)
{
	unsigned samples = 0;

	for (unsigned i = 0; i < n; i++)
		samples += operate(&thread[0], kind, NULL, raw);
	return samples;
}

static void all_or_none(void)
{
	begin(1, 0);
	CU_ASSERT_EQUAL(samples_of(next_kind++, 10, 1000), 1000);
	CU_ASSERT_EQUAL(samples_of(SAMPLING_KINDS + 5, 10, 10), 10);
	begin(SHARE, 0);
	CU_ASSERT_EQUAL(samples_of(~0u, 1000000000, 100), 0); /* a kind not known yet */
	CU_ASSERT_FALSE(sampling_is_short());
	CU_ASSERT_EQUAL(samples_of(SAMPLING_KINDS, 1000000000, 100), 0);
	CU_ASSERT_TRUE(sampling_is_short());
}

/* Kinds from short to long, taking turns as in a network: each is read at the
 * rate that its own time pays for, and evenly in time. */
static void every_kind_has_its_rate(void)
{
	static const uint64_t raw[] = {100, 1000, 20000, 100000, 4000000};
	enum { KINDS = 5, ROUNDS = 40000 };
	unsigned samples[KINDS][4] = {{0}};
	uint64_t start, spent;
	uint32_t base = next_kind;

	begin(SHARE, 0);
	start = now;
	for (unsigned i = 0; i < ROUNDS; i++)
		for (unsigned k = 0; k < KINDS; k++)
			samples[k][i / (ROUNDS / 4)] += operate(&thread[0], base + k, NULL, raw[k]);
	for (unsigned k = 0; k < KINDS; k++) {
		uint32_t n = sampling_period(base + k);
		double wanted = 2 * READING / (SHARE * (double)raw[k]);

		CU_ASSERT_TRUE(n >= wanted || n == SAMPLING_PERIOD_MAX);
		CU_ASSERT_TRUE(n == 1 || n < 2 * wanted);
		for (unsigned q = 0; q < 4; q++) {
			double expected = ROUNDS / 4.0 / n;

			CU_ASSERT_TRUE(samples[k][q] >= expected - (q ? 2 : 18)
			               && samples[k][q] <= expected + 3);
		}
	}
	spent = thread[0].readings_raw;
	CU_ASSERT_EQUAL(spent, thread[0].readings * READING);
	CU_ASSERT_TRUE((double)spent <= SHARE * (double)(now - start));
	next_kind += KINDS;
}

/* The place in each n is drawn: a beat in the program meets every residue. */
static void places_are_random(void)
{
	unsigned beat[16] = {0};
	uint32_t kind = next_kind++;
	uint32_t n;

	begin(SHARE, 0);
	for (unsigned i = 0; i < 160000; i++)
		beat[i % 16] += operate(&thread[0], kind, NULL, 12500); /* one in 16 */
	n = sampling_period(kind);
	CU_ASSERT_EQUAL(n, 16);
	for (unsigned i = 0; i < 16; i++)
		CU_ASSERT_TRUE(beat[i] > 500 && beat[i] < 750); /* 625, six times its spread */
}

static void the_first_of_a_kind_is_read(void)
{
	begin(SHARE, 0);
	now += 100000000;
	CU_ASSERT_TRUE(operate(&thread[0], next_kind, NULL, 1000));
	now += 100000000;
	CU_ASSERT_TRUE(operate(&thread[1], next_kind + 1, NULL, 1000));
	begin(SHARE, next_kind + 3);
	now += 100000000;
	for (unsigned i = 0, firsts = 0; i < 64; i++) { /* that one is old: it takes its chance */
		firsts += operate(&thread[i % THREADS], next_kind + 2, NULL, 1000);
		if (i == 63)
			CU_ASSERT_TRUE(firsts <= 5);
	}
	next_kind += 3;
}

/* A costly start, kinds that come only once, anything: no more than the share. */
static void a_thread_in_debt_reads_nothing(void)
{
	uint64_t start;

	begin(SHARE, 0);
	start = now;
	for (unsigned i = 0; i < 3000; i++)
		operate(&thread[0], next_kind++, NULL, 5000);
	CU_ASSERT_TRUE(thread[0].readings > 0);
	CU_ASSERT_TRUE((double)thread[0].readings_raw <= SHARE * (double)(now - start) + 2 * READING);
	begin(SHARE, 0);
	sampling_spent(&thread[0], 1000000000);
	CU_ASSERT_EQUAL(samples_of(next_kind++, 1000, 1000), 0);
}

/* Threads of a group read the same operations, whatever else they did, and
 * at the kind's rate, also where a kind comes several times. */
static void groups_agree(void)
{
	enum { GROUPS = 20000, OPS = 3 };
	uint32_t kind = next_kind++;
	unsigned samples = 0, differ = 0, last_quarter = 0;

	begin(SHARE, 0);
	samples_of(next_kind++, 777, 50);
	for (uint32_t g = 1; g <= GROUPS; g++) {
		for (uint64_t i = 0; i < OPS; i++) {
			struct sampling_place place = {g * 2, i}; /* another program's graphs in between */
			bool first = operate(&thread[0], kind, &place, 40000);
			uint64_t then = now;

			for (unsigned t = 1; t < THREADS; t++) {
				differ += operate(&thread[t], kind, &place, 40000) != first;
				now = then;
			}
			samples += first;
			last_quarter += first && g > GROUPS / 4 * 3;
		}
	}
	CU_ASSERT_EQUAL(sampling_period(kind), 8);
	CU_ASSERT_TRUE(differ <= 6); /* while the period settles */
	CU_ASSERT_TRUE(samples > 7000 && samples < 8000);
	CU_ASSERT_TRUE(last_quarter > 1700 && last_quarter < 2050);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"all or none", all_or_none},
	        {"every kind has its rate", every_kind_has_its_rate},
	        {"places are random", places_are_random},
	        {"the first of a kind is read", the_first_of_a_kind_is_read},
	        {"a thread in debt reads nothing", a_thread_in_debt_reads_nothing},
	        {"groups agree", groups_agree},
	        CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{"sampling", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
	unsigned failed;

	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 1;
	CU_basic_run_tests();
	failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	for (unsigned i = 0; i < THREADS; i++)
		free(thread[i].turns);
	return failed != 0;
}
