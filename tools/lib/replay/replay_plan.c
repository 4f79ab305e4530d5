/* replay_plan.c: what a replay must know of each kind of operation, before the first one.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <string.h>

#include "tools/lib/model/op_math.h"
#include "tools/lib/replay/replay_private.h"

static bool is_layer(const struct op_desc *d)
{
	return d->op == PROF_OP_LINEAR || d->op == PROF_OP_CONV2D || d->op == PROF_OP_LAYERNORM;
}

static void plan_published(struct replay_plan *p, const struct op_desc *d, const struct model_options *o)
{
	double element = model_pim_ai_element_bytes(d, o);
	const struct op_operand *out = op_operand_get(d, PROF_OPERAND_OUTPUT);

	p->priced = model_pim_ai_prices(d);
	p->move_bytes = p->end_bytes = element * model_pim_ai_moved_elements(d);
	p->expert_bytes = element * op_dim(out, 1) * op_dim(out, 0);
	if (d->op == PROF_OP_MATMUL && op_attention_of(d) == OP_ATTENTION_WEIGHTS)
		p->kv_bytes = model_pim_ai_kv_per_position(d);
}

static void plan_roofline(struct replay_plan *p, const struct op_desc *d, const struct model_options *o)
{
	p->priced = true;
	p->by_step = op_sees_context(d);
	model_roofline_moved_bytes(d, o, &p->move_bytes, &p->end_bytes);
	p->expert_bytes = p->end_bytes;
}

static void make_plan(struct replay *r, struct replay_plan *p, const struct op_desc *d)
{
	const struct model_options *o = &r->options->model;
	const char *last = o->last_layer ? o->last_layer : OP_LAST_LAYER;

	if (r->priv->published)
		plan_published(p, d, o);
	else
		plan_roofline(p, d, o);
	p->entry = r->map->everything ? NULL : map_find(r->map, d, r->priv->published);
	p->last_layer = (is_layer(d) || !r->priv->published) && !strcmp(d->context, last);
	p->moe_end = is_layer(d) && o->moe_end && *o->moe_end && !strcmp(d->context, o->moe_end);
	r->priv->has_last |= p->last_layer;
}

/* Whether two operations do the same work, in whatever layer. */
static bool alike(const struct op_desc *a, const struct op_desc *b)
{
	if (a->op != b->op || a->n_operands != b->n_operands || a->n_attrs != b->n_attrs
	    || strcmp(a->context, b->context))
		return false;
	for (unsigned i = 0; i < a->n_operands; i++) {
		const struct op_operand *x = &a->operands[i], *y = &b->operands[i];

		if (x->role != y->role || x->dtype != y->dtype || x->n_dims != y->n_dims
		    || x->shapeless != y->shapeless || memcmp(x->dims, y->dims, x->n_dims * sizeof *x->dims))
			return false;
	}
	for (unsigned i = 0; i < a->n_attrs; i++)
		if (a->attrs[i].attr != b->attrs[i].attr
		    || (a->attrs[i].value != b->attrs[i].value && a->attrs[i].attr != PROF_ATTR_NODE))
			return false;
	return true;
}

/* What depends on the step's context is priced anew in each step, but once for
 * all layers: the equals of a descriptor are among the latest of its kind. */
static void share_prices(struct replay *r)
{
	uint32_t recent[32];
	unsigned n = 0;

	for (uint32_t i = 0; i < r->trace->n_descs; i++) {
		struct replay_plan *p = &r->priv->plans[i];
		unsigned k, held = n < 32 ? n : 32;

		p->like = i;
		if (!p->by_step)
			continue;
		for (k = 0; k < held; k++)
			if (alike(&r->trace->descs[i], &r->trace->descs[recent[k]]))
				break;
		if (k < held)
			p->like = recent[k];
		else
			recent[n++ % 32] = i;
	}
}

void replay_plans_make(struct replay *r)
{
	for (unsigned i = 0; i < r->trace->n_descs; i++)
		make_plan(r, &r->priv->plans[i], &r->trace->descs[i]);
	share_prices(r);
}
