/* ort_describe.h: from a node that ONNX Runtime ran to an operation's descriptor.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_ORT_ORT_DESCRIBE_H
#define PRELOAD_ORT_ORT_DESCRIBE_H

#include "preload/ort/ort_profile.h"
#include "runtime/recorder.h"

/* Fill in a descriptor's op, names, layer, operands and attributes; the rest of
 * *spec is zero. The context is the node's name up to the first part that begins
 * with a capital letter, which is the operator's ("/model/layers.0/mlp/MatMul":
 * model.layers.0.mlp), or all of it; the
 * result is the name itself. Constant weights that the session keeps in
 * an order of its own are not told by the profiler; their sizes follow from the
 * other operands. */
void ort_describe(struct prof_desc_spec *spec, const struct ort_event *node);

#endif
