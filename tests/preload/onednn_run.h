/* onednn_run.h: run one primitive of oneDNN 2 on made-up data.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TESTS_PRELOAD_ONEDNN_RUN_H
#define TESTS_PRELOAD_ONEDNN_RUN_H

#include <dnnl.h>
#include <stddef.h>

extern dnnl_engine_t engine;

/* Make the engine and the stream, and destroy them. Every failure ends the program. */
void run_begin(void);
void run_end(void);
void ok(dnnl_status_t status);

/* Memory descriptors: rows next to each other, or as the library likes it. */
dnnl_memory_desc_t plain(int n, const dnnl_dims_t dims, dnnl_data_type_t type);
dnnl_memory_desc_t any(int n, const dnnl_dims_t dims);

void fill(void *data, size_t bytes, dnnl_data_type_t type);
void say(const char *what, const void *data, size_t bytes);

/* Run what an operation descriptor or a primitive descriptor (which is destroyed)
 * stands for, with every argument that it asks for; say what it wrote. */
void run(const char *what, const_dnnl_op_desc_t op, const_dnnl_primitive_attr_t attr);
void run_desc(const char *what, dnnl_primitive_desc_t pd);

/* With these arguments, the last of which is written. */
void run_with(const char *what, dnnl_primitive_t primitive, const int *roles, const dnnl_memory_desc_t *md,
              int n);

#endif
