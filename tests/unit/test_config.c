/* test_config.c: what the environment asks of the recorder.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include "runtime/config.h"
#include "runtime/trace/output.h"

static const char *set_name, *set_value;
static char complaints[512];

static const char *lookup(const char *name)
{
	return set_name && strcmp(name, set_name) == 0 ? set_value : NULL;
}

static void complain(const char *sentence)
{
	strncat(complaints, sentence, sizeof(complaints) - strlen(complaints) - 1);
}

static struct config with(const char *name, const char *value)
{
	struct config c;

	set_name = name;
	set_value = value;
	complaints[0] = 0;
	config_parse(&c, lookup, complain);
	return c;
}

static void defaults(void)
{
	struct config c = with(NULL, NULL);

	CU_ASSERT_STRING_EQUAL(c.text[CONFIG_OUTPUT], "trace.bin");
	CU_ASSERT_EQUAL(c.callsites, 16);
	CU_ASSERT_EQUAL(c.budget, 2);
	CU_ASSERT_EQUAL(c.verbose, 0);
	CU_ASSERT_FALSE(c.is_set[CONFIG_OUTPUT]);
	CU_ASSERT_STRING_EQUAL(complaints, "");
}

static void good_values(void)
{
	CU_ASSERT_EQUAL(with("PROFSHIM_CALLSITES", "64").callsites, 64);
	CU_ASSERT_EQUAL(with("PROFSHIM_CALLSITES", "0").callsites, 0);
	CU_ASSERT_EQUAL(with("PROFSHIM_BUDGET", "0.5").budget, 0.5);
	CU_ASSERT_EQUAL(with("PROFSHIM_VERBOSE", "2").verbose, 2);
	CU_ASSERT_STRING_EQUAL(with("PROFSHIM_OUTPUT", "x").text[CONFIG_OUTPUT], "x");
	CU_ASSERT_STRING_EQUAL(complaints, "");
}

static void bad_values_are_told_and_replaced(void)
{
	CU_ASSERT_EQUAL(with("PROFSHIM_CALLSITES", "65").callsites, 16);
	CU_ASSERT_STRING_EQUAL(
	        complaints,
	        "PROFSHIM_CALLSITES is \"65\": it can be a whole number from 0 to 64; 16 is used");
	CU_ASSERT_EQUAL(with("PROFSHIM_CALLSITES", "1.5").callsites, 16);
	CU_ASSERT_EQUAL(with("PROFSHIM_BUDGET", "-1").budget, 2);
	CU_ASSERT_EQUAL(with("PROFSHIM_BUDGET", "nan").budget, 2);
	CU_ASSERT_EQUAL(with("PROFSHIM_BUDGET", "two").budget, 2);
	CU_ASSERT_EQUAL(with("PROFSHIM_VERBOSE", "").verbose, 0);
	CU_ASSERT_STRING_NOT_EQUAL(complaints, "");
	CU_ASSERT_STRING_EQUAL(with("PROFSHIM_OUTPUT", "").text[CONFIG_OUTPUT], "trace.bin");
	CU_ASSERT_STRING_NOT_EQUAL(complaints, "");
}

static void lists(void)
{
	CU_ASSERT_TRUE(config_list_has("all", "blas"));
	CU_ASSERT_TRUE(config_list_has("", "blas"));
	CU_ASSERT_TRUE(config_list_has("ggml,blas", "blas"));
	CU_ASSERT_FALSE(config_list_has("ggml", "blas"));
	CU_ASSERT_FALSE(config_list_has("-blas", "blas"));
	CU_ASSERT_TRUE(config_list_has("-blas", "ggml"));
	CU_ASSERT_FALSE(config_list_has("all,-blas", "blas"));
	CU_ASSERT_FALSE(config_list_has("blast", "blas"));
}

static void output_names(void)
{
	char path[16];

	CU_ASSERT_TRUE(output_expand("a.%p.b", 12, path, sizeof(path)));
	CU_ASSERT_STRING_EQUAL(path, "a.12.b");
	CU_ASSERT_TRUE(output_expand("%x%p", 7, path, sizeof(path)));
	CU_ASSERT_STRING_EQUAL(path, "%x7");
	CU_ASSERT_FALSE(output_expand("0123456789012345", 1, path, sizeof(path)));
}

int main(void)
{
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("config", NULL, NULL);
	CU_add_test(suite, "defaults", defaults);
	CU_add_test(suite, "good values", good_values);
	CU_add_test(suite, "bad values are told and replaced", bad_values_are_told_and_replaced);
	CU_add_test(suite, "lists", lists);
	CU_add_test(suite, "output names", output_names);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
