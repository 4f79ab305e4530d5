/* test_lapack.c: what LAPACK calls say, against counts by hand.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/blas/lapack.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <string.h>

static struct lapack_call call;

/* Arguments by their place: whole numbers, and letters as their codes. */
static int32_t values[24];

static uint64_t argument(const void *context, unsigned i)
{
	return (uint64_t)(uintptr_t)&values[i];
}

static double flops_of(enum lapack_shape shape, enum prof_dtype dtype, int64_t m, int64_t n, int64_t k,
                       char job)
{
	call = (struct lapack_call){
	        .shape = shape, .dtype = dtype, .m = m, .n = n, .k = k, .r = k, .job = job};
	return lapack_flops(&call);
}

#define IS(want, ...) CU_ASSERT_DOUBLE_EQUAL(flops_of(__VA_ARGS__), (want), 1e-6)
#define F64           PROF_DTYPE_FLOAT64

static void counts(void)
{
	IS(1000 * 100.0 - 1000 / 3.0, LAPACK_SHAPE_GETRF, F64, 1000, 10, 0, 0);
	IS(1000 * 100.0 - 1000 / 3.0, LAPACK_SHAPE_GETRF, F64, 10, 1000, 0, 0);
	IS(2000 / 3.0 + 200 * 3, LAPACK_SHAPE_GESV, F64, 0, 10, 3, 0);
	IS(4 * (2000 / 3.0 + 200 * 3), LAPACK_SHAPE_GESV, PROF_DTYPE_COMPLEX128, 0, 10, 3, 0);
	IS(1000 / 3.0, LAPACK_SHAPE_POTRF, F64, 0, 10, 0, 0);
	IS(2000 * 100.0 - 2000 / 3.0, LAPACK_SHAPE_GEQRF, F64, 1000, 10, 0, 0);
	IS(4.0 * 20 * 10 * 5 - 2 * 30 * 25 + 500 / 3.0, LAPACK_SHAPE_ORGQR, F64, 20, 10, 5, 0);
	IS(4.0 * 20 * 10 * 5 - 2 * 10 * 25, LAPACK_SHAPE_ORMQR, F64, 20, 10, 5, 0);
	IS(9000, LAPACK_SHAPE_SYEV, F64, 0, 10, 0, 'V');
	IS(4000 / 3.0, LAPACK_SHAPE_SYEV, F64, 0, 10, 0, 'N');
	IS(25000, LAPACK_SHAPE_GEEV, F64, 0, 10, 0, 'V');
	IS(14.0 * 20 * 100 + 8000, LAPACK_SHAPE_GESDD, F64, 10, 20, 0, 'S');
	IS(4.0 * 20 * 100 - 4000 / 3.0, LAPACK_SHAPE_GESDD, F64, 20, 10, 0, 'N');
	IS(0, LAPACK_SHAPE_GETRF, F64, 0, 0, 0, 0);
}

/* dormqr(side, trans, m, n, k, a, lda, tau, c, ldc, work, lwork, info) */
static void arguments_are_found(void)
{
	memset(values, 0, sizeof(values));
	values[0] = 'r';
	values[2] = 20;
	values[3] = 10;
	values[4] = 5;
	values[6] = 21;
	values[11] = 64;
	call = (struct lapack_call){.shape = LAPACK_SHAPE_ORMQR, .dtype = F64};
	lapack_read(&call, false, argument, NULL);
	CU_ASSERT_EQUAL(call.m, 20);
	CU_ASSERT_EQUAL(call.n, 10);
	CU_ASSERT_EQUAL(call.k, 5);
	CU_ASSERT_EQUAL(call.lda, 21);
	CU_ASSERT_EQUAL(call.side, 'R');
	CU_ASSERT_FALSE(call.asks);
	CU_ASSERT_DOUBLE_EQUAL(lapack_flops(&call), 4.0 * 20 * 10 * 5 - 2 * 20 * 25, 1e-6);
	values[11] = -1;
	lapack_read(&call, false, argument, NULL);
	CU_ASSERT_TRUE(call.asks);
}

/* The most arguments of a routine of each shape, complex ones and lengths of letters included. */
static void table_knows_the_stack(void)
{
#define AT_LEAST(shape, arguments) CU_ASSERT_TRUE(LAPACK_WORDS_##shape + LAPACK_REGISTERS >= (arguments))
	AT_LEAST(GETRS, 9 + 1);
	AT_LEAST(GESV, 8);
	AT_LEAST(GETRI, 7);
	AT_LEAST(POSV, 8 + 1);
	AT_LEAST(TRTRS, 10 + 3);
	AT_LEAST(SYTRF, 8 + 1);
	AT_LEAST(GEQRF, 8);
	AT_LEAST(ORGQR, 9);
	AT_LEAST(ORMQR, 13 + 2);
	AT_LEAST(GELS, 11 + 1);
	AT_LEAST(GELSD, 15);
	AT_LEAST(SYTRD, 10 + 1);
	AT_LEAST(GEHRD, 9);
	AT_LEAST(GEBRD, 11);
	AT_LEAST(SYEV, 13 + 2);
	AT_LEAST(SYEVR, 23 + 3);
	AT_LEAST(GEEV, 14 + 2);
	AT_LEAST(GEEVC, 14 + 2);
	AT_LEAST(GESVD, 15 + 2);
	AT_LEAST(GESDD, 15 + 1);
}

static void operands(void)
{
	struct prof_desc_spec spec = {0};

	call = (struct lapack_call){.shape = LAPACK_SHAPE_GESV, .dtype = F64, .n = 10, .r = 3, .lda = 12};
	lapack_describe(&call, &spec);
	CU_ASSERT_EQUAL(spec.op, PROF_OP_OTHER);
	CU_ASSERT_EQUAL(spec.n_operands, 3);
	CU_ASSERT_EQUAL(spec.operands[0].dims[1], 10);
	CU_ASSERT_EQUAL(spec.operands[2].dims[0], 10);
	CU_ASSERT_EQUAL(spec.operands[2].dims[1], 3);
	CU_ASSERT_EQUAL(spec.attrs[spec.n_attrs - 1].attr, PROF_ATTR_FLOPS);
	CU_ASSERT_EQUAL(spec.attrs[spec.n_attrs - 1].value, 1266);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"counts", counts},
	        {"arguments are found", arguments_are_found},
	        {"the table knows the stack", table_knows_the_stack},
	        {"operands", operands},
	        CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{"lapack", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};

	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 1;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
