/* test_counter_totals.c: totals of sampled counters: by hand, and drawn many times from known populations.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/counters/counter_totals.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NEAR(got, want) CU_ASSERT_DOUBLE_EQUAL(got, want, 1e-9 * (1 + fabs((double)(want))))

#define KIND(op) totals_like(op, 1, "")

static struct totals *s;

static void begin(unsigned strata, unsigned counters, const uint64_t *like)
{
	s = totals_new(strata, counters, like);
}

static void end(void)
{
	totals_free(s);
}

/* One slice; counters only when it was sampled. */
static void slice(unsigned group, unsigned stratum, double ns, const double *counts, unsigned n)
{
	struct op_event ev = {.desc = stratum, .n_slices = 1, .timed = true};

	ev.time_ns = ev.busy_ns = ev.counted_ns = (uint64_t)ns;
	ev.n_counters = n;
	ev.n_counted = 1;
	for (unsigned i = 0; i < n; i++)
		ev.counters[i] = (uint64_t)counts[i];
	CU_ASSERT_EQUAL(totals_add(s, group, &ev), 0);
}

static void counted(unsigned group, unsigned stratum, double ns, double a)
{
	slice(group, stratum, ns, &a, 1);
}

static void uncounted(unsigned group, unsigned stratum, double ns)
{
	slice(group, stratum, ns, NULL, 0);
}

/* Student's t at 97.5 % over the normal distribution's, from tables. */
static double t_over_z(double t)
{
	return t / 1.959964;
}

static void everything_counted(void)
{
	begin(1, 1, (uint64_t[]){0});
	counted(0, 0, 100, 10);
	counted(0, 0, 300, 20);
	totals_settle(s);
	NEAR(totals_value(s, 0, 0), 30);
	NEAR(totals_value_error(s, 0, 0), 0);
	NEAR(totals_counts(s, 0).counted, 2);
	end();
}

/* Counts follow the time: the ratio has no residual. */
static void ratio(void)
{
	begin(1, 1, (uint64_t[]){0});
	uncounted(0, 0, 500);
	counted(0, 0, 100, 1000);
	counted(0, 0, 300, 3000);
	uncounted(0, 0, 700);
	totals_settle(s);
	NEAR(totals_value(s, 0, 0), 16000);
	NEAR(totals_value_error(s, 0, 0), 0);
	end();
}

/* Counts have nothing to do with time: 3 of 6 slices counted 8, 10, 12. The
 * mean is 10, s^2 = 4, so V = 6^2 (1 - 3/6) 4 / 3 = 24; t(2) = 4.3027. */
static void expansion(void)
{
	begin(1, 1, (uint64_t[]){0});
	uncounted(0, 0, 500);
	counted(0, 0, 900, 8);
	counted(0, 0, 100, 10);
	counted(0, 0, 500, 12);
	uncounted(0, 0, 500);
	uncounted(0, 0, 500);
	totals_settle(s);
	NEAR(totals_value(s, 0, 0), 60);
	CU_ASSERT_DOUBLE_EQUAL(totals_value_error(s, 0, 0), sqrt(24) * t_over_z(4.3027), 0.1);
	end();
}

/* The ratio with residuals: r = 60/30 = 2; e = -1, 1, 0; s^2 = 1; of 5 slices
 * and 50 ns 3 and 30 ns were counted: V = 1 (2^2 / 3 + 2) = 10/3. */
static void ratio_by_hand(void)
{
	begin(1, 1, (uint64_t[]){0});
	uncounted(0, 0, 8);
	counted(0, 0, 5, 9);
	counted(0, 0, 15, 31);
	counted(0, 0, 10, 20);
	uncounted(0, 0, 12);
	totals_settle(s);
	NEAR(totals_value(s, 0, 0), 100);
	CU_ASSERT_DOUBLE_EQUAL(totals_value_error(s, 0, 0), sqrt(10.0 / 3) * t_over_z(4.3027), 0.05);
	end();
}

/* Two strata of one kind (rates 2 and 4 a ns) lend to a third; another kind does
 * not. Rate (20 + 40)/(10 + 10) = 3; spread s^2 = 2; V = 2 * 100^2 (1/2 + 1);
 * one degree of freedom: t = 12.7, of which the expansion gives 11.3. */
static void borrowed(void)
{
	begin(4, 1, (uint64_t[]){KIND(7), KIND(7), KIND(7), KIND(9)});
	counted(0, 0, 10, 20);
	counted(0, 1, 10, 40);
	uncounted(0, 2, 100);
	counted(0, 3, 10, 5000);
	counted(0, 3, 10, 5000);
	totals_settle(s);
	NEAR(totals_value(s, 0, 0), 60 + 10000 + 300);
	CU_ASSERT_DOUBLE_EQUAL(totals_value_error(s, 0, 0), sqrt(30000) * 11.3 / 1.96, sqrt(30000) * 0.1);
	NEAR(totals_counts(s, 0).borrowed, 1);
	NEAR(totals_counts(s, 0).slices, 5);
	end();
}

/* The first operation counts 1000 where the others count 10: it is counted, and
 * nothing is concluded from it. */
static void first_time(void)
{
	begin(1, 1, (uint64_t[]){0});
	counted(0, 0, 100, 1000);
	for (unsigned i = 0; i < 4; i++) {
		uncounted(0, 0, 100);
		counted(0, 0, 100, 10);
	}
	totals_settle(s);
	NEAR(totals_value(s, 0, 0), 1080);
	NEAR(totals_value_error(s, 0, 0), 0);
	NEAR(totals_counts(s, 0).counted, 5);
	end();
}

/* Attention at two lengths, sampled once each, and another of 100 times the rate:
 * the third length goes by the two, not by the other. */
static void by_context(void)
{
	uint64_t kq = totals_like(2, 1, "kq"), kqv = totals_like(2, 1, "kqv");

	begin(4, 1, (uint64_t[]){kq, kq, kqv, kq});
	counted(0, 0, 10, 20);
	counted(0, 1, 20, 40);
	counted(0, 2, 10, 2000);
	uncounted(0, 3, 30);
	totals_settle(s);
	NEAR(totals_value(s, 0, 0), 20 + 40 + 2000 + 60);
	NEAR(totals_value_error(s, 0, 0), 0);
	end();
}

static void too_little(void)
{
	begin(2, 1, (uint64_t[]){KIND(1), KIND(2)});
	uncounted(0, 0, 100);
	uncounted(0, 1, 100);
	totals_settle(s);
	CU_ASSERT(isnan(totals_value(s, 0, 0)));
	end();
	begin(2, 1, (uint64_t[]){KIND(1), KIND(2)});
	counted(0, 0, 100, 50);
	uncounted(0, 1, 100);
	totals_settle(s);
	NEAR(totals_value(s, 0, 0), 100);
	CU_ASSERT(isnan(totals_value_error(s, 0, 0)));
	end();
}

/* Two counters that move together: their sum is as uncertain as both, their
 * difference not at all. */
static void together(void)
{
	static const double pairs[3][2] = {{10, 10}, {14, 14}, {18, 18}};
	double sum[2] = {1, 1}, difference[2] = {1, -1};

	begin(1, 2, (uint64_t[]){0});
	uncounted(0, 0, 100);
	for (unsigned i = 0; i < 3; i++)
		slice(0, 0, 100, pairs[i], 2);
	totals_settle(s);
	NEAR(totals_error(s, 0, sum), 2 * totals_value_error(s, 0, 0));
	CU_ASSERT_DOUBLE_EQUAL(totals_error(s, 0, difference), 0, 1e-6);
	end();
}

/* ---- many draws ---- */

static uint64_t state;

static double uniform(void)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(state >> 11) / 9007199254740992.0;
}

static double normal(void)
{
	return sqrt(-2 * log(1 - uniform())) * cos(6.283185307179586 * uniform());
}

enum { STRATA = 12, UNITS = 300, DRAWS = 400, EVERY = 16 };

struct population {
	double ns[STRATA][UNITS], count[2][STRATA][UNITS], total[2];
	unsigned units[STRATA];
};

/* Strata of different sizes, none smaller than `least`; counter 0 follows the
 * time, counter 1 does not. `noise` is relative. */
static void populate(struct population *p, double noise, unsigned least)
{
	memset(p, 0, sizeof(*p));
	for (unsigned h = 0; h < STRATA; h++) {
		double scale = 1000 * (1 + 20 * uniform()), rate = 2 + uniform();

		p->units[h] = UNITS / (1 + h) > least ? UNITS / (1 + h) : least;
		for (unsigned i = 0; i < p->units[h]; i++) {
			double ns = scale * exp(0.3 * normal());
			double follows = floor(rate * ns * fmax(0.1, 1 + noise * normal()));
			double own = floor(scale * fmax(0.1, 1 + noise * normal()));

			p->ns[h][i] = floor(ns);
			p->count[0][h][i] = follows;
			p->count[1][h][i] = own;
			p->total[0] += follows;
			p->total[1] += own;
		}
	}
}

/* Every n-th unit from a random start, as the recorder does. */
static void draw(const struct population *p)
{
	uint64_t like[STRATA] = {0};

	begin(STRATA, 2, like);
	for (unsigned h = 0; h < STRATA; h++) {
		unsigned first = (unsigned)(uniform() * EVERY);

		for (unsigned i = 0; i < p->units[h]; i++) {
			double both[2] = {p->count[0][h][i], p->count[1][h][i]};

			slice(0, h, p->ns[h][i], both, i % EVERY == first ? 2 : 0);
		}
	}
	totals_settle(s);
}

struct score {
	unsigned covered[3];
	double error[3]; /* relative, added up */
};

/* Twice the error covers the truth, for both totals and their quotient. */
static void score_draw(const struct population *p, struct score *x)
{
	double totals[2] = {totals_value(s, 0, 0), totals_value(s, 0, 1)};
	double quotient = totals[0] / totals[1], truth = p->total[0] / p->total[1];
	double slopes[2] = {1 / totals[1], -quotient / totals[1]};

	for (unsigned c = 0; c < 2; c++) {
		x->covered[c] += fabs(totals[c] - p->total[c]) <= 2 * totals_value_error(s, 0, c);
		x->error[c] += (totals[c] - p->total[c]) / p->total[c];
	}
	x->covered[2] += fabs(quotient - truth) <= 2 * totals_error(s, 0, slopes);
	x->error[2] += (quotient - truth) / truth;
}

static void draw_many(double noise, uint64_t seed)
{
	static struct population p;
	struct score x = {{0}, {0}};

	state = seed;
	for (unsigned i = 0; i < DRAWS; i++) {
		if (i % 10 == 0)
			populate(&p, noise, 4 * EVERY);
		draw(&p);
		score_draw(&p, &x);
		end();
	}
	for (unsigned c = 0; c < 3; c++) {
		CU_ASSERT(x.covered[c] >= DRAWS * 0.9);
		CU_ASSERT(fabs(x.error[c] / DRAWS) <= 0.1 * noise);
		if (x.covered[c] < DRAWS * 0.9 || fabs(x.error[c] / DRAWS) > 0.1 * noise)
			printf("\nnoise %g, figure %u: %u of %u covered, bias %g\n", noise, c, x.covered[c],
			       DRAWS, x.error[c] / DRAWS);
	}
}

static void drawn_quiet(void)
{
	draw_many(0.02, 1);
	draw_many(0.02, 2);
}

static void drawn_noisy(void)
{
	draw_many(0.3, 3);
	draw_many(0.3, 4);
}

/* A busy machine: one slice in fifty waits for its processor a hundred times as
 * long as it runs, and counts no more for that. */
static void drawn_waiting(void)
{
	static struct population p;
	unsigned covered = 0;
	double error = 0;

	state = 7;
	populate(&p, 0.05, UNITS);
	for (unsigned h = 0; h < STRATA; h++)
		for (unsigned i = 0; i < p.units[h]; i++)
			p.ns[h][i] *= uniform() < 0.02 ? 100 : 1;
	for (unsigned k = 0; k < DRAWS; k++) {
		draw(&p);
		covered += fabs(totals_value(s, 0, 0) - p.total[0]) <= 2 * totals_value_error(s, 0, 0);
		error += (totals_value(s, 0, 0) - p.total[0]) / p.total[0];
		end();
	}
	CU_ASSERT(covered >= DRAWS * 0.9);
	CU_ASSERT(fabs(error / DRAWS) <= 0.01);
	if (covered < DRAWS * 0.9 || fabs(error / DRAWS) > 0.01)
		printf("\nwaiting: %u of %u covered, bias %g\n", covered, DRAWS, error / DRAWS);
}

/* A group that holds a part of the strata's units, as a phase or a step does. */
static void drawn_parts(void)
{
	static struct population p;
	unsigned covered = 0;

	state = 5;
	populate(&p, 0.2, 4 * EVERY);
	for (unsigned k = 0; k < DRAWS; k++) {
		double truth = 0;

		begin(STRATA, 1, (uint64_t[STRATA]){0});
		for (unsigned h = 0; h < STRATA; h++) {
			unsigned first = (unsigned)(uniform() * EVERY);

			for (unsigned i = 0; i < p.units[h]; i++) {
				unsigned group = i < p.units[h] / 3;

				truth += group ? p.count[0][h][i] : 0;
				slice(group, h, p.ns[h][i], &p.count[0][h][i], i % EVERY == first);
			}
		}
		totals_settle(s);
		covered += fabs(totals_value(s, 1, 0) - truth) <= 2 * totals_value_error(s, 1, 0);
		end();
	}
	CU_ASSERT(covered >= DRAWS * 0.9);
}

/* Strata too small for a sample of their own, each time others of the same
 * kind: what they take from the others is as uncertain as is said. */
static void drawn_borrowed(void)
{
	static struct population p;
	unsigned covered = 0;
	double error = 0;

	state = 6;
	for (unsigned k = 0; k < DRAWS; k++) {
		populate(&p, 0.1, 2);
		for (unsigned h = STRATA / 2; h < STRATA; h++)
			p.units[h] = EVERY / 2;
		p.total[0] = 0;
		for (unsigned h = 0; h < STRATA; h++)
			for (unsigned i = 0; i < p.units[h]; i++)
				p.total[0] += p.count[0][h][i];
		draw(&p);
		covered += fabs(totals_value(s, 0, 0) - p.total[0]) <= 2 * totals_value_error(s, 0, 0);
		error += (totals_value(s, 0, 0) - p.total[0]) / p.total[0];
		end();
	}
	CU_ASSERT(covered >= DRAWS * 0.9);
	CU_ASSERT(fabs(error / DRAWS) <= 0.01);
}

/* The same on a busy machine: one slice in fifteen waits a hundred times as long as it
 * runs, and counts three times as much, which a small sample may not have met. */
static void drawn_borrowed_waiting(void)
{
	static struct population p;
	unsigned covered = 0;
	double error = 0;

	state = 8;
	for (unsigned k = 0; k < DRAWS; k++) {
		populate(&p, 0.1, UNITS);
		p.total[0] = 0;
		for (unsigned h = 0; h < STRATA; h++) {
			p.units[h] = h < STRATA / 2 ? UNITS : EVERY / 2;
			for (unsigned i = 0; i < p.units[h]; i++) {
				bool waits = i > 0 && uniform() < 1.0 / 15;

				p.ns[h][i] *= waits ? 100 : 1;
				p.count[0][h][i] *= waits ? 3 : 1;
				p.total[0] += p.count[0][h][i];
			}
		}
		draw(&p);
		covered += fabs(totals_value(s, 0, 0) - p.total[0]) <= 2 * totals_value_error(s, 0, 0);
		error += (totals_value(s, 0, 0) - p.total[0]) / p.total[0];
		end();
	}
	CU_ASSERT(covered >= DRAWS * 0.9);
	CU_ASSERT(fabs(error / DRAWS) <= 0.01);
	if (covered < DRAWS * 0.9 || fabs(error / DRAWS) > 0.01)
		printf("\nborrowed, waiting: %u of %u covered, bias %g\n", covered, DRAWS, error / DRAWS);
}

int main(void)
{
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("counter totals", NULL, NULL);
	CU_add_test(suite, "everything counted", everything_counted);
	CU_add_test(suite, "ratio", ratio);
	CU_add_test(suite, "expansion", expansion);
	CU_add_test(suite, "ratio by hand", ratio_by_hand);
	CU_add_test(suite, "borrowed", borrowed);
	CU_add_test(suite, "by context", by_context);
	CU_add_test(suite, "first time", first_time);
	CU_add_test(suite, "too little", too_little);
	CU_add_test(suite, "together", together);
	CU_add_test(suite, "drawn, quiet", drawn_quiet);
	CU_add_test(suite, "drawn, noisy", drawn_noisy);
	CU_add_test(suite, "drawn, waiting", drawn_waiting);
	CU_add_test(suite, "drawn, in parts", drawn_parts);
	CU_add_test(suite, "drawn, borrowed", drawn_borrowed);
	CU_add_test(suite, "drawn, borrowed, waiting", drawn_borrowed_waiting);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
