/* test_formula.c: formulas of counter groups: values, derivatives, errors with their column.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/counters/formula.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {"CYC", "INS", "perf::PAGE-FAULTS", "perf::PAGE", "FILLS:128B", "time"};
static const double values[] = {200, 500, 12, 100, 8, 0.5};

static struct formula f;
static struct diag d;
static unsigned column;

static int parse(const char *text)
{
	struct formula_names all = {names, 6};

	return formula_parse(&f, text, &all, &column, &d);
}

static double value(const char *text)
{
	return parse(text) ? -1e9 : formula_value(&f, values);
}

#define EXPECT(text, want)   CU_ASSERT_DOUBLE_EQUAL(value(text), want, 1e-12)
#define UNKNOWN(text)        CU_ASSERT(isnan(value(text)))
#define REFUSE(text, at, of) refuse(text, at, of)

static void refuse(const char *text, unsigned at, const char *of)
{
	CU_ASSERT_EQUAL(parse(text), -1);
	CU_ASSERT_EQUAL(column, at);
	CU_ASSERT_PTR_NOT_NULL(strstr(d.text, of));
	if (column != at || !strstr(d.text, of))
		fprintf(stderr, "%s: column %u: %s\n", text, column, d.text);
}

static void arithmetic(void)
{
	EXPECT("1 + 2 * 3", 7);
	EXPECT("(1 + 2) * 3", 9);
	EXPECT("8 / 4 / 2", 1);
	EXPECT("8 - 4 - 2", 2);
	EXPECT("-2 * -3", 6);
	EXPECT("2 - -3", 5);
	EXPECT("1e-3 * .5e3", 0.5);
	EXPECT("min(3, 2) + max(3, 2) * 10", 32);
	EXPECT("min(INS, max(CYC, 1))", 200);
}

/* The longest name wins; a minus needs no blanks where no name goes on. */
static void event_names(void)
{
	EXPECT("INS / CYC", 2.5);
	EXPECT("perf::PAGE-FAULTS / time", 24);
	EXPECT("perf::PAGE-INS", -400);
	EXPECT("FILLS:128B*64", 512);
	CU_ASSERT_EQUAL(f.uses, 1u << 4);
}

static void nothing_to_divide_by(void)
{
	UNKNOWN("1 / (CYC - 200)");
	UNKNOWN("INS + 0 / 0");
	UNKNOWN("max(1, 1 / 0)");
	EXPECT("0 / CYC", 0);
}

static void errors(void)
{
	REFUSE("INS / CYX", 7, "unknown name 'CYX'; did you mean 'CYC'?");
	REFUSE("INS / perf::PGAE-FAULTS", 7, "did you mean 'perf::PAGE-FAULTS'?");
	REFUSE("INS +", 6, "ends where a number or a name should be");
	REFUSE("(INS + 1", 9, "ends where ')' should be");
	REFUSE("INS CYC", 5, "'CYC' stands where an operator should be");
	REFUSE("min(INS)", 8, "')' stands where ',' should be");
	REFUSE("1.2.3", 4, "an operator should be");
	REFUSE("1e999", 1, "no number");
	REFUSE("3x", 1, "no number");
	REFUSE("", 1, "ends where");
	REFUSE("INS ** 2", 6, "a number or a name should be");
}

static void limits(void)
{
	char text[2048] = "";

	for (unsigned i = 0; i < 40; i++)
		strcat(text, "(");
	REFUSE(text, 33, "too deep");
	strcpy(text, "1");
	for (unsigned i = 0; i < 200; i++)
		strcat(text, "+1");
	CU_ASSERT_EQUAL(parse(text), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(d.text, "too long"));
}

/* Against differences, which are exact enough for these. */
static void slopes(void)
{
	static const char *const texts[] = {"INS / CYC", "1000 * (INS - CYC) / (time * FILLS:128B)",
	                                    "min(INS, CYC) * -INS", "max(INS * 2, CYC) / time"};

	for (unsigned t = 0; t < 4; t++) {
		double slope[6], moved[6];

		CU_ASSERT_EQUAL(parse(texts[t]), 0);
		formula_slopes(&f, values, 6, slope);
		for (unsigned i = 0; i < 6; i++) {
			double step = values[i] * 1e-6, up;

			memcpy(moved, values, sizeof(moved));
			moved[i] += step;
			up = formula_value(&f, moved);
			moved[i] -= 2 * step;
			CU_ASSERT_DOUBLE_EQUAL(slope[i], (up - formula_value(&f, moved)) / (2 * step),
			                       1e-4 * (1 + fabs(slope[i])));
		}
	}
}

int main(void)
{
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("formula", NULL, NULL);
	CU_add_test(suite, "arithmetic", arithmetic);
	CU_add_test(suite, "names of events", event_names);
	CU_add_test(suite, "nothing to divide by", nothing_to_divide_by);
	CU_add_test(suite, "errors", errors);
	CU_add_test(suite, "limits", limits);
	CU_add_test(suite, "slopes", slopes);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
