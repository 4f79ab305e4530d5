/* onednn_lib.h: what a oneDNN library can be asked about its primitives.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Nothing is linked: the functions are looked up in the library that runs the
 * primitive, since a process may hold several of different releases. Release 2
 * has public structures, of which the offsets here are facts (checked against
 * its header by tests/unit/test_onednn.c); release 3 made them opaque and
 * answers questions instead. What both have, is used alike.
 */
#ifndef PRELOAD_ONEDNN_ONEDNN_LIB_H
#define PRELOAD_ONEDNN_ONEDNN_LIB_H

#include <stdbool.h>
#include <stdint.h>

/* Questions (dnnl_query_t). The first four have the same number in all releases. */
enum onednn_query {
	ONEDNN_QUERY_KIND = 2,
	ONEDNN_QUERY_PROP = 11,
	ONEDNN_QUERY_MD = 255, /* of an argument */
	/* release 2 */
	ONEDNN_QUERY_OP_DESC = 65,
	/* release 3 */
	ONEDNN_QUERY_STRIDES = 14,
	ONEDNN_QUERY_DILATIONS = 15,
	ONEDNN_QUERY_PADDING = 16,
	ONEDNN_QUERY_ALG = 20,
	ONEDNN_QUERY_CELL = 28,
	ONEDNN_QUERY_KERNEL = 31,
	/* release 3, of a memory descriptor */
	ONEDNN_QUERY_N_DIMS = 256,
	ONEDNN_QUERY_DIMS = 257,
	ONEDNN_QUERY_DATA_TYPE = 258,
	ONEDNN_QUERY_FORMAT = 262,
	ONEDNN_QUERY_N_BLOCKS = 263,
};

/* Release 2's structures, in bytes. */
enum onednn_offset {
	ONEDNN_MD_DIMS = 8,
	ONEDNN_MD_DATA_TYPE = 104,
	ONEDNN_MD_FORMAT = 312,
	ONEDNN_MD_STRIDES = 320,
	ONEDNN_MD_N_BLOCKS = 416,
	ONEDNN_CONV_STRIDES = 5584, /* then dilations, and padding on the left */
	ONEDNN_POOL_STRIDES = 2800, /* then the kernel, and padding on the left */
	ONEDNN_POOL_DILATION = 3192,
};

enum {
	ONEDNN_MAX_DIMS = 12,
	ONEDNN_DIMS_BYTES = 8 * ONEDNN_MAX_DIMS, /* one dnnl_dims_t */
	ONEDNN_FORMAT_BLOCKED = 2,               /* dnnl_format_kind_t */
};
#define ONEDNN_RUNTIME_DIM INT64_MIN /* a size that is known when the primitive runs */

/* An argument of dnnl_primitive_execute(). */
struct onednn_arg {
	int arg;
	const void *memory;
};

/* One library. All but opaque and works are its functions; those that may be
 * null are marked. Statuses are 0 on success. */
struct onednn_lib {
	void *execute;
	bool opaque; /* release 3 */
	bool works;  /* those that are needed are there */
	int (*primitive_desc)(const void *primitive, const void **desc);
	int (*query)(const void *desc, int what, int index, void *result);
	const void *(*query_md)(const void *desc, int what, int index);
	const char *(*kind_name)(int kind);
	const char *(*dtype_name)(int dtype);
	const char *(*alg_name)(int alg); /* or null, as all that follow */
	const char *(*prop_name)(int prop);
	int (*md_query)(const void *md, int what, void *result); /* release 3 alone */
	int (*memory_md)(const void *memory, const void **md);
	int (*attr)(const void *desc, const void **attr);
	int (*post_ops)(const void *attr, const void **post_ops);
	int (*n_post_ops)(const void *post_ops);
	int (*post_op_kind)(const void *post_ops, int index);
	/* the same function as releases 2 and 3 declare it */
	int (*post_op_eltwise_2)(const void *post_ops, int index, float *scale, int *alg, float *alpha,
	                         float *beta);
	int (*post_op_eltwise_3)(const void *post_ops, int index, int *alg, float *alpha, float *beta);
	int (*post_op_binary)(const void *post_ops, int index, int *alg, const void **md);
};

/* The library whose dnnl_primitive_execute() this is; null when there is no
 * room for one more. Asks the loader once for each library. */
const struct onednn_lib *onednn_lib_get(void *execute);

#endif
