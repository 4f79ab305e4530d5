/* test_onednn.c: what preload/ knows of oneDNN 2's structures and numbers, against its header.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <dnnl.h>
#include <stddef.h>
#include <string.h>

#include "preload/onednn/onednn_query.h"

#define SAME(ours, theirs) CU_ASSERT_EQUAL((long long)(ours), (long long)(theirs))

static void memory_descriptors(void)
{
	SAME(0, offsetof(dnnl_memory_desc_t, ndims));
	SAME(ONEDNN_MD_DIMS, offsetof(dnnl_memory_desc_t, dims));
	SAME(ONEDNN_MD_DATA_TYPE, offsetof(dnnl_memory_desc_t, data_type));
	SAME(ONEDNN_MD_FORMAT, offsetof(dnnl_memory_desc_t, format_kind));
	SAME(ONEDNN_MD_STRIDES, offsetof(dnnl_memory_desc_t, format_desc.blocking.strides));
	SAME(ONEDNN_MD_N_BLOCKS, offsetof(dnnl_memory_desc_t, format_desc.blocking.inner_nblks));
	SAME(ONEDNN_FORMAT_BLOCKED, dnnl_blocked);
	SAME(ONEDNN_MAX_DIMS, DNNL_MAX_NDIMS);
	SAME(ONEDNN_DIMS_BYTES, sizeof(dnnl_dims_t));
	SAME(ONEDNN_RUNTIME_DIM, DNNL_RUNTIME_DIM_VAL);
}

static void windows(void)
{
	SAME(ONEDNN_CONV_STRIDES, offsetof(dnnl_convolution_desc_t, strides));
	SAME(ONEDNN_CONV_STRIDES + ONEDNN_DIMS_BYTES, offsetof(dnnl_convolution_desc_t, dilates));
	SAME(ONEDNN_CONV_STRIDES + 2 * ONEDNN_DIMS_BYTES, offsetof(dnnl_convolution_desc_t, padding));
	SAME(ONEDNN_CONV_STRIDES, offsetof(dnnl_deconvolution_desc_t, strides));
	SAME(ONEDNN_POOL_STRIDES, offsetof(dnnl_pooling_desc_t, strides));
	SAME(ONEDNN_POOL_STRIDES, offsetof(dnnl_pooling_v2_desc_t, strides));
	SAME(ONEDNN_POOL_STRIDES + ONEDNN_DIMS_BYTES, offsetof(dnnl_pooling_v2_desc_t, kernel));
	SAME(ONEDNN_POOL_STRIDES + 2 * ONEDNN_DIMS_BYTES, offsetof(dnnl_pooling_v2_desc_t, padding));
	SAME(ONEDNN_POOL_DILATION, offsetof(dnnl_pooling_v2_desc_t, dilation));
}

static unsigned alg_at(const char *kind)
{
#define ONEDNN_KIND(name, op, rule, named, at)                                                               \
	if (strcmp(kind, name) == 0)                                                                         \
		return at;
#include "preload/onednn/onednn_ops.def"
#undef ONEDNN_KIND
	return ~0u;
}

static void algorithms(void)
{
	SAME(alg_at("convolution"), offsetof(dnnl_convolution_desc_t, alg_kind));
	SAME(alg_at("deconvolution"), offsetof(dnnl_deconvolution_desc_t, alg_kind));
	SAME(alg_at("eltwise"), offsetof(dnnl_eltwise_desc_t, alg_kind));
	SAME(alg_at("binary"), offsetof(dnnl_binary_desc_t, alg_kind));
	SAME(alg_at("reduction"), offsetof(dnnl_reduction_desc_t, alg_kind));
	SAME(alg_at("pooling"), offsetof(dnnl_pooling_desc_t, alg_kind));
	SAME(alg_at("pooling_v2"), offsetof(dnnl_pooling_v2_desc_t, alg_kind));
	SAME(alg_at("resampling"), offsetof(dnnl_resampling_desc_t, alg_kind));
	SAME(alg_at("lrn"), offsetof(dnnl_lrn_desc_t, alg_kind));
	SAME(alg_at("rnn"), offsetof(dnnl_rnn_desc_t, cell_kind));
	SAME(alg_at("softmax_v2"), offsetof(dnnl_softmax_v2_desc_t, alg_kind));
}

static void arguments(void)
{
	SAME(ONEDNN_SRC, DNNL_ARG_SRC);
	SAME(ONEDNN_SRC_1, DNNL_ARG_SRC_1);
	SAME(ONEDNN_DST, DNNL_ARG_DST);
	SAME(ONEDNN_WEIGHTS, DNNL_ARG_WEIGHTS);
	SAME(ONEDNN_WEIGHTS_1, DNNL_ARG_WEIGHTS_1);
	SAME(ONEDNN_BIAS, DNNL_ARG_BIAS);
	SAME(ONEDNN_SCALE, DNNL_ARG_SCALE);
	SAME(ONEDNN_SHIFT, DNNL_ARG_SHIFT);
	SAME(ONEDNN_DIFF_SRC, DNNL_ARG_DIFF_SRC);
	SAME(ONEDNN_DIFF_DST, DNNL_ARG_DIFF_DST);
	SAME(ONEDNN_DIFF_WEIGHTS, DNNL_ARG_DIFF_WEIGHTS);
	SAME(ONEDNN_DIFF_BIAS, DNNL_ARG_DIFF_BIAS);
	SAME(ONEDNN_MULTIPLE_SRC, DNNL_ARG_MULTIPLE_SRC);
	SAME(offsetof(struct onednn_arg, memory), offsetof(dnnl_exec_arg_t, memory));
	SAME(sizeof(struct onednn_arg), sizeof(dnnl_exec_arg_t));
}

static void questions(void)
{
	SAME(ONEDNN_QUERY_KIND, dnnl_query_primitive_kind);
	SAME(ONEDNN_QUERY_PROP, dnnl_query_prop_kind);
	SAME(ONEDNN_QUERY_MD, dnnl_query_exec_arg_md);
	SAME(ONEDNN_QUERY_OP_DESC, dnnl_query_op_d);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"memory descriptors", memory_descriptors},
	        {"windows", windows},
	        {"algorithms", algorithms},
	        {"arguments", arguments},
	        {"questions", questions},
	        CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{"onednn", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};

	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 1;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
