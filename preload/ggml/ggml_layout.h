/* ggml_layout.h: a ggml library as found in the process: its functions, and
 * where its tensors keep what.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * struct ggml_tensor has changed over the years and will again. Nothing of it
 * is assumed here: a few tensors with known values are made with the library's
 * own exported functions, and the values are looked for in their bytes. What
 * is relied on are those functions, the first fields of two structs passed by
 * value (ggml_init_params, ggml_cplan), and the type numbers 0 and 1, which
 * model files carry.
 */
#ifndef PRELOAD_GGML_GGML_LAYOUT_H
#define PRELOAD_GGML_GGML_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define GGML_LAYOUT_DIMS    4
#define GGML_LAYOUT_MAX_SRC 10

/* Byte offsets in struct ggml_tensor. */
struct ggml_layout {
	uint32_t type;        /* int32 */
	uint32_t ne;          /* int64[4], innermost first */
	uint32_t nb;          /* size_t[4], bytes */
	uint32_t op;          /* int32 */
	uint32_t op_params;   /* int32[] */
	uint32_t flags;       /* int32 */
	uint32_t src;         /* pointers */
	uint32_t n_src;       /* how many */
	uint32_t view_src;    /* pointer */
	uint32_t data;        /* pointer */
	uint32_t name;        /* char[] */
	int32_t input_flag;   /* bit that ggml_set_input() sets */
	int32_t compute_flag; /* bit that nodes of a graph carry; 0: no such bit */
};

/* The functions used, resolved in the scope of the library that computes. */
struct ggml_functions {
	void *(*graph_node)(void *graph, int i);
	int (*graph_n_nodes)(void *graph);
	const char *(*op_desc)(const void *tensor);
	const char *(*op_name)(int op);
	const char *(*type_name)(int type);
};

struct ggml_lib {
	struct ggml_layout at;
	struct ggml_functions call;
	/* Return addresses of the two ggml_barrier() calls of the loop over
	 * nodes: after a node, and after the last one; null: not known. */
	const void *after_node, *after_graph;
	bool barriers; /* its barriers are seen at all: the call may be bound inside the library */
};

/* Describe the library whose code holds return_address. Returns null or a
 * sentence that says why not. Allocates with the library's own functions and
 * frees again; does not compute. */
const char *ggml_layout_measure(struct ggml_lib *lib, const void *return_address);

/* Let the library compute a graph of three additions with one thread, so that
 * the hooks see its barriers. Returns whether it did. */
bool ggml_layout_rehearse(const void *return_address, int (*compute)(void *graph, void *plan));

/* ---- reading a tensor ---- */

static inline int32_t ggml_field32(const void *tensor, uint32_t at)
{
	int32_t v;

	memcpy(&v, (const char *)tensor + at, sizeof(v));
	return v;
}

static inline int64_t ggml_field64(const void *tensor, uint32_t at, unsigned i)
{
	int64_t v;

	memcpy(&v, (const char *)tensor + at + 8u * i, sizeof(v));
	return v;
}

static inline void *ggml_field_pointer(const void *tensor, uint32_t at, unsigned i)
{
	void *v;

	memcpy(&v, (const char *)tensor + at + sizeof(void *) * i, sizeof(v));
	return v;
}

static inline const char *ggml_tensor_name(const struct ggml_lib *lib, const void *tensor)
{
	return (const char *)tensor + lib->at.name;
}

static inline void *ggml_tensor_src(const struct ggml_lib *lib, const void *tensor, unsigned i)
{
	return i < lib->at.n_src ? ggml_field_pointer(tensor, lib->at.src, i) : NULL;
}

static inline int64_t ggml_tensor_ne(const struct ggml_lib *lib, const void *tensor, unsigned i)
{
	return ggml_field64(tensor, lib->at.ne, i);
}

static inline int64_t ggml_tensor_nb(const struct ggml_lib *lib, const void *tensor, unsigned i)
{
	return ggml_field64(tensor, lib->at.nb, i);
}

#endif
