/* model_group.c: one operation on several devices.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/model/model_group.h"

#include <math.h>

/* How an operation is cut between devices that share a layer. */
enum cut {
	CUT_NOT,     /* each does all of it */
	CUT_COLUMNS, /* of the weight; results stay apart for the next product */
	CUT_APART,   /* columns, and everyone needs the whole result */
	CUT_SUM,     /* rows of the weight; results are sums to be added up */
	CUT_HEADS,   /* heads, or columns of what lies between two products */
};

static bool one_of(const char *word, const char *words)
{
	return *word && arch_word(words, word) >= 0;
}

static enum cut cut_of(const struct op_desc *d)
{
	switch (op_class(d->op)) {
	case PROF_CLASS_LINEAR:
	case PROF_CLASS_GEMM:
	case PROF_CLASS_CONV:
		if (one_of(d->context, "o_proj|down_proj|w2"))
			return CUT_SUM;
		return one_of(d->context,
		              "q_proj|k_proj|v_proj|qkv_proj|gate_proj|up_proj|gate_up_proj|w1|w3")
		               ? CUT_COLUMNS
		               : CUT_APART;
	case PROF_CLASS_ATTENTION:
	case PROF_CLASS_MATMUL:
		return CUT_HEADS;
	default:
		return d->op == PROF_OP_KV_WRITE
		                       || one_of(d->context, "attn_weights|attn_output|act_fn|rotatory_emb|"
		                                             "q_norm|k_norm|k_cache|v_cache|merge_heads")
		               ? CUT_HEADS
		               : CUT_NOT;
	}
}

static double at_least_one(int64_t n)
{
	return n > 1 ? (double)n : 1;
}

/* Fewer rows: everything but weights shrinks. */
static void cut_rows(double n, struct op_work *w, struct model_product *p)
{
	double activations = w->read_bytes - w->weight_bytes;

	w->flops /= n;
	w->matrix_flops /= n;
	w->special /= n;
	w->kv_bytes /= n;
	w->write_bytes /= n;
	w->read_bytes = w->weight_bytes + activations / n;
	if (!p)
		return;
	p->m /= n;
	p->a_bytes /= n;
	p->c_bytes /= n;
	if (w->weight_bytes <= 0)
		p->b_bytes /= n;
}

/* Devices that have heads of their own, of as many as share them; what is no
 * attention has columns enough. */
static double with_heads(const struct op_desc *d, enum prof_operand role, double devices)
{
	const struct op_operand *o = op_operand_get(d, role);
	double heads = o && o->n_dims > 2 ? op_dim(o, 2) * op_heads_stored(d, o) : 0;
	bool whole = heads >= 1 && op_sees_context(d);

	return whole && heads < devices ? heads : devices;
}

/* A part of the weight, of the heads, or of the experts: an n-th, of the cache a kv-th
 * (devices whose query heads share one head of the cache have that each). */
static void cut_weights(enum cut cut, double n, double kv, struct op_work *w, struct model_product *p)
{
	double in = w->read_bytes - w->weight_bytes - w->kv_bytes;
	bool whole_input = cut == CUT_COLUMNS || cut == CUT_APART, whole_result = cut == CUT_SUM;

	w->flops /= n;
	w->matrix_flops /= n;
	w->special /= n;
	w->weight_bytes /= n;
	w->kv_bytes /= kv;
	w->read_bytes = w->weight_bytes + w->kv_bytes + in / (whole_input ? 1 : n);
	w->write_bytes /= whole_result ? 1 : n;
	if (!p)
		return;
	if (cut == CUT_HEADS) {
		p->batch /= kv;
		p->m /= n / kv;
	} else if (whole_result)
		p->k /= n;
	else
		p->n /= n;
	p->b_bytes /= kv;
	p->a_bytes /= whole_input ? 1 : n;
	p->c_bytes /= whole_result ? 1 : n;
}

/* Whether there is more than one device at all. */
static bool is_group(const struct model_options *o)
{
	const struct model_group_options *g = &o->group;

	return g->tensor > 1 || g->pipeline > 1 || g->expert > 1 || g->micro_batches > 1;
}

double model_group_cache_holders(const struct op_desc *d, double devices)
{
	return with_heads(d, op_class(d->op) == PROF_CLASS_ATTENTION ? PROF_OPERAND_KEY : PROF_OPERAND_OTHER,
	                  devices);
}

void model_group_share(const struct op_desc *d, const struct model_options *o, struct op_work *w,
                       struct model_product *p, struct model_share *share)
{
	double tensor = at_least_one(o->group.tensor), experts = at_least_one(o->group.expert);
	double stages = at_least_one(o->group.pipeline), parts = at_least_one(o->group.micro_batches);
	enum cut cut;

	*share = (struct model_share){1, parts, (parts + stages - 1) / stages};
	if (!is_group(o))
		return;
	cut = cut_of(d);
	if (parts > 1)
		cut_rows(parts, w, p);
	if (tensor > 1)
		share->devices = tensor;
	if (tensor > 1 && cut != CUT_NOT) {
		double heads = with_heads(
		        d, op_class(d->op) == PROF_CLASS_ATTENTION ? PROF_OPERAND_QUERY : PROF_OPERAND_INPUT,
		        tensor);

		cut_weights(cut, cut == CUT_HEADS ? heads : tensor,
		            cut == CUT_HEADS ? model_group_cache_holders(d, tensor) : tensor, w, p);
	}
	if (experts > 1) {
		share->devices *= experts;
		if (op_is_of_experts(d))
			cut_weights(CUT_HEADS, experts, experts, w, p);
		else
			cut_rows(experts, w, p);
	}
}

double model_group_devices(const struct model_options *o)
{
	return at_least_one(o->group.tensor) * at_least_one(o->group.expert)
	       * at_least_one(o->group.pipeline);
}

/* ---- collectives ---- */

static int topology_of(const struct model_device *dev)
{
	int chosen = dev->options->group.topology, own = dev->arch->choice[ARCH_CHOICE_TOPOLOGY];

	return chosen >= 0 ? chosen : own >= 0 ? own : (int)ARCH_SWITCH;
}

static int collective_of(const struct model_device *dev)
{
	int chosen = dev->options->group.collective, own = dev->arch->choice[ARCH_CHOICE_COLLECTIVE];

	return chosen >= 0 ? chosen : own >= 0 ? own : (int)ARCH_COLLECTIVE_RING;
}

/* Mean number of links between two of n devices: each byte loads so many. */
static double mean_hops(int topology, double n)
{
	double side = floor(sqrt(n));

	if (n < 2 || topology == ARCH_SWITCH)
		return 1;
	if (topology == ARCH_RING)
		return floor(n * n / 4) / (n - 1);
	return fmax(1, 2 * side * floor(side * side / 4) / fmax(side * side - 1, 1));
}

/* Without links of their own devices speak over the host. */
static void by_host(enum model_collective what, double n, double bytes, const struct arch *a,
                    struct model_exchange *x)
{
	double up = what == MODEL_ALL_GATHER ? bytes / n : bytes, down = bytes;

	x->ns = up / a->value[ARCH_D2H_BW] + down / a->value[ARCH_H2D_BW];
	n = what == MODEL_SEND ? 1 : n;
	x->bytes = (up + down) * n;
	x->pj = 8 * n * (up * a->value[ARCH_D2H_PJ] + down * a->value[ARCH_H2D_PJ]);
}

void model_collective(enum model_collective what, double n, double bytes, const struct model_device *dev,
                      struct model_exchange *x)
{
	int topology = topology_of(dev), how = collective_of(dev);
	double passes = what == MODEL_ALL_REDUCE ? 2 : 1; /* reduce and scatter, then gather */
	double sent = what == MODEL_SEND ? bytes : passes * bytes * (n - 1) / n;
	double steps = n - 1, hops = 1;

	*x = (struct model_exchange){0, 0, 0};
	if (n <= 1 || bytes <= 0)
		return;
	if (topology == ARCH_BY_HOST) {
		by_host(what, n, bytes, dev->arch, x);
		return;
	}
	if (what == MODEL_SEND || what == MODEL_ALL_TO_ALL || how == ARCH_COLLECTIVE_ALL)
		steps = 1;
	else if (how == ARCH_COLLECTIVE_TREE)
		steps = ceil(log2(n));
	if (what != MODEL_SEND && (what == MODEL_ALL_TO_ALL || how != ARCH_COLLECTIVE_RING))
		hops = mean_hops(topology, n); /* a ring only speaks to neighbours */
	x->ns = passes * steps * hops * arch_get(dev->arch, ARCH_LINK_NS, 0)
	        + sent * hops / arch_get(dev->arch, ARCH_LINK_BW, INFINITY);
	x->bytes = sent * (what == MODEL_SEND ? 1 : n);
	x->pj = x->bytes * hops * 8 * arch_get(dev->arch, ARCH_LINK_PJ, 0);
}

static void add(struct model_exchange *to, const struct model_exchange *x)
{
	to->ns += x->ns;
	to->bytes += x->bytes;
	to->pj += x->pj;
}

/* Chips of one profile that share each operation: after a product each gets
 * what the others computed. */
static void between_chips(const struct arch *a, const struct op_work *w, struct model_exchange *x)
{
	double chips = arch_get(a, ARCH_CHIPS, 1), bytes = w->write_bytes * (chips - 1) / chips;

	if (chips <= 1 || w->matrix_flops == 0 || isnan(a->value[ARCH_LINK_BW]) || bytes <= 0)
		return;
	x->ns += arch_get(a, ARCH_LINK_NS, 0) + bytes / a->value[ARCH_LINK_BW];
	x->bytes += bytes;
	x->pj += bytes * 8 * arch_get(a, ARCH_LINK_PJ, 0);
}

/* Tokens to the experts' devices and back. */
static void between_experts(const struct op_desc *d, const struct model_device *dev, const struct op_work *w,
                            double rows_share, struct model_exchange *x)
{
	double n = at_least_one(dev->options->group.expert);
	struct model_exchange one;
	double in = (w->read_bytes - w->weight_bytes) * rows_share / n, out = w->write_bytes * rows_share / n;

	if (n <= 1 || !op_is_of_experts(d) || !w->matrix_flops)
		return;
	if (!one_of(d->context, "w2|w3|down_proj|up_proj")) {
		model_collective(MODEL_ALL_TO_ALL, n, in, dev, &one);
		add(x, &one);
	}
	if (!one_of(d->context, "w1|w3|gate_proj|up_proj|gate_up_proj")) {
		model_collective(MODEL_ALL_TO_ALL, n, out, dev, &one);
		add(x, &one);
	}
}

void model_group_exchange(const struct op_desc *d, const struct model_device *dev,
                          const struct op_work *whole, struct model_exchange *x)
{
	const struct model_group_options *g = &dev->options->group;
	double rows_share = 1 / at_least_one(g->micro_batches);
	struct model_exchange one = {0, 0, 0};
	enum cut cut;

	*x = one;
	between_chips(dev->arch, whole, x);
	if (!is_group(dev->options))
		return;
	cut = cut_of(d);
	if (g->tensor > 1 && (cut == CUT_SUM || cut == CUT_APART)) {
		double groups = at_least_one(g->expert); /* each with its rows, or its experts */

		model_collective(cut == CUT_SUM ? MODEL_ALL_REDUCE : MODEL_ALL_GATHER, (double)g->tensor,
		                 whole->write_bytes * rows_share / groups, dev, &one);
		one = (struct model_exchange){one.ns, one.bytes * groups, one.pj * groups};
		add(x, &one);
	}
	between_experts(d, dev, whole, rows_share, x);
	if (g->pipeline > 1 && dev->layers > 0 && one_of(d->context, "down_proj|w2")) {
		/* The borders between stages, spread evenly over the layers. */
		double borders = (at_least_one(g->pipeline) - 1) / dev->layers;

		model_collective(MODEL_SEND, 2, whole->write_bytes * rows_share, dev, &one);
		one = (struct model_exchange){one.ns * borders, one.bytes * borders, one.pj * borders};
		add(x, &one);
	}
}
