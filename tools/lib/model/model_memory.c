/* model_memory.c: which bytes of an operation pass through which memory.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/model/model_memory.h"

#include <math.h>

/* Levels of a profile; one that only says on_chip_buffer_bytes has one that
 * costs nothing. */
static unsigned levels_of(const struct arch *a)
{
	return a->n_levels ? a->n_levels : arch_get(a, ARCH_BUFFER_BYTES, 0) > 0;
}

static double capacity(const struct arch *a, unsigned level)
{
	return a->n_levels ? a->level[level][ARCH_LEVEL_BYTES] : a->value[ARCH_BUFFER_BYTES];
}

/* What one unit's data must fit into. */
static double reach(const struct arch *a, unsigned level)
{
	return capacity(a, level) / (a->n_levels ? arch_level_get(a, level, ARCH_LEVEL_COPIES, 1) : 1);
}

/* The innermost level that holds so much; the number of levels is memory. */
static unsigned home(const struct model_traffic *t, double bytes)
{
	unsigned n = levels_of(t->arch);

	for (unsigned i = 0; i < n && t->residency; i++)
		if (bytes <= capacity(t->arch, i))
			return i;
	return n;
}

/* Where each kind of data lives. */
struct homes {
	unsigned of[MODEL_N_DATA];
};

static enum model_data kind_of_b(const struct model_traffic *t)
{
	return t->weights > 0 ? MODEL_WEIGHTS : t->cache > 0 ? MODEL_CACHE : MODEL_ACTIVATIONS;
}

/* Bytes beyond once that `level` gives to the one inside it. */
static double again(const struct model_traffic *t, const struct homes *h, unsigned level, double a_times,
                    double b_times)
{
	double bytes = 0;

	if (h->of[MODEL_ACTIVATIONS] >= level)
		bytes += t->product->a_bytes * (a_times - 1);
	if (h->of[kind_of_b(t)] >= level)
		bytes += t->product->b_bytes * (b_times - 1);
	return bytes;
}

static void through_level(struct model_traffic *t, const struct homes *h, unsigned level)
{
	const struct arch *a = t->arch;
	double once[MODEL_N_DATA] = {t->weights, t->read + t->written, t->cache}, bytes = 0;
	double a_times = 1, b_times = 1;

	for (unsigned i = 0; i < MODEL_N_DATA; i++)
		bytes += h->of[i] >= level ? once[i] : 0;
	if (t->product && level > 0 && t->tiling) {
		model_product_reread(t->product, reach(a, level - 1), &a_times, &b_times);
		bytes += again(t, h, level, a_times, b_times);
	} else if (t->product && level == 0) {
		bytes += fmax(0, t->inner_bytes - t->product->a_bytes - t->product->b_bytes);
	}
	t->level_bytes += bytes;
	t->level_ns = fmax(t->level_ns, bytes / arch_level_get(a, level, ARCH_LEVEL_BW, INFINITY));
	t->level_pj += bytes * 8 * arch_level_get(a, level, ARCH_LEVEL_PJ, 0);
}

void model_traffic_make(struct model_traffic *t)
{
	unsigned n = levels_of(t->arch);
	double once[MODEL_N_DATA] = {t->weights, t->read + t->written, t->cache};
	double kept = t->resident > 0 ? t->resident : INFINITY;
	const struct homes h = {{home(t, kept), home(t, once[MODEL_ACTIVATIONS]), home(t, kept)}};

	t->reread_a = t->reread_b = 1;
	t->over_link = t->weights * t->streamed;
	once[MODEL_WEIGHTS] -= t->over_link;
	for (unsigned i = 0; i < MODEL_N_DATA; i++) {
		t->main[i] = h.of[i] == n ? once[i] : 0;
		t->stayed += once[i] - t->main[i];
	}
	if (n && t->product && t->tiling) {
		model_product_reread(t->product, reach(t->arch, n - 1), &t->reread_a, &t->reread_b);
		t->again = again(t, &h, n, t->reread_a, t->reread_b);
	}
	for (unsigned i = 0; i < t->arch->n_levels; i++)
		through_level(t, &h, i);
}
