/* replay.c: prices of a trace's operations, added up.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * By the published rules additions happen in the order of the trace, a
 * transfer apart from the product it serves: so sums agree bit for bit with
 * those of the published simulator. The roofline's prices that no step changes
 * are only counted, and multiplied at the end.
 */
#include "tools/lib/replay/replay.h"

#include <math.h>
#include <stdlib.h>

#include "tools/lib/model/model_job.h"
#include "tools/lib/replay/replay_private.h"

static const struct arch *arch_of(const struct replay *r, unsigned device)
{
	return device == MAP_HOST ? model_pim_ai_host() : r->map->devices[device - 1];
}

const char *replay_device(const struct replay *r, unsigned device)
{
	return device == MAP_HOST ? "HOST" : r->map->devices[device - 1]->name;
}

bool replay_has_ranges(const struct replay *r)
{
	for (unsigned i = 0; i < r->map->n_devices && !r->priv->published; i++)
		if (r->map->devices[i]->best)
			return true;
	return false;
}

static uint32_t memo_mask(size_t n_descs)
{
	uint32_t n = 2;

	while (n < 2 * n_descs && n < REPLAY_MEMOS)
		n *= 2;
	return n - 1;
}

struct replay *replay_new(const char *name, const struct trace *t, const struct map *map,
                          const struct replay_options *options)
{
	struct replay *r = calloc(1, sizeof *r);
	struct replay_private *p = calloc(1, sizeof *p);
	size_t n = t->n_descs ? t->n_descs : 1;

	if (r)
		r->priv = p;
	if (!r || !p) {
		free(p);
		free(r);
		return NULL;
	}
	r->name = name;
	r->trace = t;
	r->map = map;
	r->options = options;
	p->published = options->model.kind == MODEL_PIM_AI;
	p->plans = calloc(n, sizeof *p->plans);
	p->memo_mask = memo_mask(n);
	p->memos = calloc((size_t)p->memo_mask + 1, sizeof *p->memos);
	p->counted = calloc(n * REPLAY_PHASES, sizeof *p->counted);
	p->counts = calloc(map->n + 1, sizeof *p->counts);
	if (options->per_desc)
		r->sums = calloc(n * REPLAY_PHASES, sizeof *r->sums);
	if (!p->plans || !p->memos || !p->counted || !p->counts || (options->per_desc && !r->sums)
	    || (!p->published && !(p->devices = replay_bounds_new(r, &p->idle_w)))) {
		replay_free(r);
		return NULL;
	}
	replay_plans_make(r);
	return r;
}

void replay_free(struct replay *r)
{
	if (!r)
		return;
	free(r->priv->plans);
	free(r->priv->memos);
	free(r->priv->counted);
	free(r->priv->counts);
	free(r->priv->devices);
	free(r->priv);
	free(r->sums);
	free(r);
}

static inline void charge(struct replay *r, const struct cost *c)
{
	struct replay_totals *t = &r->phase[r->priv->phase];

	cost_add(&t->cost, c);
	t->limit_ns[c->limit] += c->cell[COST_TIME];
	if (r->priv->price) {
		cost_add(&r->priv->price->cost, c);
		r->priv->price->cost.limit = c->limit; /* the product's own comes last */
	}
	if (r->priv->sum)
		cost_add(&r->priv->sum->cost, c);
}

/* Over the link to the host, in one direction; the host has no link to itself. */
static void transfer(struct replay *r, unsigned device, bool to_device, double bytes)
{
	const struct arch *a = arch_of(r, device);
	struct cost c;

	memset(&c, 0, sizeof c);
	c.limit = LIMIT_TRANSFER;
	if (device == MAP_HOST)
		return;
	replay_transfer_cost(a, to_device, bytes, &c);
	if (!r->priv->published)
		replay_bounds_transfer(&r->priv->devices[device - 1], to_device, bytes, &c);
	charge(r, &c);
}

/* Whether the data goes over the host before this operation. The order of the
 * questions matters: a key is counted only where `m` decides. */
static inline bool must_move(struct replay *r, const struct map_entry *e, unsigned device)
{
	if (device != r->priv->device)
		return true;
	if (!e)
		return false;
	if (e->transfer)
		return true;
	return e->experts && r->priv->counts[e - r->map->entries]++ == 0;
}

/* At the end of a layer's experts all results but one go back by themselves. */
static void end_experts(struct replay *r, const struct replay_plan *p)
{
	struct replay_private *s = r->priv;
	int64_t n = r->options->model.experts_per_token;

	for (unsigned i = 0; i < r->map->n; i++)
		if (s->counts[i] && s->counts[i] != n)
			return;
	transfer(r, s->device, false, p->expert_bytes * (double)(n - 1));
	memset(s->counts, 0, r->map->n * sizeof *s->counts);
}

static inline void move(struct replay *r, const struct replay_plan *p, unsigned device)
{
	if (must_move(r, p->entry, device)) {
		transfer(r, r->priv->device, false, p->move_bytes);
		r->priv->device = device;
		transfer(r, device, true, p->move_bytes);
	}
	if (p->moe_end)
		end_experts(r, p);
}

/* The place of a price; known tells whether it is there, else it is to be filled. */
static inline struct replay_memo *memo_of(struct replay *r, uint32_t desc, int32_t step, unsigned device)
{
	bool decode = r->priv->phase == PROF_PHASE_DECODE; /* the mask keeps it */
	struct replay_memo *m = &r->priv->memos[(desc * 2 + decode) & r->priv->memo_mask];

	if (!m->known || m->desc != desc || m->step != step || m->device != device) {
		m->known = false;
		m->desc = desc;
		m->step = step;
		m->device = device;
	}
	return m;
}

/* ---- the published rules ---- */

static enum prof_phase published_phase(const struct replay *r, const struct op_event *ev)
{
	const struct replay_private *s = r->priv;

	if (s->has_last && r->options->model.last_layer)
		return s->n_last ? PROF_PHASE_DECODE : PROF_PHASE_PREFILL;
	return ev->phase;
}

/* Unfused attention reads the cache before its first product. */
static void read_cache(struct replay *r, const struct replay_plan *p)
{
	const struct arch *a = arch_of(r, r->priv->device);
	double bytes = p->kv_bytes * (double)r->priv->cache_rows;
	struct cost c;

	memset(&c, 0, sizeof c);
	c.limit = LIMIT_CACHE;
	c.cell[COST_TIME] = c.cell[COST_NS_KV] = bytes / a->value[ARCH_MEM_BW];
	c.cell[COST_PJ_MEM] = bytes * 8 * a->value[ARCH_MEM_PJ];
	charge(r, &c);
}

/* Positions in the cache are the rows of the last layer at first. Engines that
 * need one row only compute one: then the step says how far it looks. */
static void count_last_layer(struct replay *r, const struct op_desc *d, int32_t step)
{
	struct replay_private *s = r->priv;
	int64_t rows = (int64_t)op_dim(op_operand_get(d, PROF_OPERAND_OUTPUT), 1);

	if (s->n_last++ > 0) {
		s->cache_rows++;
		return;
	}
	if (step >= 0 && (unsigned)step < r->trace->n_steps && r->trace->steps[step].ctx_max > rows)
		rows = r->trace->steps[step].ctx_max;
	s->cache_rows = rows;
}

static void published_event(struct replay *r, const struct op_event *ev)
{
	struct replay_private *s = r->priv;
	const struct replay_plan *p = &s->plans[ev->desc];
	struct replay_memo *m;

	s->phase = published_phase(r, ev);
	if (s->price)
		s->price->phase = s->phase;
	if (!p->priced) {
		r->unpriced[r->trace->descs[ev->desc].op]++;
		return;
	}
	move(r, p, r->map->everything ? 1 : p->entry ? p->entry->device : s->device);
	if (p->kv_bytes > 0 && s->phase == PROF_PHASE_DECODE)
		read_cache(r, p);
	m = memo_of(r, ev->desc, -1, s->device);
	if (!m->known) {
		model_pim_ai_price(&r->trace->descs[ev->desc], arch_of(r, s->device), &r->options->model,
		                   s->phase, &m->cost);
		m->known = true;
	}
	charge(r, &m->cost);
	if (p->last_layer)
		count_last_layer(r, &r->trace->descs[ev->desc], ev->step);
	s->desc = p->last_layer || !s->n_last ? ev->desc : s->desc;
	s->begun = true;
}

static void published_end(struct replay *r)
{
	struct replay_private *s = r->priv;
	int64_t tokens = s->n_last ? s->n_last : 1;

	if (s->n_last && (r->options->model.last_layer || s->phase != PROF_PHASE_UNKNOWN))
		s->phase = PROF_PHASE_DECODE;
	transfer(r, s->device, false, s->plans[s->desc].end_bytes * (double)tokens);
}

/* ---- roofline ---- */

static struct model_ctx context_of(const struct replay *r, int32_t step)
{
	const struct trace_step *st;
	struct model_ctx ctx = {0, 0, 0};

	if (step < 0 || (unsigned)step >= r->trace->n_steps)
		return ctx;
	st = &r->trace->steps[step];
	ctx.bytes = st->ctx_max;
	if (st->sequences > 1) {
		ctx.sequences = st->sequences;
		ctx.bytes *= st->sequences;
	}
	if (st->tokens && st->ctx_sum) {
		double each = (double)st->tokens / fmax(st->sequences, 1); /* tokens of a sequence */

		ctx.flops = (double)st->ctx_sum / st->tokens;
		/* Contexts grow by one a token: this is the sum over sequences of the last. */
		if (st->sequences > 1)
			ctx.bytes = fmin(ctx.bytes, (ctx.flops + (each - 1) / 2) * st->sequences);
	}
	return ctx;
}

static void host_event(struct replay *r, const struct op_event *ev)
{
	struct cost c;

	memset(&c, 0, sizeof c);
	c.limit = LIMIT_HOST;
	c.cell[COST_TIME] = c.cell[COST_NS_HOST] = ev->timed ? (double)ev->time_ns : 0;
	c.cell[COST_LO_NS] = c.cell[COST_HI_NS] = c.cell[COST_TIME];
	c.cell[COST_PJ_STATIC] = r->priv->idle_w * c.cell[COST_TIME] * 1e3; /* the devices wait */
	c.cell[COST_LO_PJ] = c.cell[COST_HI_PJ] = c.cell[COST_PJ_STATIC];
	r->untimed_host += !ev->timed;
	r->host_ns += c.cell[COST_NS_HOST];
	charge(r, &c);
}

/* The end of a pass over the network: what it gave goes back to the host. */
static void end_step(struct replay *r)
{
	struct replay_private *s = r->priv;

	transfer(r, s->device, false, s->plans[s->desc].end_bytes);
	s->device = MAP_HOST;
}

/* A new step begins: charge the one before for bringing its result back. */
static void next_step(struct replay *r, const struct op_event *ev)
{
	struct replay_private *s = r->priv;
	struct replay_price *price = s->price;
	struct replay_sum *sum = s->sum;

	s->price = NULL;
	s->sum = r->sums && s->begun ? &r->sums[s->desc * REPLAY_PHASES + s->phase] : NULL;
	if (s->begun)
		end_step(r);
	s->price = price;
	s->sum = sum;
	s->step = ev->step;
}

/* The price in the phase and step that are in progress. */
static const struct cost *roofline_price(struct replay *r, uint32_t desc, int32_t step, unsigned device)
{
	const struct replay_plan *p = &r->priv->plans[desc];
	struct replay_memo *m = memo_of(r, p->like, p->by_step ? step : -1, device);

	if (!m->known) {
		struct model_ctx ctx = context_of(r, m->step);

		replay_bounds_price(&r->trace->descs[desc], &r->priv->devices[device - 1], &ctx, &m->cost);
		m->known = true;
	}
	return &m->cost;
}

void replay_parts(const struct replay *r, const struct op_event *ev, unsigned device, struct model_parts *p)
{
	struct model_ctx ctx = context_of(r, ev->step);
	struct model_job job;

	model_job_make(&job, &r->trace->descs[ev->desc], &r->options->model, &ctx);
	model_roofline_parts(&job, &r->priv->devices[device - 1].value, p);
}

static void roofline_event(struct replay *r, const struct op_event *ev)
{
	struct replay_private *s = r->priv;
	const struct replay_plan *p = &s->plans[ev->desc];
	unsigned device = r->map->everything ? 1 : p->entry ? p->entry->device : MAP_HOST;

	if (!s->begun || ev->step != s->step)
		next_step(r, ev);
	s->phase = ev->phase;
	move(r, p, device);
	s->desc = ev->desc;
	s->begun = true;
	if (device == MAP_HOST) {
		host_event(r, ev);
		return;
	}
	if (!p->by_step && !s->price)
		s->counted[(size_t)ev->desc * REPLAY_PHASES + s->phase]++;
	else
		charge(r, roofline_price(r, ev->desc, ev->step, device));
}

/* What was only counted until now. */
static void charge_counted(struct replay *r)
{
	struct replay_private *s = r->priv;

	for (size_t i = 0; i < (size_t)r->trace->n_descs * REPLAY_PHASES; i++) {
		uint32_t desc = (uint32_t)(i / REPLAY_PHASES);
		struct cost all;

		if (!s->counted[i])
			continue;
		s->phase = (enum prof_phase)(i % REPLAY_PHASES);
		s->sum = r->sums ? &r->sums[i] : NULL;
		all = *roofline_price(r, desc, -1, r->map->everything ? 1 : s->plans[desc].entry->device);
		for (unsigned k = 0; k < COST_N; k++)
			all.cell[k] *= (double)s->counted[i];
		charge(r, &all);
	}
}

/* ---- both ---- */

static inline void take(struct replay *r, const struct op_event *ev)
{
	struct replay_private *s = r->priv;

	s->sum = NULL;
	if (r->sums) {
		enum prof_phase phase = s->published ? published_phase(r, ev) : ev->phase;

		s->sum = &r->sums[(size_t)ev->desc * REPLAY_PHASES + phase];
		s->sum->operations++;
	}
	if (s->published)
		published_event(r, ev);
	else
		roofline_event(r, ev);
	r->phase[s->phase].operations++;
}

void replay_events(struct replay *r, const struct op_event *ev, unsigned n)
{
	r->priv->price = NULL;
	for (unsigned i = 0; i < n; i++)
		take(r, &ev[i]);
}

void replay_event(struct replay *r, const struct op_event *ev, struct replay_price *price)
{
	memset(price, 0, sizeof *price);
	price->phase = ev->phase;
	price->priced = r->priv->plans[ev->desc].priced;
	r->priv->price = price;
	take(r, ev);
	price->device = r->priv->device;
}

static void charge_host_cost(struct cost *c, double host_w)
{
	double pj = c->cell[COST_NS_HOST] * host_w * 1e3;

	c->cell[COST_PJ_HOST] = pj;
	c->cell[COST_LO_PJ] += pj;
	c->cell[COST_HI_PJ] += pj;
}

/* Operations that stayed on the host take its power. */
static void charge_host(struct replay *r, double host_w)
{
	for (unsigned i = 0; i < REPLAY_PHASES; i++)
		charge_host_cost(&r->phase[i].cost, host_w);
	for (size_t i = 0; r->sums && i < (size_t)r->trace->n_descs * REPLAY_PHASES; i++)
		charge_host_cost(&r->sums[i].cost, host_w);
}

void replay_end(struct replay *r, double host_w)
{
	struct replay_private *s = r->priv;

	s->price = NULL;
	s->sum = r->sums && s->begun ? &r->sums[(size_t)s->desc * REPLAY_PHASES + s->phase] : NULL;
	if (s->begun && s->published)
		published_end(r);
	else if (s->begun)
		end_step(r);
	charge_counted(r);
	charge_host(r, host_w);
}

void replay_total(const struct replay *r, struct replay_totals *total)
{
	memset(total, 0, sizeof *total);
	for (unsigned i = 0; i < REPLAY_PHASES; i++) {
		cost_add(&total->cost, &r->phase[i].cost);
		total->operations += r->phase[i].operations;
		for (unsigned k = 0; k < LIMIT_N; k++)
			total->limit_ns[k] += r->phase[i].limit_ns[k];
	}
}
