/* replay_bounds.c: prices on a profile whose numbers have ranges.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/replay/replay_bounds.h"

#include <stdlib.h>

#include "tools/lib/calibration/calibration_fit.h"
#include "tools/lib/model/model_job.h"

/* Power of a device that waits. */
static double idle_w(const struct model_device *d)
{
	return arch_get(d->arch, ARCH_IDLE_W, arch_get(d->arch, ARCH_STATIC_W, 0))
	       * model_group_devices(d->options);
}

static unsigned count_layers(const struct trace *t)
{
	int32_t last = -1;

	for (unsigned i = 0; i < t->n_descs; i++)
		last = t->descs[i].layer > last ? t->descs[i].layer : last;
	return (unsigned)(last + 1);
}

struct replay_bounds *replay_bounds_new(const struct replay *r, double *idle)
{
	struct replay_bounds *all = calloc(r->map->n_devices + 1, sizeof *all);
	unsigned layers = count_layers(r->trace);

	for (unsigned i = 0; all && i < r->map->n_devices; i++) {
		const struct arch *a = r->map->devices[i];
		struct model_device d = {.arch = a,
		                         .options = &r->options->model,
		                         .layers = layers,
		                         .weight_bytes = a->calibration ? trace_weight_bytes(r->trace) : 0};
		struct replay_bounds *b = &all[i];

		if (replay_resident(r, i + 1, &d.resident_bytes, &d.streamed)) {
			free(all);
			return NULL;
		}
		b->value = b->best = b->worst = d;
		b->best.arch = a->best ? a->best : a;
		b->worst.arch = a->worst ? a->worst : a;
		*idle += idle_w(&d);
	}
	return all;
}

/* An interval of two cells takes in one more value. */
static void widen(struct cost *c, unsigned low, double v)
{
	c->cell[low] = v < c->cell[low] ? v : c->cell[low];
	c->cell[low + 1] = v > c->cell[low + 1] ? v : c->cell[low + 1];
}

static void begin(struct cost *c)
{
	c->cell[COST_LO_NS] = c->cell[COST_HI_NS] = c->cell[COST_TIME];
	c->cell[COST_LO_PJ] = c->cell[COST_HI_PJ] = cost_energy_pj(c);
}

void replay_bounds_price(const struct op_desc *d, const struct replay_bounds *b, const struct model_ctx *ctx,
                         struct cost *c)
{
	const struct model_device *const ends[] = {&b->best, &b->worst};
	struct model_job job;
	struct cost end;

	model_job_make(&job, d, b->value.options, ctx);
	model_roofline_price(&job, &b->value, c);
	begin(c);
	for (unsigned i = 0; i < 2 && b->value.arch->best; i++) {
		model_roofline_price(&job, ends[i], &end);
		widen(c, COST_LO_NS, end.cell[COST_TIME]);
		widen(c, COST_LO_PJ, cost_energy_pj(&end));
	}
}

void replay_transfer_cost(const struct arch *a, bool to_device, double bytes, struct cost *c)
{
	if (to_device) {
		c->cell[COST_TIME] = c->cell[COST_NS_H2D] = bytes / a->value[ARCH_H2D_BW];
		c->cell[COST_PJ_H2D] = bytes * 8 * a->value[ARCH_H2D_PJ];
		c->cell[COST_BYTES_H2D] = bytes;
	} else {
		c->cell[COST_TIME] = c->cell[COST_NS_D2H] = bytes / a->value[ARCH_D2H_BW];
		c->cell[COST_PJ_D2H] = bytes * 8 * a->value[ARCH_D2H_PJ];
		c->cell[COST_BYTES_D2H] = bytes;
	}
}

void replay_bounds_transfer(const struct replay_bounds *b, bool to_device, double bytes, struct cost *c)
{
	const struct model_device *const ends[] = {&b->best, &b->worst};

	c->cell[COST_PJ_STATIC] = idle_w(&b->value) * c->cell[COST_TIME] * 1e3;
	begin(c);
	for (unsigned i = 0; i < 2 && b->value.arch->best; i++) {
		struct cost end;

		memset(&end, 0, sizeof end);
		replay_transfer_cost(ends[i]->arch, to_device, bytes, &end);
		end.cell[COST_PJ_STATIC] = idle_w(ends[i]) * end.cell[COST_TIME] * 1e3;
		widen(c, COST_LO_NS, end.cell[COST_TIME]);
		widen(c, COST_LO_PJ, cost_energy_pj(&end));
	}
}
