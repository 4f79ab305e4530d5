/* test_entry.c: functions taken over at their entries, and what is refused.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/entry/entry.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "preload/thunk/stub.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef long function(long, long);

#define MOVED(name, a, b)                                                                                    \
	extern function name;                                                                                \
	extern const char name##_end[];
#define KEPT(name, reason)                                                                                   \
	extern function name;                                                                                \
	extern const char name##_end[];
#include "tests/unit/entry_functions.def"
extern function newer;
extern const char newer_end[];
extern long keeps_registers(function *f);

static function *original;
static int calls;

static long replacement(long a, long b)
{
	calls++;
	return original(a, b);
}

/* The padding behind goes to the next multiple of 16. */
static struct entry_request request(function *f, const char *end)
{
	uintptr_t at = (uintptr_t)f;
	size_t bytes = (uintptr_t)end - at;

	return (struct entry_request){.function = (void *)at,
	                              .bytes = bytes,
	                              .room = ((at + bytes + 15) & ~(uintptr_t)15) - at,
	                              .replacement = (void *)(uintptr_t)replacement,
	                              .original = (void **)&original};
}

static void check_moved(const char *name, function *f, const char *end, long a, long b)
{
	struct entry_request r = request(f, end);
	char why[128] = "", before[32];
	long expected = f(a, b);

	memcpy(before, r.function, sizeof(before));
	errno = 77;
	calls = 0;
	if (entry_check(&r, why, sizeof(why)) != 0 || memcmp(before, r.function, sizeof(before)) != 0
	    || entry_take(&r, why, sizeof(why)) != 0) {
		printf("\n    %s: %s ", name, why);
		CU_FAIL("refused");
		return;
	}
	CU_ASSERT_EQUAL(errno, 77);
	if (f(a, b) != expected || original(a, b) != expected) {
		printf("\n    %s: %ld, expected %ld ", name, f(a, b), expected);
		CU_FAIL("another result");
		calls = 1;
	}
	CU_ASSERT_EQUAL(calls, 1);
	CU_ASSERT_PTR_EQUAL(entry_origin((const void *)(uintptr_t)original), r.function);
	CU_ASSERT_EQUAL(entry_take(&r, why, sizeof(why)), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "already"));
	entry_return_all();
	CU_ASSERT_EQUAL(memcmp(before, r.function, sizeof(before)), 0);
	CU_ASSERT_EQUAL(f(a, b), expected);
	CU_ASSERT_EQUAL(calls, 1);
	CU_ASSERT_EQUAL(errno, 77);
}

static void check_kept(const char *name, function *f, const char *end, const char *reason)
{
	struct entry_request r = request(f, end);
	char why[128] = "", before[32];

	memcpy(before, r.function, sizeof(before));
	r.room = r.bytes == 3 ? r.bytes : r.room; /* crowded's neighbour follows at once */
	if (entry_take(&r, why, sizeof(why)) != -1 || !strstr(why, reason)) {
		printf("\n    %s: %s ", name, why);
		CU_FAIL("another reason");
	}
	CU_ASSERT_EQUAL(memcmp(before, r.function, sizeof(before)), 0);
}

static void every_kind_of_instruction(void)
{
#define MOVED(name, a, b)  check_moved(#name, name, name##_end, a, b);
#define KEPT(name, reason) check_kept(#name, name, name##_end, reason);
#include "tests/unit/entry_functions.def"
}

/* Not run: this machine may lack it. */
static void instructions_newer_than_the_decoder(void)
{
	struct entry_request r = request(newer, newer_end);
	char why[128] = "";

	CU_ASSERT_EQUAL(entry_check(&r, why, sizeof(why)), 0);
	CU_ASSERT_STRING_EQUAL(why, "");
}

static void what_is_no_code_is_refused(void)
{
	static char data[64] = "nobody runs this";
	struct entry_request r = {.function = data, .bytes = sizeof(data)};
	char why[128];

	CU_ASSERT_EQUAL(entry_check(&r, why, sizeof(why)), -1);
	CU_ASSERT_STRING_EQUAL(why, "it is not in executable memory");
	r.function = why;
	CU_ASSERT_EQUAL(entry_check(&r, why, sizeof(why)), -1);
	CU_ASSERT_STRING_EQUAL(why, "it is not in a loaded module");
	r = request(plain_frame, plain_frame_end);
	r.bytes = 0;
	CU_ASSERT_EQUAL(entry_check(&r, why, sizeof(why)), -1);
	CU_ASSERT_STRING_EQUAL(why, "its length is not known");
}

/* ---- libraries that go ---- */

/* The library comes back to the same place, as a rule, with none of it taken over. */
static void a_library_may_go_and_come(void)
{
	char why[128] = "";

	for (int i = 0; i < 50; i++) {
		void *library = dlopen(PLUGIN, RTLD_NOW);
		function *f = library ? (function *)(uintptr_t)dlsym(library, "plugged") : NULL;
		struct entry_request r = {.function = (void *)(uintptr_t)f,
		                          .bytes = library ? *(const size_t *)dlsym(library, "plugged_bytes")
		                                           : 0,
		                          .replacement = (void *)(uintptr_t)replacement,
		                          .original = (void **)&original};

		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		calls = 0;
		CU_ASSERT_EQUAL(f(4, 5), 4 * 5 + 1);
		CU_ASSERT_EQUAL(calls, 0);
		CU_ASSERT_EQUAL(entry_take(&r, why, sizeof(why)), 0);
		CU_ASSERT_EQUAL(f(4, 5), 4 * 5 + 1);
		CU_ASSERT_EQUAL(calls, 1);
		dlclose(library);
		entry_forget_unloaded();
	}
	entry_return_all();
}

/* ---- threads ---- */

static struct {
	int stop;
	long bad, turns;
} other;

static void *call_it(void *arg)
{
	while (!__atomic_load_n(&other.stop, __ATOMIC_RELAXED)) {
		other.bad += number_load(5, 6) != 1005;
		__atomic_fetch_add(&other.turns, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static long counting_nothing(long a, long b)
{
	long (*real)(long, long) = __atomic_load_n(&original, __ATOMIC_ACQUIRE);

	return real(a, b);
}

static void wait_for_turns(long n)
{
	long until = __atomic_load_n(&other.turns, __ATOMIC_RELAXED) + n;

	while (__atomic_load_n(&other.turns, __ATOMIC_RELAXED) < until)
		sched_yield();
}

/* More than one instruction would have to change at once, unless nobody runs them. */
static void kept_from_threads(void)
{
	static const struct {
		function *f;
		const char *end, *reason;
	} kept[] = {
#define KEPT_FROM_THREADS(name, reason) {name, name##_end, reason},
#include "tests/unit/entry_functions.def"
	        {NULL, NULL, NULL},
	};
	char why[128] = "";

	for (int i = 0; kept[i].f; i++) {
		struct entry_request r = request(kept[i].f, kept[i].end);

		CU_ASSERT_EQUAL(entry_check(&r, why, sizeof(why)), -1);
		CU_ASSERT_STRING_EQUAL(why, kept[i].reason);
		r.is_unused = true;
		CU_ASSERT_EQUAL(entry_check(&r, why, sizeof(why)), 0);
	}
}

/* One thread calls the function while another takes it and gives it back. */
static void a_thread_in_the_function(void)
{
	struct entry_request r = request(number_load, number_load_end);
	char why[128] = "";
	pthread_t thread;

	r.replacement = (void *)(uintptr_t)counting_nothing;
	other.stop = 0;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, call_it, NULL), 0);
	for (int i = 0; i < 200; i++) {
		CU_ASSERT_EQUAL(entry_take(&r, why, sizeof(why)), 0);
		wait_for_turns(50);
		entry_return_all();
		wait_for_turns(50);
	}
	kept_from_threads();
	__atomic_store_n(&other.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(other.bad, 0);
}

/* ---- stubs ---- */

struct counted {
	struct hook hook;
	void *real;
	int entered, left, shortly;
	bool is_short;
	long first, result;
};

static void *counted_enter(struct hook_call *call)
{
	struct counted *c = (struct counted *)(uintptr_t)call->hook;
	volatile double spoil = (double)c->entered + 0.5; /* a vector register of the caller's */

	c->entered += spoil > 0;
	c->first = (long)call->integer[0];
	return c->real;
}

static void counted_exit(struct hook_call *call)
{
	struct counted *c = (struct counted *)(uintptr_t)call->hook;

	c->result = (long)call->result[0];
	c->left++;
}

static const struct hook_family counted_family = {thunk_never_enter, thunk_never_exit, counted_enter,
                                                  counted_exit};

static struct counted counted = {.hook = {.name = "helper", .family = &counted_family, .stack_words = 3}};

static void a_stub_keeps_what_the_function_keeps(void)
{
	struct entry_request r = request(helper, helper_end);
	char why[128];

	CU_ASSERT_EQUAL(keeps_registers(helper), 1);
	r.replacement = stub_make(&counted.hook);
	r.original = &counted.real;
	r.is_unused = true; /* ThreadSanitizer has a thread of its own */
	CU_ASSERT_PTR_NOT_NULL_FATAL(r.replacement);
	CU_ASSERT_EQUAL_FATAL(entry_take(&r, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL(keeps_registers(helper), 1);
	CU_ASSERT_EQUAL(counted.entered, 1);
	CU_ASSERT_EQUAL(counted.left, 1);
	CU_ASSERT_EQUAL(counted.first, 41);
	CU_ASSERT_EQUAL(counted.result, 48);
	entry_return_all();
	CU_ASSERT_EQUAL(keeps_registers(helper), 1);
	CU_ASSERT_EQUAL(counted.entered, 1);
}

static long many(long a, long b, long c, long d, long e, long f, long g, long h, double x, double y)
{
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + (long)(x * 100 + y * 1000);
}

static void a_stub_passes_everything_on(void)
{
	static struct counted many_counted = {
	        .hook = {.name = "many", .family = &counted_family, .stack_words = 3},
	        .real = (void *)(uintptr_t)many};
	long (*stub)(long, long, long, long, long, long, long, long, double, double) =
	        (__typeof__(stub))(uintptr_t)stub_make(&many_counted.hook);

	CU_ASSERT_PTR_NOT_NULL_FATAL(stub);
	CU_ASSERT_EQUAL(stub(1, 2, 3, 4, 5, 6, 7, 8, 0.25, 0.5), many(1, 2, 3, 4, 5, 6, 7, 8, 0.25, 0.5));
	CU_ASSERT_EQUAL(many_counted.left, 1);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"every kind of instruction", every_kind_of_instruction},
	        {"instructions newer than the decoder", instructions_newer_than_the_decoder},
	        {"what is no code is refused", what_is_no_code_is_refused},
	        {"a library may go and come", a_library_may_go_and_come},
	        {"a thread in the function", a_thread_in_the_function},
	        {"a stub keeps what the function keeps", a_stub_keeps_what_the_function_keeps},
	        {"a stub passes everything on", a_stub_passes_everything_on},
	        CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{"entry", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};

	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 1;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
