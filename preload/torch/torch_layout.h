/* torch_layout.h: what PyTorch's tensors look like in this process.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The class behind a tensor (c10::TensorImpl) changes between releases, and
 * nothing of it is assumed here: a few small tensors of known sizes, strides and types
 * are made with the library's own exported functions, below its
 * dispatcher (so that neither autograd nor a tracer sees them), and the
 * values are looked for in their bytes. The samples are kept: some hundred
 * bytes a process. Where that finds nothing, the library's C interface
 * (aoti_torch_*, since 2.1) is asked for each tensor. What is relied on are those
 * functions, that a tensor is a pointer, and the numbers of the types, which model files carry.
 */
#ifndef PRELOAD_TORCH_TORCH_LAYOUT_H
#define PRELOAD_TORCH_TORCH_LAYOUT_H

#include <prof/kinds.h>
#include <prof/trace_format.h>
#include <stdbool.h>
#include <stdint.h>

/* Byte offsets in the object that a tensor points to. */
struct torch_layout {
	uint32_t sizes;        /* number of dimensions, then the sizes, or a pointer to sizes and strides */
	uint32_t strides;      /* where they are when the sizes are inside */
	uint32_t inside;       /* so many dimensions are kept inside, 0: offsets are not known */
	uint32_t dtype;        /* uint16: number of the element type */
	uint32_t storage;      /* pointer that views share with what they view; 0: not known */
	uint32_t python;       /* of the tensor's pointer in a Python object; 0: not known */
	const void *undefined; /* what a tensor that is none points to; null: not known */
};

/* A tensor's shape, outermost dimension first, strides in elements. */
struct torch_shape {
	uint8_t n_dims; /* at most PROF_MAX_DIMS: further leading ones are folded into the first */
	uint8_t dtype;
	bool strided; /* elements are not side by side in order */
	const void *storage;
	int64_t dims[PROF_MAX_DIMS];
	int64_t strides[PROF_MAX_DIMS];
};

/* Whether tensors can be read. Measures on the first call, with functions in
 * the scope of the module of return_address; a failure is noted once. */
bool torch_layout_ready(const void *return_address);

/* Whether the calling thread is measuring: hooked functions called now are ours. */
bool torch_layout_busy(void);

extern struct torch_layout torch_layout;

/* Read the tensor at `tensor` (the address of a pointer to it); false when
 * there is none. Only when torch_layout_ready() said so. */
bool torch_layout_read(const void *tensor, struct torch_shape *shape);

/* The same for what a tensor points to. */
bool torch_layout_read_object(const void *object, struct torch_shape *shape);

/* Measure where a Python object has its tensor; `wrap` makes an object of a
 * tensor (at::TensorBase by reference, or by invisible reference). With the interpreter's
 * lock. Returns the object, a reference of the caller's and to be given up: it may be the
 * sample's last owner; null: nothing was measured. */
void *torch_layout_measure_python(void *(*wrap)(void *tensor));

#endif
