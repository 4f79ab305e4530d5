/* replay_capacity.c: whether weights and cache fit into the devices' memory.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/lib/model/model_group.h"
#include "tools/lib/model/op_math.h"
#include "tools/lib/replay/replay.h"

/* Something that stays in a device's memory from step to step. */
struct resident {
	unsigned device;
	int32_t layer;
	int64_t expert; /* -1: not one expert's alone */
	const char *name;
	bool cache;
	double bytes;
};

static int compare(const void *x, const void *y)
{
	const struct resident *a = x, *b = y;
	int order;

	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	if (a->cache != b->cache)
		return a->cache ? 1 : -1;
	if (a->layer != b->layer)
		return a->layer < b->layer ? -1 : 1;
	order = strcmp(a->name, b->name);
	if (order)
		return order;
	if (a->expert != b->expert)
		return a->expert < b->expert ? -1 : 1;
	return a->bytes < b->bytes ? -1 : a->bytes > b->bytes;
}

static double stored_bytes(const struct replay *r, const struct op_operand *o)
{
	int dtype = r->options->model.dtype;

	return op_dtype_bytes(dtype >= 0 ? (unsigned)dtype : o->dtype, op_elements(o));
}

static unsigned device_of(const struct replay *r, const struct op_desc *d)
{
	const struct map_entry *e;

	if (r->map->everything)
		return 1;
	e = map_find(r->map, d, r->options->model.kind == MODEL_PIM_AI);
	return e ? e->device : MAP_HOST;
}

/* The keys that attention reads: an operand of the fused operation, or of the
 * first of the two products. */
static bool is_keys(const struct op_desc *d, const struct op_operand *o)
{
	return o->role == PROF_OPERAND_KEY
	       || (o->role == PROF_OPERAND_OTHER && d->op == PROF_OP_MATMUL
	           && op_attention_of(d) == OP_ATTENTION_WEIGHTS);
}

/* Devices that share what an operation keeps, weights or cache. */
static double holders(const struct replay *r, const struct op_desc *d, bool cache)
{
	const struct model_group_options *g = &r->options->model.group;
	double tensor = g->tensor > 1 ? (double)g->tensor : 1,
	       pipeline = g->pipeline > 1 ? (double)g->pipeline : 1;

	if (cache)
		return model_group_cache_holders(d, tensor) * pipeline;
	return tensor * pipeline * (op_is_of_experts(d) && g->expert > 1 ? (double)g->expert : 1);
}

/* How often a device keeps an operand's shape: values are as large as keys; the
 * shape of a kernel of many experts is that of one. */
static double times(const struct op_desc *d, const struct op_operand *o, bool cache)
{
	return cache ? 2 * op_heads_stored(d, o) : op_experts_held(d);
}

/* A weight is known by its tensor's name, else by the operation's; the cache
 * of a layer by the layer, its size by the longest context seen. */
static unsigned residents_of(const struct replay *r, const struct op_desc *d, struct resident *out)
{
	unsigned device = device_of(r, d), n = 0;

	for (unsigned i = 0; i < d->n_operands && device != MAP_HOST && n < 2; i++) {
		const struct op_operand *o = &d->operands[i];
		bool cache = is_keys(d, o);

		if (o->role != PROF_OPERAND_WEIGHT && !cache)
			continue;
		out[n++] = (struct resident){
		        .device = device,
		        .layer = d->layer,
		        .cache = cache,
		        .name = cache        ? ""
		                : *o->name   ? o->name
		                : *d->native ? d->native
		                             : d->context,
		        .expert = cache ? -1 : op_attr_get(d, PROF_ATTR_EXPERT, -1),
		        .bytes = stored_bytes(r, o) * times(d, o, cache) / holders(r, d, cache),
		};
	}
	return n;
}

/* What one device must keep. */
struct need {
	double weights, cache;
};

/* needs[device], by one pass over the descriptors. 0, or -1 without memory. */
static int count_needs(const struct replay *r, struct need *needs)
{
	size_t n = 0, limit = (size_t)r->trace->n_descs * 2;
	struct resident *all = malloc((limit + 1) * sizeof *all);

	if (!all)
		return -1;
	for (unsigned i = 0; i < r->trace->n_descs; i++)
		n += residents_of(r, &r->trace->descs[i], all + n);
	qsort(all, n, sizeof *all, compare);
	for (size_t i = 0; i < n; i++) {
		/* Sorted by size within one name: the largest one counts. */
		bool same = i + 1 < n && all[i].device == all[i + 1].device
		            && all[i].cache == all[i + 1].cache && all[i].layer == all[i + 1].layer
		            && !strcmp(all[i].name, all[i + 1].name) && all[i].expert == all[i + 1].expert;

		if (!same)
			*(all[i].cache ? &needs[all[i].device].cache : &needs[all[i].device].weights) +=
			        all[i].bytes;
	}
	free(all);
	return 0;
}

static double holds(const struct replay *r, unsigned device)
{
	return arch_get(r->map->devices[device - 1], ARCH_CAPACITY_GB, INFINITY) * 1e9;
}

int replay_resident(const struct replay *r, unsigned device, double *bytes, double *streamed)
{
	struct need *needs = calloc(r->map->n_devices + 1, sizeof *needs);
	const struct need *n = needs + device;
	double over;

	if (!needs || count_needs(r, needs)) {
		free(needs);
		return -1;
	}
	*bytes = n->weights + n->cache;
	over = *bytes - holds(r, device);
	*streamed = r->options->model.stream_weights && over > 0 ? fmin(1, over / n->weights) : 0;
	free(needs);
	return 0;
}

/* Whether it fits; weights that are streamed take no room. */
static bool fits(const struct replay *r, unsigned device, const struct need *n)
{
	bool streams = r->options->model.stream_weights && r->options->model.kind == MODEL_ROOFLINE;

	return n->cache + (streams ? 0 : n->weights) <= holds(r, device);
}

static void say(const struct replay *r, unsigned device, const struct need *n, char *text, unsigned bytes)
{
	size_t used = strlen(text);

	snprintf(text + used, bytes - used,
	         "%s%s: weights and cache need %.3g GB, its memory holds %.3g GB: this run does not fit",
	         used ? "; " : "", r->map->devices[device - 1]->name, (n->weights + n->cache) / 1e9,
	         holds(r, device) / 1e9);
}

unsigned replay_capacity(const struct replay *r, char *text, unsigned bytes)
{
	struct need *needs = calloc(r->map->n_devices + 1, sizeof *needs);
	unsigned problems = 0;

	*text = 0;
	if (needs && count_needs(r, needs) == 0)
		for (unsigned i = 1; i <= r->map->n_devices; i++)
			if (!fits(r, i, &needs[i])) {
				say(r, i, &needs[i], text, bytes);
				problems++;
			}
	free(needs);
	return problems;
}

bool replay_refused(const struct replay *r)
{
	char text[8];

	return r->options->model.kind == MODEL_ROOFLINE && replay_capacity(r, text, sizeof text) > 0;
}
