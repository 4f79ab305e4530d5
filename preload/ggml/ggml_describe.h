/* ggml_describe.h: from a node of a ggml graph to an operation of ours.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_GGML_GGML_DESCRIBE_H
#define PRELOAD_GGML_GGML_DESCRIBE_H

#include "preload/ggml/ggml_layout.h"
#include "runtime/recorder.h"

/* What a node has to be told about the graph that it is in. */
struct ggml_scope {
	const struct ggml_lib *lib;
	const void **written; /* leaves that nodes of the graph write to: caches */
	uint32_t n_written;
	int32_t layer; /* of the node before: for nodes without a name */
	uint32_t site; /* call site of the graph's computation */
};

/* The tensor that a view is a part of, itself for any other. */
const void *ggml_view_base(const struct ggml_lib *lib, const void *tensor);

/* Whether a tensor is (a view of) a constant: a leaf that is neither an input
 * nor written to in this graph. */
bool ggml_is_weight(const struct ggml_scope *scope, const void *tensor);

/* Whether a tensor is computed by its graph's node, or is only a view or leaf. */
bool ggml_is_computed(const struct ggml_lib *lib, const void *tensor);

/* Describe a node; `fused` is the node whose work the same kernel does as well,
 * or null. Interns strings. Returns the node's layer, -1: unknown. */
int32_t ggml_describe(const struct ggml_scope *scope, const void *node, const void *fused,
                      struct prof_desc_spec *spec);

/* Experts that the weight of a product holds, when it is one of experts and its
 * index can be read here; else 0. */
uint32_t ggml_experts_of(const struct ggml_lib *lib, const void *node);

/* How many different experts the rows of such a product go to. Its index must
 * have been computed. */
uint32_t ggml_experts_hit(const struct ggml_lib *lib, const void *node, uint32_t experts);

/* The mask operand of a node that is an attention or its softmax, or null. */
const void *ggml_mask_of(const struct ggml_lib *lib, const void *node);

#endif
