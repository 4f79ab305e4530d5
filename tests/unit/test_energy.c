/* test_energy.c: energy of steps from samples, of operations by regression.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/lib/energy/energy_fit.h"
#include "tools/lib/energy/energy_model.h"
#include "tools/lib/energy/energy_steps.h"
#include "tools/lib/replay/measured.h"

#define NEAR(a, b) CU_ASSERT_DOUBLE_EQUAL(a, b, 1e-9 * (1 + fabs((double)(b))))

static double random_unit(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) / 9007199254740992.0;
}

/* package-0 (core inside it) and dram, each read every 10 ms: the package 1 J, 1 J,
 * 2 J; its cores and the memory less. */
static struct trace_energy_domain domains[] = {{"package-0", PROF_ENERGY_POWERCAP, 0},
                                               {"core", PROF_ENERGY_POWERCAP, 1},
                                               {"dram", PROF_ENERGY_POWERCAP, 0}};
static struct trace_energy_sample samples[] = {{0, 1, 0},
                                               {0, 2, 0},
                                               {0, 3, 0},
                                               {10000000, 1, 1000000},
                                               {10000000, 2, 600000},
                                               {10000000, 3, 100000},
                                               {20000000, 1, 2000000},
                                               {20000000, 2, 1100000},
                                               {20000000, 3, 200000},
                                               {30000000, 1, 4000000},
                                               {30000000, 2, 2500000},
                                               {30000000, 3, 300000}};
static struct trace_fact facts[] = {{.key = "energy.1.idle_w", .value = "20"},
                                    {.key = "energy.3.idle_w", .value = "2.5"}};

static struct trace three_domains(void)
{
	return (struct trace){.path = "made",
	                      .domains = domains,
	                      .n_domains = 3,
	                      .samples = samples,
	                      .n_samples = sizeof(samples) / sizeof(samples[0]),
	                      .facts = facts,
	                      .n_facts = 2,
	                      .end_ns = 30000000};
}

static void attribution(void)
{
	struct trace t = three_domains();
	struct energy *e = energy_new(&t);
	struct energy_figure f;
	double first, last;
	unsigned n;
	double *times;

	CU_ASSERT_TRUE(energy_is_measured(e));
	f = energy_between(e, 0, 30e6); /* package and dram, not the cores again */
	NEAR(f.joules, 4.3);
	NEAR(f.error_j, 0);
	f = energy_domain_between(e, 1, 10e6, 20e6);
	NEAR(f.joules, 0.5);
	NEAR(f.error_j, 0);
	/* From 5 ms on: half of 1 J. At 200 W at most, the 5 ms after it hold all of
	 * the joule, and so do those before it: off by 0.5 J. Memory never took
	 * more than its mean, so that nothing is uncertain. */
	f = energy_between(e, 5e6, 10e6);
	NEAR(f.joules, 0.55);
	NEAR(f.error_j, 0.5);
	/* 1 ms into it: 0.1 J, at most 0.2 J at 200 W. */
	f = energy_domain_between(e, 0, 0, 1e6);
	NEAR(f.joules, 0.1);
	NEAR(f.error_j, 0.1);
	NEAR(energy_idle_w(e), 22.5);
	CU_ASSERT_TRUE(isnan(energy_domain_idle_w(e, 1)));
	CU_ASSERT_EQUAL(energy_domain_samples(e, 0, &first, &last), 4);
	NEAR(last, 30e6);
	times = energy_sample_times(e, &n);
	CU_ASSERT_EQUAL(n, 4);
	free(times);
	energy_free(e);
}

static void one_sample_is_none(void)
{
	struct trace t = three_domains();
	struct energy *e;

	t.n_samples = 3;
	e = energy_new(&t);
	CU_ASSERT_FALSE(energy_is_measured(e));
	CU_ASSERT_TRUE(isnan(energy_between(e, 0, 1e6).joules));
	energy_free(e);
	t.n_domains = 0;
	t.n_samples = 0;
	e = energy_new(&t);
	CU_ASSERT_FALSE(energy_is_measured(e));
	CU_ASSERT_TRUE(isnan(energy_idle_w(e)));
	energy_free(e);
}

static void steps_share(void)
{
	struct trace_step steps[] = {{.number = 0, .start_ns = 0, .end_ns = 20000000},
	                             {.number = 1, .start_ns = 10000000, .end_ns = 30000000},
	                             {.number = 2, .start_ns = 30000000}};
	struct trace t = three_domains();
	struct energy_step out[3];
	struct energy *e;

	t.steps = steps;
	t.n_steps = 3;
	e = energy_new(&t);
	CU_ASSERT_EQUAL(energy_of_steps(e, &t, out), 0);
	NEAR(out[0].joules, 1.1 + 0.55); /* alone for 10 ms, then half of 1.1 J */
	NEAR(out[1].joules, 0.55 + 2.1);
	NEAR(out[0].machine_ns, 15e6);
	NEAR(out[0].joules + out[1].joules, 4.3);
	CU_ASSERT_TRUE(isnan(out[2].joules));
	energy_free(e);
}

/* Random steps: never more than the machine used, and all of it where some step
 * was always under way. */
/* What a step may have too much the one beside it may have too little. */
static void a_phase_is_surer_than_its_steps(void)
{
	struct trace_step steps[] = {
	        {.start_ns = 1000000, .end_ns = 4000000, .phase = PROF_PHASE_DECODE},
	        {.start_ns = 4500000, .end_ns = 9500000, .phase = PROF_PHASE_DECODE},
	        {.start_ns = 9600000, .end_ns = 10000000, .phase = PROF_PHASE_PREFILL},
	        {.start_ns = 10000000, .end_ns = 16000000, .phase = PROF_PHASE_DECODE},
	        {.start_ns = 15000000, .end_ns = 20000000, .phase = PROF_PHASE_DECODE},
	};
	struct trace t = three_domains();
	struct energy *e = energy_new(&t);

	t.steps = steps;
	t.n_steps = 5;
	/* 8 of the first 10 ms, in which the package used 1 J and can use 2: 0.8 J, 0.6 to 1. */
	NEAR(energy_error_of_phase(e, &t, PROF_PHASE_DECODE), 0.2);
	/* 0.4 of them: 0.04 J, 0 to 0.08; and of the memory's 0.1 J 0.004, which is its largest power. */
	NEAR(energy_error_of_phase(e, &t, PROF_PHASE_PREFILL), 0.04);
	NEAR(energy_error_of_phase(e, &t, PROF_PHASE_UNKNOWN), 0);
	energy_free(e);
}

/* Operations without steps get the mean power between the first and the last. */
static void operations_without_steps(void)
{
	struct op_desc desc = {.op = PROF_OP_OTHER, .name = "", .context = ""};
	struct op_event events[] = {
	        {.start_ns = 5000000, .time_ns = 5000000, .busy_ns = 5000000, .timed = true},
	        {.start_ns = 20000000, .time_ns = 5000000, .busy_ns = 5000000, .timed = true},
	};
	struct trace t = three_domains();
	struct measured m;

	t.descs = &desc;
	t.n_descs = 1;
	CU_ASSERT_EQUAL_FATAL(measured_begin(&m, &t, NULL, 0), 0);
	for (unsigned i = 0; i < 2; i++) {
		events[i].phase = PROF_PHASE_PREFILL;
		events[i].step = -1;
		measured_events(&m, &events[i], 1);
	}
	measured_end(&m, NULL);
	measured_release(&m);
	CU_ASSERT_TRUE(m.energy_is_measured);
	NEAR(m.phase[PROF_PHASE_PREFILL].energy_j, 2.7 * 10 / 20);
	NEAR(m.phase[PROF_PHASE_PREFILL].idle_j, 22.5 * 0.01);
	NEAR(m.phase[PROF_PHASE_UNKNOWN].energy_j, 0);
	NEAR(measured_total(&m).energy_j, 2.7 * 10 / 20);
}

static void steps_conserve(void)
{
	struct trace_step steps[24];
	struct energy_step out[24];
	struct trace t = three_domains();
	struct energy *e = energy_new(&t);

	t.steps = steps;
	t.n_steps = 24;
	memset(steps, 0, sizeof(steps));
	for (unsigned round = 0; round < 200; round++) {
		double sum = 0, ns = 0;

		for (unsigned i = 0; i < t.n_steps; i++) {
			steps[i].start_ns = (uint64_t)(random_unit() * 29e6);
			steps[i].end_ns = steps[i].start_ns + 1 + (uint64_t)(random_unit() * 1e6);
		}
		if (round % 2)
			steps[5] = (struct trace_step){.start_ns = 0, .end_ns = 30000000};
		CU_ASSERT_EQUAL(energy_of_steps(e, &t, out), 0);
		for (unsigned i = 0; i < t.n_steps; i++) {
			sum += out[i].joules;
			ns += out[i].machine_ns;
		}
		CU_ASSERT_TRUE(sum <= 4.3 * (1 + 1e-12) && ns <= 30e6 * (1 + 1e-12));
		if (round % 2) {
			NEAR(sum, 4.3);
			NEAR(ns, 30e6);
		}
	}
	energy_free(e);
}

/* ---- the fit ---- */

enum { ROWS = 400, COLUMNS = 4 };

static void make_rows(double *x, double *y, const double *weights, double noise)
{
	for (unsigned r = 0; r < ROWS; r++) {
		y[r] = noise * (random_unit() + random_unit() + random_unit() - 1.5)
		       * 2; /* variance noise^2 */
		for (unsigned i = 0; i < COLUMNS; i++) {
			x[r * COLUMNS + i] = i ? random_unit() * 0.01 : 0.01;
			y[r] += weights[i] * x[r * COLUMNS + i];
		}
	}
}

static void fit_finds_weights(void)
{
	static double x[ROWS * COLUMNS], y[ROWS];
	const double weights[COLUMNS] = {12, 30, 0, 8};
	struct energy_fit f;
	struct diag d;
	unsigned within = 0, rounds = 100;

	make_rows(x, y, weights, 0);
	CU_ASSERT_EQUAL(energy_fit(x, y, ROWS, COLUMNS, &f, &d), 0);
	for (unsigned i = 0; i < COLUMNS; i++)
		CU_ASSERT_DOUBLE_EQUAL(f.weight[i], weights[i], 1e-6);
	CU_ASSERT_DOUBLE_EQUAL(f.explained, 1, 1e-9);
	for (unsigned round = 0; round < rounds; round++) {
		double one[ENERGY_FIT_MAX] = {0, 1};

		make_rows(x, y, weights, 0.05);
		CU_ASSERT_EQUAL(energy_fit(x, y, ROWS, COLUMNS, &f, &d), 0);
		CU_ASSERT_TRUE(f.weight[2] >= 0);
		within += fabs(f.weight[1] - weights[1]) <= 2 * energy_fit_error(&f, one);
		CU_ASSERT_DOUBLE_EQUAL(f.residual, 0.05, 0.01);
		CU_ASSERT_TRUE(f.explained_new < f.explained);
	}
	CU_ASSERT_TRUE(within >= 88); /* 95 of 100 are expected */
}

static void fit_never_goes_below_zero(void)
{
	static double x[ROWS * COLUMNS], y[ROWS];
	const double weights[COLUMNS] = {10, 20, -15, 5};
	struct energy_fit f;
	struct diag d;

	make_rows(x, y, weights, 0.001);
	CU_ASSERT_EQUAL(energy_fit(x, y, ROWS, COLUMNS, &f, &d), 0);
	CU_ASSERT_EQUAL(f.weight[2], 0);
	CU_ASSERT_FALSE(f.dropped[2]);
	for (unsigned i = 0; i < COLUMNS; i++)
		CU_ASSERT_TRUE(f.weight[i] >= 0);
}

static void fit_refuses(void)
{
	static double x[ROWS * COLUMNS], y[ROWS];
	const double weights[COLUMNS] = {12, 30, 4, 8};
	struct energy_fit f;
	struct diag d;

	make_rows(x, y, weights, 0.01);
	CU_ASSERT_EQUAL(energy_fit(x, y, 11, COLUMNS, &f, &d), -1);
	CU_ASSERT_STRING_EQUAL(d.text, "11 observations are too few to tell 4 causes apart: 12 are needed");
	for (unsigned r = 0; r < ROWS; r++) { /* the last is twice the second; the third is nothing */
		x[r * COLUMNS + 3] = 2 * x[r * COLUMNS + 1];
		x[r * COLUMNS + 2] = 0;
	}
	CU_ASSERT_EQUAL(energy_fit(x, y, ROWS, COLUMNS, &f, &d), 0);
	CU_ASSERT_TRUE(f.dropped[2] && f.dropped[3] && !f.dropped[0] && !f.dropped[1]);
	memset(y, 0, sizeof(y));
	CU_ASSERT_EQUAL(energy_fit(x, y, ROWS, COLUMNS, &f, &d), -1);
}

/* ---- operations ---- */

enum { OPERATIONS = 3000, READINGS = 600 };

static const double static_w = 12, matrix_w = 30, element_w = 8;

/* One thread, products and norms of random lengths with idle time between; what
 * was spent until the end of each is in spent[], and when in ends[]. */
static void write_list(FILE *f, double *ends, double *spent)
{
	double now = 0, joules = 0;

	for (unsigned i = 0; i < OPERATIONS; i++) {
		bool matrix = random_unit() < 0.4;
		double idle = floor(random_unit() * 300e3), length = 1 + floor(random_unit() * 1e6);

		fprintf(f,
		        "{\"op\": \"%s\", \"context\": \"%s\", \"dtype\": \"float32\", \"input\": [1, 4], %s"
		        "\"output\": [1, 4], \"start_ns\": %.0f, \"time_ns\": %.0f, \"thread\": 1}\n",
		        matrix ? "linear" : "rmsnorm", matrix ? "q_proj" : "norm",
		        matrix ? "\"weight\": [4, 4], " : "", now + idle, length);
		joules += (static_w * (idle + length) + (matrix ? matrix_w : element_w) * length) / 1e9;
		now += idle + length;
		ends[i] = now;
		spent[i] = joules;
	}
}

/* Read at the end of every fifth operation, in whole microjoules. */
static void read_meter(struct trace *t, const double *ends, const double *spent)
{
	static struct trace_energy_domain domain = {"package-0", PROF_ENERGY_POWERCAP, 0};
	static struct trace_energy_sample readings[READINGS + 1];

	for (unsigned i = 0; i < READINGS; i++)
		readings[i + 1] = (struct trace_energy_sample){(uint64_t)ends[5 * i + 4], 1,
		                                               (uint64_t)(spent[5 * i + 4] * 1e6)};
	readings[0].domain = 1;
	t->domains = &domain;
	t->n_domains = 1;
	t->samples = readings;
	t->n_samples = READINGS + 1;
}

static void operations_by_regression(void)
{
	static double ends[OPERATIONS], spent[OPERATIONS];
	char path[] = "/tmp/test_energy.XXXXXX";
	FILE *f = fdopen(mkstemp(path), "w");
	struct energy_use products = {{0}}, norms = {{0}};
	struct energy_figure a, b, c;
	struct energy_model *m;
	struct trace_cursor *cursor;
	struct op_event ev;
	struct energy *e;
	struct trace *t;
	struct diag d = {""};
	double truth = 0;

	write_list(f, ends, spent);
	fclose(f);
	CU_ASSERT_EQUAL_FATAL(trace_open(path, NULL, &t, &d), 0);
	read_meter(t, ends, spent);
	e = energy_new(t);
	m = energy_model_new(t, e, &d);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	cursor = trace_cursor_open(t);
	while (trace_cursor_next(cursor, &ev, &d) > 0) {
		bool matrix = t->descs[ev.desc].op == PROF_OP_LINEAR;

		energy_model_add(m, &ev, matrix ? &products : &norms);
		truth += matrix ? matrix_w * (double)ev.time_ns / 1e9 : 0;
	}
	trace_cursor_close(cursor);
	a = energy_model_price(m, &products);
	b = energy_model_price(m, &norms);
	c = energy_model_static(m);
	CU_ASSERT_DOUBLE_EQUAL(a.joules, truth, 0.001 * truth);
	CU_ASSERT_TRUE(a.error_j > 0 && a.error_j < 0.01 * truth);
	NEAR(a.joules + b.joules + c.joules, floor(spent[OPERATIONS - 1] * 1e6) / 1e6);
	CU_ASSERT_DOUBLE_EQUAL(energy_model_scale(m), 1, 1e-3);
	CU_ASSERT_TRUE(energy_model_fit(m)->dropped[2]
	               && energy_model_fit(m)->dropped[4]); /* never occurred */
	energy_model_free(m);
	energy_free(e);
	t->n_samples = 9;
	e = energy_new(t);
	CU_ASSERT_PTR_NULL(energy_model_new(t, e, &d));
	CU_ASSERT_STRING_EQUAL(d.text, "8 observations are too few to tell 5 causes apart: 15 are needed");
	energy_free(e);
	t->domains = NULL; /* they are ours */
	t->samples = NULL;
	t->n_domains = t->n_samples = 0;
	trace_close(t);
	unlink(path);
}

int main(void)
{
	CU_pSuite s;

	CU_initialize_registry();
	s = CU_add_suite("energy", NULL, NULL);
	CU_ADD_TEST(s, attribution);
	CU_ADD_TEST(s, one_sample_is_none);
	CU_ADD_TEST(s, steps_share);
	CU_ADD_TEST(s, a_phase_is_surer_than_its_steps);
	CU_ADD_TEST(s, operations_without_steps);
	CU_ADD_TEST(s, steps_conserve);
	CU_ADD_TEST(s, fit_finds_weights);
	CU_ADD_TEST(s, fit_never_goes_below_zero);
	CU_ADD_TEST(s, fit_refuses);
	CU_ADD_TEST(s, operations_by_regression);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
