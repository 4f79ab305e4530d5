/* test_codec.c: what is put into a stream of operations is what is got from it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <prof/trace_codec.h>
#include <stdlib.h>

#define RECORDS  20000
#define COUNTERS 3

struct sample {
	uint32_t id;
	uint64_t start, end, deltas[COUNTERS];
	unsigned n;
};

static struct prof_successor tables[2][PROF_SUCCESSORS];

static uint64_t random64(void)
{
	static uint64_t x = 0x9e3779b97f4a7c15u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

static struct prof_stream fresh(unsigned table, uint32_t serial)
{
	struct prof_stream s = {.successors = tables[table]};

	prof_stream_reset(&s, 1000, serial);
	return s;
}

/* A number with as many bits as chance says, up to `bits`. */
static uint64_t random_bits(unsigned bits)
{
	return random64() >> (64 - 1 - random64() % bits);
}

static struct sample random_sample(uint64_t last_end)
{
	struct sample v = {.id = (uint32_t)random_bits(24), .n = random64() % 4 ? 0 : COUNTERS};
	uint64_t gap = random_bits(40);

	v.start = random64() % 8 || gap > last_end ? last_end + gap : last_end - gap;
	v.end = v.start + random_bits(40);
	for (unsigned i = 0; i < v.n; i++)
		v.deltas[i] = random_bits(64);
	return v;
}

static void check_same(const struct sample *v, const struct prof_record *r)
{
	CU_ASSERT_EQUAL(r->is_event, 0);
	CU_ASSERT_EQUAL(r->id, v->id);
	CU_ASSERT_EQUAL(r->start, v->start);
	CU_ASSERT_EQUAL(r->end, v->end);
	CU_ASSERT_EQUAL(r->n_counters, v->n);
	for (unsigned i = 0; i < v->n; i++)
		CU_ASSERT_EQUAL(r->counters[i], v->deltas[i]);
}

static void round_trip_of_random_records(void)
{
	static uint8_t buffer[RECORDS * 64];
	static struct sample samples[RECORDS];
	struct prof_stream out = fresh(0, 0), in = fresh(1, 0);
	uint8_t *p = buffer;
	const uint8_t *q = buffer;

	for (unsigned i = 0; i < RECORDS; i++) {
		samples[i] = random_sample(out.last_end);
		p = prof_put_op(&out, p, samples[i].id, samples[i].start, samples[i].end, samples[i].deltas,
		                samples[i].n);
	}
	for (unsigned i = 0; i < RECORDS; i++) {
		struct prof_record r = {0};

		q = prof_get_record(&in, q, p, COUNTERS, &r);
		CU_ASSERT_PTR_NOT_NULL_FATAL(q);
		check_same(&samples[i], &r);
	}
	CU_ASSERT_PTR_EQUAL(q, p);
}

static void events_round_trip(void)
{
	uint8_t buffer[128] = {0};
	struct prof_stream in = fresh(1, 1);
	uint8_t *p = prof_put_event(buffer, PROF_EVENT_GROUP, 3, 70000, 3, 8);
	struct prof_record r;
	const uint8_t *q;

	p = prof_put_event(p, PROF_EVENT_TIME, 1, 500, 0, 0);
	q = prof_get_record(&in, buffer, p, 0, &r);
	CU_ASSERT_TRUE(r.is_event && r.id == PROF_EVENT_GROUP);
	CU_ASSERT_TRUE(r.field[0] == 70000 && r.field[1] == 3 && r.field[2] == 8);
	q = prof_get_record(&in, q, p, 0, &r);
	CU_ASSERT_TRUE(r.id == PROF_EVENT_TIME && r.start == 1500);
	CU_ASSERT_PTR_EQUAL(q, p);
}

/* A network's operations come back in the same order and take about as long:
 * after the first time round each is two bytes. */
static void a_cycle_is_predicted(void)
{
	static uint8_t buffer[64 * 32];
	struct prof_stream out = fresh(0, 2);
	uint8_t *p = buffer, *before = buffer;
	uint64_t at = 1000;

	for (unsigned i = 0; i < 24; i++) {
		uint64_t took = 100000 * (i % 8) + i * 7;

		before = i == 16 ? p : before;
		p = prof_put_op(&out, p, (i * 5) % 8, at + 40000 + i, at + 40000 + took, NULL, 0);
		at += 40000 + took;
	}
	CU_ASSERT_EQUAL(p - before, 8 * 2);
}

/* The operation that comes after others of gap 1000, duration 5000. */
static ptrdiff_t bytes_after(uint32_t serial, int64_t gap, int64_t duration)
{
	uint8_t buffer[256] = {0}, *p = buffer, *last = buffer;
	struct prof_stream out = fresh(0, serial), in = fresh(1, serial);
	const uint8_t *q = buffer;
	struct prof_record r = {0};
	uint64_t start = 0;

	for (unsigned i = 0; i < 3; i++) {
		last = p;
		start = out.last_end + (uint64_t)(i == 2 ? gap : 1000);
		p = prof_put_op(&out, p, 0, start, start + (uint64_t)(i == 2 ? duration : 5000), NULL, 0);
	}
	for (unsigned i = 0; i < 3; i++)
		q = prof_get_record(&in, q, p, 0, &r);
	CU_ASSERT_PTR_EQUAL(q, p);
	CU_ASSERT_EQUAL(r.start, start);
	CU_ASSERT_EQUAL(r.end - r.start, (uint64_t)duration);
	CU_ASSERT_EQUAL(*p, 0);
	return p - last;
}

/* The shortest form that holds both differences, at the border of each. */
static void forms_change_at_their_borders(void)
{
	static const struct {
		int64_t gap, duration;
		ptrdiff_t bytes;
	} cases[] = {{1031, 5255, 2},
	             {968, 4744, 2},
	             {1032, 5255, 3},
	             {1031, 5256, 3},
	             {967, 4744, 3},
	             {1511, 7047, 3},
	             {488, 2952, 3},
	             {1512, 7047, 4},
	             {1511, 7048, 4},
	             {2023, 5000 + 131071, 4},
	             {0, 0, 4},
	             {2024, 5000, 4},
	             {2024, 5001, 5},
	             {1000, 5000 + 131072, 5},
	             {1000, INT64_MAX >> 2, 10},
	             {INT64_MAX >> 2, 5000, 10},
	             {-1000, 5000, 2},
	             {-5000, 6000, 6}};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_EQUAL(bytes_after(100 + i, cases[i].gap, cases[i].duration), cases[i].bytes);
}

/* Of counters only those that are not zero take room. */
static void zero_counters_take_no_room(void)
{
	uint8_t buffer[256] = {0};
	uint64_t deltas[PROF_MAX_COUNTERS] = {0}, at = 1000;
	struct prof_stream out = fresh(0, 90), in = fresh(1, 90);
	struct prof_record r = {0};
	uint8_t *p = buffer;

	p = prof_put_op(&out, p, 0, at, at + 1, deltas, 4);
	CU_ASSERT_EQUAL(p - buffer, 1 + 2);
	deltas[3] = 100;
	deltas[15] = ~0ull;
	out = fresh(0, 91);
	p = prof_put_op(&out, buffer, 0, at, at + 1, deltas, PROF_MAX_COUNTERS);
	CU_ASSERT_EQUAL(p - buffer, 1 + 2 + 1 + 10 + 2);
	CU_ASSERT_PTR_EQUAL(prof_get_record(&in, buffer, p, PROF_MAX_COUNTERS, &r), p);
	CU_ASSERT_EQUAL(r.n_counters, PROF_MAX_COUNTERS);
	for (unsigned i = 0; i < PROF_MAX_COUNTERS; i++)
		CU_ASSERT_EQUAL(r.counters[i], deltas[i]);
}

/* A difference that leads below zero is no time. */
static void impossible_times_are_told(void)
{
	uint8_t buffer[64] = {1u | 3u << 1, 0};
	struct prof_stream in = fresh(1, 95);
	struct prof_record r = {0};

	CU_ASSERT_PTR_EQUAL(prof_get_record(&in, buffer, buffer + 2, 0, &r), buffer + 2);
	CU_ASSERT_TRUE(r.end == UINT64_MAX);
}

static void cut_anywhere_is_no_record(void)
{
	uint8_t buffer[128] = {0};
	uint64_t deltas[COUNTERS] = {1000, 1u << 20, 1};
	struct prof_stream out = fresh(0, 3);
	uint8_t *p = prof_put_op(&out, buffer, 77, 900, 1u << 30, deltas, COUNTERS);
	struct prof_record r;

	for (const uint8_t *end = buffer + 1; end < p; end++) {
		struct prof_stream in = fresh(1, 4);

		CU_ASSERT_PTR_NULL(prof_get_record(&in, buffer, end, COUNTERS, &r));
	}
}

static void garbage_is_survived(void)
{
	uint8_t buffer[256];

	for (unsigned i = 0; i < 5000; i++) {
		struct prof_stream in = fresh(1, 5 + i);
		const uint8_t *p = buffer, *next, *end = buffer + 200;
		struct prof_record r;

		for (unsigned k = 0; k < sizeof(buffer); k++)
			buffer[k] = (uint8_t)random64();
		while ((next = prof_get_record(&in, p, end, COUNTERS, &r)) && next != p)
			p = next;
		CU_ASSERT_TRUE(p <= end);
	}
}

int main(void)
{
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("codec", NULL, NULL);
	CU_add_test(suite, "random records round trip", round_trip_of_random_records);
	CU_add_test(suite, "events round trip", events_round_trip);
	CU_add_test(suite, "a cycle is predicted", a_cycle_is_predicted);
	CU_add_test(suite, "forms change at their borders", forms_change_at_their_borders);
	CU_add_test(suite, "zero counters take no room", zero_counters_take_no_room);
	CU_add_test(suite, "impossible times are told", impossible_times_are_told);
	CU_add_test(suite, "a record cut anywhere is none", cut_anywhere_is_no_record);
	CU_add_test(suite, "garbage is survived", garbage_is_survived);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
