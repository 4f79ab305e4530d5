/* test_op_math.c: work of every kind of operation against values by hand.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/model/op_math.h"

#include <CUnit/Basic.h>
#include <stdarg.h>
#include <string.h>

#define EXPECT(got, want) CU_ASSERT_DOUBLE_EQUAL(got, want, 1e-9 * (1 + (want)))

static struct op_desc d;
static struct op_work w;

static void start(unsigned op)
{
	memset(&d, 0, sizeof d);
	d.op = (uint16_t)op;
	d.layer = -1;
	d.context = d.native = d.name = d.result = d.region = d.family = d.extra = "";
}

/* One operand: role, data type, dimensions ended by -1. */
static void operand(enum prof_operand role, unsigned dtype, ...)
{
	struct op_operand *o = &d.operands[d.n_operands++];
	va_list args;

	o->role = (uint8_t)role;
	o->dtype = (uint8_t)dtype;
	o->name = "";
	va_start(args, dtype);
	for (int v = va_arg(args, int); v >= 0; v = va_arg(args, int))
		o->dims[o->n_dims++] = (uint64_t)v;
	va_end(args);
}

static void attr(enum prof_attr a, int64_t value)
{
	d.attrs[d.n_attrs++] = (struct op_attr){(uint16_t)a, value};
}

static void check(uint64_t ctx, double flops, double read, double written)
{
	op_work(&d, ctx, &w);
	EXPECT(w.flops, flops);
	EXPECT(w.read_bytes, read);
	EXPECT(w.write_bytes, written);
}

#define F32         PROF_DTYPE_FLOAT32
#define F16         PROF_DTYPE_FLOAT16
#define IN(...)     operand(PROF_OPERAND_INPUT, __VA_ARGS__, -1)
#define OUT(...)    operand(PROF_OPERAND_OUTPUT, __VA_ARGS__, -1)
#define WEIGHT(...) operand(PROF_OPERAND_WEIGHT, __VA_ARGS__, -1)
#define OTHER(...)  operand(PROF_OPERAND_OTHER, __VA_ARGS__, -1)

static void linear(void)
{
	start(PROF_OP_LINEAR);
	IN(F32, 2, 3, 256);
	WEIGHT(PROF_DTYPE_Q4_0, 256, 512);
	OUT(F32, 2, 3, 512);
	/* 6 rows; weight 131072 elements in 4096 blocks of 18 bytes */
	check(0, 2.0 * 6 * 256 * 512, 6 * 256 * 4 + 73728, 6 * 512 * 4);
	EXPECT(w.weight_bytes, 73728);
	EXPECT(w.matrix_flops, w.flops);
	EXPECT(w.special, 0);
}

static void linear_without_output(void)
{
	start(PROF_OP_LINEAR);
	IN(F16, 5, 8);
	WEIGHT(F16, 8, 7);
	check(0, 2 * 5 * 8 * 7, (40 + 56) * 2, 35 * 2);
}

static void linear_bias(void)
{
	start(PROF_OP_LINEAR);
	IN(F32, 5, 8);
	WEIGHT(F32, 8, 7);
	operand(PROF_OPERAND_BIAS, F32, 7, -1);
	OUT(F32, 5, 7);
	check(0, 2 * 5 * 8 * 7 + 35, (40 + 56 + 7) * 4, 35 * 4);
	EXPECT(w.matrix_flops, 560);
}

/* Bits of an element, scales included, as each format is published. */
static void quantized_sizes(void)
{
	static const struct {
		const char *dtype;
		double bits;
	} types[] = {{"float32", 32},     {"float16", 16},    {"bfloat16", 16},  {"float64", 64},
	             {"float8", 8},       {"int8", 8},        {"int4", 4},       {"int16", 16},
	             {"int32", 32},       {"int64", 64},      {"complex64", 64}, {"complex128", 128},
	             {"uint8", 8},        {"bool", 8},        {"q4_0", 4.5},     {"q4_1", 5},
	             {"q5_0", 5.5},       {"q5_1", 6},        {"q8_0", 8.5},     {"q8_1", 9},
	             {"q2_k", 2.625},     {"q3_k", 3.4375},   {"q4_k", 4.5},     {"q5_k", 5.5},
	             {"q6_k", 6.5625},    {"q8_k", 9.125},    {"iq4_nl", 4.5},   {"iq4_xs", 4.25},
	             {"iq2_xxs", 2.0625}, {"iq2_xs", 2.3125}, {"iq2_s", 2.5625}, {"iq3_xxs", 3.0625},
	             {"iq3_s", 3.4375},   {"iq1_s", 1.5625},  {"iq1_m", 1.75},   {"mxfp4", 4.25},
	             {"nvfp4", 4.5},      {"tq1_0", 1.6875},  {"tq2_0", 2.0625}};
	unsigned named = 0;

	for (unsigned i = 1; i < PROF_DTYPE_LIMIT; i++)
		named += op_dtype_name(i) != NULL;
	CU_ASSERT_EQUAL(sizeof types / sizeof *types, named); /* a new type wants its line */
	for (unsigned i = 0; i < sizeof types / sizeof *types; i++) {
		start(PROF_OP_LINEAR);
		IN(F32, 1, 512);
		WEIGHT((unsigned)op_dtype_from_name(types[i].dtype), 512, 1024);
		op_work(&d, 0, &w);
		EXPECT(w.weight_bytes, 512.0 * 1024 * types[i].bits / 8);
		EXPECT(w.flops, 2.0 * 512 * 1024);
		EXPECT(w.read_bytes, 512 * 4 + 512.0 * 1024 * types[i].bits / 8);
		EXPECT(w.write_bytes, 1024 * 4);
	}
}

static void experts(void)
{
	/* 8 experts, 2 used, 3 tokens: 8 (1 - 0.75^3) = 4.625 touched */
	start(PROF_OP_LINEAR);
	IN(F32, 3, 1, 64);
	WEIGHT(F16, 8, 64, 32);
	OUT(F32, 3, 2, 32);
	attr(PROF_ATTR_EXPERTS, 8);
	attr(PROF_ATTR_EXPERTS_USED, 2);
	check(0, 2 * 6 * 64 * 32, 3 * 64 * 4 + 4.625 * 64 * 32 * 2, 6 * 32 * 4);
	EXPECT(w.weight_bytes, 4.625 * 4096);
	EXPECT(op_experts_held(&d), 1); /* the shape shows all of them */
	attr(PROF_ATTR_EXPERTS_HIT, 3); /* what the trace saw, not what is expected */
	op_work(&d, 0, &w);
	EXPECT(w.weight_bytes, 3 * 4096);
	EXPECT(op_experts_touched(8, 2, 1), 2);
	EXPECT(op_experts_touched(8, 8, 5), 8);
	EXPECT(op_experts_touched(8, 2, 0), 0);
	attr(PROF_ATTR_EXPERT, 3); /* one expert's own: only its weight */
	op_work(&d, 0, &w);
	EXPECT(w.weight_bytes, 8 * 4096);
}

static void matmul(void)
{
	start(PROF_OP_MATMUL);
	IN(F32, 1, 32, 4, 64);
	OTHER(F16, 1, 8, 64, 100); /* grouped heads: the other operand is smaller */
	OUT(F32, 1, 32, 4, 100);
	check(0, 2.0 * 32 * 4 * 64 * 100, 32 * 4 * 64 * 4 + 8 * 64 * 100 * 2, 32 * 4 * 100 * 4);
	EXPECT(w.kv_bytes, 0);
	d.context = "attn_weights"; /* half of the padded cache is used */
	check(50, 2.0 * 32 * 4 * 64 * 50, 32 * 4 * 64 * 4 + 8 * 64 * 50 * 2, 32 * 4 * 50 * 4);
	EXPECT(w.kv_bytes, 8 * 64 * 50 * 2);
}

static void matmul_of_values(void)
{
	start(PROF_OP_MATMUL);
	d.context = "attn_output";
	IN(F32, 1, 32, 4, 100);
	OTHER(F16, 1, 8, 100, 64);
	OUT(F32, 1, 32, 4, 64);
	check(50, 2.0 * 32 * 4 * 50 * 64, 32 * 4 * 50 * 4 + 8 * 50 * 64 * 2, 32 * 4 * 64 * 4);
	check(200, 2.0 * 32 * 4 * 100 * 64, 32 * 4 * 100 * 4 + 8 * 100 * 64 * 2, 32 * 4 * 64 * 4);
}

static void attention(void)
{
	start(PROF_OP_ATTENTION);
	operand(PROF_OPERAND_QUERY, F32, 1, 32, 4, 64, -1);
	operand(PROF_OPERAND_KEY, F16, 1, 8, 256, 64, -1);
	OUT(F32, 1, 32, 4, 64);
	/* scores 32 x 4 x 256 = 32768; values as large as keys */
	check(0, 4.0 * 32768 * 64 + 4 * 32768, 32 * 4 * 64 * 4 + 2 * 8 * 256 * 64 * 2, 32 * 4 * 64 * 4);
	EXPECT(w.special, 32768);
	EXPECT(w.matrix_flops, 4.0 * 32768 * 64);
	check(64, 4.0 * 8192 * 64 + 4 * 8192, 32 * 4 * 64 * 4 + 2 * 8 * 64 * 64 * 2, 32 * 4 * 64 * 4);
	EXPECT(w.kv_bytes, 2 * 8 * 64 * 64 * 2);
	operand(PROF_OPERAND_VALUE, F16, 1, 8, 256, 32, -1);
	op_work(&d, 0, &w);
	EXPECT(w.matrix_flops, 2.0 * 32768 * (64 + 32));
}

static void repeated_heads(void)
{
	start(PROF_OP_MATMUL);
	d.context = "attn_weights";
	IN(F32, 1, 8, 4, 32);
	OTHER(F16, 1, 8, 32, 256); /* 4 of the 8 heads are stored */
	OUT(F32, 1, 8, 4, 256);
	attr(PROF_ATTR_HEADS_KV, 4);
	check(0, 2.0 * 8 * 4 * 32 * 256, 8 * 4 * 32 * 4 + 4 * 32 * 256 * 2, 8 * 4 * 256 * 4);
	EXPECT(w.kv_bytes, 4 * 32 * 256 * 2);
}

static void conv(void)
{
	start(PROF_OP_CONV2D);
	IN(F32, 2, 4, 10, 12);
	WEIGHT(F32, 8, 2, 3, 5); /* two groups */
	OUT(F32, 2, 8, 8, 8);
	attr(PROF_ATTR_GROUPS, 2);
	check(0, 2.0 * 2 * 8 * 64 * 2 * 15, (2 * 4 * 120 + 8 * 2 * 15) * 4, 2 * 8 * 64 * 4);
}

static void conv_deep(void)
{
	start(PROF_OP_CONV2D);
	IN(F32, 1, 2, 4, 5, 6);
	WEIGHT(F32, 3, 2, 3, 3, 3);
	OUT(F32, 1, 3, 4, 5, 6);
	check(0, 2.0 * 3 * 120 * 2 * 27, (240 + 162) * 4, 360 * 4);
}

/* Every input element is multiplied by what it gives to each output channel. */
static void conv_transposed(void)
{
	start(PROF_OP_DECONV2D);
	IN(F32, 1, 4, 5, 5);
	WEIGHT(F32, 6, 2, 3, 3);
	OUT(F32, 1, 6, 11, 11);
	attr(PROF_ATTR_GROUPS, 2);
	check(0, 2.0 * 4 * 25 * 3 * 9, (100 + 108) * 4, 726 * 4);
}

static void recurrent(void)
{
	start(PROF_OP_RNN);
	IN(F32, 5, 2, 12);
	attr(PROF_ATTR_M, 10);
	attr(PROF_ATTR_N, 48);
	attr(PROF_ATTR_K, 24);
	attr(PROF_ATTR_BATCH, 2);
	check(0, 2.0 * 10 * 48 * 24 * 2, 2 * (10 * 24 + 24 * 48) * 4, 2 * 480 * 4);
	EXPECT(w.matrix_flops, w.flops);
}

static void conv_kernel_only(void)
{
	start(PROF_OP_CONV2D);
	IN(F32, 2, 4, 10, 12);
	operand(PROF_OPERAND_KERNEL, F32, 3, 5, -1);
	OUT(F32, 2, 8, 8, 8);
	check(0, 2.0 * 2 * 8 * 64 * 4 * 15, (2 * 4 * 120 + 8 * 4 * 15) * 4, 2 * 8 * 64 * 4);
}

static void blas(unsigned op, int64_t m, int64_t n, int64_t k, double flops)
{
	start(op);
	IN(F32, 1);
	if (m)
		attr(PROF_ATTR_M, m);
	if (n)
		attr(PROF_ATTR_N, n);
	if (k)
		attr(PROF_ATTR_K, k);
	op_work(&d, 0, &w);
	EXPECT(w.flops, flops);
}

static void raw_blas(void)
{
	blas(PROF_OP_GEMM, 3, 5, 7, 210);
	EXPECT(w.read_bytes, (21 + 35) * 4);
	EXPECT(w.write_bytes, 15 * 4);
	EXPECT(w.matrix_flops, 210);
	blas(PROF_OP_GEMV, 3, 5, 0, 30);
	EXPECT(w.read_bytes, (15 + 5) * 4);
	EXPECT(w.write_bytes, 3 * 4);
	blas(PROF_OP_DOT, 0, 9, 0, 18);
	blas(PROF_OP_AXPY, 0, 9, 0, 18);
	EXPECT(w.matrix_flops, 0);
	blas(PROF_OP_SCAL, 0, 9, 0, 9);
	blas(PROF_OP_BLAS_COPY, 0, 9, 0, 0);
	blas(PROF_OP_SWAP, 0, 9, 0, 0);
	EXPECT(w.write_bytes, 18 * 4);
	blas(PROF_OP_NRM2, 0, 9, 0, 18);
	blas(PROF_OP_ASUM, 0, 9, 0, 9);
	blas(PROF_OP_IAMAX, 0, 9, 0, 9);
	blas(PROF_OP_ROT, 0, 9, 0, 54);
	blas(PROF_OP_ROTG, 0, 0, 0, 0);
	blas(PROF_OP_GER, 3, 5, 0, 30);
	blas(PROF_OP_SYMV, 0, 5, 0, 50);
	EXPECT(w.read_bytes, (15 + 5) * 4);
	blas(PROF_OP_SYR, 0, 5, 0, 25);
	blas(PROF_OP_SYR2, 0, 5, 0, 50);
	blas(PROF_OP_TRMV, 0, 5, 0, 25);
	blas(PROF_OP_TRSV, 0, 5, 0, 25);
	blas(PROF_OP_SYMM, 3, 5, 3, 90);
	blas(PROF_OP_SYRK, 0, 5, 7, 175);
	blas(PROF_OP_SYR2K, 0, 5, 7, 350);
	blas(PROF_OP_TRMM, 3, 5, 3, 45);
	blas(PROF_OP_TRSM, 3, 5, 3, 45);
	blas(PROF_OP_GBMV, 9, 9, 3, 54);
}

static void batch_and_complex(void)
{
	start(PROF_OP_GEMM);
	IN(PROF_DTYPE_COMPLEX64, 1);
	attr(PROF_ATTR_M, 3);
	attr(PROF_ATTR_N, 5);
	attr(PROF_ATTR_K, 7);
	attr(PROF_ATTR_BATCH, 2);
	check(0, 8.0 * 3 * 5 * 7 * 2, 2 * 56 * 8, 2 * 15 * 8);
}

/* Rows of the table in ops.def: per element of an input and output [2, 3, 8]. */
static void per_element(unsigned op, double flops, double special)
{
	start(op);
	IN(F32, 2, 3, 8);
	OUT(F32, 2, 3, 8);
	check(0, 48 * flops, 48 * 4, 48 * 4);
	EXPECT(w.special, special);
	EXPECT(w.matrix_flops, 0);
}

static void element_wise(void)
{
	per_element(PROF_OP_SOFTMAX, 4, 48);
	per_element(PROF_OP_RMSNORM, 4, 6); /* a root a row */
	per_element(PROF_OP_LAYERNORM, 7, 6);
	per_element(PROF_OP_L2NORM, 3, 6);
	per_element(PROF_OP_BATCHNORM, 2, 0);
	per_element(PROF_OP_GROUPNORM, 7, 0);
	per_element(PROF_OP_SILU, 2, 48);
	per_element(PROF_OP_GELU, 8, 48);
	per_element(PROF_OP_RELU, 1, 0);
	per_element(PROF_OP_SWIGLU, 3, 48);
	per_element(PROF_OP_GEGLU, 9, 48);
	per_element(PROF_OP_TANH, 0, 48);
	per_element(PROF_OP_SIGMOID, 2, 48);
	per_element(PROF_OP_ADD, 1, 0);
	per_element(PROF_OP_MUL, 1, 0);
	per_element(PROF_OP_SUB, 1, 0);
	per_element(PROF_OP_DIV, 1, 0);
	per_element(PROF_OP_SCALE, 1, 0);
	per_element(PROF_OP_ROPE, 3, 48);
	per_element(PROF_OP_REDUCE, 1, 0);
	per_element(PROF_OP_UNARY, 1, 0);
	per_element(PROF_OP_SORT, 0, 0);
	per_element(PROF_OP_POOL, 1, 0);
	per_element(PROF_OP_COPY, 0, 0);
}

static void two_operands_and_weights(void)
{
	start(PROF_OP_SWIGLU);
	IN(F32, 1, 8);
	OTHER(F32, 1, 8);
	OUT(F32, 1, 8);
	check(0, 24, 64, 32);
	start(PROF_OP_RMSNORM);
	IN(F32, 2, 8);
	WEIGHT(F32, 8);
	OUT(F32, 2, 8);
	check(0, 64, 64 + 32, 64);
	EXPECT(w.weight_bytes, 32);
	start(PROF_OP_REDUCE); /* counted by the input */
	IN(F32, 2, 8);
	OUT(F32, 2);
	check(0, 16, 64, 8);
}

static void softmax_of_a_padded_cache(void)
{
	start(PROF_OP_SOFTMAX);
	d.context = "attn_weights";
	IN(F32, 1, 2, 1, 256);
	OUT(F32, 1, 2, 1, 256);
	check(64, 4 * 128, 128 * 4, 128 * 4);
	d.context = "router";
	check(64, 4 * 512, 512 * 4, 512 * 4);
}

static void moves(void)
{
	start(PROF_OP_EMBEDDING);
	operand(PROF_OPERAND_INDEX, PROF_DTYPE_INT32, 3, -1);
	WEIGHT(PROF_DTYPE_Q8_0, 32000, 64);
	OUT(F32, 3, 64);
	check(0, 0, 192 / 32 * 34 + 12, 192 * 4);
	start(PROF_OP_KV_WRITE);
	IN(F32, 2, 64);
	OUT(F16, 4096, 64);
	check(0, 0, 128 * 4, 128 * 2);
	start(PROF_OP_COPY);
	attr(PROF_ATTR_BYTES, 100);
	check(0, 0, 50, 50);
	start(PROF_OP_OTHER);
	check(0, 0, 0, 0);
	attr(PROF_ATTR_BYTES, 10);
	check(0, 0, 5, 5);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*test)(void);
	} cases[] = {
	        {"linear", linear},
	        {"linear without output", linear_without_output},
	        {"linear with bias", linear_bias},
	        {"weights of every width", quantized_sizes},
	        {"experts", experts},
	        {"matmul", matmul},
	        {"matmul of values", matmul_of_values},
	        {"attention", attention},
	        {"repeated heads", repeated_heads},
	        {"conv2d", conv},
	        {"conv2d of three dimensions", conv_deep},
	        {"conv2d transposed", conv_transposed},
	        {"recurrent layers", recurrent},
	        {"conv2d by kernel", conv_kernel_only},
	        {"raw BLAS", raw_blas},
	        {"batch and complex", batch_and_complex},
	        {"element-wise", element_wise},
	        {"two operands, weights", two_operands_and_weights},
	        {"softmax of a padded cache", softmax_of_a_padded_cache},
	        {"moves", moves},
	};
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("op_math", NULL, NULL);
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
		CU_add_test(suite, cases[i].name, cases[i].test);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
