/* measured.c: time, tokens and energy of the recorded run.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/measured.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void measured_begin(struct measured *m, const struct trace *t, const char *last_layer, int64_t batch_size)
{
	memset(m, 0, sizeof *m);
	m->trace = t;
	m->last_layer = last_layer ? last_layer : "lm_head";
	m->batch = batch_size > 0 ? (double)batch_size : 1;
	m->want_tokens = true;
}

/* Rows of a product's input: tokens, where the step does not tell them. */
static double rows_of(const struct measured *m, const struct op_desc *d)
{
	const struct op_operand *in = op_operand_get(d, PROF_OPERAND_INPUT);
	double rows = 1, sequences = 1;

	if (!in || in->n_dims < 1)
		return 0;
	for (unsigned i = 0; i + 1 < in->n_dims; i++) {
		rows *= (double)in->dims[i];
		if (i + 2 < in->n_dims)
			sequences *= (double)in->dims[i];
	}
	return sequences > 1 ? rows : rows * m->batch;
}

void measured_event(struct measured *m, const struct op_event *ev)
{
	const struct op_desc *d = &m->trace->descs[ev->desc];
	struct measured_phase *p = &m->phase[ev->phase];

	p->operations++;
	if (__builtin_expect(ev->timed, 1)) {
		/* Far below 2^63, and signed numbers are quicker to turn. */
		double time_ns = (double)(int64_t)ev->time_ns;

		p->timed++;
		p->ops_ns += time_ns;
		p->busy_ns += ev->busy_ns == ev->time_ns ? time_ns : (double)(int64_t)ev->busy_ns;
		if (m->desc_ns)
			m->desc_ns[(size_t)ev->desc * MEASURED_PHASES + ev->phase] += time_ns;
	}
	if (!m->begun || ev->step != m->step) {
		m->steps += ev->step >= 0;
		m->step = ev->step;
		m->begun = m->want_tokens = true;
	}
	if (d->op != PROF_OP_LINEAR)
		return;
	if (m->want_tokens) {
		m->rows[ev->phase] += rows_of(m, d);
		m->want_tokens = false;
	}
	if (!strcmp(d->context, m->last_layer)) {
		m->last_layers++;
		m->want_tokens = true; /* of the next pass, in a list without steps */
	}
}

/* ---- energy ---- */

/* The first sample later than a time. */
static unsigned first_after(const struct trace *t, double time_ns)
{
	unsigned low = 0, high = t->n_samples;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if ((double)t->samples[mid].time_ns <= time_ns)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* A domain's energy at a time, between the samples around it, in joules. */
static double domain_energy_j(const struct trace *t, uint32_t domain, double time_ns)
{
	unsigned next = first_after(t, time_ns), i;
	const struct trace_energy_sample *before = NULL, *after = NULL;
	double share;

	for (i = next; i < t->n_samples && !after; i++)
		after = t->samples[i].domain == domain ? &t->samples[i] : NULL;
	for (i = next; i > 0 && !before; i--)
		before = t->samples[i - 1].domain == domain ? &t->samples[i - 1] : NULL;
	if (!before || !after)
		return before || after ? (double)(before ? before : after)->energy_uj / 1e6 : 0;
	share = (time_ns - (double)before->time_ns) / (double)(after->time_ns - before->time_ns);
	return ((double)before->energy_uj + ((double)after->energy_uj - (double)before->energy_uj) * share)
	       / 1e6;
}

/* Domains inside others are not counted twice. */
static double energy_between_j(const struct trace *t, double from_ns, double to_ns)
{
	double sum = 0;

	for (unsigned i = 0; i < t->n_domains; i++)
		if (!t->domains[i].parent)
			sum += domain_energy_j(t, i + 1, to_ns) - domain_energy_j(t, i + 1, from_ns);
	return sum;
}

static bool has_meter(const struct trace *t)
{
	return t->n_domains > 0 && t->n_samples > 1;
}

double measured_visible_threads(const struct trace *t)
{
	double n = strtod(trace_fact_get(t, "host.cores"), NULL);

	return n >= 1 ? n : 1;
}

static void assume_energy(struct measured *m, const struct host *h)
{
	double visible = measured_visible_threads(m->trace);

	for (unsigned i = 0; i < MEASURED_PHASES; i++) {
		struct measured_phase *p = &m->phase[i];
		double time_ns = measured_time_ns(p);
		double busy = time_ns > 0 ? p->busy_ns / time_ns : 0;

		p->energy_j = h && p->timed ? host_power_w(h, busy, visible) * time_ns / 1e9 : NAN;
	}
}

/* Steps' walls, and their energy where a meter was read. The samples are taken
 * at the borders of steps, so that few are between two. */
static void walk_steps(struct measured *m)
{
	const struct trace *t = m->trace;

	for (unsigned i = 0; i < t->n_steps; i++) {
		const struct trace_step *s = &t->steps[i];
		struct measured_phase *p = &m->phase[s->phase];

		p->tokens += s->tokens;
		if (s->end_ns <= s->start_ns)
			continue;
		p->wall_ns += (double)(s->end_ns - s->start_ns);
		if (m->energy_is_measured)
			p->energy_j += energy_between_j(t, (double)s->start_ns, (double)s->end_ns);
	}
}

void measured_end(struct measured *m, const struct host *h)
{
	const struct trace *t = m->trace;
	bool by_rows = m->steps > 0 || m->last_layers > 0;
	double tokens = 0;

	m->energy_is_measured = has_meter(t);
	walk_steps(m);
	for (unsigned i = 0; i < MEASURED_PHASES && m->recording_ns; i++)
		m->phase[i].wall_ns -= fmin(m->phase[i].wall_ns, m->recording_ns[i]);
	for (unsigned i = 0; i < MEASURED_PHASES; i++)
		tokens += m->phase[i].tokens;
	for (unsigned i = 0; i < MEASURED_PHASES && tokens == 0 && by_rows; i++)
		m->phase[i].tokens = m->rows[i];
	if (!m->energy_is_measured)
		assume_energy(m, h);
	else if (t->n_steps == 0) /* no steps: the whole recording */
		m->phase[PROF_PHASE_UNKNOWN].energy_j = energy_between_j(t, 0, (double)t->end_ns);
}

double measured_time_ns(const struct measured_phase *p)
{
	return p->wall_ns > 0 ? p->wall_ns : p->ops_ns;
}

struct measured_phase measured_total(const struct measured *m)
{
	struct measured_phase sum;

	memset(&sum, 0, sizeof sum);
	for (unsigned i = 0; i < MEASURED_PHASES; i++) {
		const struct measured_phase *p = &m->phase[i];

		sum.operations += p->operations;
		sum.timed += p->timed;
		sum.ops_ns += p->ops_ns;
		sum.busy_ns += p->busy_ns;
		sum.wall_ns += measured_time_ns(p);
		sum.tokens += p->tokens;
		sum.energy_j += p->operations && isfinite(p->energy_j) ? p->energy_j : 0;
	}
	if (!sum.timed)
		sum.energy_j = NAN;
	return sum;
}

double measured_power_w(const struct measured *m)
{
	struct measured_phase all = measured_total(m);
	double time_ns = measured_time_ns(&all);

	return time_ns > 0 && isfinite(all.energy_j) ? all.energy_j / time_ns * 1e9 : NAN;
}
