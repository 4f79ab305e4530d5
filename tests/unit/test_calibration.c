/* test_calibration.c: fits, calibrations in files, and prices by them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/calibration/calibration_fit.h"
#include "tools/lib/model/model_calibrated.h"
#include "tools/lib/model/model_job.h"

/* ---- fits ---- */

static double noise(unsigned i)
{
	return (double)(i * 2654435761u % 1000) / 1000 - 0.5;
}

static void coefficients_come_back(void)
{
	static const double true_c[FIT_TERMS] = {500, 200, 1.5, 0, 3, 0};
	struct fit_point p[200];
	double c[FIT_TERMS] = {0};

	for (unsigned i = 0; i < 200; i++) {
		double size = 100 * pow(1.05, i);

		p[i] = (struct fit_point){
		        .x = {1, i % 4, size, size * (1 + i % 3), 50.0 * (i % 7), 10.0 * (i % 11)},
		        .weight = 1};
		p[i].y = fit_value(&p[i], true_c);
	}
	CU_ASSERT_EQUAL_FATAL(fit_nonnegative(p, 200, c), 0);
	for (unsigned k = 0; k < FIT_TERMS; k++)
		CU_ASSERT_DOUBLE_EQUAL(c[k], true_c[k], 1e-6 * fmax(true_c[k], 1));
}

/* A tenth of the measurements was disturbed to five times as much. */
static void disturbed_ones_do_not_matter(void)
{
	static const double true_c[FIT_TERMS] = {1000, 0, 2, 0, 0, 0};
	struct fit_point p[100];
	double c[FIT_TERMS] = {0};

	for (unsigned i = 0; i < 100; i++) {
		p[i] = (struct fit_point){.x = {1, 0, 100.0 * (i + 1), 0, 0, 0}, .weight = 1};
		p[i].y = fit_value(&p[i], true_c) * (1 + 0.02 * noise(i)) * (i % 10 == 3 ? 5 : 1);
	}
	CU_ASSERT_EQUAL_FATAL(fit_nonnegative(p, 100, c), 0);
	CU_ASSERT_DOUBLE_EQUAL(c[2], 2, 0.02);
	CU_ASSERT_DOUBLE_EQUAL(c[0], 1000, 60);
}

static void no_coefficient_is_below_zero(void)
{
	struct fit_point p[20];
	double c[FIT_TERMS] = {0};

	for (unsigned i = 0; i < 20; i++) /* falls with the second term */
		p[i] = (struct fit_point){.x = {1, i, 0, 0, 0, 0}, .y = 100 - 2.0 * i, .weight = 1};
	CU_ASSERT_EQUAL_FATAL(fit_nonnegative(p, 20, c), 0);
	for (unsigned k = 0; k < FIT_TERMS; k++)
		CU_ASSERT_TRUE(c[k] >= 0);
	CU_ASSERT_DOUBLE_EQUAL(c[0], 81, 5);
	CU_ASSERT_EQUAL(fit_nonnegative(p, 0, c), -1);
}

/* Measurements of a kind whose coefficients are 400, sync and 2, with these counts
 * of threads. */
static void measurements(struct fit_set *s, unsigned dtype, double sync, double least, double most)
{
	for (unsigned i = 0; i < 60; i++) {
		struct fit_measurement *m = &s->items[s->n++];
		double threads = i % 2 ? least : most;

		m->key = (struct calibration_rate){.op = PROF_OP_LINEAR, .dtype = dtype, .operations = 10};
		m->point = (struct fit_point){.x = {1, threads - 1, 100.0 * (i + 1)}, .weight = 1};
		m->point.y = 400 + sync * (threads - 1) + 2 * m->point.x[2];
	}
}

/* What was recorded with one count of threads only takes from others what threads
 * cost each other. */
static void threads_that_no_run_had(void)
{
	static const struct {
		double others, least, measured, launch, sync;
	} cases[] = {
	        {1, 1, 70, 400, 300}, /* of one thread: the other kind's */
	        {1, 2, 70, 400, 300}, /* of two: told apart by it */
	        {0, 1, 70, 400, 70},  /* no other kind: as measured */
	        {0, 2, 70, 630, 70},
	};

	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fit_measurement items[120];
		struct fit_set s = {.items = items, .sync_ns = cases[i].measured};
		struct calibration c = {.n_rates = 0};
		struct diag d;

		measurements(&s, PROF_DTYPE_INT8, 300, cases[i].least, cases[i].least);
		if (cases[i].others)
			measurements(&s, PROF_DTYPE_FLOAT32, 300, 1, 2);
		CU_ASSERT_EQUAL_FATAL(fit_set_make(&s, &c, &d), 0);
		for (unsigned k = 0; k < c.n_rates; k++)
			if (c.rates[k].dtype == PROF_DTYPE_INT8) {
				CU_ASSERT_DOUBLE_EQUAL(c.rates[k].c[0], cases[i].launch, 1);
				CU_ASSERT_DOUBLE_EQUAL(c.rates[k].c[1], cases[i].sync, 1);
				CU_ASSERT_DOUBLE_EQUAL(c.rates[k].c[2], 2, 1e-3);
			}
		CU_ASSERT_EQUAL(c.n_rates, cases[i].others ? 2 : 1);
		free(c.rates);
	}
}

static void quantiles_heed_weights(void)
{
	struct weighted v[] = {{3, 1}, {1, 5}, {2, 1}, {10, 3}};

	CU_ASSERT_EQUAL(weighted_quantile(v, 4, 0.5), 1);
	CU_ASSERT_EQUAL(weighted_quantile(v, 4, 0.65), 3);
	CU_ASSERT_EQUAL(weighted_quantile(v, 4, 0.9), 10);
	CU_ASSERT_TRUE(isnan(weighted_quantile(v, 0, 0.5)));
}

/* ---- files ---- */

static const char profile[] =
        "host-a:\n"
        "    host_to_device_bw_GBs: 20\n"
        "    device_to_host_bw_GBs: 20\n"
        "    host_to_device_pj_per_bit: 0\n"
        "    device_to_host_pj_per_bit: 0\n"
        "    mem_bw_GBs: 20\n"
        "    mem_pj_per_bit: 0\n"
        "    tflops: 0.2\n"
        "    pj_per_tflop: 0\n"
        "    static_w: 10\n"
        "    calibration:\n"
        "        threads: 2\n"
        "        between_ns: 100\n"
        "        bandwidth:\n"
        "            - {threads: 1, bytes: 1024, GBs: 100}\n"
        "            - {threads: 1, bytes: 1048576, GBs: 10}\n"
        "            - {threads: 4, bytes: 1024, GBs: 400}\n"
        "            - {threads: 4, bytes: 1048576, GBs: 10}\n"
        "        compute:\n"
        "            - {threads: 1, dtype: float32, m: 0, n: 0, k: 0, GFLOPs: 100}\n"
        "            - {threads: 4, dtype: float32, m: 0, n: 0, k: 0, GFLOPs: 400}\n"
        "            - {threads: 4, dtype: float32, m: 8, n: 8, k: 8, GFLOPs: 50}\n"
        "        rates:\n"
        "            - {op: linear, dtype: q8_0, rows: one, launch_ns: 1000, sync_ns: 500, "
        "compute: 2, weights: 0, inputs: 0, outputs: 0, operations: 9, "
        "median_error: 0.1, p90_error: 0.2}\n"
        "            - {op: linear, dtype: float32, rows: one, launch_ns: 7, sync_ns: 0, "
        "compute: 0, weights: 0, inputs: 0, outputs: 0, operations: 9, "
        "median_error: 0.1, p90_error: 0.2}\n";

static struct arch_set set;

static int read_profile(void)
{
	struct diag d = {""};

	return arch_set_load_text(&set, "profile", profile, strlen(profile), &d) || !set.archs[0].calibration;
}

static int forget_profile(void)
{
	arch_set_release(&set);
	return 0;
}

static void what_was_measured_is_interpolated(void)
{
	const struct calibration *c = set.archs[0].calibration;

	CU_ASSERT_DOUBLE_EQUAL(calibration_bandwidth_at(c, 1, 1024), 100, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(calibration_bandwidth_at(c, 1, 1), 100, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(calibration_bandwidth_at(c, 1, 1e15), 10, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(calibration_bandwidth_at(c, 1, 32768), 2 / (1.0 / 100 + 1.0 / 10), 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(calibration_bandwidth_at(c, 2, 1024), 200, 1e-9); /* a third of the way */
	CU_ASSERT_DOUBLE_EQUAL(calibration_bandwidth_at(c, 64, 1024), 400, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(calibration_gflop_s(c, 4, PROF_DTYPE_FLOAT32), 400, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(calibration_gflop_s(c, 3, PROF_DTYPE_INT8), 300, 1e-9); /* float32's */
}

static struct op_desc product(unsigned dtype, uint64_t rows)
{
	struct op_desc d = {
	        .op = PROF_OP_LINEAR, .context = "q_proj", .native = "", .name = "", .n_operands = 3};

	d.operands[0] = (struct op_operand){.role = PROF_OPERAND_INPUT,
	                                    .dtype = PROF_DTYPE_FLOAT32,
	                                    .n_dims = 2,
	                                    .name = "",
	                                    .dims = {rows, 512}};
	d.operands[1] = (struct op_operand){.role = PROF_OPERAND_WEIGHT,
	                                    .dtype = (uint8_t)dtype,
	                                    .n_dims = 2,
	                                    .name = "w",
	                                    .dims = {512, 256}};
	d.operands[2] = (struct op_operand){.role = PROF_OPERAND_OUTPUT,
	                                    .dtype = PROF_DTYPE_FLOAT32,
	                                    .n_dims = 2,
	                                    .name = "",
	                                    .dims = {rows, 256}};
	return d;
}

/* launch 1000 + sync 500 + twice 2 x 512 x 256 FLOP at 200 GFLOP/s. */
static void prices_follow_the_formula(void)
{
	const struct calibration *c = set.archs[0].calibration;
	struct calibration_run run = {.threads = 2, .weight_bytes = 1e6};
	struct op_desc d = product(PROF_DTYPE_Q8_0, 1);
	struct model_options o = {.kind = MODEL_ROOFLINE, .dtype = -1};
	struct model_device dev = {.arch = &set.archs[0], .options = &o};
	struct model_ctx ctx = {0, 0, 0};
	double ns = 1000 + 500 + 2 * 2.0 * 512 * 256 / 200;
	struct model_job job;
	struct cost cost;

	CU_ASSERT_DOUBLE_EQUAL(calibration_ns(c, &d, &run), ns, 1e-6);
	model_job_make(&job, &d, &o, &ctx);
	model_roofline_price(&job, &dev, &cost);
	CU_ASSERT_DOUBLE_EQUAL(cost.cell[COST_TIME], ns + 100, 1e-6); /* and what is between */
	CU_ASSERT_DOUBLE_EQUAL(cost.cell[COST_PJ_STATIC], 10 * (ns + 100) * 1e3, 1e-3);
}

static void the_nearest_type_stands_in(void)
{
	const struct calibration *c = set.archs[0].calibration;
	struct op_desc blocks = product(PROF_DTYPE_Q4_0, 1), plain = product(PROF_DTYPE_FLOAT16, 1);
	struct op_desc many = product(PROF_DTYPE_Q8_0, 5);

	CU_ASSERT_EQUAL(calibration_find(c, &blocks)->dtype, PROF_DTYPE_Q8_0);
	CU_ASSERT_EQUAL(calibration_find(c, &plain)->dtype, PROF_DTYPE_FLOAT32);
	CU_ASSERT_PTR_NULL(calibration_find(c, &many));
}

static void what_is_written_is_read(void)
{
	const struct calibration *c = set.archs[0].calibration;
	char *text = NULL;
	size_t bytes = 0;
	FILE *f = open_memstream(&text, &bytes);
	struct arch_set again = {NULL, 0};
	struct diag d = {""};

	fwrite(profile, 1, (size_t)(strstr(profile, "    calibration") - profile), f);
	calibration_write(c, f);
	fclose(f);
	CU_ASSERT_EQUAL_FATAL(arch_set_load_text(&again, "again", text, bytes, &d), 0);
	CU_ASSERT_EQUAL(again.archs[0].calibration->n_rates, c->n_rates);
	CU_ASSERT_EQUAL(memcmp(again.archs[0].calibration->rates, c->rates, c->n_rates * sizeof *c->rates),
	                0);
	CU_ASSERT_EQUAL(again.archs[0].calibration->n_bandwidth, c->n_bandwidth);
	CU_ASSERT_EQUAL(again.archs[0].calibration->between[0], 100);
	arch_set_release(&again);
	free(text);
}

static void mistakes_have_a_place(void)
{
	static const char *const wrong[][3] = {
	        {"op: linear, dtype: q8_0", "op: linaer, dtype: q8_0",
	         "profile:24:20: no operation is called linaer"},
	        {"rows: one", "rows: some", "rows some is not known"},
	        {"GBs: 100", "GBs: -1", "profile:15:46: GBs must be a number above 0"},
	        {"GBs: 100", "GB: 100", "the key GB is not known; the nearest is GBs"},
	        {"sync_ns: 500, ", "", "the item lacks one of its"},
	        {"threads: 2\n", "thread: 2\n", "the key thread is not known; the nearest is threads"},
	};

	for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		const char *at = strstr(profile, wrong[i][0]);
		char text[sizeof profile + 64];
		struct arch_set s = {NULL, 0};
		struct diag d = {""};

		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		snprintf(text, sizeof text, "%.*s%s%s", (int)(at - profile), profile, wrong[i][1],
		         at + strlen(wrong[i][0]));
		CU_ASSERT_EQUAL(arch_set_load_text(&s, "profile", text, strlen(text), &d), -1);
		CU_ASSERT_PTR_NOT_NULL(strstr(d.text, wrong[i][2]));
		if (!strstr(d.text, wrong[i][2]))
			printf("\n%s\n", d.text);
		arch_set_release(&s);
	}
}

int main(void)
{
	CU_pSuite s;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	s = CU_add_suite("calibration", read_profile, forget_profile);
	CU_ADD_TEST(s, coefficients_come_back);
	CU_ADD_TEST(s, disturbed_ones_do_not_matter);
	CU_ADD_TEST(s, no_coefficient_is_below_zero);
	CU_ADD_TEST(s, threads_that_no_run_had);
	CU_ADD_TEST(s, quantiles_heed_weights);
	CU_ADD_TEST(s, what_was_measured_is_interpolated);
	CU_ADD_TEST(s, prices_follow_the_formula);
	CU_ADD_TEST(s, the_nearest_type_stands_in);
	CU_ADD_TEST(s, what_is_written_is_read);
	CU_ADD_TEST(s, mistakes_have_a_place);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
