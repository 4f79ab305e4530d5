/* test_first_calls_aarch64.c: functions taken over that begin with a call.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Such a function never returns, since its own return address is lost. What it
 * calls must find a return address behind the original call all the same: from
 * there, tables for unwinding start.
 */
#include "preload/entry/entry.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <setjmp.h>
#include <stdio.h>

typedef void ending(void);

extern ending first_call, first_call_register, first_call_link, leave_it;
extern const char first_call_end[], first_call_register_end[], first_call_link_end[];
extern void call_with_link(ending *f);
_Noreturn void left_from(uintptr_t link);

static jmp_buf out;
static volatile uintptr_t link_found;
static volatile int calls;
static ending *original;

_Noreturn void left_from(uintptr_t link)
{
	link_found = link;
	longjmp(out, 1);
}

static void replacement(void)
{
	calls++;
	call_with_link(original);
}

static void check_link(ending *f, int expected_calls)
{
	link_found = 0;
	calls = 0;
	if (!setjmp(out))
		call_with_link(f);
	CU_ASSERT_EQUAL(calls, expected_calls);
	CU_ASSERT_EQUAL(link_found, (uintptr_t)f + 4);
}

static void check_call(ending *f, const char *end)
{
	struct entry_request r = {.function = (void *)(uintptr_t)f,
	                          .bytes = (uintptr_t)end - (uintptr_t)f,
	                          .replacement = (void *)(uintptr_t)replacement,
	                          .original = (void **)&original};
	char why[128] = "";

	check_link(f, 0);
	if (entry_take(&r, why, sizeof(why)) != 0) {
		printf("\n    refused: %s ", why);
		CU_FAIL("refused");
		return;
	}
	check_link(f, 1);
	entry_return_all();
}

static void calls_return_behind_themselves(void)
{
	check_call(first_call, first_call_end);
	check_call(first_call_register, first_call_register_end);
	check_call(first_call_link, first_call_link_end);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"calls return behind themselves", calls_return_behind_themselves},
	        CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{"first calls", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};

	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 1;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
