/* test_unite.c: the traces of several processes as one: nothing is lost, nothing counted twice.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/made_trace.h"
#include "tools/lib/trace/trace_folder.h"
#include "tools/lib/trace/trace_unite.h"

enum { PARTS_MAX = 4 };

static char folder[64];
static unsigned shared, children_seen; /* operations compared that were that */

static int enter(void)
{
	strcpy(folder, "/tmp/test_unite.XXXXXX");
	return !mkdtemp(folder) || chdir(folder);
}

static int leave(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return chdir("/") || system(command);
}

static void clear_folder(void)
{
	if (system("rm -rf *"))
		abort();
}

static struct trace *open_or_fail(const char *path, bool children)
{
	struct diag d = {""};
	struct trace *t = NULL;

	if (trace_open(path, &(struct trace_options){.children = children}, &t, &d))
		printf("%s\n", d.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	return t;
}

/* The merge of part0.bin, ..., at whole.bin, opened; null when it fails. */
static struct trace *merge_parts(unsigned n, bool children, bool any_run, struct diag *d)
{
	struct trace *parts[PARTS_MAX] = {NULL}, *whole = NULL;
	char path[32];
	int result;

	for (unsigned i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "part%u.bin", i);
		parts[i] = open_or_fail(path, children);
	}
	d->text[0] = 0;
	result = trace_unite(parts, n, &(struct unite_options){.any_run = any_run}, "whole.bin", d);
	for (unsigned i = 0; i < n; i++)
		trace_close(parts[i]);
	if (!result)
		whole = open_or_fail("whole.bin", children);
	return whole;
}

static void make(struct made *m, unsigned index)
{
	char path[32];

	snprintf(path, sizeof(path), "part%u.bin", index);
	m->path = path;
	made_whole(m);
}

/* ---- nothing is lost ---- */

/* Every operation of process `p` of the whole beside those of the part. */
static void compare_operations(struct trace *part, struct trace *whole, uint32_t p, double worst_ns)
{
	struct trace_cursor *a = trace_cursor_open(part), *b = trace_cursor_open(whole);
	int64_t offset = (int64_t)whole->processes[p].start_ns;
	unsigned wrong = 0, n = 0;
	struct op_event x, y;

	while (trace_cursor_next(a, &x, NULL) == 1) {
		const struct op_desc *d = &part->descs[x.desc], *e;
		double slack = worst_ns + 1e-6 * (double)(x.start_ns + x.time_ns);
		int more;

		while ((more = trace_cursor_next(b, &y, NULL)) == 1 && trace_process_index(whole, &y) != p)
			;
		if (more != 1) {
			wrong++;
			break;
		}
		e = &whole->descs[y.desc];
		n++;
		shared += y.n_slices > 1;
		children_seen += y.depth > 0;
		wrong += strcmp(d->native, e->native) != 0 || d->layer != e->layer
		         || d->operands[0].dims[0] != e->operands[0].dims[0] || !d->site != !e->site
		         || x.depth != y.depth || x.n_slices != y.n_slices || x.phase != y.phase
		         || part->threads[x.thread - 1].tid != whole->threads[y.thread - 1].tid
		         || (x.step < 0 ? -1 : part->steps[x.step].number)
		                    != (y.step < 0 ? -1 : whole->steps[y.step].number)
		         || (y.step >= 0 && whole->steps[y.step].process != p);
		wrong += x.n_counters != y.n_counters
		         || memcmp(x.counters, y.counters, x.n_counters * sizeof(x.counters[0])) != 0;
		wrong += llabs((long long)(y.start_ns - x.start_ns) - offset) > slack
		         || llabs((long long)(y.time_ns - x.time_ns)) > slack
		         || llabs((long long)(y.busy_ns - x.busy_ns)) > slack * x.n_slices;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_TRUE(n > 0);
	trace_cursor_close(a);
	trace_cursor_close(b);
}

static void compare_parts(unsigned n, bool children, double worst_ns)
{
	struct diag d;
	struct trace *whole = merge_parts(n, children, false, &d);
	uint64_t records = 0, lost = 0, skipped = 0;
	unsigned steps = 0, threads = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
	CU_ASSERT_EQUAL_FATAL(whole->n_processes, n);
	CU_ASSERT_EQUAL(whole->n_problems, 0);
	for (unsigned i = 0; i < n; i++) {
		char path[32];
		struct trace *part;

		snprintf(path, sizeof(path), "part%u.bin", i);
		part = open_or_fail(path, children);
		compare_operations(part, whole, i, worst_ns);
		records += part->records;
		lost += part->lost;
		skipped += part->skipped;
		steps += part->n_steps;
		threads += part->n_threads;
		trace_close(part);
	}
	CU_ASSERT_EQUAL(whole->records, records);
	CU_ASSERT_TRUE(whole->lost == lost && whole->skipped == skipped);
	CU_ASSERT_TRUE(whole->n_steps == steps && whole->n_threads == threads);
	CU_ASSERT_EQUAL(whole->n_modules, 1);
	CU_ASSERT_TRUE(whole->n_descs < n * 20);
	trace_close(whole);
}

static struct made random_part(unsigned i, unsigned seed)
{
	struct made m = {.pid = 100 * (i + 1),
	                 .rank = (int)i,
	                 .run = "a run",
	                 .boot_id = "boot",
	                 .host = "host",
	                 .raw_ns = 0.7,
	                 .tick_shift = 1,
	                 .began_ns = 1000000000 + i * 12345678,
	                 .set_ns = 1700000000000000000,
	                 .threads = 1 + (seed + i) % 3,
	                 .steps = (seed + i) % 4,
	                 .descs = 2 + (seed + i) % 19,
	                 .operations = 200 + 97 * seed % 20000,
	                 .counters = 2,
	                 .counter_names = {"one", "two"},
	                 .lost = i,
	                 .skipped = 3 * i,
	                 .seed = seed * 10 + i};

	return m;
}

static void on_one_counter(void)
{
	for (unsigned seed = 1; seed <= 12; seed++) {
		for (unsigned i = 0; i < PARTS_MAX; i++) {
			struct made m = random_part(i, seed * 31);

			make(&m, i);
		}
		compare_parts(PARTS_MAX, seed % 2, 3);
	}
	CU_ASSERT_TRUE(shared > 100 && children_seen > 100);
	clear_folder();
}

/* Different ticks: nanoseconds of CLOCK_MONOTONIC; and of CLOCK_REALTIME. */
static void on_other_clocks(void)
{
	for (unsigned seed = 1; seed <= 8; seed++) {
		struct trace *whole;
		struct diag d;

		for (unsigned i = 0; i < PARTS_MAX; i++) {
			struct made m = random_part(i, seed * 17);

			m.raw_ns = i % 2 ? 0 : 0.7;
			m.tick_shift = i % 2 ? 0 : 2;
			m.boot_id = seed % 2 ? "boot" : i % 2 ? "boot" : "another";
			make(&m, i);
		}
		compare_parts(PARTS_MAX, seed % 2, 3);
		whole = merge_parts(PARTS_MAX, false, false, &d);
		CU_ASSERT_EQUAL(whole->clock, seed % 2 ? PROF_CLOCK_MONOTONIC : PROF_CLOCK_NONE);
		CU_ASSERT_PTR_NOT_NULL(strstr(trace_fact_get(whole, "merge.clock"), "(assumed)"));
		trace_close(whole);
	}
	clear_folder();
}

static void a_merge_can_be_merged(void)
{
	struct trace *whole;
	struct diag d;

	for (unsigned i = 0; i < 3; i++) {
		struct made m = random_part(i, 5);

		make(&m, i);
	}
	trace_close(merge_parts(2, true, false, &d));
	CU_ASSERT_EQUAL(system("cp part0.bin kept0.bin; cp part1.bin kept1.bin; mv whole.bin part0.bin;"
	                       "cp part2.bin part1.bin"),
	                0);
	whole = merge_parts(2, true, false, &d);
	CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
	CU_ASSERT_EQUAL(whole->n_processes, 3);
	for (unsigned i = 0; i < 3; i++) {
		struct trace *part =
		        open_or_fail((const char *[]){"kept0.bin", "kept1.bin", "part2.bin"}[i], true);

		compare_operations(part, whole, i, 3);
		trace_close(part);
	}
	trace_close(whole);
	clear_folder();
}

/* ---- what is said of processes ---- */

static void processes_are_told_apart(void)
{
	struct trace *whole;
	struct diag d;

	for (unsigned i = 0; i < 3; i++) {
		struct made m = random_part(i, 3);

		m.rank = i < 2 ? 7 : -1; /* a rank and its child; and no rank */
		m.host = i < 2 ? "left" : "right";
		m.boot_id = i < 2 ? "x" : "y";
		make(&m, i);
	}
	whole = merge_parts(3, false, false, &d);
	CU_ASSERT_STRING_EQUAL(whole->processes[0].name, "rank 7 (100 on left)");
	CU_ASSERT_STRING_EQUAL(whole->processes[1].name, "rank 7 (200 on left)");
	CU_ASSERT_STRING_EQUAL(whole->processes[2].name, "made 300");
	CU_ASSERT_TRUE(whole->processes[0].machine == 1 && whole->processes[2].machine == 2);
	CU_ASSERT_TRUE(whole->processes[1].rank == 7 && whole->processes[2].rank == -1);
	CU_ASSERT_EQUAL(whole->processes[1].pid, 200);
	for (unsigned i = 0; i < whole->n_facts; i++)
		CU_ASSERT_EQUAL(whole->facts[i].process > 0,
		                strncmp(whole->facts[i].key, "host.", 5) == 0
		                        || !strcmp(whole->facts[i].key, "process.rank"));
	for (unsigned i = 0; i < whole->n_costs; i++)
		CU_ASSERT_DOUBLE_EQUAL(whole->costs[i].value,
		                       strcmp(whole->costs[i].name, "total_ns") ? 5 : 3000, 1e-9);
	trace_close(whole);
	clear_folder();
}

/* Steps of each process have a first one, which is its prefill. */
static void each_process_has_its_phases(void)
{
	struct trace *whole;
	unsigned prefill = 0;
	struct diag d;

	for (unsigned i = 0; i < 2; i++) {
		struct made m = random_part(i, 3);

		m.steps = 3;
		make(&m, i);
	}
	whole = merge_parts(2, false, false, &d);
	for (unsigned i = 0; i < whole->n_steps; i++)
		prefill += whole->steps[i].phase == PROF_PHASE_PREFILL;
	CU_ASSERT_EQUAL(prefill, 2);
	CU_ASSERT_TRUE(whole->processes[1].first_step == 3 && whole->processes[1].n_steps == 3);
	trace_close(whole);
	clear_folder();
}

static void counters_that_all_have_are_kept(void)
{
	struct trace_cursor *c;
	struct trace *whole;
	struct op_event ev;
	unsigned counted = 0;
	struct diag d;

	for (unsigned i = 0; i < 2; i++) {
		struct made m = random_part(i, 3);

		m.counter_names[0] = i ? "three" : "one";
		make(&m, i);
	}
	whole = merge_parts(2, false, false, &d);
	CU_ASSERT_EQUAL_FATAL(whole->n_counters, 1);
	CU_ASSERT_STRING_EQUAL(whole->counters[0].name, "two");
	CU_ASSERT_EQUAL(whole->n_notes, 2);
	CU_ASSERT_STRING_EQUAL(whole->notes[0],
	                       "one was not counted by all processes: its values are left out");
	c = trace_cursor_open(whole);
	while (trace_cursor_next(c, &ev, NULL) == 1)
		counted += ev.n_counters == 1;
	CU_ASSERT_TRUE(counted > 20);
	trace_cursor_close(c);
	trace_close(whole);
	clear_folder();
}

/* ---- energy ---- */

/* A process that reads a meter of `watts` every millisecond; ticks are ns. */
static void make_metered(unsigned index, uint64_t began_ns, uint64_t ms, const char *boot, const char *path)
{
	struct made m = random_part(index, 1);
	char name[32];

	snprintf(name, sizeof(name), "part%u.bin", index);
	m.path = name;
	m.raw_ns = 0;
	m.tick_shift = 0;
	m.began_ns = began_ns;
	m.boot_id = boot;
	m.host = boot;
	made_begin(&m);
	made_domain(&m, 1, 0, "package-0", path);
	made_domain(&m, 2, 1, "dram", NULL);
	for (uint64_t i = 0; i <= ms; i++) {
		made_sample(&m, 1, i * 1000000, i * 20000); /* 20 W */
		made_sample(&m, 2, i * 1000000, i * 3000);
	}
	m.last_tick = ms * 1000000;
	made_end(&m);
}

static double joules(const struct trace *t, uint32_t domain)
{
	uint64_t first = 0, last = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < t->n_samples; i++)
		if (t->samples[i].domain == domain) {
			first = n++ ? first : t->samples[i].energy_uj;
			last = t->samples[i].energy_uj;
		}
	return (double)(last - first) / 1e6;
}

/* Three processes over 100 ms in all, two of them at the same time, with 20 ms
 * in which nobody read it. */
static void a_meter_is_counted_once(void)
{
	struct trace *whole;
	struct diag d;

	make_metered(0, 1000000000, 40, "boot", "/meter");
	make_metered(1, 1020000000, 40, "boot", "/meter");
	make_metered(2, 1080500000, 19, "boot", "/meter");
	whole = merge_parts(3, false, false, &d);
	CU_ASSERT_EQUAL_FATAL(whole->n_domains, 2);
	CU_ASSERT_DOUBLE_EQUAL(joules(whole, 1), (0.060 + 0.019) * 20, 1e-4);
	CU_ASSERT_DOUBLE_EQUAL(joules(whole, 2), (0.060 + 0.019) * 3, 1e-4);
	CU_ASSERT_EQUAL(whole->domains[1].parent, 1);
	CU_ASSERT_STRING_EQUAL(trace_fact_get(whole, "energy.1.path"), "/meter");
	trace_close(whole);
	clear_folder();
}

static void meters_of_two_machines_are_two(void)
{
	struct trace *whole;
	struct diag d;

	make_metered(0, 1000000000, 40, "left", "/meter");
	make_metered(1, 1000000000, 40, "right", "/meter");
	whole = merge_parts(2, false, false, &d);
	CU_ASSERT_EQUAL_FATAL(whole->n_domains, 4);
	CU_ASSERT_STRING_EQUAL(whole->domains[0].name, "left/package-0");
	CU_ASSERT_STRING_EQUAL(whole->domains[2].name, "right/package-0");
	CU_ASSERT_EQUAL(whole->domains[3].parent, 3);
	CU_ASSERT_STRING_EQUAL(trace_fact_get(whole, "energy.3.boot_id"), "right");
	CU_ASSERT_DOUBLE_EQUAL(joules(whole, 3), 0.8, 1e-4);
	trace_close(whole);
	clear_folder();
}

/* ---- what cannot be merged ---- */

static void expect_error(bool any_run, const char *sentence)
{
	struct diag d;
	struct trace *whole = merge_parts(2, false, any_run, &d);

	CU_ASSERT_PTR_NULL(whole);
	CU_ASSERT_STRING_EQUAL(d.text, sentence);
	CU_ASSERT_NOT_EQUAL(access("whole.bin", F_OK), 0);
	trace_close(whole);
}

static void what_does_not_belong_together(void)
{
	struct made a = random_part(0, 1), b = random_part(1, 1);
	struct trace *whole;
	struct diag d;

	b.run = "another";
	make(&a, 0);
	make(&b, 1);
	expect_error(false, "part1.bin: is of another run than part0.bin; proftrace merge --any-run merges "
	                    "them all the same");
	whole = merge_parts(2, false, true, &d);
	CU_ASSERT_PTR_NOT_NULL(whole);
	trace_close(whole);
	CU_ASSERT_EQUAL(unlink("whole.bin") || system("cp part0.bin part1.bin"), 0);
	expect_error(true, "part1.bin: is the same trace as part0.bin");
	CU_ASSERT_EQUAL(system("echo '{\"op\": \"softmax\", \"output\": [4]}' >part1.bin"), 0);
	expect_error(true, "part1.bin: is an op list: there is no clock to put it beside others by");
	clear_folder();
}

/* ---- folders ---- */

static void a_folder_is_its_merge(void)
{
	struct trace *whole;
	struct diag d;

	for (unsigned i = 0; i < 3; i++) {
		struct made m = random_part(i, 3);

		make(&m, i);
	}
	trace_close(merge_parts(3, false, false, &d)); /* leaves whole.bin, which is passed over */
	CU_ASSERT_EQUAL(system("cp part0.bin part0.bin~; cp part0.bin .hidden; echo text >notes"), 0);
	whole = open_or_fail(".", false);
	CU_ASSERT_EQUAL(whole->n_processes, 3);
	CU_ASSERT_STRING_EQUAL(whole->path, ".");
	trace_close(whole);
	CU_ASSERT_EQUAL(system("rm part1.bin part2.bin"), 0);
	whole = open_or_fail(".", false);
	CU_ASSERT_EQUAL(whole->n_processes, 1);
	trace_close(whole);
	CU_ASSERT_EQUAL(system("rm part0.bin"), 0);
	CU_ASSERT_NOT_EQUAL(trace_open(".", NULL, &whole, &d), 0);
	CU_ASSERT_STRING_EQUAL(d.text, ".: there is no trace in this folder but merged ones");
	CU_ASSERT_EQUAL(system("rm whole.bin"), 0);
	CU_ASSERT_NOT_EQUAL(trace_open(".", NULL, &whole, &d), 0);
	CU_ASSERT_STRING_EQUAL(d.text, ".: there is no trace in this folder");
	clear_folder();
}

/* What is wrong with a part is told, and what is sound of it merged. */
static void a_part_that_is_cut(void)
{
	struct trace *whole;

	for (unsigned i = 0; i < 2; i++) {
		struct made m = random_part(i, 3);

		m.operations = 20000;
		make(&m, i);
	}
	CU_ASSERT_EQUAL(truncate("part1.bin", 100000), 0);
	whole = open_or_fail(".", false);
	CU_ASSERT_EQUAL(whole->n_processes, 2);
	CU_ASSERT_TRUE(whole->n_problems > 0 && !strncmp(whole->problems[0], "part1.bin: ", 11));
	CU_ASSERT_TRUE(whole->n_notes > 0 && !strncmp(whole->notes[0], "rank 1: ", 8));
	trace_close(whole);
	clear_folder();
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
	        {"on one counter", on_one_counter},
	        {"on other clocks", on_other_clocks},
	        {"a merge can be merged", a_merge_can_be_merged},
	        {"processes are told apart", processes_are_told_apart},
	        {"each process has its phases", each_process_has_its_phases},
	        {"counters that all have are kept", counters_that_all_have_are_kept},
	        {"a meter is counted once", a_meter_is_counted_once},
	        {"meters of two machines are two", meters_of_two_machines_are_two},
	        {"what does not belong together", what_does_not_belong_together},
	        {"a folder is its merge", a_folder_is_its_merge},
	        {"a part that is cut", a_part_that_is_cut},
	};
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("unite", enter, leave);
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		CU_add_test(suite, tests[i].name, tests[i].run);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
