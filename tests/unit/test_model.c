/* test_model.c: the default model's terms by hand, and what must hold of every price.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/model/model.h"
#include "tools/lib/model/model_group.h"
#include "tools/lib/model/model_job.h"
#include "tools/lib/model/model_product.h"
#include "tools/lib/model/op_math.h"

#define EXPECT(got, want) CU_ASSERT_DOUBLE_EQUAL(got, want, 1e-9 * (1 + fabs((double)(want))))

enum { F32 = PROF_DTYPE_FLOAT32, F16 = PROF_DTYPE_FLOAT16 };

static struct arch_set set;
static struct model_options options;
static struct model_device dev;
static struct diag d;

/* Round figures: 1 TFLOP/s, memory 10 GB/s. */
#define DEVICE                                                                                               \
	"A:\n  host_to_device_bw_GBs: 2\n  host_to_device_pj_per_bit: 10\n  device_to_host_bw_GBs: 4\n"      \
	"  device_to_host_pj_per_bit: 20\n  mem_bw_GBs: 10\n  mem_pj_per_bit: 5\n  tflops: 1\n"              \
	"  pj_per_tflop: 1e12\n"

static void device(const char *more)
{
	char text[4096];

	arch_set_release(&set);
	snprintf(text, sizeof text, "%s%s", DEVICE, more);
	CU_ASSERT_EQUAL_FATAL(arch_set_load_text(&set, "test", text, strlen(text), &d), 0);
	memset(&options, 0, sizeof options);
	options.dtype = -1;
	options.group.topology = options.group.collective = -1;
	dev = (struct model_device){.arch = &set.archs[0], .options = &options, .layers = 2};
}

static struct op_desc op(unsigned kind, const char *context)
{
	struct op_desc o = {.op = (uint16_t)kind, .layer = -1, .context = context};

	o.native = o.name = o.result = o.region = o.family = o.extra = "";
	return o;
}

static void operand(struct op_desc *o, enum prof_operand role, unsigned dtype, uint64_t rows,
                    uint64_t columns)
{
	struct op_operand *p = &o->operands[o->n_operands++];

	p->role = (uint8_t)role;
	p->dtype = (uint8_t)dtype;
	p->name = "";
	p->n_dims = 2;
	p->dims[0] = rows;
	p->dims[1] = columns;
}

static struct op_desc linear(const char *context, uint64_t rows, uint64_t in, uint64_t out)
{
	struct op_desc o = op(PROF_OP_LINEAR, context);

	operand(&o, PROF_OPERAND_INPUT, F32, rows, in);
	operand(&o, PROF_OPERAND_WEIGHT, F16, in, out);
	operand(&o, PROF_OPERAND_OUTPUT, F32, rows, out);
	return o;
}

static struct model_parts parts_of(const struct op_desc *o)
{
	static const struct model_ctx ctx = {0, 0, 0};
	struct model_parts p;
	struct model_job job;

	model_job_make(&job, o, &options, &ctx);
	model_roofline_parts(&job, &dev, &p);
	return p;
}

static struct cost price_of(const struct op_desc *o)
{
	static const struct model_ctx ctx = {0, 0, 0};
	struct model_job job;
	struct cost c;

	model_job_make(&job, o, &options, &ctx);
	model_roofline_price(&job, &dev, &c);
	return c;
}

/* ---- terms by hand ---- */

static void waves(void)
{
	struct op_desc o = linear("q_proj", 16, 64, 80);
	struct model_parts p;

	device("  units: 4\n  tile_m: 16\n  tile_n: 16\n");
	p = parts_of(&o);
	/* five tiles on four units: two waves, eight tiles' time */
	EXPECT(p.part[MODEL_TERM_MATRIX].ns, 2 * 16 * 64 * 80 / 1e3);
	EXPECT(p.part[MODEL_TERM_SHAPE].ns, 2 * 16 * 64 * 80 / 1e3 * 0.6);
	options.without = 1u << MODEL_TERM_SHAPE;
	EXPECT(parts_of(&o).part[MODEL_TERM_SHAPE].ns, 0);
}

static void tiles(void)
{
	struct op_desc o = linear("q_proj", 1, 64, 32);
	struct model_parts p;

	device("  tile_m: 8\n  tile_n: 16\n  tile_k: 48\n");
	p = parts_of(&o);
	/* one row of eight, 64 elements of two times 48 */
	EXPECT(p.part[MODEL_TERM_SHAPE].ns, p.part[MODEL_TERM_MATRIX].ns * (8 * 1.5 - 1));
	device("  tile_m: 8\n  tile_n: 16\n  vector_tflops: 0.5\n");
	p = parts_of(&o);
	/* the vector units do a row in twice the time that full tiles would take */
	EXPECT(p.part[MODEL_TERM_SHAPE].ns, p.part[MODEL_TERM_MATRIX].ns);
	device("  tile_fill_k: 32\n");
	EXPECT(parts_of(&o).part[MODEL_TERM_SHAPE].ns, 2 * 32 * 32 / 1e3);
}

static void rates_by_type(void)
{
	struct op_desc o = linear("q_proj", 1, 256, 32);

	device("  tflops_by_dtype: {q4_k: 2, int8: 4}\n  pj_per_tflop_by_dtype: {int8: 3e12}\n"
	       "  unpack_ops_per_weight: 2\n  vector_tflops: 0.5\n");
	o.operands[1].dtype = (uint8_t)op_dtype_from_name("q4_k");
	EXPECT(parts_of(&o).part[MODEL_TERM_MATRIX].ns, 2 * 256 * 32 / 2e3);
	EXPECT(parts_of(&o).part[MODEL_TERM_MATRIX].pj, 2 * 256 * 32 * 3);
	EXPECT(parts_of(&o).part[MODEL_TERM_UNPACK].ns, 2 * 256 * 32 / 5e2);
	EXPECT(parts_of(&o).part[MODEL_TERM_WEIGHTS].amount, 256 * 32 * 4.5 / 8);
	o.operands[1].dtype = (uint8_t)op_dtype_from_name("q8_0");
	EXPECT(parts_of(&o).part[MODEL_TERM_MATRIX].ns, 2 * 256 * 32 / 4e3);
}

static void rows_on_units(void)
{
	struct op_desc o = op(PROF_OP_RMSNORM, "norm");
	struct model_parts p;

	operand(&o, PROF_OPERAND_INPUT, F32, 3, 100);
	operand(&o, PROF_OPERAND_OUTPUT, F32, 3, 100);
	device("  units: 2\n  vector_lanes: 64\n  vector_tflops: 1\n  unit_bw_GBs: 3\n");
	p = parts_of(&o);
	/* 3 rows on 2 units: as 4; 100 elements in two times 64 */
	EXPECT(p.part[MODEL_TERM_SHAPE].ns, p.part[MODEL_TERM_VECTOR].ns * (4 * 128 / 300.0 - 1));
	EXPECT(p.part[MODEL_TERM_ACTIVATIONS].ns, 2400 / 6.0);
	device("  special_ops: 4\n  vector_tflops: 1\n");
	EXPECT(parts_of(&o).part[MODEL_TERM_VECTOR].amount, 4 * 300 + 3 * 4);
	device("  special_ops: 4\n  vector_tflops: 1\n  vector_tflops_by_dtype: {float16: 2}\n");
	EXPECT(parts_of(&o).part[MODEL_TERM_VECTOR].ns, 1212 / 1e3);
	o.operands[0].dtype = F16;
	EXPECT(parts_of(&o).part[MODEL_TERM_VECTOR].ns, 1212 / 2e3);
}

static void levels(void)
{
	struct op_desc o = linear("q_proj", 1, 100, 200);
	struct model_parts p;

	device("  memory_levels:\n  - {bytes: 1000, bw_GBs: 100, pj_per_bit: 0.5, name: L1}\n"
	       "  - {bytes: 2000, bw_GBs: 20, pj_per_bit: 1, copies: 2}\n  mem_latency_ns: 9\n");
	p = parts_of(&o);
	/* 400 and 800 bytes of activations live in the outer level, 40000 of weights pass both */
	EXPECT(p.part[MODEL_TERM_ACTIVATIONS].amount, 0);
	EXPECT(p.part[MODEL_TERM_RESIDENCY].amount, 1200);
	EXPECT(p.part[MODEL_TERM_WEIGHTS].ns, 4000);
	EXPECT(p.part[MODEL_TERM_LEVELS].ns, 41200 / 20.0);
	EXPECT(p.part[MODEL_TERM_LEVELS].pj, 41200 * 8 * 1.5);
	EXPECT(p.part[MODEL_TERM_LATENCY].ns, 9);
	dev.resident_bytes = 1500; /* a network that fits */
	p = parts_of(&o);
	EXPECT(p.part[MODEL_TERM_WEIGHTS].ns, 0);
	EXPECT(p.part[MODEL_TERM_LATENCY].ns, 0);
	options.without = 1u << MODEL_TERM_RESIDENCY;
	EXPECT(parts_of(&o).part[MODEL_TERM_ACTIVATIONS].amount, 1200);
}

static void fused(void)
{
	struct op_desc o = op(PROF_OP_ADD, "residual");
	struct model_parts p;

	operand(&o, PROF_OPERAND_INPUT, F32, 2, 64);
	operand(&o, PROF_OPERAND_OTHER, F32, 2, 64);
	operand(&o, PROF_OPERAND_OUTPUT, F32, 2, 64);
	device("  fuses_elementwise: 1\n  launch_overhead_ns: 3\n");
	p = parts_of(&o);
	/* the sum stays on the chip; what is added is read */
	EXPECT(p.part[MODEL_TERM_ACTIVATIONS].amount, 512);
	EXPECT(p.part[MODEL_TERM_RESIDENCY].amount, 1024);
	EXPECT(p.part[MODEL_TERM_LAUNCH].ns, 0);
	device("  launch_overhead_ns: 3\n");
	EXPECT(parts_of(&o).part[MODEL_TERM_LAUNCH].ns, 3);
}

static void overlapping(void)
{
	struct op_desc o = linear("q_proj", 4, 100, 200);

	device("  overlap: 0.25\n");
	/* 160 ns of computing and 4480 of memory */
	EXPECT(price_of(&o).cell[COST_TIME], 4480 + 0.75 * 160);
	options.without = 1u << MODEL_TERM_OVERLAP;
	EXPECT(price_of(&o).cell[COST_TIME], 4480 + 160);
}

static void power_limit(void)
{
	struct op_desc o = linear("q_proj", 4, 100, 200);
	struct cost c;

	device("  power_limit_w: 0.4\n  static_w: 0.1\n");
	c = price_of(&o); /* 160000 pJ of computing, 1792000 of memory, at 0.3 W */
	EXPECT(c.cell[COST_TIME], 1952000 / 300.0);
	EXPECT(cost_energy_pj(&c) / c.cell[COST_TIME], 400);
}

static void streaming(void)
{
	struct op_desc o = linear("q_proj", 4, 100, 200);
	struct cost c;

	device("");
	dev.streamed = 0.5;
	c = price_of(&o);
	EXPECT(c.cell[COST_BYTES_H2D], 20000);
	EXPECT(c.cell[COST_NS_H2D], 10000);
	EXPECT(c.cell[COST_TIME], 10000);
	EXPECT(c.cell[COST_NS_MEM], 2480);
}

static void rereading(void)
{
	struct model_product p = {.m = 64, .n = 64, .k = 64, .batch = 1};
	double a, b;

	p.a_bytes = p.b_bytes = p.c_bytes = 64 * 64 * 4;
	model_product_reread(&p, 1 << 20, &a, &b);
	EXPECT(a + b, 2);
	model_product_reread(&p, 1000, &a, &b); /* blocks of 14 x 14 and a row and a column */
	CU_ASSERT(a > 1 && b > 1);
	/* never below the least that any order of a product can move: 2 m n k / sqrt(S) elements */
	for (double bytes = 64; bytes < 1e5; bytes *= 1.3) {
		double moved;

		model_product_reread(&p, bytes, &a, &b);
		moved = (p.a_bytes * a + p.b_bytes * b + p.c_bytes) / 4;
		CU_ASSERT(moved >= fmin(3 * 64 * 64, 2 * 64.0 * 64 * 64 / sqrt(bytes / 4) - bytes / 2));
		CU_ASSERT(moved <= 3 * 64 * 64 + 4 * 2 * 64.0 * 64 * 64 / sqrt(bytes / 4));
	}
}

/* ---- several devices ---- */

static void collectives(void)
{
	struct model_exchange x;

	device("  interconnect_bw_GBs: 10\n  interconnect_latency_ns: 5\n  interconnect_pj_per_bit: 2\n");
	model_collective(MODEL_ALL_REDUCE, 4, 1000, &dev, &x);
	EXPECT(x.ns, 2 * 3 * 5 + 2 * 750 / 10.0);
	EXPECT(x.pj, 4 * 1500 * 8 * 2);
	options.group.collective = ARCH_COLLECTIVE_TREE;
	model_collective(MODEL_ALL_REDUCE, 4, 1000, &dev, &x);
	EXPECT(x.ns, 2 * 2 * 5 + 150);
	options.group.collective = ARCH_COLLECTIVE_ALL;
	model_collective(MODEL_ALL_GATHER, 4, 1000, &dev, &x);
	EXPECT(x.ns, 5 + 75);
	options.group.topology = ARCH_RING; /* two neighbours, and one two links away */
	model_collective(MODEL_ALL_TO_ALL, 4, 1000, &dev, &x);
	EXPECT(x.ns, (5 + 75) * 4 / 3.0);
	options.group.topology = ARCH_BY_HOST;
	model_collective(MODEL_ALL_REDUCE, 4, 1000, &dev, &x);
	EXPECT(x.ns, 1000 / 4.0 + 1000 / 2.0);
	model_collective(MODEL_ALL_REDUCE, 1, 1000, &dev, &x);
	EXPECT(x.ns, 0);
}

static void tensor_parallel(void)
{
	struct op_desc up = linear("up_proj", 4, 100, 200), down = linear("down_proj", 4, 200, 100);
	struct op_desc head = linear("lm_head", 4, 100, 200);
	struct cost one, two;

	device("  interconnect_bw_GBs: 10\n  interconnect_latency_ns: 5\n");
	one = price_of(&up);
	options.group.tensor = 2;
	two = price_of(&up);
	EXPECT(two.cell[COST_NS_COMPUTE], one.cell[COST_NS_COMPUTE] / 2);
	EXPECT(two.cell[COST_PJ_COMPUTE], one.cell[COST_PJ_COMPUTE]);
	EXPECT(two.cell[COST_NS_MEM],
	       (20000 + 1600 + 1600) / 10.0); /* all of the input, half of the result */
	EXPECT(two.cell[COST_NS_LINK], 0);
	EXPECT(price_of(&down).cell[COST_NS_LINK], 2 * (5 + 1600 / 2 / 10.0)); /* all-reduce */
	EXPECT(price_of(&head).cell[COST_NS_LINK], 5 + 3200 / 2 / 10.0);       /* all-gather */
}

/* Eight query heads share two of the cache: four devices hold two parts of it. */
static void tensor_parallel_heads(void)
{
	struct op_desc o = op(PROF_OP_ATTENTION, "attn_output");
	static const unsigned heads[] = {8, 2, 8};
	static const enum prof_operand roles[] = {PROF_OPERAND_QUERY, PROF_OPERAND_KEY, PROF_OPERAND_OUTPUT};
	struct model_parts p;

	for (unsigned i = 0; i < 3; i++) {
		operand(&o, roles[i], F16, heads[i], 1);
		o.operands[i].n_dims = 4;
		memcpy(o.operands[i].dims, (uint64_t[]){1, heads[i], i == 1 ? 100 : 1, 16},
		       4 * sizeof(uint64_t));
	}
	device("  interconnect_bw_GBs: 10\n");
	options.group.tensor = 4;
	p = parts_of(&o);
	EXPECT(p.part[MODEL_TERM_MATRIX].ns, 4.0 * 8 * 100 * 16 / 4 / 1e3);
	EXPECT(p.part[MODEL_TERM_CACHE].ns, 2.0 * 2 * 100 * 16 * 2 / 2 / 10);
	EXPECT(p.batch, 1); /* one head of the cache, of whose four queries each has two */
	EXPECT(p.m, 2);
	options.group.tensor = 16; /* half of them do what the others do */
	EXPECT(parts_of(&o).part[MODEL_TERM_MATRIX].ns, 4.0 * 8 * 100 * 16 / 8 / 1e3);
	EXPECT(parts_of(&o).part[MODEL_TERM_CACHE].ns, 2.0 * 2 * 100 * 16 * 2 / 2 / 10);
}

static void pipeline(void)
{
	struct op_desc o = linear("up_proj", 8, 100, 200), down = linear("down_proj", 8, 200, 100);
	struct cost one, four;

	device("  interconnect_bw_GBs: 10\n  static_w: 1\n");
	one = price_of(&o);
	options.group.pipeline = 2;
	EXPECT(price_of(&o).cell[COST_TIME], one.cell[COST_TIME]); /* one after the other */
	EXPECT(price_of(&o).cell[COST_PJ_STATIC], 2 * one.cell[COST_PJ_STATIC]);
	EXPECT(price_of(&down).cell[COST_NS_LINK], 3200 / 10.0 / 2); /* one border in two layers */
	options.group.micro_batches = 4;
	four = price_of(&o); /* two rows at a time: five lengths, of which each stage does half */
	EXPECT(four.cell[COST_TIME], (40000 + 2 * 1200) / 10.0 * 5 / 2);
	EXPECT(four.cell[COST_PJ_COMPUTE], one.cell[COST_PJ_COMPUTE]);
	EXPECT(four.cell[COST_PJ_MEM], (4 * 40000 + 8 * 1200) * 8 * 5);
}

static void expert_parallel(void)
{
	struct op_desc o = op(PROF_OP_LINEAR, "w1");
	struct model_parts p;

	operand(&o, PROF_OPERAND_INPUT, F32, 64, 100);
	operand(&o, PROF_OPERAND_WEIGHT, F16, 100, 200);
	operand(&o, PROF_OPERAND_OUTPUT, F32, 128, 200);
	o.attrs[o.n_attrs++] = (struct op_attr){PROF_ATTR_EXPERTS, 4};
	o.attrs[o.n_attrs++] = (struct op_attr){PROF_ATTR_EXPERTS_USED, 2};
	device("  interconnect_bw_GBs: 10\n");
	p = parts_of(&o);
	EXPECT(p.batch, 4); /* 64 tokens touch them all */
	EXPECT(p.m, 32);
	EXPECT(p.part[MODEL_TERM_WEIGHTS].amount, 4 * 40000);
	options.group.expert = 2;
	p = parts_of(&o);
	EXPECT(p.batch, 2);
	EXPECT(p.part[MODEL_TERM_WEIGHTS].ns, 2 * 40000 / 10.0);
	EXPECT(p.part[MODEL_TERM_WEIGHTS].amount, 4 * 40000);
	EXPECT(p.part[MODEL_TERM_INTERCONNECT].ns, 64 * 400 / 2 / 2 / 10.0); /* half of its tokens go over */
}

/* ---- what must hold of every price ---- */

static uint64_t seed;

static double random_below(double n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(seed >> 11) / 9007199254740992.0 * n;
}

static uint64_t random_size(void)
{
	return (uint64_t)exp(random_below(8)) + 1;
}

static unsigned random_dtype(void)
{
	static const char *const names[] = {"float32", "float16", "bfloat16", "int8", "int4", "q4_k", "q8_0"};

	return (unsigned)op_dtype_from_name(names[(unsigned)random_below(7)]);
}

static struct op_desc random_op(void)
{
	static const unsigned kinds[] = {PROF_OP_LINEAR, PROF_OP_MATMUL,   PROF_OP_ATTENTION, PROF_OP_RMSNORM,
	                                 PROF_OP_SILU,   PROF_OP_SOFTMAX,  PROF_OP_ROPE,      PROF_OP_ADD,
	                                 PROF_OP_COPY,   PROF_OP_EMBEDDING};
	static const char *const contexts[] = {"q_proj", "down_proj", "lm_head", "attn_weights", "act_fn"};
	struct op_desc o = op(kinds[(unsigned)random_below(10)], contexts[(unsigned)random_below(5)]);
	uint64_t rows = random_size(), in = random_size(), out = random_size();
	enum prof_operand second = o.op == PROF_OP_LINEAR      ? PROF_OPERAND_WEIGHT
	                           : o.op == PROF_OP_EMBEDDING ? PROF_OPERAND_WEIGHT
	                                                       : PROF_OPERAND_OTHER;

	if (o.op == PROF_OP_ATTENTION) {
		operand(&o, PROF_OPERAND_QUERY, F32, rows, in);
		operand(&o, PROF_OPERAND_KEY, F16, out, in);
		operand(&o, PROF_OPERAND_OUTPUT, F32, rows, in);
		return o;
	}
	operand(&o, PROF_OPERAND_INPUT, F32, rows, in);
	if (o.op == PROF_OP_LINEAR || o.op == PROF_OP_MATMUL || o.op == PROF_OP_EMBEDDING)
		operand(&o, second, random_dtype(), in, out);
	operand(&o, PROF_OPERAND_OUTPUT, F32, rows, o.n_operands > 1 ? out : in);
	return o;
}

/* A profile in which every term may be there. */
static void random_device(void)
{
	char text[2048];

	snprintf(
	        text, sizeof text,
	        "  units: %d\n  tile_m: %d\n  tile_n: 16\n  tile_k: %d\n  vector_lanes: 32\n"
	        "  vector_tflops: {value: %g, range: [0.01, 1], source: assumed}\n  overlap: %.3g\n"
	        "  launch_overhead_ns: {value: 5, range: [1, 50]}\n  static_w: {value: 0.5, range: [0.1, "
	        "2]}\n"
	        "  unpack_ops_per_weight: 1\n  mem_latency_ns: 7\n  unit_bw_GBs: 4\n  chips: %d\n"
	        "  interconnect_bw_GBs: {value: 3, range: [2, 5]}\n  interconnect_pj_per_bit: 1\n%s"
	        "  memory_levels: [{bytes: {value: %d, range: [100, 100000]}, bw_GBs: 80, pj_per_bit: 0.1},\n"
	        "    {bytes: 1000000, copies: 2, bw_GBs: 30, pj_per_bit: {value: 1, range: [0.5, 2]}}]\n",
	        1 << (int)random_below(8), 1 << (int)random_below(6), 1 << (int)random_below(6),
	        0.05 + random_below(0.9), random_below(1), 1 + (int)random_below(3),
	        random_below(2) < 1 ? "  power_limit_w: 3\n" : "", 500 + (int)random_below(50000));
	device(text);
	options.group.tensor = 1 + (int64_t)random_below(3);
	options.group.pipeline = 1 + (int64_t)random_below(3);
	options.group.expert = 1 + (int64_t)random_below(2);
	options.group.micro_batches = 1 + (int64_t)random_below(3);
	dev.streamed = random_below(2) < 1 ? random_below(1) : 0;
	dev.resident_bytes = random_below(2e6);
}

static void check_sums(const struct op_desc *o)
{
	struct model_parts p = parts_of(o);
	struct cost c = price_of(o);
	double ns = 0, pj = 0, all;

	for (unsigned i = 0; i < MODEL_N_TERMS; i++) {
		ns += p.part[i].ns;
		pj += p.part[i].pj;
		CU_ASSERT(isfinite(p.part[i].ns) && isfinite(p.part[i].pj) && p.part[i].pj >= 0);
		CU_ASSERT(p.part[i].ns >= 0 || i == MODEL_TERM_OVERLAP);
	}
	EXPECT(ns, c.cell[COST_TIME]);
	EXPECT(pj, cost_energy_pj(&c));
	/* parts side by side: none is longer than the whole, and all are not shorter */
	all = c.cell[COST_NS_COMPUTE] + c.cell[COST_NS_MEM] + c.cell[COST_NS_KV] + c.cell[COST_NS_CHIP]
	      + c.cell[COST_NS_H2D] + c.cell[COST_NS_LAUNCH] + c.cell[COST_NS_LINK] + c.cell[COST_NS_POWER];
	CU_ASSERT(c.cell[COST_TIME] <= all * (1 + 1e-9));
	CU_ASSERT(c.cell[COST_TIME] >= c.cell[COST_NS_COMPUTE] * (1 - 1e-9));
	CU_ASSERT(c.cell[COST_TIME] >= (c.cell[COST_NS_MEM] + c.cell[COST_NS_KV]) * (1 - 1e-9));
	/* static energy is power by time, of all devices */
	if (!(options.without >> MODEL_TERM_STATIC & 1))
		EXPECT(c.cell[COST_PJ_STATIC], arch_get(dev.arch, ARCH_STATIC_W, 0)
		                                       * model_group_devices(&options) * c.cell[COST_TIME]
		                                       * 1e3);
}

/* Every byte that an operation reads or writes goes through memory, over the
 * link, or stays on the chip; nothing else does. */
static void check_bytes(const struct op_desc *o)
{
	struct model_parts p;
	struct op_work w;

	memset(&options.group, 0, sizeof options.group);
	options.group.topology = options.group.collective = -1;
	p = parts_of(o);
	op_work(o, 0, &w);
	EXPECT(p.part[MODEL_TERM_WEIGHTS].amount + p.part[MODEL_TERM_ACTIVATIONS].amount
	               + p.part[MODEL_TERM_CACHE].amount + p.part[MODEL_TERM_RESIDENCY].amount
	               + p.part[MODEL_TERM_STREAM].amount,
	       w.read_bytes + w.write_bytes);
	EXPECT(p.part[MODEL_TERM_MATRIX].amount, w.matrix_flops);
}

static void conservation(void)
{
	for (seed = 1; seed < 200; seed++) {
		uint64_t kept = seed;
		struct op_desc o;

		random_device();
		for (unsigned i = 0; i < 20; i++) {
			struct model_group_options group = options.group;

			o = random_op();
			check_sums(&o);
			check_bytes(&o);
			options.group = group;
		}
		seed = kept;
	}
}

/* Better numbers never make an operation slower, worse ones never faster, but
 * for the blocks that kernels choose. */
static void ends_enclose(void)
{
	for (seed = 1000; seed < 1100; seed++) {
		uint64_t kept = seed;
		double value, best, worst;
		struct op_desc o;

		random_device();
		for (unsigned i = 0; i < 20; i++) {
			const struct arch *a = dev.arch;

			options.without = 1u << MODEL_TERM_SHAPE;
			o = random_op();
			value = price_of(&o).cell[COST_TIME];
			dev.arch = a->best;
			best = price_of(&o).cell[COST_TIME];
			dev.arch = a->worst;
			worst = price_of(&o).cell[COST_TIME];
			dev.arch = a;
			CU_ASSERT(best <= value * (1 + 1e-9));
			CU_ASSERT(worst >= value * (1 - 1e-9));
		}
		seed = kept;
	}
}

static void without_terms(void)
{
	struct op_desc o = linear("down_proj", 4, 100, 200);

	seed = 5;
	random_device();
	options.without = (1u << MODEL_N_TERMS) - 1;
	EXPECT(price_of(&o).cell[COST_TIME], 0);
	for (unsigned i = 0; i < MODEL_N_TERMS; i++) {
		options.without = 1u << i;
		EXPECT(parts_of(&o).part[i].ns, 0);
		EXPECT(parts_of(&o).part[i].pj, 0);
		check_sums(&o);
	}
	CU_ASSERT_EQUAL(model_term_find("shape", &d), MODEL_TERM_SHAPE);
	CU_ASSERT_EQUAL(model_term_find("shap", &d), -1);
	CU_ASSERT_STRING_EQUAL(d.text, "no term of the model is called \"shap\"; the nearest is shape");
}

int main(void)
{
	static const struct {
		const char *name;
		void (*test)(void);
	} cases[] = {
	        {"waves", waves},
	        {"tiles", tiles},
	        {"rates by type", rates_by_type},
	        {"rows on units", rows_on_units},
	        {"levels", levels},
	        {"fused", fused},
	        {"overlapping", overlapping},
	        {"power limit", power_limit},
	        {"streaming", streaming},
	        {"rereading", rereading},
	        {"collectives", collectives},
	        {"tensor parallel", tensor_parallel},
	        {"tensor parallel heads", tensor_parallel_heads},
	        {"pipeline", pipeline},
	        {"expert parallel", expert_parallel},
	        {"conservation", conservation},
	        {"ends enclose", ends_enclose},
	        {"without terms", without_terms},
	};
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("model", NULL, NULL);
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
		CU_add_test(suite, cases[i].name, cases[i].test);
	CU_basic_run_tests();
	arch_set_release(&set);
	return CU_get_number_of_failures() != 0;
}
