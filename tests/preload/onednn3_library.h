/* onednn3_library.h: the stand-in for oneDNN 3: its numbers, and how the test makes primitives.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TESTS_PRELOAD_ONEDNN3_LIBRARY_H
#define TESTS_PRELOAD_ONEDNN3_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* dnnl_primitive_kind_t, dnnl_data_type_t, dnnl_alg_kind_t, dnnl_prop_kind_t of release 3. */
enum {
	STANDIN_REORDER = 1,
	STANDIN_SUM = 4,
	STANDIN_CONVOLUTION = 5,
	STANDIN_ELTWISE = 7,
	STANDIN_RNN = 11,
	STANDIN_BINARY = 13,
	STANDIN_MATMUL = 14,
	STANDIN_POOLING = 16,
	STANDIN_SOFTMAX = 19,
	STANDIN_GROUP_NORM = 21,
	STANDIN_FUTURE = 77, /* of a release to come */
	STANDIN_F16 = 1,
	STANDIN_BF16 = 2,
	STANDIN_F32 = 3,
	STANDIN_S8 = 5,
	STANDIN_BOOLEAN = 8,
	STANDIN_E4M3 = 10,
	STANDIN_S4 = 11,
	STANDIN_DIRECT = 1,
	STANDIN_RELU = 0x20,
	STANDIN_SWISH = 0x2c,
	STANDIN_GELU_ERF = 0x31,
	STANDIN_AVG = 0x3ff,
	STANDIN_LSTM = 0x2fff,
	STANDIN_ADD = 0x1fff0,
	STANDIN_LOG = 0x30001,
	STANDIN_INFERENCE = 96,
	STANDIN_BACKWARD = 160,
};

struct dnnl_memory_desc;
struct dnnl_memory;
struct dnnl_primitive_desc;
struct dnnl_primitive;

struct standin_name {
	int number;
	const char *name;
};

struct standin_version {
	int major, minor, patch;
	const char *hash;
	unsigned cpu, gpu;
};

struct standin_exec {
	int arg;
	struct dnnl_memory *memory;
};

/* Make a primitive descriptor and what it consists of. Never freed. */
struct dnnl_primitive_desc *standin_desc(int kind, int prop, int alg);
void standin_arg(struct dnnl_primitive_desc *pd, int arg, int dtype, int n, const int64_t *dims);
void standin_window(struct dnnl_primitive_desc *pd, int n, const int64_t *strides, const int64_t *dilations,
                    const int64_t *padding, const int64_t *kernel);
void standin_post_op(struct dnnl_primitive_desc *pd, int kind, int alg);
struct dnnl_memory *standin_memory(int dtype, int n, const int64_t *dims, float value);
float standin_value(const struct dnnl_memory *m);

const struct standin_version *dnnl_version(void);
const char *dnnl_prim_kind2str(int kind);
const char *dnnl_dt2str(int dtype);
const char *dnnl_alg_kind2str(int alg);
const char *dnnl_prop_kind2str(int prop);
int dnnl_primitive_get_primitive_desc(const struct dnnl_primitive *p, const struct dnnl_primitive_desc **pd);
int dnnl_primitive_desc_query(const struct dnnl_primitive_desc *pd, int what, int index, void *result);
const struct dnnl_memory_desc *dnnl_primitive_desc_query_md(const struct dnnl_primitive_desc *pd, int what,
                                                            int arg);
int dnnl_memory_desc_query(const struct dnnl_memory_desc *md, int what, void *result);
int dnnl_memory_get_memory_desc(const struct dnnl_memory *memory, const struct dnnl_memory_desc **md);
int dnnl_primitive_desc_get_attr(const struct dnnl_primitive_desc *pd,
                                 const struct dnnl_primitive_desc **attr);
int dnnl_primitive_attr_get_post_ops(const struct dnnl_primitive_desc *attr,
                                     const struct dnnl_primitive_desc **ops);
int dnnl_post_ops_len(const struct dnnl_primitive_desc *ops);
int dnnl_post_ops_get_kind(const struct dnnl_primitive_desc *ops, int index);
int dnnl_post_ops_get_params_eltwise(const struct dnnl_primitive_desc *ops, int index, int *alg, float *alpha,
                                     float *beta);
int dnnl_post_ops_get_params_binary(const struct dnnl_primitive_desc *ops, int index, int *alg,
                                    const struct dnnl_memory_desc **md);
int dnnl_primitive_create(struct dnnl_primitive **p, const struct dnnl_primitive_desc *pd);
int dnnl_primitive_destroy(struct dnnl_primitive *p);
int dnnl_primitive_execute(const struct dnnl_primitive *p, void *stream, int n,
                           const struct standin_exec *args);

#endif
