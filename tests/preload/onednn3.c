/* onednn3.c: primitives of the stand-in for oneDNN 3, for onednn.sh.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/preload/onednn3_library.h"

#define DIMS(...)                                                                                            \
	(int)(sizeof((int64_t[]){__VA_ARGS__}) / 8), (const int64_t[])                                       \
	{                                                                                                    \
		__VA_ARGS__                                                                                  \
	}
#define SIZES(...)                                                                                           \
	(const int64_t[])                                                                                    \
	{                                                                                                    \
		__VA_ARGS__                                                                                  \
	}

enum { SRC = 1, SRC_1 = 2, DST = 17, WEIGHTS = 33, WEIGHTS_1 = 34, BIAS = 41, SCALE = 51, SHIFT = 52 };

static void run(const struct dnnl_primitive_desc *pd, int n, const struct standin_exec *args)
{
	struct dnnl_primitive *p;

	if (dnnl_primitive_create(&p, pd) != 0 || dnnl_primitive_execute(p, NULL, n, args) != 0)
		exit(1);
	printf("%g\n", (double)standin_value(args[n - 1].memory));
	dnnl_primitive_destroy(p);
}

static void run_plain(const struct dnnl_primitive_desc *pd)
{
	struct standin_exec args[2] = {{SRC, standin_memory(STANDIN_F32, DIMS(1), 2)},
	                               {DST, standin_memory(STANDIN_F32, DIMS(1), 0)}};

	run(pd, 2, args);
}

static void convolution(void)
{
	struct dnnl_primitive_desc *pd = standin_desc(STANDIN_CONVOLUTION, STANDIN_INFERENCE, STANDIN_DIRECT);

	standin_arg(pd, SRC, STANDIN_BF16, DIMS(1, 8, 7, 9));
	standin_arg(pd, WEIGHTS, STANDIN_BF16, DIMS(4, 4, 2, 3, 3));
	standin_arg(pd, BIAS, STANDIN_F32, DIMS(16));
	standin_arg(pd, DST, STANDIN_F32, DIMS(1, 16, 7, 9));
	standin_window(pd, 2, SIZES(1, 2), SIZES(0, 1), SIZES(1, 2), NULL);
	standin_post_op(pd, STANDIN_BINARY, STANDIN_ADD);
	standin_post_op(pd, STANDIN_ELTWISE, STANDIN_RELU);
	run_plain(pd);
}

static void products(void)
{
	static const int64_t late[] = {INT64_MIN, 6};
	struct dnnl_primitive_desc *pd = standin_desc(STANDIN_MATMUL, 0, 0);
	struct standin_exec args[3] = {
	        {SRC, NULL}, {WEIGHTS, standin_memory(STANDIN_S4, DIMS(6, 9), 3)}, {DST, NULL}};

	standin_arg(pd, SRC, STANDIN_E4M3, 2, late);
	standin_arg(pd, WEIGHTS, STANDIN_S4, DIMS(6, 9));
	standin_arg(pd, DST, STANDIN_F16, 2, (const int64_t[]){INT64_MIN, 9});
	for (int64_t m = 2; m < 4; m++) {
		args[0].memory = standin_memory(STANDIN_E4M3, 2, (const int64_t[]){m, 6}, 4);
		args[2].memory = standin_memory(STANDIN_F16, 2, (const int64_t[]){m, 9}, 0);
		run(pd, 3, args);
	}
}

static void others(void)
{
	struct dnnl_primitive_desc *pd = standin_desc(STANDIN_ELTWISE, STANDIN_INFERENCE, STANDIN_SWISH);

	standin_arg(pd, SRC, STANDIN_F32, DIMS(2, 32));
	standin_arg(pd, DST, STANDIN_F32, DIMS(2, 32));
	run_plain(pd);
	pd = standin_desc(STANDIN_GROUP_NORM, STANDIN_INFERENCE, 0);
	standin_arg(pd, SRC, STANDIN_F32, DIMS(1, 4, 3, 3));
	standin_arg(pd, SCALE, STANDIN_F32, DIMS(4));
	standin_arg(pd, SHIFT, STANDIN_F32, DIMS(4));
	standin_arg(pd, DST, STANDIN_S8, DIMS(1, 4, 3, 3));
	run_plain(pd);
	pd = standin_desc(STANDIN_POOLING, STANDIN_BACKWARD, STANDIN_AVG);
	standin_arg(pd, 129, STANDIN_F32, DIMS(1, 2, 8));
	standin_arg(pd, 145, STANDIN_F32, DIMS(1, 2, 3));
	standin_window(pd, 1, SIZES(2), SIZES(1), SIZES(0), SIZES(3));
	run_plain(pd);
	pd = standin_desc(STANDIN_SOFTMAX, STANDIN_INFERENCE, STANDIN_LOG);
	standin_arg(pd, SRC, STANDIN_F32, DIMS(3, 5));
	standin_arg(pd, DST, STANDIN_F32, DIMS(3, 5));
	run_plain(pd);
	pd = standin_desc(STANDIN_RNN, STANDIN_INFERENCE, STANDIN_LSTM);
	standin_arg(pd, SRC, STANDIN_F32, DIMS(5, 2, 12));
	standin_arg(pd, WEIGHTS, STANDIN_F32, DIMS(1, 2, 12, 4, 8));
	standin_arg(pd, WEIGHTS_1, STANDIN_F32, DIMS(1, 2, 8, 4, 8));
	standin_arg(pd, DST, STANDIN_F32, DIMS(5, 2, 16));
	run_plain(pd);
	pd = standin_desc(STANDIN_FUTURE, STANDIN_INFERENCE, 0);
	standin_arg(pd, SRC, STANDIN_BOOLEAN, DIMS(3));
	standin_arg(pd, DST, STANDIN_F32, DIMS(3));
	run_plain(pd);
}

int main(void)
{
	struct standin_exec none[1] = {{SRC, standin_memory(STANDIN_F32, DIMS(1), 0)}};
	struct dnnl_primitive *p;

	convolution();
	products();
	others();
	/* One that fails is no operation. */
	if (dnnl_primitive_create(&p, standin_desc(STANDIN_SUM, 0, 0)) != 0
	    || dnnl_primitive_execute(p, NULL, 1, none) == 0)
		return 1;
	dnnl_primitive_destroy(p);
	return 0;
}
