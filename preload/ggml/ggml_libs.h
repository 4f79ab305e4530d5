/* ggml_libs.h: the ggml libraries met in this process.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_GGML_GGML_LIBS_H
#define PRELOAD_GGML_GGML_LIBS_H

#include "preload/ggml/ggml_layout.h"

typedef int ggml_compute_fn(void *graph, void *plan);

/* The library whose ggml_graph_compute() is `compute`, called from
 * return_address; measured when it is met for the first time, and again after
 * libraries were closed. Null: it could not be measured, which is noted once. */
const struct ggml_lib *ggml_libs_get(ggml_compute_fn *compute, const void *return_address);

/* What the hooks report while a library is rehearsed on the calling thread;
 * whether they should. */
bool ggml_libs_rehearsing(void);
void ggml_libs_saw_node(void);
void ggml_libs_saw_barrier(const void *return_address);

#endif
