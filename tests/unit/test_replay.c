/* test_replay.c: prices by hand, moves between devices, what the run measured.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The published rules are held to published answers in tests/golden/pim-ai;
 * here are the roofline, and the rules' corners that those lists lack.
 */
#include <CUnit/Basic.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/replay/measured.h"
#include "tools/lib/replay/replay.h"

#define EXPECT(got, want) CU_ASSERT_DOUBLE_EQUAL(got, want, 1e-12 * (1 + fabs((double)(want))))

enum { F32 = PROF_DTYPE_FLOAT32, F16 = PROF_DTYPE_FLOAT16 };

static struct op_desc descs[8];
static struct trace_step steps[4];
static struct trace trace;
static struct arch_set set;
static struct map map;
static struct replay_options options;
static struct diag d;

/* Round figures: 1 TFLOP/s, memory 10 GB/s, links 2 and 4 GB/s. */
#define DEVICE(name)                                                                                         \
	name ":\n  host_to_device_bw_GBs: 2\n  host_to_device_pj_per_bit: 10\n  device_to_host_bw_GBs: 4\n"  \
	     "  device_to_host_pj_per_bit: 20\n  mem_bw_GBs: 10\n  mem_pj_per_bit: 5\n  tflops: 1\n"         \
	     "  pj_per_tflop: 1e12\n"

static void start(const char *more)
{
	char text[2048];

	arch_set_release(&set);
	map_release(&map);
	memset(descs, 0, sizeof descs);
	memset(steps, 0, sizeof steps);
	memset(&trace, 0, sizeof trace);
	memset(&options, 0, sizeof options);
	trace.path = "test";
	trace.descs = descs;
	trace.steps = steps;
	options.model.dtype = -1;
	options.model.experts_per_token = 2;
	snprintf(text, sizeof text, "%s%s%s", DEVICE("A"), more, DEVICE("B"));
	CU_ASSERT_EQUAL(arch_set_load_text(&set, "test", text, strlen(text), &d), 0);
}

static void published(void)
{
	options.model.kind = MODEL_PIM_AI;
	options.model.dtype = F16;
}

static struct op_desc *op(unsigned kind, const char *context)
{
	struct op_desc *o = &descs[trace.n_descs];

	o->id = trace.n_descs++;
	o->op = (uint16_t)kind;
	o->layer = -1;
	o->context = context;
	o->native = o->name = o->result = o->region = o->family = o->extra = "";
	return o;
}

static void operand(struct op_desc *o, enum prof_operand role, unsigned dtype, int rows, int columns)
{
	struct op_operand *p = &o->operands[o->n_operands++];

	p->role = (uint8_t)role;
	p->dtype = (uint8_t)dtype;
	p->name = "";
	p->n_dims = 2;
	p->dims[0] = (uint64_t)rows;
	p->dims[1] = (uint64_t)columns;
}

static void linear(const char *context, int rows, int in, int out)
{
	struct op_desc *o = op(PROF_OP_LINEAR, context);

	operand(o, PROF_OPERAND_INPUT, F32, rows, in);
	operand(o, PROF_OPERAND_WEIGHT, F16, in, out);
	operand(o, PROF_OPERAND_OUTPUT, F32, rows, out);
}

static void rmsnorm(const char *context, int rows, int columns)
{
	struct op_desc *o = op(PROF_OP_RMSNORM, context);

	operand(o, PROF_OPERAND_INPUT, F32, rows, columns);
	operand(o, PROF_OPERAND_OUTPUT, F32, rows, columns);
}

static struct op_event event(unsigned desc, int step, enum prof_phase phase)
{
	return (struct op_event){
	        .desc = desc, .step = step, .phase = phase, .time_ns = 1000, .busy_ns = 2000, .timed = true};
}

/* One replay over a sequence of descriptors, ended by -1; all on A unless a
 * mapping was added before. */
static struct replay *replay(int first, ...)
{
	struct replay *r;
	va_list args;

	if (!map.n)
		CU_ASSERT_EQUAL(map_everything(&map, arch_set_find(&set, "A", &d), &d), 0);
	r = replay_new("A", &trace, &map, &options);
	va_start(args, first);
	for (int i = first; i >= 0; i = va_arg(args, int)) {
		struct op_event ev = event((unsigned)i, -1, PROF_PHASE_DECODE);

		replay_events(r, &ev, 1);
	}
	va_end(args);
	replay_end(r, 3);
	return r;
}

static double cell(const struct replay *r, enum cost_cell c)
{
	return r->phase[PROF_PHASE_DECODE].cost.cell[c];
}

static void roofline_linear(void)
{
	struct replay *r;

	start("");
	linear("q_proj", 4, 100, 200);
	r = replay(0, -1);
	/* 160000 FLOP at 1000 a ns; 40000 + 1600 + 3200 bytes at 10 a ns; input 1600 bytes, output 3200 */
	EXPECT(cell(r, COST_NS_COMPUTE), 160);
	EXPECT(cell(r, COST_NS_MEM), 4480);
	EXPECT(cell(r, COST_NS_H2D), 800);
	EXPECT(cell(r, COST_NS_D2H), 800);
	EXPECT(cell(r, COST_TIME), 4480 + 1600);
	EXPECT(cell(r, COST_PJ_COMPUTE), 160000);
	EXPECT(cell(r, COST_PJ_MEM), 44800 * 8 * 5);
	EXPECT(cell(r, COST_PJ_H2D), 1600 * 8 * 10);
	EXPECT(cell(r, COST_PJ_D2H), 3200 * 8 * 20);
	EXPECT(r->phase[PROF_PHASE_DECODE].limit_ns[LIMIT_MEMORY], 4480);
	EXPECT(r->phase[PROF_PHASE_DECODE].limit_ns[LIMIT_TRANSFER], 1600);
	replay_free(r);
}

static void roofline_terms(void)
{
	struct replay *r;

	start("  compute_efficiency: 0.5\n  memory_efficiency: 0.25\n  launch_overhead_ns: 7\n"
	      "  on_chip_buffer_bytes: 4800\n  static_w: 2\n  chips: 4\n  interconnect_bw_GBs: 8\n"
	      "  interconnect_pj_per_bit: 3\n  interconnect_latency_ns: 50\n  tflops_by_dtype: {float16: "
	      "4}\n");
	linear("q_proj", 4, 100, 200);
	r = replay(0, -1);
	EXPECT(cell(r, COST_NS_COMPUTE), 160 / 4.0 / 0.5);
	EXPECT(cell(r, COST_NS_MEM), 40000 / 2.5); /* 4800 bytes of activations stay on the chip */
	EXPECT(cell(r, COST_NS_LAUNCH), 7);
	EXPECT(cell(r, COST_NS_LINK), 50 + 2400 / 8.0);
	EXPECT(cell(r, COST_PJ_LINK), 2400 * 8 * 3);
	EXPECT(cell(r, COST_PJ_STATIC), (16000 + 7 + 350 + 1600) * 2e3); /* 1600 ns of transfers */
	replay_free(r);
}

static void roofline_limits(void)
{
	struct replay *r;

	start("  launch_overhead_ns: 1e6\n");
	linear("q_proj", 4, 100, 200);
	r = replay(0, -1);
	CU_ASSERT(r->phase[PROF_PHASE_DECODE].limit_ns[LIMIT_LAUNCH] > 1e6);
	replay_free(r);
	start("  memory_efficiency: 1\n");
	linear("q_proj", 10000, 4000, 4000);
	r = replay(0, -1);
	CU_ASSERT(r->phase[PROF_PHASE_DECODE].limit_ns[LIMIT_COMPUTE] > 1e6);
	replay_free(r);
}

static void roofline_dtype(void)
{
	struct replay *r;

	start("");
	options.model.dtype = PROF_DTYPE_INT8;
	linear("q_proj", 4, 100, 200);
	r = replay(0, -1);
	EXPECT(cell(r, COST_NS_MEM), (20000 + 400 + 800) / 10.0);
	replay_free(r);
}

static void roofline_vector(void)
{
	struct replay *r;

	start("");
	rmsnorm("norm", 2, 512);
	r = replay(0, -1);
	/* 4 FLOP an element and 10 for a root a row, at 1/16 of the peak */
	EXPECT(cell(r, COST_NS_COMPUTE), (4 * 1024 + 20) / 1e3 * 16);
	EXPECT(cell(r, COST_NS_MEM), 819.2);
	replay_free(r);
}

static void steps_begin_and_end_on_the_host(void)
{
	struct replay *r;
	struct op_event ev;

	start("");
	linear("q_proj", 1, 100, 200);
	map_everything(&map, arch_set_find(&set, "A", &d), &d);
	r = replay_new("A", &trace, &map, &options);
	for (int i = 0; i < 6; i++) {
		ev = event(0, i / 2, i < 2 ? PROF_PHASE_PREFILL : PROF_PHASE_DECODE);
		replay_events(r, &ev, 1);
	}
	replay_end(r, 0);
	EXPECT(r->phase[PROF_PHASE_PREFILL].cost.cell[COST_BYTES_H2D], 400);
	EXPECT(r->phase[PROF_PHASE_PREFILL].cost.cell[COST_BYTES_D2H], 800);
	EXPECT(cell(r, COST_BYTES_H2D), 800);
	EXPECT(cell(r, COST_BYTES_D2H), 1600);
	replay_free(r);
}

static void rest_stays_on_the_host(void)
{
	struct replay *r;

	start("");
	linear("q_proj", 1, 100, 200);
	rmsnorm("norm", 1, 200);
	CU_ASSERT_EQUAL(map_add(&map, &set, "q_*=A", &d), 0);
	r = replay(0, 1, 0, 1, -1);
	EXPECT(cell(r, COST_NS_HOST), 2000);
	EXPECT(cell(r, COST_PJ_HOST), 2000 * 3e3);
	/* each product: its input there; the norm takes its own input back */
	EXPECT(cell(r, COST_BYTES_H2D), 2 * 400);
	EXPECT(cell(r, COST_BYTES_D2H), 2 * 800);
	replay_free(r);
}

static void capacity(void)
{
	char text[512];
	struct replay *r;

	start("  mem_capacity_GB: 0.001\n");
	linear("q_proj", 1, 1000, 600); /* 1.2 MB */
	linear("q_proj", 7, 1000, 600); /* the same tensor */
	r = replay(0, 1, -1);
	CU_ASSERT_EQUAL(replay_capacity(r, text, sizeof text), 1);
	CU_ASSERT_STRING_EQUAL(text,
	                       "A: weights and cache need 0.0012 GB, its memory holds 0.001 GB: this run "
	                       "does not fit");
	replay_free(r);
	options.model.dtype = PROF_DTYPE_INT8;
	r = replay(0, 1, -1);
	CU_ASSERT_EQUAL(replay_capacity(r, text, sizeof text), 0);
	replay_free(r);
}

/* One kernel of eight experts keeps all of them; so do eight of one each. */
static void capacity_of_experts(void)
{
	char text[512];

	for (int fused = 0; fused < 2; fused++) {
		struct replay *r;

		start("  mem_capacity_GB: 0.009\n");
		for (int i = 0; i < (fused ? 1 : 8); i++) {
			linear("w1", 1, 1000, 600); /* 1.2 MB */
			descs[i].attrs[descs[i].n_attrs++] =
			        (struct op_attr){fused ? PROF_ATTR_EXPERTS : PROF_ATTR_EXPERT, fused ? 8 : i};
		}
		r = replay(0, -1);
		CU_ASSERT_EQUAL(replay_capacity(r, text, sizeof text), 1);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, "need 0.0096 GB"));
		replay_free(r);
	}
}

/* A random run of 40 operations in five steps, on the host, A and B in turn. */
static void random_run(unsigned *seed, struct op_event *events)
{
	start("  static_w: {value: 2, range: [1, 3]}\n  launch_overhead_ns: {value: 5, range: [2, 9]}\n"
	      "  units: 4\n  tile_m: 8\n  on_chip_buffer_bytes: 3000\n");
	for (unsigned i = 0; i < 6; i++) {
		int rows = 1 + rand_r(seed) % 60, in = 1 + rand_r(seed) % 300, out = 1 + rand_r(seed) % 300;

		if (i % 3)
			linear(i % 2 ? "q_proj" : "k_proj", rows, in, out);
		else
			rmsnorm("norm", rows, in);
	}
	CU_ASSERT_EQUAL(map_add(&map, &set, "q_proj=A", &d), 0);
	CU_ASSERT_EQUAL(map_add(&map, &set, "norm=B", &d), 0);
	for (int i = 0; i < 40; i++)
		events[i] = event((unsigned)rand_r(seed) % 6, i / 8,
		                  i < 8 ? PROF_PHASE_PREFILL : PROF_PHASE_DECODE);
}

/* Time of n kinds twice on the device itself, in both phases: all, and all again. */
static double twice(unsigned n)
{
	struct replay *r = replay_new("A", &trace, &map, &options);
	struct replay_totals total;

	for (unsigned i = 0; i < 4 * n; i++) {
		struct op_event ev = event(i % n, -1, i / n % 2 ? PROF_PHASE_DECODE : PROF_PHASE_PREFILL);

		replay_events(r, &ev, 1);
	}
	replay_end(r, 3);
	replay_total(r, &total);
	replay_free(r);
	return total.cost.cell[COST_NS_COMPUTE] + total.cost.cell[COST_NS_MEM];
}

static void more_kinds_than_prices_are_kept(void)
{
	enum { KINDS = 9000 };

	for (unsigned kind = 0; kind < 2; kind++) {
		struct op_desc *many = calloc(KINDS, sizeof *many);
		double alone = 0;

		start("");
		if (kind)
			published();
		linear("q_proj", 4, 100, 200);
		CU_ASSERT_EQUAL(map_everything(&map, arch_set_find(&set, "A", &d), &d), 0);
		for (unsigned i = 0; i < KINDS; i++) {
			many[i] = descs[0];
			many[i].id = i;
			many[i].operands[0].dims[0] = many[i].operands[2].dims[0] = i + 1;
		}
		trace.n_descs = 1;
		for (unsigned i = 0; i < KINDS; i++) {
			trace.descs = &many[i];
			alone += twice(1);
		}
		trace.descs = many;
		trace.n_descs = KINDS;
		CU_ASSERT(alone > 0);
		CU_ASSERT_DOUBLE_EQUAL(twice(KINDS) / alone, 1, 1e-11);
		free(many);
	}
}

/* Operation by operation, and added up by kind: the same sums; every part is
 * in the whole; what goes to devices and comes back is told in full. */
static void conservation(void)
{
	struct op_event events[40];
	struct replay_totals total, again;
	struct replay_price price;
	struct replay *one, *all;

	for (unsigned seed = 1; seed < 100; seed++) {
		unsigned state = seed;
		double ns = 0, limits = 0;

		random_run(&state, events);
		one = replay_new("A", &trace, &map, &options);
		all = replay_new("A", &trace, &map, &options);
		for (unsigned i = 0; i < 40; i++) {
			replay_event(one, &events[i], &price);
			replay_events(all, &events[i], 1);
			ns += price.cost.cell[COST_TIME];
		}
		replay_end(one, 3);
		replay_end(all, 3);
		replay_total(one, &again);
		CU_ASSERT(ns <= again.cost.cell[COST_TIME] * (1 + 1e-9));
		replay_total(all, &total);
		for (unsigned i = 0; i < COST_N; i++)
			EXPECT(total.cost.cell[i], again.cost.cell[i]);
		for (unsigned i = 0; i < LIMIT_N; i++)
			limits += total.limit_ns[i];
		EXPECT(limits, total.cost.cell[COST_TIME]);
		EXPECT(total.cost.cell[COST_NS_H2D], total.cost.cell[COST_BYTES_H2D] / 2);
		EXPECT(total.cost.cell[COST_NS_D2H], total.cost.cell[COST_BYTES_D2H] / 4);
		CU_ASSERT(total.cost.cell[COST_LO_NS] <= total.cost.cell[COST_TIME] * (1 + 1e-9));
		CU_ASSERT(total.cost.cell[COST_HI_NS] >= total.cost.cell[COST_TIME] * (1 - 1e-9));
		CU_ASSERT(total.cost.cell[COST_LO_PJ] <= cost_energy_pj(&total.cost) * (1 + 1e-9));
		CU_ASSERT(total.cost.cell[COST_HI_PJ] >= cost_energy_pj(&total.cost) * (1 - 1e-9));
		replay_free(one);
		replay_free(all);
	}
}

static void published_moves(void)
{
	struct replay *r;

	start("");
	published();
	linear("q_proj", 1, 100, 200);
	linear("k_proj", 1, 100, 50);
	linear("other", 1, 100, 50);
	CU_ASSERT_EQUAL(map_add(&map, &set, "q_proj=A", &d), 0);
	CU_ASSERT_EQUAL(map_add(&map, &set, "k_proj=A,t", &d), 0);
	r = replay(0, 2, 0, 1, 0, -1);
	/* to A; other stays there; k_proj goes over the host; at the end the last input */
	EXPECT(cell(r, COST_BYTES_H2D), 2 * 200);
	EXPECT(cell(r, COST_BYTES_D2H), 2 * 200);
	replay_free(r);
}

static void published_experts(void)
{
	struct replay *r;

	start("");
	published();
	options.model.moe_end = "w2";
	linear("w1", 1, 100, 300);
	linear("w2", 1, 300, 100);
	CU_ASSERT_EQUAL(map_add(&map, &set, "w1=A,m", &d), 0);
	CU_ASSERT_EQUAL(map_add(&map, &set, "w2=A", &d), 0);
	/* w1 moves to A by device: not counted. Then counted twice, the first time
	 * moving. At w2 the count is 1, then 2: one result of 200 bytes goes back. */
	r = replay(0, 0, 1, 0, 1, -1);
	EXPECT(cell(r, COST_BYTES_H2D), 200 + 200);
	EXPECT(cell(r, COST_BYTES_D2H), 200 + 200 + 600); /* and w2's input at the end */
	replay_free(r);
	/* when no key is counted, every end sends one result */
	r = replay(0, 1, 1, -1);
	EXPECT(cell(r, COST_BYTES_D2H), 200 + 200 + 600);
	replay_free(r);
	/* by the default model likewise, in the trace's types */
	options.model.kind = MODEL_ROOFLINE;
	options.model.dtype = -1;
	r = replay(0, 0, 1, 0, 1, -1);
	EXPECT(cell(r, COST_BYTES_D2H), 400 + 400 + 400);
	replay_free(r);
}

static void published_phases(void)
{
	struct replay *r;

	start("");
	published();
	options.model.last_layer = "lm_head";
	linear("q_proj", 3, 100, 200);
	linear("lm_head", 3, 100, 700);
	map_everything(&map, arch_set_find(&set, "A", &d), &d);
	r = replay(0, 1, 0, 1, 0, 1, -1);
	CU_ASSERT_EQUAL(r->phase[PROF_PHASE_PREFILL].operations, 2);
	CU_ASSERT_EQUAL(r->phase[PROF_PHASE_DECODE].operations, 4);
	EXPECT(cell(r, COST_BYTES_D2H), 3 * 600);
	EXPECT(r->phase[PROF_PHASE_PREFILL].cost.cell[COST_BYTES_H2D], 600);
	replay_free(r);
}

static void published_leaves_out(void)
{
	struct replay *r;

	start("");
	published();
	op(PROF_OP_ROPE, "");
	r = replay(0, 0, -1);
	CU_ASSERT_EQUAL(r->unpriced[PROF_OP_ROPE], 2);
	EXPECT(cell(r, COST_TIME), 0);
	replay_free(r);
}

static void sums_per_descriptor(void)
{
	struct cost sum;
	struct replay *r;

	start("");
	options.per_desc = true;
	linear("q_proj", 1, 100, 200);
	rmsnorm("norm", 1, 200);
	r = replay(0, 1, 0, 1, -1);
	memset(&sum, 0, sizeof sum);
	for (unsigned i = 0; i < 2 * REPLAY_PHASES; i++)
		cost_add(&sum, &r->sums[i].cost);
	for (unsigned i = 0; i < COST_N; i++)
		EXPECT(sum.cell[i], cell(r, (enum cost_cell)i));
	CU_ASSERT_EQUAL(r->sums[PROF_PHASE_DECODE].operations, 2);
	replay_free(r);
}

static void measured_steps(void)
{
	struct trace_energy_domain domains[] = {{"package-0", PROF_ENERGY_POWERCAP, 0},
	                                        {"core", PROF_ENERGY_POWERCAP, 1}};
	struct trace_energy_sample samples[] = {{0, 1, 0},        {0, 2, 0},         {100, 1, 1000000},
	                                        {100, 2, 900000}, {300, 1, 5000000}, {300, 2, 4000000}};
	struct measured_phase all;
	struct measured m;
	struct op_event ev;

	start("");
	linear("q_proj", 1, 100, 200);
	trace.n_steps = 2;
	steps[0] =
	        (struct trace_step){.phase = PROF_PHASE_PREFILL, .tokens = 5, .start_ns = 0, .end_ns = 100};
	steps[1] =
	        (struct trace_step){.phase = PROF_PHASE_DECODE, .tokens = 1, .start_ns = 100, .end_ns = 200};
	trace.domains = domains;
	trace.n_domains = 2;
	trace.samples = samples;
	trace.n_samples = 6;
	CU_ASSERT_EQUAL_FATAL(measured_begin(&m, &trace, NULL, 0), 0);
	ev = event(0, 0, PROF_PHASE_PREFILL);
	measured_events(&m, &ev, 1);
	ev = event(0, 1, PROF_PHASE_DECODE);
	measured_events(&m, &ev, 1);
	measured_end(&m, NULL);
	measured_release(&m);
	CU_ASSERT(m.energy_is_measured);
	EXPECT(m.phase[PROF_PHASE_PREFILL].energy_j, 1);
	EXPECT(m.phase[PROF_PHASE_DECODE].energy_j, 2); /* half of what 200 ns took */
	EXPECT(measured_time_ns(&m.phase[PROF_PHASE_DECODE]), 100);
	all = measured_total(&m);
	EXPECT(all.tokens, 6);
	EXPECT(measured_power_w(&m), 3 / 200e-9);
}

static void measured_assumed(void)
{
	struct host h = {.name = "h"};
	struct measured m;
	struct op_event ev;

	start("");
	linear("lm_head", 4, 100, 200);
	h.value[HOST_LOAD_W] = 100;
	h.value[HOST_IDLE_W] = 20;
	h.value[HOST_CORES] = 4;
	h.value[HOST_THREADS_PER_CORE] = 1;
	CU_ASSERT_EQUAL_FATAL(measured_begin(&m, &trace, NULL, 3), 0);
	ev = event(0, -1, PROF_PHASE_UNKNOWN);
	measured_events(&m, &ev, 1);
	measured_end(&m, &h);
	measured_release(&m);
	CU_ASSERT(!m.energy_is_measured);
	/* one visible thread busy all the time, by the fact that is not there */
	EXPECT(m.phase[PROF_PHASE_UNKNOWN].energy_j, (20 + 80) / 4.0 * 1e-6);
	EXPECT(m.phase[PROF_PHASE_UNKNOWN].tokens, 12);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*test)(void);
	} cases[] = {
	        {"roofline: linear", roofline_linear},
	        {"roofline: every term", roofline_terms},
	        {"roofline: what limits", roofline_limits},
	        {"roofline: data type", roofline_dtype},
	        {"roofline: vector work", roofline_vector},
	        {"steps begin and end on the host", steps_begin_and_end_on_the_host},
	        {"the rest stays on the host", rest_stays_on_the_host},
	        {"capacity", capacity},
	        {"capacity of experts", capacity_of_experts},
	        {"more kinds than prices are kept", more_kinds_than_prices_are_kept},
	        {"conservation", conservation},
	        {"pim-ai: moves", published_moves},
	        {"pim-ai: experts", published_experts},
	        {"pim-ai: phases", published_phases},
	        {"pim-ai: what has no price", published_leaves_out},
	        {"sums per descriptor", sums_per_descriptor},
	        {"measured: steps and meters", measured_steps},
	        {"measured: assumed watts", measured_assumed},
	};
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("replay", NULL, NULL);
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
		CU_add_test(suite, cases[i].name, cases[i].test);
	CU_basic_run_tests();
	arch_set_release(&set);
	map_release(&map);
	return CU_get_number_of_failures() != 0;
}
