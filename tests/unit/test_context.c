/* test_context.c: what attention reads and computes in the contexts of a step's sequences, by hand.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <math.h>
#include <string.h>

#include "tools/lib/replay/replay.h"

#define EXPECT(got, want) CU_ASSERT_DOUBLE_EQUAL(got, want, 1e-12 * (1 + fabs((double)(want))))

/* From the left: sequences, heads, rows, width. */
#define SHAPE(role, dtype, n, ...) (&(struct op_operand){role, dtype, n, .dims = {__VA_ARGS__}})
#define QUERY(n, ...)              SHAPE(PROF_OPERAND_QUERY, PROF_DTYPE_FLOAT32, n, __VA_ARGS__)
#define KEY(n, ...)                SHAPE(PROF_OPERAND_KEY, PROF_DTYPE_FLOAT16, n, __VA_ARGS__)

static struct arch_set set;
static struct diag d;

/* A device with memory of 10 GB/s and 1 pJ per FLOP: the step's pairs of a row and a
 * position that it sees, and the positions whose key and value somebody needs. */
static void price(const struct trace_step *step, const struct op_operand *q, const struct op_operand *k,
                  double pairs, double positions)
{
	struct op_desc o = {.op = PROF_OP_ATTENTION, .layer = -1, .n_operands = 2, .operands = {*q, *k}};
	struct trace_step steps[] = {*step};
	struct trace t = {.path = "test", .descs = &o, .n_descs = 1, .steps = steps, .n_steps = 1};
	struct replay_options options = {.model = {.dtype = -1}};
	struct op_event ev = {.phase = PROF_PHASE_DECODE, .timed = true};
	const struct cost *c;
	struct map map;
	struct replay *r;

	o.context = "attn_output";
	o.native = o.name = o.result = o.region = o.family = o.extra = "";
	memset(&map, 0, sizeof map);
	map_everything(&map, arch_set_find(&set, "A", &d), &d);
	r = replay_new("A", &t, &map, &options);
	replay_events(r, &ev, 1);
	c = &r->phase[PROF_PHASE_DECODE].cost;
	EXPECT(c->cell[COST_NS_KV], 2 * positions * 64 * 2 / 10);
	EXPECT(c->cell[COST_PJ_COMPUTE], pairs * (4 * 64 + 4 + 10));
	replay_free(r);
	map_release(&map);
}

/* The cache is padded to 256 positions. */
static void one_sequence(void)
{
	for (unsigned n = 100; n < 102; n++) {
		struct trace_step step = {.tokens = 1, .sequences = 1, .ctx_max = n, .ctx_sum = n};

		price(&step, QUERY(2, 1, 64), KEY(2, 256, 64), n, n);
	}
}

/* The work is the same however sequences lie: side by side, in one cache, with the heads. */
static void several_sequences(void)
{
	/* 70, 100, 110 and 120 positions; two prompts of three: (1 + 2 + 3) x 2 pairs */
	static const struct trace_step four = {.tokens = 4, .sequences = 4, .ctx_max = 120, .ctx_sum = 400};
	static const struct trace_step two = {.tokens = 6, .sequences = 2, .ctx_max = 3, .ctx_sum = 12};

	price(&four, QUERY(4, 4, 1, 1, 64), KEY(4, 4, 1, 128, 64), 400, 400);
	price(&four, QUERY(4, 1, 1, 4, 64), KEY(4, 1, 1, 512, 64), 400, 400);
	price(&four, QUERY(3, 4, 1, 64), KEY(3, 4, 128, 64), 400, 400);
	price(&four, QUERY(4, 2, 1, 2, 64), KEY(4, 2, 1, 256, 64), 400, 400);
	price(&two, QUERY(4, 2, 1, 3, 64), KEY(4, 2, 1, 3, 64), 12, 6);
	price(&two, QUERY(4, 1, 1, 6, 64), KEY(4, 1, 1, 8, 64), 12, 6);
}

/* Nobody said what all tokens see: every sequence may be as long as the longest. */
static void only_the_longest_known(void)
{
	static const struct trace_step step = {.tokens = 4, .sequences = 4, .ctx_max = 100};

	price(&step, QUERY(4, 4, 1, 1, 64), KEY(4, 4, 1, 128, 64), 400, 400);
	price(&step, QUERY(4, 1, 1, 4, 64), KEY(4, 1, 1, 512, 64), 400, 400);
}

int main(void)
{
	static const char text[] =
	        "A:\n  host_to_device_bw_GBs: 2\n  host_to_device_pj_per_bit: 10\n"
	        "  device_to_host_bw_GBs: 4\n  device_to_host_pj_per_bit: 20\n"
	        "  mem_bw_GBs: 10\n  mem_pj_per_bit: 5\n  tflops: 1\n  pj_per_tflop: 1e12\n";
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("context", NULL, NULL);
	CU_add_test(suite, "one sequence", one_sequence);
	CU_add_test(suite, "several sequences", several_sequences);
	CU_add_test(suite, "only the longest known", only_the_longest_known);
	if (arch_set_load_text(&set, "test", text, strlen(text), &d))
		return 1;
	CU_basic_run_tests();
	arch_set_release(&set);
	return CU_get_number_of_failures() != 0;
}
