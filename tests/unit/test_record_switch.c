/* test_record_switch.c: PROFSHIM_RECORD, read and obeyed.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <prof/prof.h>
#include <prof/record_switch.h>

#include "tests/unit/in_process.h"

/* ---- reading ---- */

static struct prof_switch sw;

static bool reads(const char *text)
{
	struct prof_text_error e;

	return prof_switch_parse(text, &sw, &e);
}

static bool fails_at(const char *text, size_t at)
{
	struct prof_text_error e = {.at = 9999};

	return !prof_switch_parse(text, &sw, &e) && e.at == at && e.what && sw.n_steps == 0;
}

static void good_settings(void)
{
	CU_ASSERT_TRUE(reads("") && reads("always") && prof_switch_has_step(&sw, 5));
	CU_ASSERT_TRUE(reads("steps:10-20,steps:30-,steps:5"));
	CU_ASSERT_TRUE(prof_switch_has_step(&sw, 5) && prof_switch_has_step(&sw, 10));
	CU_ASSERT_TRUE(prof_switch_has_step(&sw, 20) && prof_switch_has_step(&sw, 1ull << 40));
	CU_ASSERT_FALSE(prof_switch_has_step(&sw, 4) || prof_switch_has_step(&sw, 21));
	CU_ASSERT_TRUE(reads("region:a*,region:b") && sw.n_regions == 2 && sw.region_bytes[0] == 2);
	CU_ASSERT_TRUE(reads("signal:USR2") && sw.signal_number == SIGUSR2 && !sw.begins_on);
	CU_ASSERT_TRUE(reads("signal:SIGUSR1:on") && sw.signal_number == SIGUSR1 && sw.begins_on);
	CU_ASSERT_TRUE(reads("signal:RTMIN+3:off") && sw.signal_number == SIGRTMIN + 3 && !sw.begins_on);
}

static void bad_settings(void)
{
	CU_ASSERT_TRUE(fails_at("step:1", 0) && fails_at("steps:", 0) && fails_at("steps:x", 0));
	CU_ASSERT_TRUE(fails_at("always,steps:20-10", 7) && fails_at("steps:1-2-3", 0));
	CU_ASSERT_TRUE(fails_at("region:", 0) && fails_at("signal:KILL", 0) && fails_at("signal:", 0));
	CU_ASSERT_TRUE(fails_at("signal:USR1,signal:USR2", 12) && fails_at("signal:USR1:of", 0));
	CU_ASSERT_TRUE(fails_at("signal:RTMIN+99", 0) && fails_at("steps:1,,steps:2", 8));
	CU_ASSERT_TRUE(fails_at(
	        "region:a,region:a,region:a,region:a,region:a,region:a,region:a,region:a,region:a", 72));
}

static bool matches(const char *pattern, const char *text)
{
	return prof_glob_match(pattern, strlen(pattern), text);
}

static void names_with_stars(void)
{
	CU_ASSERT_TRUE(matches("", "") && matches("*", "") && matches("a*c", "abc") && matches("a*c", "ac"));
	CU_ASSERT_TRUE(matches("blk.*.attn_?.weight", "blk.10.attn_q.weight") && matches("*a*b*", "xxaxxbb"));
	CU_ASSERT_TRUE(matches("*ab", "aaab") && matches("a**", "a"));
	CU_ASSERT_FALSE(matches("a", "ab") || matches("ab", "a") || matches("a*c", "abd")
	                || matches("?", ""));
	CU_ASSERT_FALSE(matches("", "a") || matches("*x", "xy"));
}

/* ---- obeying ---- */

static void record(unsigned layer)
{
	struct prof_thread *t = prof_thread_get();
	uint64_t now = prof_clock();

	if (!prof_wanted(t))
		t->skipped++;
	else
		prof_record(t, make_desc(t, (int)layer), now, prof_clock());
}

struct left {
	int ops;
	uint64_t skipped, lost;
	unsigned notes;
	int64_t first_step, last_step;
};

static struct left run(const char *setting, void (*body)(void))
{
	struct left l = {.ops = -1, .first_step = -1, .last_step = -1};
	const struct prof_meta_end *end;
	const struct prof_meta_step *step = NULL;
	struct raw_visitor v = {.op = NULL};
	struct raw_trace t;

	unlink("trace.bin");
	setenv("PROFSHIM_RECORD", setting, 1);
	CU_ASSERT_EQUAL(in_process(body, NULL), 0);
	unsetenv("PROFSHIM_RECORD");
	if (!raw_open(&t, "trace.bin"))
		return l;
	raw_visit(&t, &v);
	l.ops = (int)v.ops;
	l.notes = raw_count(&t, PROF_META_NOTE);
	end = raw_meta(&t, PROF_META_END, NULL);
	l.skipped = end ? end->skipped : 0;
	l.lost = end ? end->lost : 0;
	while ((step = raw_meta(&t, PROF_META_STEP, step))) {
		l.first_step = l.first_step < 0 ? step->number : l.first_step;
		l.last_step = step->number;
	}
	raw_close(&t);
	return l;
}

static void ten_steps_of_three(void)
{
	record(0);
	for (unsigned i = 0; i < 10; i++) {
		prof_step(1);
		for (unsigned k = 0; k < 3; k++)
			record(i);
	}
}

static void steps(void)
{
	struct left l = run("steps:3-5", ten_steps_of_three);

	CU_ASSERT_TRUE(l.ops == 9 && l.skipped == 22 && l.lost == 0);
	CU_ASSERT_TRUE(l.first_step == 3 && l.last_step == 5);
	l = run("steps:8-", ten_steps_of_three);
	CU_ASSERT_TRUE(l.ops == 6 && l.skipped == 25);
	l = run("steps:1,steps:9", ten_steps_of_three);
	CU_ASSERT_TRUE(l.ops == 6 && l.first_step == 1 && l.last_step == 9);
	l = run("always", ten_steps_of_three);
	CU_ASSERT_TRUE(l.ops == 31 && l.skipped == 0 && l.first_step == 0);
	CU_ASSERT_EQUAL(run("steps:99", ten_steps_of_three).ops, -1);
}

static void in_regions(void)
{
	record(0);
	prof_region_push("model");
	record(0);
	prof_region_push("attention");
	record(0);
	prof_region_push("softmax");
	record(0);
	prof_region_pop();
	record(0);
	prof_region_pop();
	record(0);
	prof_region_pop();
	record(0);
}

static void regions(void)
{
	CU_ASSERT_EQUAL(run("region:attention", in_regions).ops, 3);
	CU_ASSERT_EQUAL(run("region:model", in_regions).ops, 5);
	CU_ASSERT_EQUAL(run("region:model.attention.soft*", in_regions).ops, 1);
	CU_ASSERT_EQUAL(run("region:soft*,region:model", in_regions).ops, 5);
	CU_ASSERT_EQUAL(run("region:model", in_regions).skipped, 2);
	CU_ASSERT_EQUAL(run("region:none", in_regions).ops, -1);
}

static void toggle_twice(void)
{
	record(0);
	raise(SIGUSR2);
	record(0);
	record(0);
	raise(SIGUSR2);
	record(0);
}

static void by_signal(void)
{
	struct left l = run("signal:USR2", toggle_twice);

	CU_ASSERT_TRUE(l.ops == 2 && l.skipped == 2);
	l = run("signal:USR2:on", toggle_twice);
	CU_ASSERT_TRUE(l.ops == 2 && l.skipped == 2);
}

static volatile sig_atomic_t seen;

static void see(int number)
{
	(void)number;
	seen++;
}

/* The program's own use of the signal wins, and its handler alone runs. */
static void use_the_signal(void)
{
	signal(SIGUSR2, see);
	raise(SIGUSR2);
	record(0);
	if (seen != 1)
		_exit(3);
}

static void the_program_has_its_signals(void)
{
	struct left mine = run("signal:USR2:on", toggle_twice), its = run("signal:USR2:on", use_the_signal);

	CU_ASSERT_EQUAL(its.ops, 1);
	CU_ASSERT_EQUAL(its.notes, mine.notes + 1);
}

static void steps_in_a_region(void)
{
	prof_region_push("a");
	ten_steps_of_three();
	prof_region_pop();
	ten_steps_of_three();
}

static void kinds_must_agree(void)
{
	CU_ASSERT_EQUAL(run("region:a,steps:5-14", steps_in_a_region).ops, 15);
}

static void wrong_settings_record_everything(void)
{
	char text[512] = "";
	FILE *f;

	CU_ASSERT_EQUAL(run("steps:1,stops:3", ten_steps_of_three).ops, 31);
	f = fopen("stderr", "r");
	CU_ASSERT_TRUE(f && fread(text, 1, sizeof(text) - 1, f) > 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "PROFSHIM_RECORD: column 9: 'stops:3' is none of"));
	if (f)
		fclose(f);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
	        {"good settings", good_settings},
	        {"bad settings", bad_settings},
	        {"names with stars", names_with_stars},
	        {"steps", steps},
	        {"regions", regions},
	        {"by signal", by_signal},
	        {"the program has its signals", the_program_has_its_signals},
	        {"kinds must agree", kinds_must_agree},
	        {"wrong settings record everything", wrong_settings_record_everything},
	};
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite_with_setup_and_teardown("switch", NULL, NULL, enter_scratch, leave_scratch);
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		CU_add_test(suite, tests[i].name, tests[i].run);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
