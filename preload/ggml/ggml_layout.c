/* ggml_layout.c: measuring what a ggml tensor looks like.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/ggml/ggml_layout.h"
#include "preload/resolve.h"

#include <stdio.h>

enum { TYPE_F32 = 0, TYPE_F16 = 1 };
enum { TENSOR_LIMIT = 1024 }; /* no field of interest lies beyond */
enum { CONTEXT_BYTES = 65536, PLAN_WORDS = 64, GRAPH_NODES = 8 };

/* ggml_init_params: unchanged since it was introduced. */
struct init_params {
	size_t mem_size;
	void *mem_buffer;
	bool no_alloc;
};

/* ggml_cplan: work_size and work_data come first; the rest is not looked at. */
struct plan {
	size_t work_size;
	void *work_data;
	uint64_t rest[PLAN_WORDS];
};

/* The functions that make tensors; needed while measuring only. */
struct maker {
	void *(*init)(struct init_params);
	void (*free)(void *ctx);
	void *(*new_tensor)(void *ctx, int type, int64_t, int64_t, int64_t, int64_t);
	void *(*add)(void *ctx, void *a, void *b);
	void *(*mul_mat)(void *ctx, void *a, void *b);
	void *(*scale)(void *ctx, void *a, float s);
	void *(*view)(void *ctx, void *a, int64_t ne0, size_t offset);
	void *(*set_name)(void *tensor, const char *name);
	const char *(*get_name)(const void *tensor);
	void *(*get_data)(const void *tensor);
	void (*set_input)(void *tensor);
	void *(*new_graph)(void *ctx, size_t size, bool grads);
	void (*expand)(void *graph, void *tensor);
	struct plan (*graph_plan)(void *graph, int threads, void *pool);
};

static void *find(const void *return_address, const char *name)
{
	struct resolve_cache cache = {0};

	return resolve_slow(&cache, name, return_address);
}

/* Fill in a table of functions; the name of the first that is missing, or null. */
struct wanted {
	const char *name;
	void *where;
};

static const char *find_all(const void *return_address, const struct wanted *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		void *address = find(return_address, wanted[i].name);

		if (!address)
			return wanted[i].name;
		memcpy(wanted[i].where, &address, sizeof(address));
	}
	return NULL;
}

static const char *find_functions(struct ggml_functions *f, struct maker *m, const void *return_address)
{
	const struct wanted wanted[] = {
	        {"ggml_graph_node", &f->graph_node},
	        {"ggml_graph_n_nodes", &f->graph_n_nodes},
	        {"ggml_op_desc", &f->op_desc},
	        {"ggml_op_name", &f->op_name},
	        {"ggml_type_name", &f->type_name},
	        {"ggml_init", &m->init},
	        {"ggml_free", &m->free},
	        {"ggml_new_tensor_4d", &m->new_tensor},
	        {"ggml_add", &m->add},
	        {"ggml_mul_mat", &m->mul_mat},
	        {"ggml_scale", &m->scale},
	        {"ggml_view_1d", &m->view},
	        {"ggml_set_name", &m->set_name},
	        {"ggml_get_name", &m->get_name},
	        {"ggml_get_data", &m->get_data},
	        {"ggml_set_input", &m->set_input},
	        {"ggml_new_graph_custom", &m->new_graph},
	        {"ggml_build_forward_expand", &m->expand},
	        {"ggml_graph_plan", &m->graph_plan},
	};

	return find_all(return_address, wanted, sizeof(wanted) / sizeof(wanted[0]));
}

/* ---- looking for values ---- */

/* Offset of `bytes` of value in the tensor, from `from` on; 0: not there (a
 * tensor's first field is its type, so no value is looked for at 0). */
static uint32_t offset_of(const void *tensor, uint32_t limit, const void *value, size_t bytes)
{
	for (uint32_t at = 4; at + bytes <= limit; at += 4)
		if (memcmp((const char *)tensor + at, value, bytes) == 0)
			return at;
	return 0;
}

static uint32_t pointer_offset(const void *tensor, uint32_t limit, const void *value, uint32_t not_here)
{
	for (uint32_t at = 8; at + 8 <= limit; at += 8)
		if (at != not_here && ggml_field_pointer(tensor, at, 0) == value)
			return at;
	return 0;
}

/* The tensors that are looked into. */
struct sample {
	char *base; /* the context's memory */
	void *leaf, *other, *product, *sum, *scaled, *view;
	uint32_t limit; /* bytes of a tensor that are surely its own */
};

static const int64_t sample_ne[GGML_LAYOUT_DIMS] = {3, 5, 7, 11};
static const float sample_scale = 0.15625f;

/* Where name and sizes are says how far a tensor reaches at least. */
static bool measure_shape(struct ggml_layout *at, const struct maker *m, const struct sample *s)
{
	uint64_t nb[GGML_LAYOUT_DIMS] = {4, 4 * 3, 4 * 3 * 5, 4 * 3 * 5 * 7};

	at->ne = offset_of(s->leaf, s->limit, sample_ne, sizeof(sample_ne));
	at->nb = offset_of(s->leaf, s->limit, nb, sizeof(nb));
	at->name = (uint32_t)(m->get_name(s->leaf) - (const char *)s->leaf);
	at->data = pointer_offset(s->leaf, s->limit, m->get_data(s->leaf), 0);
	return at->ne && at->nb && at->data && at->name > 0 && at->name < TENSOR_LIMIT;
}

/* The one word in which two tensors of the same shape but another type differ
 * as their types do. It may be the first. */
static bool measure_type(struct ggml_layout *at, const struct sample *s)
{
	for (at->type = 0; at->type + 4 <= s->limit; at->type += 4)
		if (ggml_field32(s->leaf, at->type) == TYPE_F32
		    && ggml_field32(s->other, at->type) == TYPE_F16)
			return true;
	return false;
}

static bool is_op(const struct ggml_lib *lib, const void *tensor, uint32_t at, const char *name)
{
	int32_t op = ggml_field32(tensor, at);

	return op > 0 && op < 64 && strcmp(lib->call.op_name(op), name) == 0;
}

static bool measure_op(struct ggml_lib *lib, const struct sample *s)
{
	struct ggml_layout *at = &lib->at;

	for (at->op = 4; at->op + 4 <= s->limit; at->op += 4) {
		bool in_shape = (at->op >= at->ne && at->op < at->ne + 32)
		                || (at->op >= at->nb && at->op < at->nb + 32);

		if (!in_shape && ggml_field32(s->leaf, at->op) == 0
		    && is_op(lib, s->product, at->op, "MUL_MAT") && is_op(lib, s->sum, at->op, "ADD")
		    && is_op(lib, s->scaled, at->op, "SCALE"))
			return true;
	}
	return false;
}

static bool measure_links(struct ggml_layout *at, const struct sample *s)
{
	const void *pair[2] = {s->leaf, s->leaf};

	at->src = offset_of(s->sum, s->limit, pair, sizeof(pair));
	at->view_src = pointer_offset(s->view, s->limit, s->leaf, at->src);
	at->op_params = offset_of(s->scaled, s->limit, &sample_scale, sizeof(sample_scale));
	at->n_src = GGML_LAYOUT_MAX_SRC;
	if (at->view_src > at->src && (at->view_src - at->src) / 8 < at->n_src)
		at->n_src = (at->view_src - at->src) / 8;
	return at->src && at->view_src && at->op_params;
}

/* The word and the bit that change when a tensor becomes an input, and the bit
 * of the same word that changes when one becomes a node. */
static bool measure_flags(struct ggml_lib *lib, const struct maker *m, void *ctx, const struct sample *s)
{
	char before[TENSOR_LIMIT];
	void *graph = m->new_graph(ctx, GRAPH_NODES, false);
	int32_t flags;

	memcpy(before, s->leaf, s->limit);
	m->set_input(s->leaf);
	for (lib->at.flags = 4; lib->at.flags + 4 <= s->limit; lib->at.flags += 4)
		if (ggml_field32(before, lib->at.flags) != ggml_field32(s->leaf, lib->at.flags))
			break;
	if (!graph || lib->at.flags + 4 > s->limit)
		return false;
	lib->at.input_flag = ggml_field32(s->leaf, lib->at.flags) & ~ggml_field32(before, lib->at.flags);
	flags = ggml_field32(s->sum, lib->at.flags);
	m->expand(graph, s->sum);
	lib->at.compute_flag = ggml_field32(s->sum, lib->at.flags) & ~flags;
	return lib->call.graph_n_nodes(graph) == 1 && lib->call.graph_node(graph, 0) == s->sum;
}

static bool make_sample(struct sample *s, const struct maker *m, void *ctx)
{
	const int64_t *n = sample_ne;

	s->leaf = m->new_tensor(ctx, TYPE_F32, n[0], n[1], n[2], n[3]);
	s->other = m->new_tensor(ctx, TYPE_F16, n[0], n[1], n[2], n[3]);
	if (!s->leaf || !s->other)
		return false;
	s->product = m->mul_mat(ctx, s->leaf, s->leaf);
	s->sum = m->add(ctx, s->leaf, s->leaf);
	s->scaled = m->scale(ctx, s->leaf, sample_scale);
	s->view = m->view(ctx, s->leaf, 2, 4);
	if (!s->product || !s->sum || !s->scaled || !s->view)
		return false;
	/* A tensor is followed by its data, so the data's place bounds it. */
	s->limit = (uint32_t)((char *)m->get_data(s->leaf) - (char *)s->leaf);
	if (s->limit > TENSOR_LIMIT)
		s->limit = TENSOR_LIMIT;
	m->set_name(s->leaf, "prof.sample");
	return true;
}

static const char *measure_all(struct ggml_lib *lib, const struct maker *m, void *ctx)
{
	struct sample s;

	if (!make_sample(&s, m, ctx))
		return "it did not make the tensors asked for";
	if (!measure_shape(&lib->at, m, &s) || !measure_type(&lib->at, &s))
		return "shape, type and name are not found in its tensors";
	if (strcmp(ggml_tensor_name(lib, s.leaf), "prof.sample") != 0)
		return "names are not found in its tensors";
	if (!measure_op(lib, &s))
		return "operations are not found in its tensors";
	if (!measure_links(&lib->at, &s))
		return "operands are not found in its tensors";
	if (!measure_flags(lib, m, ctx, &s))
		return "flags are not found in its tensors";
	return NULL;
}

static const char *missing_function(const char *name)
{
	static char text[96];

	snprintf(text, sizeof(text), "it has no function %s", name);
	return text;
}

const char *ggml_layout_measure(struct ggml_lib *lib, const void *return_address)
{
	struct maker m;
	const char *trouble = find_functions(&lib->call, &m, return_address);
	void *ctx;

	if (trouble)
		return missing_function(trouble);
	ctx = m.init((struct init_params){CONTEXT_BYTES, NULL, false});
	if (!ctx)
		return "it gave no context";
	trouble = measure_all(lib, &m, ctx);
	m.free(ctx);
	return trouble;
}

bool ggml_layout_rehearse(const void *return_address, int (*compute)(void *graph, void *plan))
{
	struct ggml_functions f;
	struct maker m;
	struct plan plan;
	void *ctx, *graph, *tensor;
	bool done = false;

	if (find_functions(&f, &m, return_address))
		return false;
	ctx = m.init((struct init_params){CONTEXT_BYTES, NULL, false});
	if (!ctx)
		return false;
	graph = m.new_graph(ctx, GRAPH_NODES, false);
	tensor = m.new_tensor(ctx, TYPE_F32, 8, 1, 1, 1);
	memset(m.get_data(tensor), 0, 8 * sizeof(float));
	for (int i = 0; i < 3; i++)
		tensor = m.add(ctx, tensor, tensor);
	m.expand(graph, tensor);
	plan = m.graph_plan(graph, 1, NULL);
	if (plan.work_size == 0)
		done = compute(graph, &plan) == 0;
	m.free(ctx);
	return done;
}
