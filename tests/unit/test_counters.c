/* test_counters.c: counter groups and what becomes of them, on machines that are not here.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * libpapi is the stand-in beside this program (stand_in_papi.c).
 */
#include "tests/unit/in_process.h"

#include <math.h>
#include <string.h>

#include "runtime/counters/counter_family.h"
#include "runtime/counters/counter_set.h"

#define MACHINES PROF_SOURCE_DIR "/tests/unit/machines/"
#define GROUPS   PROF_SOURCE_DIR "/arch/counters"

extern uint64_t stand_in_work; /* looked up by the stand-in */
uint64_t stand_in_work;

static struct counter_places places;
static unsigned wanted_ops = 50;

/* ---- runs ---- */

static uint32_t work_of(uint32_t i)
{
	return 1 + (i * 2654435761u >> 29); /* 1 to 8, without a pattern */
}

static void operate(void)
{
	struct prof_thread *t = prof_thread_get();
	uint32_t descs[2] = {make_desc(t, 0), make_desc(t, 1)};

	for (uint32_t i = 0; i < wanted_ops; i++) {
		struct prof_counter_values v = {.valid = false};
		uint32_t kind = i % 3 == 0;
		uint64_t start = prof_clock();

		if (prof_counters_due(t, descs[kind], start))
			prof_counters_read(t, &v);
		stand_in_work += work_of(i) * (kind ? 10 : 1);
		for (volatile int k = 0; k < 2000 + 8000 * (int)kind; k++)
			;
		prof_record_counted(t, descs[kind], start, prof_clock(), &v);
	}
}

/* A run on such a machine; its trace is opened. */
static void run_on(struct raw_trace *t, const char *machine, const char *counters, const char *budget)
{
	static char cpuinfo[256], file[256];

	snprintf(cpuinfo, sizeof(cpuinfo), MACHINES "%s.cpuinfo", machine);
	snprintf(file, sizeof(file), *machine == '.' ? "%s" : MACHINES "%s.counters", machine);
	places.cpuinfo = cpuinfo;
	if (!places.folder[0])
		strcpy(places.folder, GROUPS);
	counter_set_places = &places;
	setenv("STAND_IN_PAPI", file, 1);
	setenv("PROFSHIM_COUNTERS", counters, 1);
	setenv("PROFSHIM_BUDGET", budget, 1);
	CU_ASSERT_EQUAL(in_process(operate, NULL), 0);
	unsetenv("PROFSHIM_COUNTERS");
	unsetenv("PROFSHIM_BUDGET");
	places.folder[0] = 0;
	CU_ASSERT_TRUE_FATAL(raw_open(t, "trace.bin"));
}

static void end_run(struct raw_trace *t)
{
	raw_close(t);
	unlink("trace.bin");
}

static const char *fact(struct raw_trace *t, const char *key)
{
	const struct prof_meta_fact *m = NULL;

	while ((m = raw_meta(t, PROF_META_FACT, m)))
		if (strcmp((const char *)(m + 1), key) == 0)
			return (const char *)(m + 1) + m->key_bytes;
	return "";
}

/* A counter's place in the records; -1 when it is missing, -2 when nobody told. *why is what is said of it. */
static int counter(struct raw_trace *t, const char *name, const char **why)
{
	const struct prof_meta_counter *m = NULL;

	while ((m = raw_meta(t, PROF_META_COUNTER, m)))
		if (strcmp((const char *)(m + 1), name) == 0) {
			*why = (const char *)(m + 1) + m->name_bytes;
			return m->kind == PROF_COUNTER_MISSING ? -1 : (int)m->index;
		}
	return -2;
}

static bool has_note(struct raw_trace *t, const char *part)
{
	const struct prof_meta_note *m = NULL;

	while ((m = raw_meta(t, PROF_META_NOTE, m)))
		if (strstr((const char *)(m + 1), part))
			return true;
	return false;
}

/* Of one kind of operation: how many there were, and what its samples counted. */
struct sums {
	double n[2], sampled[2], sum[2], squares[2];
	unsigned index;
};

static void add_op(const struct prof_chunk_header *chunk, const struct prof_record *r, void *arg)
{
	struct sums *s = arg;
	double value = (double)r->counters[s->index];
	(void)chunk;

	s->n[r->id]++;
	if (!r->n_counters)
		return;
	s->sampled[r->id]++;
	s->sum[r->id] += value;
	s->squares[r->id] += value * value;
}

static struct sums sums_of(struct raw_trace *t, unsigned index)
{
	struct sums s = {.index = index};
	struct raw_visitor v = {.op = add_op, .arg = &s};

	raw_visit(t, &v);
	CU_ASSERT_EQUAL(v.ops, wanted_ops);
	return s;
}

/* ---- tests ---- */

static void families_are_found(void)
{
	static const struct {
		const char *cpuinfo, *family;
	} cpus[] = {
	        {"vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 33\nmodel name\t: x\n", "zen3"},
	        {"vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\n", "zen4"},
	        {"vendor_id\t: AuthenticAMD\ncpu family\t: 23\nmodel\t\t: 17\n", "generic"},
	        {"vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 106\n", "icelake"},
	        {"CPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd0c\n", "neoverse-n1"},
	        {"", "generic"},
	};

	for (unsigned i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++) {
		char families[] = "zen4 vendor=AuthenticAMD family=25 model=0x10-0x1f,0x60-0x7f # newer\n"
		                  "zen3\tvendor=AuthenticAMD family=25\r\n\n  # a remark\n"
		                  "icelake vendor=GenuineIntel family=6 model=106,108\n"
		                  "neoverse-n1 vendor=0x41 model=0xd0c";
		struct cpu_identity cpu;
		char family[32] = "generic";

		cpu_identify(&cpu, cpus[i].cpuinfo);
		family_find(&cpu, "families", families, family, sizeof(family), NULL);
		CU_ASSERT_STRING_EQUAL(family, cpus[i].family);
	}
}

static void groups_of_zen3(void)
{
	const char *why = NULL;
	struct raw_trace t;

	run_on(&t, "zen3", "MEM,perf::PAGE-FAULTS", "100");
	CU_ASSERT_STRING_EQUAL(fact(&t, "counters.family"), "zen3");
	CU_ASSERT_STRING_EQUAL(fact(&t, "counters.groups"), "MEM");
	CU_ASSERT_STRING_EQUAL(fact(&t, "counters.metric.MEM.ipc"),
	                       "instructions/cycle = RETIRED_INSTRUCTIONS / CYCLES_NOT_IN_HALT");
	CU_ASSERT_STRING_EQUAL(fact(&t, "counters.multiplexed"), "");
	CU_ASSERT_NSTRING_EQUAL(fact(&t, "counters.fast_read"), "yes", 3);
	CU_ASSERT_EQUAL(counter(&t, "CYCLES_NOT_IN_HALT", &why), 0);
	CU_ASSERT_EQUAL(counter(&t, "perf::PAGE-FAULTS", &why), 4);
	CU_ASSERT_STRING_EQUAL(why, "");
	CU_ASSERT_EQUAL(counter(&t, "PAPI_TOT_CYC", &why), -2); /* the first alternative will do */
	CU_ASSERT_EQUAL(sums_of(&t, 0).sampled[0] + sums_of(&t, 0).sampled[1], wanted_ops);
	end_run(&t);
}

/* More events than this one counts at once, one of them unknown to it, and one
 * by another name. */
static void groups_of_icelake(void)
{
	const char *why = NULL;
	struct raw_trace t;

	run_on(&t, "icelake", "FLOPS", "100");
	CU_ASSERT_STRING_EQUAL(fact(&t, "counters.family"), "icelake");
	CU_ASSERT_STRING_EQUAL(fact(&t, "counters.metric.FLOPS.ipc"),
	                       "instructions/cycle = INSTRUCTION_RETIRED / PAPI_TOT_CYC");
	CU_ASSERT_STRING_EQUAL(fact(&t, "counters.metric.FLOPS.flop_rate"),
	                       ""); /* it needs the missing one */
	CU_ASSERT_EQUAL(counter(&t, "FP_ARITH_INST_RETIRED:512B_PACKED_SINGLE", &why), -1);
	CU_ASSERT_STRING_EQUAL(why, "Event does not exist");
	CU_ASSERT_EQUAL(counter(&t, "FP_ARITH_INST_RETIRED:8_FLOPS", &why), 5);
	CU_ASSERT_NSTRING_EQUAL(why, "multiplexed", 11);
	CU_ASSERT_NSTRING_EQUAL(fact(&t, "counters.multiplexed"), "6 events", 8);
	CU_ASSERT_NSTRING_EQUAL(fact(&t, "counters.fast_read"), "no", 2);
	end_run(&t);
}

static void write_machine(const char *text)
{
	FILE *f = fopen("./machine", "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static void without_turns_some_are_missing(void)
{
	const char *why = NULL;
	struct raw_trace t;

	write_machine("fits 2\nmultiplex 0\nevent A 1\nevent B 2\nevent C 3\n");
	run_on(&t, "./machine", "A,B,C", "100");
	CU_ASSERT_EQUAL(counter(&t, "B", &why), 1);
	CU_ASSERT_EQUAL(counter(&t, "C", &why), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "cannot be counted"));
	CU_ASSERT_STRING_EQUAL(fact(&t, "counters.multiplexed"), "");
	end_run(&t);
}

static void errors_end_the_counters_alone(void)
{
	struct raw_trace t;
	struct sums s;

	write_machine("fits 2\nevent A 1\nfail 60\n"); /* 16 are made to time them */
	run_on(&t, "./machine", "A", "100");
	s = sums_of(&t, 0);
	CU_ASSERT_EQUAL(s.sampled[0] + s.sampled[1], (60 - 16) / 2);
	CU_ASSERT_TRUE(has_note(&t, "A system or C library call failed"));
	end_run(&t);
}

static unsigned lines_of_stderr(const char *part)
{
	char line[1024];
	FILE *f = fopen("stderr", "r");
	unsigned n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, part) != NULL;
	if (f)
		fclose(f);
	return n;
}

static void mistakes_are_told_once(void)
{
	struct raw_trace t;
	FILE *f;

	CU_ASSERT_EQUAL(system("mkdir -p data/generic && echo 'x vendor=y wrong=1' >data/families"), 0);
	f = fopen("data/generic/MINE.group", "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs("about mine\nevents A\nmetric a 1 = A / Z\nmetrics\nmetric b = A\nmetric c 1 = 2 * A\nevents\n",
	      f);
	fclose(f);
	write_machine("event A 1\n");
	strcpy(places.folder, "data");
	run_on(&t, "./machine", "MINE,MINNE", "100");
	CU_ASSERT_EQUAL(lines_of_stderr("data/generic/MINE.group:3:"), 1);
	CU_ASSERT_EQUAL(lines_of_stderr("data/generic/MINE.group:4:"), 1);
	CU_ASSERT_EQUAL(lines_of_stderr("data/generic/MINE.group:5:"), 1);
	CU_ASSERT_EQUAL(lines_of_stderr("data/generic/MINE.group:7:"), 1);
	CU_ASSERT_EQUAL(lines_of_stderr("data/families:1:"), 1);
	CU_ASSERT_EQUAL(lines_of_stderr("\"MINNE\", which is no counter group"), 1);
	CU_ASSERT_EQUAL(lines_of_stderr(""), 6);
	CU_ASSERT_TRUE(has_note(&t, "MINE.group:3:") && has_note(&t, "MINNE"));
	CU_ASSERT_STRING_EQUAL(fact(&t, "counters.metric.MINE.c"), "1 = 2 * A");
	CU_ASSERT_EQUAL(sums_of(&t, 0).sampled[0] > 0, true);
	end_run(&t);
}

/* With a budget that leaves some of the readings out and takes enough of both
 * kinds: which one does depends on what a reading costs here and now. */
static void run_some(struct raw_trace *t, struct sums *s)
{
	static const char *const budgets[] = {"20", "40", "60", "10", "5", "80"};

	for (unsigned i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
		if (i)
			end_run(t);
		run_on(t, "zen3", "RETIRED_INSTRUCTIONS", budgets[i]);
		*s = sums_of(t, 0);
		if (s->sampled[0] > 30 && s->sampled[1] > 30
		    && s->sampled[0] + s->sampled[1] < 0.8 * wanted_ops)
			return;
	}
}

/* Totals from a sample against those of every operation. */
static void sampled_totals_are_true(void)
{
	double estimate = 0, variance = 0, whole = 0, sampled = 0;
	struct raw_trace t;
	struct sums s;

	wanted_ops = 30000;
	run_some(&t, &s);
	for (unsigned k = 0; k < 2; k++) {
		double n = s.n[k], m = s.sampled[k], mean = s.sum[k] / m;

		CU_ASSERT_TRUE_FATAL(m > 30);
		estimate += n * mean;
		variance += n * n * (1 - m / n) * (s.squares[k] - m * mean * mean) / (m - 1) / m;
		sampled += m;
	}
	for (uint32_t i = 0; i < wanted_ops; i++)
		whole += 7 * work_of(i) * (i % 3 == 0 ? 10 : 1);
	CU_ASSERT_TRUE(sampled < 0.8 * wanted_ops);
	CU_ASSERT_TRUE(fabs(estimate - whole) <= 4 * sqrt(variance));
	CU_ASSERT_TRUE(sqrt(variance) < 0.1 * whole);
	end_run(&t);
	run_on(&t, "zen3", "RETIRED_INSTRUCTIONS", "100");
	s = sums_of(&t, 0);
	CU_ASSERT_EQUAL(s.sum[0] + s.sum[1], whole);
	end_run(&t);
	wanted_ops = 50;
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
	        {"families are found", families_are_found},
	        {"groups of zen3", groups_of_zen3},
	        {"groups of icelake", groups_of_icelake},
	        {"without turns some are missing", without_turns_some_are_missing},
	        {"errors end the counters alone", errors_end_the_counters_alone},
	        {"mistakes are told once", mistakes_are_told_once},
	        {"sampled totals are true", sampled_totals_are_true},
	};
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite_with_setup_and_teardown("counters", NULL, NULL, enter_scratch, leave_scratch);
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		CU_add_test(suite, tests[i].name, tests[i].run);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
