/* test_thunk.c: functions of any signature are called through a hook as without.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Each through an entry that is in a table (thunk_entry.inc) and through one made at
 * run time (stub.h), with the short ways and the long ones, before and after.
 */
#include "tests/unit/test_thunk.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <complex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "preload/thunk/stub.h"

typedef float vector __attribute__((vector_size(16)));

struct four_doubles {
	double a, b, c, d;
};
struct three_floats {
	float a, b, c;
};
struct two_vectors {
	vector a, b;
};
struct large {
	long v[5];
};
struct mixed_pair {
	long a;
	double b;
};

/* ---- the functions: each argument counts in another way ---- */

static long numbers(long a, long b, long c, long d, long e, long f, long g, long h, long i, int j, char k,
                    long l)
{
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k + 12 * l;
}

static double mixed(long a, double b, int c, float d, long e, double f, long g, float h)
{
	return (double)a + 2 * b + 3 * c + 4 * (double)d + 5 * (double)e + 6 * f + 7 * (double)g
	       + 8 * (double)h;
}

static double doubles(double a, double b, double c, double d, double e, double f, double g, double h, float i,
                      double j, long k)
{
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * (double)i + 10 * j
	       + 11 * (double)k;
}

static struct four_doubles four_doubles(struct four_doubles x, double by, struct four_doubles y)
{
	return (struct four_doubles){x.a * by + y.d, x.b * by + y.c, x.c * by + y.b, x.d * by + y.a};
}

static struct three_floats three_floats(struct three_floats x, float by)
{
	return (struct three_floats){x.a * by, x.b + by, x.c - by};
}

static struct two_vectors two_vectors(struct two_vectors x, vector by)
{
	return (struct two_vectors){x.a * by, x.b + by};
}

static struct large large(long a, struct large x)
{
	return (struct large){{x.v[4] + a, x.v[3] - a, x.v[2] * a, x.v[1] + 2 * a, x.v[0] + 3 * a}};
}

static __int128 wide(long a, __int128 b, __int128 c)
{
	return b * 3 + c + a;
}

static struct mixed_pair pair(struct mixed_pair x, long a)
{
	return (struct mixed_pair){x.a + a, x.b * (double)a};
}

static long double long_double(long double a, int b, long double c)
{
	return a * b + c;
}

static double complex complex_product(double complex a, float complex b)
{
	return a * b;
}

static int variable(char *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int variable(char *out, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(out, 128, format, ap);
	va_end(ap);
	return n;
}

/* ---- the hooks ---- */

#define SIGNATURE(name) extern __typeof__(name) hooked_##name;
#include "tests/unit/thunk_signatures.def"
#undef SIGNATURE

enum {
#define SIGNATURE(name) AT_##name,
#include "tests/unit/thunk_signatures.def"
#undef SIGNATURE
	N_SIGNATURES
};

void *const real_functions[] = {
#define SIGNATURE(name) (void *)(uintptr_t)name,
#include "tests/unit/thunk_signatures.def"
#undef SIGNATURE
};

extern struct hook thunk_hooks[N_SIGNATURES];
struct hook thunk_hooks[N_SIGNATURES] = {
#define SIGNATURE(signature) {.name = #signature, .stack_words = 20, .detail = {AT_##signature}},
#include "tests/unit/thunk_signatures.def"
#undef SIGNATURE
};

static void *stubs[N_SIGNATURES];
static int entered, left;
static struct hook_call last;

/* What C does with the registers that are not saved by everybody. */
static void spoil(void)
{
	char text[128];

	snprintf(text, sizeof(text), "%d %g %Lg", entered, entered * 0.1 + 1.5, (long double)entered);
	CU_ASSERT(text[0]);
}

static void *long_enter(struct hook_call *call)
{
	entered++;
	last = *call;
	spoil();
	return real_functions[call->hook->detail[0]];
}

static void long_exit(struct hook_call *call)
{
	left++;
	memcpy(last.result, call->result, sizeof(last.result));
	memcpy(last.vector_result, call->vector_result, sizeof(last.vector_result));
	spoil();
}

/* ---- the calls ---- */

#define CHECK(type, name, ...)                                                                               \
	do {                                                                                                 \
		type expected = name(__VA_ARGS__), found = hooked_##name(__VA_ARGS__);                       \
		CU_ASSERT_EQUAL(memcmp(&expected, &found, sizeof(found)), 0);                                \
		found = ((__typeof__(name) *)(uintptr_t)stubs[AT_##name])(__VA_ARGS__);                      \
		CU_ASSERT_EQUAL(memcmp(&expected, &found, sizeof(found)), 0);                                \
	} while (0)

static void call_everything(void)
{
	struct four_doubles x = {1.5, 2.5, 3.5, 4.5}, y = {10, 20, 30, 40};
	struct two_vectors v = {{1, 2, 3, 4}, {5, 6, 7, 8}};
	char out[128] = "";

	CHECK(long, numbers, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
	CHECK(double, mixed, 1, 2.5, 3, 4.5f, 5, 6.5, 7, 8.5f);
	CHECK(double, doubles, 1, 2, 3, 4, 5, 6, 7, 8.5, 9.5f, 10.5, 11);
	CHECK(struct four_doubles, four_doubles, x, 3.25, y);
	CHECK(struct three_floats, three_floats, (struct three_floats){1, 2, 3}, 7.5f);
	CHECK(struct two_vectors, two_vectors, v, v.b);
	CHECK(struct large, large, 7, (struct large){{1, 2, 3, 4, 5}});
	CHECK(__int128, wide, 5, (__int128)1 << 100, ((__int128)3 << 90) + 1);
	CHECK(struct mixed_pair, pair, (struct mixed_pair){5, 6.5}, 7);
	CHECK(double, long_double, 1.25L, 7, 2.5L);
	CHECK(double complex, complex_product, 1.5 + 2.5 * I, 3.0f - 4.0f * I);
	CHECK(int, variable, out, "%d %s %g %g %g %g %g %g %g %g %g %ld %ld %ld %ld %ld", 1, "two", 3.0, 4.0,
	      5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12L, 13L, 14L, 15L, 16L);
	CU_ASSERT_STRING_EQUAL(out, "1 two 3 4 5 6 7 8 9 10 11 12 13 14 15 16");
}

static void set_family(const struct hook_family *family)
{
	for (int i = 0; i < N_SIGNATURES; i++)
		thunk_hooks[i].family = family;
	entered = left = entered_shortly = left_shortly = 0;
}

static void the_long_ways(void)
{
	static const struct hook_family family = {thunk_never_enter, thunk_never_exit, long_enter, long_exit};

	set_family(&family);
	call_everything();
	CU_ASSERT_EQUAL(entered, 2 * N_SIGNATURES);
	CU_ASSERT_EQUAL(left, 2 * N_SIGNATURES);
}

static void the_short_ways(void)
{
	static const struct hook_family family = {short_enter, short_exit, long_enter, long_exit};

	set_family(&family);
	call_everything();
	CU_ASSERT_EQUAL(entered_shortly, 2 * N_SIGNATURES);
	CU_ASSERT_EQUAL(left_shortly, 2 * N_SIGNATURES);
	CU_ASSERT_EQUAL(entered + left, 0);
}

static void one_of_each(void)
{
	static const struct hook_family in = {short_enter, thunk_never_exit, long_enter, long_exit};
	static const struct hook_family out = {thunk_never_enter, short_exit, long_enter, long_exit};

	set_family(&in);
	call_everything();
	CU_ASSERT_EQUAL(entered_shortly, 2 * N_SIGNATURES);
	CU_ASSERT_EQUAL(left, 2 * N_SIGNATURES);
	set_family(&out);
	call_everything();
	CU_ASSERT_EQUAL(entered, 2 * N_SIGNATURES);
	CU_ASSERT_EQUAL(left_shortly, 2 * N_SIGNATURES);
}

/* ---- what a family sees ---- */

static void arguments_and_results_are_seen(void)
{
	static const struct hook_family family = {thunk_never_enter, thunk_never_exit, long_enter, long_exit};
	double result, argument = 2.5;

	set_family(&family);
	for (int i = 0; i < 2; i++) {
		__typeof__(numbers) *n = i ? (__typeof__(n))(uintptr_t)stubs[AT_numbers] : hooked_numbers;
		__typeof__(mixed) *m = i ? (__typeof__(m))(uintptr_t)stubs[AT_mixed] : hooked_mixed;

		CU_ASSERT_EQUAL(n(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), (long)last.result[0]);
		CU_ASSERT_EQUAL(last.integer[0], 1);
		CU_ASSERT_EQUAL(last.integer[THUNK_REGISTERS - 1], THUNK_REGISTERS);
		CU_ASSERT(last.return_address > (void *)(uintptr_t)arguments_and_results_are_seen);
		result = m(1, argument, 3, 4.5f, 5, 6.5, 7, 8.5f);
		CU_ASSERT_EQUAL(memcmp(&last.vector[0], &argument, sizeof(argument)), 0);
		CU_ASSERT_EQUAL(memcmp(&last.vector_result[0], &result, sizeof(result)), 0);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"the long ways", the_long_ways},
	        {"the short ways", the_short_ways},
	        {"one of each", one_of_each},
	        {"arguments and results are seen", arguments_and_results_are_seen},
	        CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{"thunk", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};

	for (int i = 0; i < N_SIGNATURES; i++)
		if (!(stubs[i] = stub_make(&thunk_hooks[i])))
			return 1;
	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 1;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
