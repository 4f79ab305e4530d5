/* ggml_plan.c: what a graph will do, worked out once.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/ggml/ggml_plan.h"
#include "preload/trylock.h"

enum { PLANS = 64, MAX_WRITTEN = 4096 };

static struct ggml_plan plans[PLANS];
static const void *written[MAX_WRITTEN]; /* scratch of who holds the lock */
static uint64_t uses;
static uint32_t lock;

/* ---- the fingerprint ---- */

/* One multiplication a word; a quarter of the words goes into each of four
 * chains, so that they do not wait for each other. */
struct mixer {
	uint64_t h[4];
};

static inline void mix(struct mixer *m, unsigned chain, uint64_t v)
{
	uint64_t h = (m->h[chain] ^ v) * 0x9e3779b97f4a7c15u;

	m->h[chain] = h ^ h >> 29;
}

static inline uint64_t two_words(uint64_t high, uint64_t low)
{
	return high << 32 | (uint32_t)low;
}

static void mix_node(struct mixer *m, const struct ggml_lib *lib, const void *node)
{
	const struct ggml_layout *at = &lib->at;

	mix(m, 0, (uintptr_t)node);
	mix(m, 1, two_words((uint32_t)ggml_field32(node, at->op), (uint32_t)ggml_field32(node, at->type)));
	mix(m, 2, (uint64_t)ggml_field32(node, at->flags));
	mix(m, 3, (uint64_t)ggml_field64(node, at->op_params, 0));
	for (unsigned i = 0; i < GGML_LAYOUT_DIMS; i++)
		mix(m, i, (uint64_t)ggml_tensor_ne(lib, node, i));
	for (unsigned i = 0; i < 4 && i < at->n_src; i++)
		mix(m, i, (uintptr_t)ggml_tensor_src(lib, node, i));
}

static uint64_t fingerprint(const struct ggml_lib *lib, void *graph, int n, const struct ggml_caller *caller)
{
	struct mixer m = {{(uint64_t)n, caller->site, caller->region, (uintptr_t)lib}};

	for (int i = 0; i < n; i++)
		mix_node(&m, lib, lib->call.graph_node(graph, i));
	for (unsigned i = 1; i < 4; i++)
		mix(&m, 0, m.h[i]);
	return m.h[0];
}

/* ---- building ---- */

static bool has_name(const struct ggml_lib *lib, const void *tensor, const char *op)
{
	const char *name = lib->call.op_name(ggml_field32(tensor, lib->at.op));

	return name && strcmp(name, op) == 0;
}

static void collect_written(struct ggml_scope *scope, void *graph, int n)
{
	const struct ggml_lib *lib = scope->lib;

	for (int i = 0; i < n && scope->n_written < MAX_WRITTEN; i++) {
		const void *node = lib->call.graph_node(graph, i);
		const void *base;

		if (!ggml_is_computed(lib, node) || (base = ggml_view_base(lib, node)) == node)
			continue;
		if (ggml_field32(base, lib->at.op) == 0)
			scope->written[scope->n_written++] = base;
	}
}

/* The leaf that a mask comes from: it may have been converted or viewed. */
static const void *leaf_of(const struct ggml_lib *lib, const void *tensor)
{
	for (int depth = 0; tensor && depth < 8; depth++) {
		tensor = ggml_view_base(lib, tensor);
		if (ggml_field32(tensor, lib->at.op) == 0)
			return tensor;
		tensor = ggml_tensor_src(lib, tensor, 0);
	}
	return NULL;
}

static void note_mask(struct ggml_plan *plan, const void *node)
{
	const void *mask = ggml_mask_of(plan->lib, node);

	if (!mask || !(mask = leaf_of(plan->lib, mask)))
		return;
	for (uint32_t i = 0; i < plan->n_masks; i++)
		if (plan->masks[i] == mask)
			return;
	if (plan->n_masks < sizeof(plan->masks) / sizeof(plan->masks[0]))
		plan->masks[plan->n_masks++] = mask;
}

/* What the operation tells of the step. */
static void note_op(struct ggml_plan *plan, const struct prof_desc_spec *spec, const void *node,
                    int32_t layer)
{
	const char *name = ggml_tensor_name(plan->lib, node);
	bool embedding = spec->op == PROF_OP_EMBEDDING, linear = spec->op == PROF_OP_LINEAR;

	plan->has_embedding |= embedding;
	plan->is_network |= linear;
	plan->has_result |= strncmp(name, "result_", 7) == 0;
	if (!plan->tokens && (embedding || linear)) {
		uint64_t tokens = 1;

		for (unsigned i = 1; i < GGML_LAYOUT_DIMS; i++)
			tokens *= (uint64_t)ggml_tensor_ne(plan->lib, node, i);
		plan->tokens = tokens > UINT32_MAX ? UINT32_MAX : (uint32_t)tokens;
	}
	if (layer >= 0) {
		if (plan->first_layer < 0 || layer < plan->first_layer)
			plan->first_layer = layer;
		if (layer > plan->last_layer)
			plan->last_layer = layer;
	}
	note_mask(plan, node);
}

static const void *next_computed(const struct ggml_lib *lib, void *graph, int *i, int n)
{
	while (++*i < n) {
		const void *node = lib->call.graph_node(graph, *i);

		if (ggml_is_computed(lib, node))
			return node;
	}
	return NULL;
}

/* ggml fuses a normalization with the multiplication that follows it. */
static bool may_fuse(const struct ggml_lib *lib, const void *node, const void *next)
{
	return next && has_name(lib, node, "RMS_NORM") && has_name(lib, next, "MUL")
	       && (ggml_tensor_src(lib, next, 0) == node || ggml_tensor_src(lib, next, 1) == node);
}

static void build(struct ggml_plan *plan, void *graph, int n, const struct ggml_caller *caller)
{
	struct ggml_scope scope = {.lib = plan->lib, .written = written, .layer = -1, .site = caller->site};
	struct prof_desc_spec spec;
	int at = -1;
	const void *next, *node = next_computed(plan->lib, graph, &at, n);

	collect_written(&scope, graph, n);
	for (; node && plan->n_ops < plan->room; node = next) {
		struct ggml_plan_op *op = &plan->ops[plan->n_ops++];

		next = next_computed(plan->lib, graph, &at, n);
		op->node = node;
		op->fused_desc = op->inferred_desc = PROF_NO_DESC;
		op->layer = scope.layer = ggml_describe(&scope, node, NULL, &spec);
		op->desc = prof_intern_desc(caller->thread, &spec);
		op->experts = ggml_experts_of(plan->lib, node);
		op->routed = 0;
		note_op(plan, &spec, node, op->layer);
		if (may_fuse(plan->lib, node, next)) {
			ggml_describe(&scope, node, next, &spec);
			op->fused_desc = prof_intern_desc(caller->thread, &spec);
		}
	}
}

/* A plan to be overwritten: one never used, else the one not used for longest. */
static struct ggml_plan *oldest(void)
{
	struct ggml_plan *best = NULL;

	for (int i = 0; i < PLANS; i++)
		if (__atomic_load_n(&plans[i].users, __ATOMIC_ACQUIRE) == 0
		    && (!best || plans[i].used < best->used))
			best = &plans[i];
	return best;
}

static bool make_room(struct ggml_plan *plan, uint32_t n)
{
	if (plan->room >= n)
		return true;
	n += n / 4 + 16; /* the next graph here may be somewhat larger */
	plan->ops = prof_arena_alloc(n * sizeof(*plan->ops));
	plan->room = plan->ops ? n : 0;
	return plan->ops != NULL;
}

static struct ggml_plan *find_or_build(const struct ggml_lib *lib, void *graph, int n, uint64_t key,
                                       const struct ggml_caller *caller)
{
	struct ggml_plan *plan, old;

	for (int i = 0; i < PLANS; i++)
		if (plans[i].lib && plans[i].key == key)
			return &plans[i];
	plan = oldest();
	if (!plan || !make_room(plan, (uint32_t)n))
		return NULL;
	old = *plan;
	*plan = (struct ggml_plan){
	        .key = key, .lib = lib, .site = caller->site, .first_layer = -1, .last_layer = -1};
	plan->ops = old.ops;
	plan->room = old.room;
	build(plan, graph, n, caller);
	return plan;
}

struct ggml_plan *ggml_plan_take(const struct ggml_lib *lib, void *graph, const struct ggml_caller *caller)
{
	int n = lib->call.graph_n_nodes(graph);
	uint64_t key = fingerprint(lib, graph, n, caller);
	struct ggml_plan *plan;
	struct guard calm;

	if (n <= 0 || !trylock_take(&lock, &calm))
		return NULL;
	plan = find_or_build(lib, graph, n, key, caller);
	if (plan) {
		__atomic_add_fetch(&plan->users, 1, __ATOMIC_ACQ_REL);
		plan->used = ++uses;
	}
	trylock_give(&lock, &calm);
	return plan;
}

void ggml_plan_release(struct ggml_plan *plan)
{
	__atomic_sub_fetch(&plan->users, 1, __ATOMIC_RELEASE);
}

uint32_t ggml_plan_inferred(struct ggml_plan *plan, void *graph, uint32_t op, struct prof_thread *t)
{
	uint32_t *where = &plan->ops[op].inferred_desc;
	uint32_t desc = __atomic_load_n(where, __ATOMIC_ACQUIRE);
	struct ggml_scope scope = {
	        .lib = plan->lib, .written = written, .layer = plan->ops[op].layer, .site = plan->site};
	struct prof_desc_spec spec;
	struct guard calm;

	if (desc != PROF_NO_DESC || !trylock_take(&lock, &calm))
		return desc;
	if (*where == PROF_NO_DESC) { /* all threads have to name it alike: the first one does */
		collect_written(&scope, graph, plan->lib->call.graph_n_nodes(graph));
		ggml_describe(&scope, plan->ops[op].node, NULL, &spec);
		spec.flags |= PROF_DESC_INFERRED;
		__atomic_store_n(where, prof_intern_desc(t, &spec), __ATOMIC_RELEASE);
	}
	desc = *where;
	trylock_give(&lock, &calm);
	return desc;
}

uint32_t ggml_plan_routed(struct ggml_plan *plan, void *graph, uint32_t op, struct prof_thread *owner)
{
	struct ggml_plan_op *o = &plan->ops[op];
	uint64_t known = __atomic_load_n(&o->routed, __ATOMIC_ACQUIRE);
	struct ggml_scope scope = {
	        .lib = plan->lib, .written = written, .layer = o->layer, .site = plan->site};
	uint32_t hit = 0, desc;
	struct prof_desc_spec spec;
	struct guard calm;

	if (o->desc < PROF_DESC_FILTERED)
		hit = ggml_experts_hit(plan->lib, o->node, o->experts);
	if (!hit)
		return o->desc;
	if (known >> 32 == hit)
		return (uint32_t)known;
	if (!trylock_take(&lock, &calm))
		return o->desc;
	collect_written(&scope, graph, plan->lib->call.graph_n_nodes(graph));
	ggml_describe(&scope, o->node, NULL, &spec);
	if (spec.n_attrs < PROF_MAX_ATTRS)
		spec.attrs[spec.n_attrs++] = (struct prof_attr_spec){PROF_ATTR_EXPERTS_HIT, hit};
	desc = prof_intern_desc(owner, &spec);
	__atomic_store_n(&o->routed, two_words(hit, desc), __ATOMIC_RELEASE);
	trylock_give(&lock, &calm);
	return desc;
}

/* ---- what a step sees ---- */

/* Rows of a mask: 0 where a position is seen, minus infinity elsewhere. */
struct mask {
	const uint8_t *data;
	uint64_t columns, rows;
	size_t row_bytes;
	bool half;
};

static bool is_seen(const struct mask *m, const uint8_t *row, uint64_t column)
{
	float v;
	uint16_t half;

	if (m->half) {
		memcpy(&half, row + 2 * column, sizeof(half));
		return half != 0xfc00u;
	}
	memcpy(&v, row + 4 * column, sizeof(v));
	return v > -3e38f;
}

/* Add up what the rows of a mask see; each sequence has cells of its own, so
 * the first cell that a row sees tells sequences apart. */
static void read_mask(const struct mask *m, struct prof_step_info *info)
{
	uint64_t firsts[64], n_firsts = 0;

	for (uint64_t r = 0; r < m->rows; r++) {
		const uint8_t *row = m->data + r * m->row_bytes;
		uint64_t seen = 0, first = m->columns, k = 0;

		for (uint64_t c = 0; c < m->columns; c++) {
			if (is_seen(m, row, c)) {
				first = seen++ ? first : c;
			}
		}
		if (!seen)
			continue; /* padding */
		info->ctx_sum += seen;
		if (seen > info->ctx_max)
			info->ctx_max = (uint32_t)seen;
		while (k < n_firsts && firsts[k] != first)
			k++;
		if (k == n_firsts && n_firsts < 64)
			firsts[n_firsts++] = first;
	}
	info->sequences += (uint32_t)n_firsts;
}

static void read_mask_tensor(const struct ggml_lib *lib, const void *tensor, struct prof_step_info *info)
{
	const char *type = lib->call.type_name(ggml_field32(tensor, lib->at.type));
	const uint8_t *data = ggml_field_pointer(tensor, lib->at.data, 0);
	struct mask m = {.half = type && strcmp(type, "f16") == 0};
	uint64_t planes = (uint64_t)ggml_tensor_ne(lib, tensor, 3);

	if (!data || !type || (!m.half && strcmp(type, "f32") != 0))
		return;
	m.columns = (uint64_t)ggml_tensor_ne(lib, tensor, 0);
	m.rows = (uint64_t)ggml_tensor_ne(lib, tensor, 1);
	m.row_bytes = (size_t)ggml_tensor_nb(lib, tensor, 1);
	for (uint64_t i = 0; i < planes; i++) { /* one a stream of sequences */
		m.data = data + i * (size_t)ggml_tensor_nb(lib, tensor, 3);
		read_mask(&m, info);
	}
}

void ggml_plan_step(const struct ggml_plan *plan, struct prof_step_info *info)
{
	memset(info, 0, sizeof(*info));
	for (uint32_t i = 0; i < plan->n_masks; i++) {
		struct prof_step_info one = {0};

		/* With windows of attention there are several; the widest counts. */
		read_mask_tensor(plan->lib, plan->masks[i], &one);
		if (one.ctx_sum > info->ctx_sum)
			*info = one;
	}
	info->tokens = plan->tokens;
}
