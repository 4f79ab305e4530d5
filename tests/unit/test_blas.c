/* test_blas.c: where a BLAS call's arguments are, and what they mean.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/blas/blas.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <string.h>

#include "preload/thunk/thunk.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct blas_routine routines[] = {
#define BLAS_SYMBOL(name, interface, shape, op, in, out)                                                     \
	{#name, BLAS_##interface, BLAS_SHAPE_##shape, PROF_OP_##op, PROF_DTYPE_##in, PROF_DTYPE_##out},
#include "preload/blas/hooks_blas.def"
#undef BLAS_SYMBOL
};

static const struct blas_routine *routine(const char *name)
{
	for (unsigned i = 0; i < COUNT(routines); i++)
		if (strcmp(routines[i].name, name) == 0)
			return &routines[i];
	CU_FAIL("no such routine");
	return &routines[0];
}

static struct blas_plan plan_of(const char *name)
{
	const struct blas_routine *r = routine(name);
	struct blas_plan plan;

	blas_plan_make(&plan, (enum blas_shape)r->shape, (enum blas_interface)r->interface,
	               blas_is_complex(r->in));
	return plan;
}

/* The number of the argument register or stack word that `letter` is in. */
static int place(const char *name, char letter)
{
	struct blas_plan plan = plan_of(name);

	for (unsigned i = 0; i < plan.n_values; i++)
		if (plan.letter[i] == letter)
			for (unsigned word = 0; word < 32; word++)
				if (plan.word[i] * 8u == thunk_argument_offset(word))
					return (int)word;
	return -1;
}

static struct prof_desc_spec described(const char *name, const int64_t value[BLAS_VALUES])
{
	struct prof_desc_spec spec = {.layer = -1};
	struct blas_plan plan = plan_of(name);

	blas_describe(&spec, routine(name), &plan, value);
	return spec;
}

static int64_t attribute(const struct prof_desc_spec *spec, enum prof_attr attr)
{
	for (unsigned i = 0; i < spec->n_attrs; i++)
		if (spec->attrs[i].attr == attr)
			return spec->attrs[i].value;
	return -1;
}

static bool shaped(const struct prof_desc_spec *spec, enum prof_operand role, uint64_t rows, uint64_t columns)
{
	for (unsigned i = 0; i < spec->n_operands; i++)
		if (spec->operands[i].role == role)
			return spec->operands[i].n_dims == 2 && spec->operands[i].dims[0] == rows
			       && spec->operands[i].dims[1] == columns;
	return false;
}

static void scalars_by_value_take_no_word(void)
{
	CU_ASSERT_EQUAL(place("sgemm_", 'm'), 2);
	CU_ASSERT_EQUAL(place("sgemm_", 'c'), 12);
	CU_ASSERT_EQUAL(place("cblas_sgemm", 'm'), 3);
	CU_ASSERT_EQUAL(place("cblas_sgemm", 'a'), 7);
	CU_ASSERT_EQUAL(place("cblas_sgemm", 'c'), 11);
	CU_ASSERT_EQUAL(place("cblas_zgemm", 'a'), 8);
	CU_ASSERT_EQUAL(place("cblas_zgemm", 'c'), 13);
	CU_ASSERT_EQUAL(place("cblas_cherk", 'c'), 8);
	CU_ASSERT_EQUAL(place("cblas_sgemm_64", 'c'), 11);
	CU_ASSERT_EQUAL(place("cblas_sdot", 'y'), 4);
	CU_ASSERT_EQUAL(place("cblas_saxpy", 'y'), 4);
	CU_ASSERT_EQUAL(place("cblas_caxpy", 'y'), 5);
}

/* The table says how many words a thunk must copy: no fewer than needed, and
 * no more than the neediest interface. */
static void table_knows_the_stack(void)
{
	for (unsigned s = 0; s < BLAS_SHAPES; s++) {
		unsigned most = 0;

		for (unsigned i = 0; i < BLAS_INTERFACES; i++) {
			for (unsigned complex = 0; complex < 2; complex++) {
				struct blas_plan plan;

				blas_plan_make(&plan, (enum blas_shape)s, (enum blas_interface)i,
				               complex != 0);
				most = plan.stack_words > most ? plan.stack_words : most;
			}
		}
		if (most != blas_shape_words((enum blas_shape)s))
			fprintf(stderr, "shape %s: %u words\n", blas_shape_arguments((enum blas_shape)s),
			        most);
		CU_ASSERT_EQUAL(most, blas_shape_words((enum blas_shape)s));
	}
}

static void every_value_has_room(void)
{
	for (unsigned i = 0; i < COUNT(routines); i++) {
		unsigned values = 0;

		for (const char *a = blas_shape_arguments((enum blas_shape)routines[i].shape); *a; a++)
			values += *a >= 'a' && *a <= 'z';
		CU_ASSERT(values <= BLAS_VALUES);
		CU_ASSERT_EQUAL(plan_of(routines[i].name).n_values, values);
	}
}

static void gemm_is_described(void)
{
	static const int64_t value[BLAS_VALUES] = {'T', 'N', 5, 4, 3, 8, 9, 10};
	struct prof_desc_spec spec = described("dgemm_", value);

	CU_ASSERT_EQUAL(spec.op, PROF_OP_GEMM);
	CU_ASSERT(shaped(&spec, PROF_OPERAND_INPUT, 5, 3));
	CU_ASSERT(shaped(&spec, PROF_OPERAND_OTHER, 3, 4));
	CU_ASSERT(shaped(&spec, PROF_OPERAND_OUTPUT, 5, 4));
	CU_ASSERT_EQUAL(spec.operands[0].dtype, PROF_DTYPE_FLOAT64);
	CU_ASSERT_EQUAL(attribute(&spec, PROF_ATTR_M), 5);
	CU_ASSERT_EQUAL(attribute(&spec, PROF_ATTR_N), 4);
	CU_ASSERT_EQUAL(attribute(&spec, PROF_ATTR_K), 3);
	CU_ASSERT_EQUAL(attribute(&spec, PROF_ATTR_TRANS_A), 1);
	CU_ASSERT_EQUAL(attribute(&spec, PROF_ATTR_TRANS_B), -1);
	CU_ASSERT_EQUAL(attribute(&spec, PROF_ATTR_LDC), 10);
}

static void conjugation_needs_complex_elements(void)
{
	static const int64_t value[BLAS_VALUES] = {113, 111, 5, 4, 3, 8, 9, 10};
	struct prof_desc_spec real = described("cblas_sgemm", value),
	                      complex = described("cblas_cgemm", value);

	CU_ASSERT_EQUAL(attribute(&real, PROF_ATTR_TRANS_A), 1);
	CU_ASSERT_EQUAL(attribute(&complex, PROF_ATTR_TRANS_A), 2);
}

static void mixed_types_are_kept_apart(void)
{
	static const int64_t value[BLAS_VALUES] = {111, 111, 5, 4, 3, 8, 9, 10};
	struct prof_desc_spec spec = described("cblas_sbgemm", value);

	CU_ASSERT_EQUAL(spec.operands[0].dtype, PROF_DTYPE_BFLOAT16);
	CU_ASSERT_EQUAL(spec.operands[1].dtype, PROF_DTYPE_BFLOAT16);
	CU_ASSERT_EQUAL(spec.operands[2].dtype, PROF_DTYPE_FLOAT32);
}

static void a_batch_has_three_dimensions(void)
{
	static const int64_t value[BLAS_VALUES] = {111, 111, 5, 4, 3, 8, 9, 10, 7};
	struct prof_desc_spec spec = described("cblas_sgemm_batch_strided", value);

	CU_ASSERT_EQUAL(attribute(&spec, PROF_ATTR_BATCH), 7);
	CU_ASSERT_EQUAL(spec.operands[0].n_dims, 3);
	CU_ASSERT_EQUAL(spec.operands[0].dims[0], 7);
	CU_ASSERT_EQUAL(spec.operands[0].dims[2], 3);
}

static void strides_are_in_bytes(void)
{
	static const int64_t value[BLAS_VALUES] = {100, 1, 3};
	struct prof_desc_spec spec = described("cblas_ddot", value);

	CU_ASSERT_FALSE(spec.operands[0].strided);
	CU_ASSERT_TRUE(spec.operands[1].strided);
	CU_ASSERT_EQUAL(spec.operands[1].strides_bytes[0], 24);
}

static void nonsense_is_not_negative(void)
{
	static const int64_t value[BLAS_VALUES] = {111, 111, -5, 4, 3, 8, 9, 10};
	struct prof_desc_spec spec = described("cblas_sgemm", value);

	CU_ASSERT(shaped(&spec, PROF_OPERAND_OUTPUT, 0, 4));
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"scalars by value take no word", scalars_by_value_take_no_word},
	        {"the table knows the stack", table_knows_the_stack},
	        {"every value has room", every_value_has_room},
	        {"gemm is described", gemm_is_described},
	        {"conjugation needs complex elements", conjugation_needs_complex_elements},
	        {"mixed types are kept apart", mixed_types_are_kept_apart},
	        {"a batch has three dimensions", a_batch_has_three_dimensions},
	        {"strides are in bytes", strides_are_in_bytes},
	        {"nonsense is not negative", nonsense_is_not_negative},
	        CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{"blas", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};

	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 1;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
