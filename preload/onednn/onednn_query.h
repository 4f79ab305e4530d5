/* onednn_query.h: what one oneDNN primitive says of itself.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_ONEDNN_ONEDNN_QUERY_H
#define PRELOAD_ONEDNN_ONEDNN_QUERY_H

#include "preload/onednn/onednn_lib.h"
#include "runtime/recorder.h"

/* Arguments of a primitive, as dnnl_primitive_execute() numbers them. */
enum onednn_role {
	ONEDNN_SRC = 1,
	ONEDNN_SRC_1 = 2,
	ONEDNN_DST = 17,
	ONEDNN_WEIGHTS = 33,
	ONEDNN_WEIGHTS_1 = 34,
	ONEDNN_BIAS = 41,
	ONEDNN_SCALE = 51,
	ONEDNN_SHIFT = 52,
	ONEDNN_DIFF_SRC = 129,
	ONEDNN_DIFF_DST = 145,
	ONEDNN_DIFF_WEIGHTS = 161,
	ONEDNN_DIFF_BIAS = 169,
	ONEDNN_MULTIPLE_SRC = 1024,
};

/* A primitive, and the arguments of the call where sizes are known only then. */
struct onednn_asked {
	const struct onednn_lib *lib;
	const void *desc; /* its descriptor */
	const struct onednn_arg *args;
	int n_args;
	bool late; /* set: some size was taken from the arguments */
};

/* One argument: outermost dimension first. */
struct onednn_tensor {
	unsigned n_dims; /* 0: there is no such argument */
	enum prof_dtype dtype;
	bool plain; /* each element is where the strides say */
	int64_t dims[ONEDNN_MAX_DIMS];
	int64_t strides[ONEDNN_MAX_DIMS]; /* elements; when plain */
};

/* The sizes of a window that moves over the input, one for each spatial
 * dimension; null where there are none. They live as long as the primitive. */
struct onednn_window {
	const int64_t *kernel, *strides, *dilations, *padding;
};

/* Names as the library has them, "" for what is unknown or has none. */
const char *onednn_kind(const struct onednn_asked *a);
const char *onednn_alg(const struct onednn_asked *a, unsigned alg_at, bool cell);
const char *onednn_direction(const struct onednn_asked *a); /* forward_inference, ... */

void onednn_tensor_get(struct onednn_asked *a, int role, struct onednn_tensor *t);
void onednn_window_conv(const struct onednn_asked *a, struct onednn_window *w);
void onednn_window_pool(const struct onednn_asked *a, bool dilated, struct onednn_window *w);

/* Add "+eltwise_relu" and so on to text; returns the number of post-operations. */
unsigned onednn_post_ops(const struct onednn_asked *a, char *text, size_t bytes);

#endif
