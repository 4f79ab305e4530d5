/* test_ring.c: the chunks of a limited file that can be used again.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <prof/size_text.h>
#include <stdlib.h>

#include "runtime/trace/ring.h"

static void add(uint64_t offset, uint64_t end_tick)
{
	ring_add(&(struct ring_chunk){.offset = offset, .end_tick = end_tick});
}

static uint64_t take(void)
{
	const struct ring_chunk *oldest = ring_oldest();
	uint64_t offset = oldest ? oldest->offset : ~0ull;

	if (oldest)
		ring_drop();
	return offset;
}

static void the_oldest_comes_first(void)
{
	CU_ASSERT_TRUE_FATAL(ring_start(4));
	CU_ASSERT_PTR_NULL(ring_oldest());
	add(1, 10);
	add(2, 30);
	add(3, 20);
	add(4, 5);
	CU_ASSERT_EQUAL(take(), 4);
	CU_ASSERT_EQUAL(take(), 1);
	CU_ASSERT_EQUAL(take(), 3);
	CU_ASSERT_EQUAL(take(), 2);
	CU_ASSERT_PTR_NULL(ring_oldest());
}

static void equals_keep_their_order(void)
{
	CU_ASSERT_TRUE_FATAL(ring_start(3));
	add(1, 7);
	add(2, 7);
	add(3, 7);
	CU_ASSERT_TRUE(take() == 1 && take() == 2 && take() == 3);
}

/* Against a plain search, through many turns of a small ring. */
static void agrees_with_a_search(void)
{
	enum { ROOM = 13 };
	uint64_t ends[ROOM], n = 0, wrong = 0;

	CU_ASSERT_TRUE_FATAL(ring_start(ROOM));
	srand(1);
	for (unsigned i = 0; i < 5000; i++) {
		if (n < ROOM && (!n || rand() % 2)) {
			ends[n] = i + (uint64_t)(rand() % 100);
			add(ends[n], ends[n]);
			n++;
		} else {
			unsigned least = 0;

			for (unsigned k = 1; k < n; k++)
				least = ends[k] < ends[least] ? k : least;
			wrong += take() != ends[least];
			ends[least] = ends[--n];
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

static void starts_anew_and_larger(void)
{
	CU_ASSERT_TRUE_FATAL(ring_start(2));
	add(1, 1);
	CU_ASSERT_TRUE_FATAL(ring_start(100000));
	CU_ASSERT_PTR_NULL(ring_oldest());
	for (unsigned i = 0; i < 100000; i++)
		add(i, i);
	CU_ASSERT_EQUAL(take(), 0);
}

static void sizes_as_people_write_them(void)
{
	uint64_t bytes = 0;

	CU_ASSERT_TRUE(prof_size_parse("0", &bytes) && bytes == 0);
	CU_ASSERT_TRUE(prof_size_parse("65536", &bytes) && bytes == 65536);
	CU_ASSERT_TRUE(prof_size_parse("64K", &bytes) && bytes == 65536);
	CU_ASSERT_TRUE(prof_size_parse("1.5m", &bytes) && bytes == 3u << 19);
	CU_ASSERT_TRUE(prof_size_parse("2G", &bytes) && bytes == 2ull << 30);
	bytes = 1;
	CU_ASSERT_FALSE(prof_size_parse("", &bytes) || prof_size_parse("-1", &bytes));
	CU_ASSERT_FALSE(prof_size_parse("1MB", &bytes) || prof_size_parse("M", &bytes));
	CU_ASSERT_FALSE(prof_size_parse("nan", &bytes) || prof_size_parse("1e30", &bytes));
	CU_ASSERT_EQUAL(bytes, 1);
}

int main(void)
{
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("ring", NULL, NULL);
	CU_add_test(suite, "the oldest comes first", the_oldest_comes_first);
	CU_add_test(suite, "equals keep their order", equals_keep_their_order);
	CU_add_test(suite, "agrees with a search", agrees_with_a_search);
	CU_add_test(suite, "starts anew and larger", starts_anew_and_larger);
	CU_add_test(suite, "sizes as people write them", sizes_as_people_write_them);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
