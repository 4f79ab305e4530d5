/* test_recorder.c: what is recorded is what is in the trace.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <prof/prof.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#include "tests/unit/in_process.h"

/* ---- operations ---- */

static void nothing(void)
{
	prof_thread_get();
	prof_note("Nothing happens.");
}

static void no_operation_no_file(void)
{
	CU_ASSERT_EQUAL(in_process(nothing, NULL), 0);
	CU_ASSERT_FALSE(exists("trace.bin"));
}

#define MANY 150000

/* The i-th operation: the same in the process that records and the one that checks. */
static struct prof_record expected(uint64_t *clock, unsigned i)
{
	struct prof_record r = {.id = i % 7 ? i % 40 : (i * 31) % 40};

	*clock += (i * 2654435761u >> 20) << (i % 1000 == 0 ? 12 : 0);
	r.start = *clock;
	*clock += (i * 40503u >> 8) % 90000;
	r.end = *clock;
	return r;
}

static void record_many(void)
{
	struct prof_thread *t = prof_thread_get();
	uint32_t ids[40];
	uint64_t clock = 0;

	for (int i = 0; i < 40; i++)
		ids[i] = make_desc(t, i);
	for (unsigned i = 0; i < MANY; i++) {
		struct prof_record r = expected(&clock, i);

		prof_record(t, ids[r.id], t->epoch_raw + (r.start << t->tick_shift),
		            t->epoch_raw + (r.end << t->tick_shift));
	}
}

struct many {
	unsigned i, wrong;
	uint64_t clock;
};

static void compare_one(const struct prof_chunk_header *chunk, const struct prof_record *r, void *arg)
{
	struct many *m = arg;
	struct prof_record want = expected(&m->clock, m->i++);

	m->wrong += r->id != want.id || r->start != want.start || r->end != want.end;
}

static void many_operations_roll_over_chunks(void)
{
	struct many m = {.i = 0};
	struct raw_visitor v = {.op = compare_one, .arg = &m};
	struct raw_trace t;

	CU_ASSERT_EQUAL(in_process(record_many, NULL), 0);
	check_closed("trace.bin", MANY);
	CU_ASSERT_TRUE_FATAL(raw_open(&t, "trace.bin"));
	raw_visit(&t, &v);
	CU_ASSERT_EQUAL(m.wrong, 0);
	CU_ASSERT_TRUE(t.n_chunks > 10);
	CU_ASSERT_EQUAL(raw_count(&t, PROF_META_DESC), 40);
	CU_ASSERT_EQUAL(raw_count(&t, PROF_META_STRING), 1);
	raw_close(&t);
}

/* ---- what is interned ---- */

static void record_equal(void)
{
	struct prof_thread *t = prof_thread_get();
	uint32_t a = make_desc(t, 1), b = make_desc(t, 2);

	if (a == b || a != make_desc(t, 1) || prof_intern_string("x", 1) != prof_intern_string("xy", 1)
	    || prof_intern_string("x", 1) == prof_intern_string("y", 1) || prof_intern_string(NULL, 0) != 0)
		_exit(1);
	prof_region_push("model");
	prof_region_push("layer");
	if (make_desc(t, 1) == a)
		_exit(2);
	prof_record(t, make_desc(t, 1), prof_clock(), prof_clock());
	prof_region_pop();
	prof_region_pop();
	prof_region_pop();
	if (make_desc(t, 1) != a || prof_region_current(t) != 0)
		_exit(3);
}

static void equal_ones_are_interned_once(void)
{
	const struct prof_meta_desc *desc = NULL;
	const struct prof_meta_string *string = NULL;
	struct raw_trace t;

	CU_ASSERT_EQUAL(in_process(record_equal, NULL), 0);
	CU_ASSERT_TRUE_FATAL(raw_open(&t, "trace.bin"));
	CU_ASSERT_EQUAL(raw_count(&t, PROF_META_DESC), 3);
	for (int i = 0; i < 3; i++)
		desc = raw_meta(&t, PROF_META_DESC, desc);
	while ((string = raw_meta(&t, PROF_META_STRING, string)) && string->id != desc->region)
		;
	CU_ASSERT_TRUE(string && string->bytes == 11 && memcmp(string + 1, "model.layer", 11) == 0);
	CU_ASSERT_EQUAL(desc->head.size_bytes, sizeof(*desc) + sizeof(struct prof_desc_operand) + 16
	                                               + sizeof(struct prof_desc_attr));
	raw_close(&t);
}

/* ---- steps and groups ---- */

static void record_steps(void)
{
	struct prof_thread *t = prof_thread_get();
	struct prof_step_info info = {.tokens = 5, .ctx_sum = 15};
	uint32_t desc = make_desc(t, 0);

	for (unsigned i = 0; i < 3; i++) {
		uint32_t step = prof_step_begin(t, &info);

		prof_group_enter(t, prof_group_new(), 1, 2, step);
		prof_record(t, desc, prof_clock(), prof_clock());
		prof_group_leave(t);
		prof_step_end(t, step);
	}
	prof_step(1);
	record_ops(1);
}

static void steps_and_groups_are_told(void)
{
	size_t offset = sizeof(struct prof_file_header);
	struct raw_visitor v = {.op = NULL};
	const struct prof_meta_step *step;
	const struct prof_chunk_header *c;
	struct raw_trace t;

	CU_ASSERT_EQUAL(in_process(record_steps, NULL), 0);
	CU_ASSERT_TRUE_FATAL(raw_open(&t, "trace.bin"));
	step = raw_meta(&t, PROF_META_STEP, NULL);
	CU_ASSERT_TRUE(step && step->index == 0 && step->tokens == 5 && step->ctx_sum == 15);
	/* Three are alike, and all are over soon. */
	CU_ASSERT_EQUAL(raw_count(&t, PROF_META_STEP), 2);
	CU_ASSERT_EQUAL(raw_count(&t, PROF_META_STEP_NEXT), 2);
	CU_ASSERT_EQUAL(raw_count(&t, PROF_META_STEP_TOOK), 4);
	raw_visit(&t, &v);
	CU_ASSERT_EQUAL(v.ops, 4);
	/* The first group and step are in the chunk's header; leave and STEP 0, then
	 * twice STEP, GROUP, leave, STEP 0, and STEP at last. */
	CU_ASSERT_EQUAL(v.events, 2 + 2 * 4 + 1);
	while ((c = raw_chunk(&t, &offset)) && c->kind != PROF_CHUNK_OPS)
		;
	CU_ASSERT_TRUE(c && c->step == 1 && c->group == 1 && c->ith == 1 && c->nth == 2);
	raw_close(&t);
}

/* ---- call sites ---- */

static __attribute__((noinline)) uint32_t site_here(struct prof_thread *t)
{
	return prof_call_site(t, __builtin_return_address(0), __builtin_frame_address(0));
}

static void record_sites(void)
{
	struct prof_thread *t = prof_thread_get();
	uint32_t site[3], other;

	for (volatile int i = 0; i < 3; i++) /* one call, not three in a row */
		site[i] = site_here(t);
	other = site_here(t);
	if (!site[0] || site[0] != site[1] || site[1] != site[2] || !other || other == site[0])
		_exit(1);
	record_ops(1);
}

static void call_sites_are_found_again(void)
{
	const struct prof_meta_site *site;
	const struct prof_meta_module *module;
	const struct prof_frame *frame;
	struct raw_trace t;

	CU_ASSERT_EQUAL(in_process(record_sites, NULL), 0);
	CU_ASSERT_TRUE_FATAL(raw_open(&t, "trace.bin"));
	site = raw_meta(&t, PROF_META_SITE, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(site);
	CU_ASSERT_TRUE(site->n_frames >= 2);
	frame = (const void *)(site + 1);
	module = raw_meta(&t, PROF_META_MODULE, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(module);
	CU_ASSERT_EQUAL(frame->module, module->id);
	CU_ASSERT_EQUAL(module->build_id_bytes, 20);
	CU_ASSERT_TRUE(frame->offset + module->bias > (uint64_t)(uintptr_t)record_sites
	               && frame->offset + module->bias < (uint64_t)(uintptr_t)record_sites + 4096);
	CU_ASSERT_PTR_NOT_NULL(strstr((const char *)(module + 1), "test_recorder"));
	raw_close(&t);
}

/* ---- counters ---- */

static void record_counted(void)
{
	struct prof_thread *t = prof_thread_get();
	uint32_t desc = make_desc(t, 0);

	for (int i = 0; i < 50; i++) {
		struct prof_counter_values v = {.valid = false};
		uint64_t start = prof_clock();

		if (prof_counters_due(t, desc, start))
			prof_counters_read(t, &v);
		for (volatile int k = 0; k < 1000; k++)
			;
		prof_record_counted(t, desc, start, prof_clock(), &v);
	}
}

static void add_counts(const struct prof_chunk_header *chunk, const struct prof_record *r, void *arg)
{
	unsigned *counted = arg;

	*counted += r->n_counters == 1 && r->counters[0] > 0;
}

static void run_counted(const char *budget, const char *counters, unsigned least, unsigned most)
{
	unsigned counted = 0;
	struct raw_visitor v = {.op = add_counts, .arg = &counted};
	struct raw_trace t;

	setenv("PROFSHIM_BUDGET", budget, 1);
	setenv("PROFSHIM_COUNTERS", counters, 1);
	CU_ASSERT_EQUAL(in_process(record_counted, NULL), 0);
	unsetenv("PROFSHIM_BUDGET");
	unsetenv("PROFSHIM_COUNTERS");
	CU_ASSERT_TRUE_FATAL(raw_open(&t, "trace.bin"));
	raw_visit(&t, &v);
	CU_ASSERT_EQUAL(v.ops, 50);
	CU_ASSERT_TRUE(counted >= least && counted <= most);
	CU_ASSERT_EQUAL(raw_count(&t, PROF_META_COUNTER), least ? 2 : 0);
	raw_close(&t);
	unlink("trace.bin");
}

static void counters_are_read_as_often_as_allowed(void)
{
	run_counted("100", "perf::TASK-CLOCK,no::such", 50, 50);
	run_counted("0.01", "perf::TASK-CLOCK,no::such", 1, 3);
	run_counted("0", "perf::TASK-CLOCK,no::such", 0, 0);
	run_counted("100", "none", 0, 0);
}

/* ---- energy ---- */

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static void meter(const char *folder, const char *name, const char *energy)
{
	char path[160];

	snprintf(path, sizeof(path), "mkdir -p sys/class/powercap/%s", folder);
	CU_ASSERT_EQUAL(system(path), 0);
	snprintf(path, sizeof(path), "sys/class/powercap/%s/name", folder);
	write_text(path, name);
	snprintf(path, sizeof(path), "sys/class/powercap/%s/max_energy_range_uj", folder);
	write_text(path, "1000000\n");
	snprintf(path, sizeof(path), "sys/class/powercap/%s/energy_uj", folder);
	write_text(path, energy);
}

static void record_energy(void)
{
	struct prof_thread *t = prof_thread_get();
	struct prof_step_info info = {.tokens = 1};
	uint32_t step = prof_step_begin(t, &info);

	record_ops(1);
	write_text("sys/class/powercap/intel-rapl:0/energy_uj", "100\n"); /* it wrapped around */
	write_text("sys/class/powercap/intel-rapl:0:0/energy_uj", "750\n");
	usleep(10000);
	prof_step_end(t, step);
}

static void energy_survives_a_wrap(void)
{
	const struct prof_meta_energy_sample *sample = NULL;
	const struct prof_meta_energy_domain *d;
	uint64_t last[3] = {0};
	struct raw_trace t;

	meter("intel-rapl:0:0", "core\n", "500\n");
	meter("intel-rapl:0", "package-0\n", "999900\n");
	setenv("PROFSHIM_SYSFS", "sys", 1);
	CU_ASSERT_EQUAL(in_process(record_energy, NULL), 0);
	unsetenv("PROFSHIM_SYSFS");
	CU_ASSERT_TRUE_FATAL(raw_open(&t, "trace.bin"));
	d = raw_meta(&t, PROF_META_ENERGY_DOMAIN, NULL);
	CU_ASSERT_TRUE(d && d->parent == 0 && strcmp((const char *)(d + 1), "package-0") == 0);
	d = raw_meta(&t, PROF_META_ENERGY_DOMAIN, d);
	CU_ASSERT_TRUE(d && d->parent == 1 && strcmp((const char *)(d + 1), "core") == 0);
	while ((sample = raw_meta(&t, PROF_META_ENERGY_SAMPLE, sample)))
		last[sample->domain] = sample->energy_uj;
	CU_ASSERT_EQUAL(last[1], 200);
	CU_ASSERT_EQUAL(last[2], 250);
	raw_close(&t);
}

/* ---- threads ---- */

#define THREADS    200
#define THREAD_OPS 500

static void *thread_body(void *arg)
{
	record_ops(THREAD_OPS);
	return NULL;
}

static void record_threads(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, thread_body, NULL) != 0)
			_exit(1);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	/* And again, with what the first ones left. */
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, thread_body, NULL) != 0)
			_exit(1);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void threads_by_the_hundred(void)
{
	CU_ASSERT_EQUAL(in_process(record_threads, NULL), 0);
	check_closed("trace.bin", 2 * THREADS * THREAD_OPS);
	/* Those that came after others had ended went on in their series. */
	CU_ASSERT_TRUE(summarize("trace.bin").threads >= 1 && summarize("trace.bin").threads <= THREADS);
}

static void *endless_body(void *arg)
{
	for (;;)
		record_ops(100);
	return NULL;
}

static void record_endless(void)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		if (pthread_create(&thread, NULL, endless_body, NULL) != 0)
			_exit(1);
	usleep(50000);
}

static void threads_may_outlive_the_recorder(void)
{
	struct summary s;

	CU_ASSERT_EQUAL(in_process(record_endless, NULL), 0);
	s = summarize("trace.bin");
	CU_ASSERT_TRUE(s.ops > 100 && s.bad == 0 && s.broken == 0 && s.unsealed == 0);
	CU_ASSERT_TRUE((uint64_t)s.ops == s.records && s.state == PROF_STATE_CLOSED);
}

/* ---- signals ---- */

/* Not under ThreadSanitizer, which calls handlers late, from within what it
 * intercepts, without the signal's frame that tells ours from code that was left. */
#ifndef __SANITIZE_THREAD__

static volatile unsigned in_handler;

static void handler(int number)
{
	record_ops(1);
	in_handler++;
}

static void record_under_signals(void)
{
	struct itimerval every = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};

	signal(SIGALRM, handler);
	setitimer(ITIMER_REAL, &every, NULL);
	for (int i = 0; i < 3000; i++)
		record_ops(100);
	setitimer(ITIMER_REAL, &never, NULL);
	write_text("handled", "");
	if (truncate("handled", in_handler) < 0)
		_exit(1);
}

static void handlers_may_record(void)
{
	struct summary s;
	struct stat st;

	CU_ASSERT_EQUAL(in_process(record_under_signals, NULL), 0);
	s = summarize("trace.bin");
	CU_ASSERT_EQUAL_FATAL(stat("handled", &st), 0);
	CU_ASSERT_TRUE(st.st_size > 10);
	CU_ASSERT_TRUE(s.bad == 0 && s.broken == 0 && (uint64_t)s.ops == s.records);
	CU_ASSERT_EQUAL((uint64_t)s.ops + s.lost, (uint64_t)(300000 + st.st_size));
}

#endif

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
	        {"no operation, no file", no_operation_no_file},
	        {"many operations roll over chunks", many_operations_roll_over_chunks},
	        {"equal ones are interned once", equal_ones_are_interned_once},
	        {"steps and groups are told", steps_and_groups_are_told},
	        {"call sites are found again", call_sites_are_found_again},
	        {"counters are read as often as allowed", counters_are_read_as_often_as_allowed},
	        {"energy survives a wrap", energy_survives_a_wrap},
	        {"threads by the hundred", threads_by_the_hundred},
	        {"threads may outlive the recorder", threads_may_outlive_the_recorder},
#ifndef __SANITIZE_THREAD__
	        {"handlers may record", handlers_may_record},
#endif
	};
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite_with_setup_and_teardown("recorder", NULL, NULL, enter_scratch, leave_scratch);
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		CU_add_test(suite, tests[i].name, tests[i].run);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
