/* measured.c: time, tokens and energy of the recorded run.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/replay/measured.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/energy/energy_steps.h"

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

/* Steps of several threads take turns: one that goes on was counted before. */
static void change_step(struct measured *m, int32_t step)
{
	bool goes_on = step >= 0 && m->seen && m->seen[step];

	m->step = step;
	m->want_tokens = !goes_on;
	m->steps += step >= 0 && !goes_on;
	if (step >= 0 && m->seen)
		m->seen[step] = 1;
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
		p->between_ns += ev->step < 0 ? time_ns : 0;
		p->busy_ns += ev->busy_ns == ev->time_ns ? time_ns : (double)(int64_t)ev->busy_ns;
		if (m->desc_ns)
			m->desc_ns[(size_t)ev->desc * MEASURED_PHASES + ev->phase] += time_ns;
	}
	m->last_ns = (double)(int64_t)(ev->start_ns + ev->time_ns);
	if (!m->begun || ev->step != m->step) {
		m->first_ns = m->begun ? m->first_ns : (double)(int64_t)ev->start_ns;
		m->begun = true;
		change_step(m, ev->step);
	}
	if (d->op != PROF_OP_LINEAR)
		return;
	if (m->want_tokens) {
		m->rows[ev->phase] += rows_of(m, d);
		m->want_tokens = false;
	}
	if (*d->context == *m->last_layer && !strcmp(d->context, m->last_layer)) {
		m->last_layers++;
		m->want_tokens = true; /* of the next pass, in a list without steps */
	}
}

/* ---- energy ---- */

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
		p->energy_error_j = p->idle_j = NAN;
	}
}

static void walk_steps(struct measured *m)
{
	const struct trace *t = m->trace;

	for (unsigned i = 0; i < t->n_steps; i++) {
		const struct trace_step *s = &t->steps[i];
		struct measured_phase *p = &m->phase[s->phase];

		p->tokens += s->tokens;
		if (s->end_ns > s->start_ns)
			p->wall_ns += (double)(s->end_ns - s->start_ns);
	}
}

/* A phase has the operations that come between its steps, too (tokens are chosen,
 * gradients computed): their times, and its steps' mean power meanwhile. */
static void add_between(struct measured *m)
{
	for (unsigned i = 0; i < MEASURED_PHASES; i++) {
		struct measured_phase *p = &m->phase[i];
		double more = p->wall_ns > 0 ? 1 + p->between_ns / p->wall_ns : 1;

		p->wall_ns *= more;
		if (m->energy_is_measured) {
			p->energy_j *= more;
			p->energy_error_j *= more;
			p->idle_j *= more;
		}
	}
}

/* A run without steps: its operations' time, at the mean power from the first to the
 * last. They may lie beside each other, and took no more than the machine then. */
static void read_meters_of_operations(struct measured *m, const struct energy *e)
{
	struct energy_figure whole = energy_between(e, m->first_ns, m->last_ns);
	double length_ns = m->last_ns - m->first_ns, ops_ns = 0, idle_w = energy_idle_w(e);

	for (unsigned i = 0; i < MEASURED_PHASES; i++)
		ops_ns += m->phase[i].ops_ns;
	for (unsigned i = 0; i < MEASURED_PHASES && length_ns > 0; i++) {
		struct measured_phase *p = &m->phase[i];
		double share = p->ops_ns / fmax(length_ns, ops_ns);

		p->energy_j = whole.joules * share;
		p->energy_error_j = whole.error_j * share;
		p->idle_j = idle_w * length_ns * share / 1e9;
	}
}

/* Energy of steps goes to their phases. */
static void read_meters(struct measured *m, const struct energy *e)
{
	const struct trace *t = m->trace;
	struct energy_step *steps = calloc((size_t)t->n_steps + 1, sizeof(*steps));
	bool known = steps && energy_of_steps(e, t, steps) == 0;
	double idle_w = energy_idle_w(e);

	for (unsigned i = 0; known && i < t->n_steps; i++) {
		struct measured_phase *p = &m->phase[t->steps[i].phase];

		if (isnan(steps[i].joules))
			continue;
		p->energy_j += steps[i].joules;
		p->idle_j += idle_w * steps[i].machine_ns / 1e9;
	}
	for (unsigned i = 0; known && i < MEASURED_PHASES && t->n_steps; i++)
		m->phase[i].energy_error_j = energy_error_of_phase(e, t, (enum prof_phase)i);
	if (!t->n_steps)
		read_meters_of_operations(m, e);
	for (unsigned i = 0; i < MEASURED_PHASES && !known; i++)
		m->phase[i].energy_j = NAN;
	free(steps);
}

void measured_end(struct measured *m, const struct host *h)
{
	const struct trace *t = m->trace;
	struct energy *e = energy_new(t);
	bool by_rows = m->steps > 0 || m->last_layers > 0;
	double tokens = 0;

	m->energy_is_measured = e && energy_is_measured(e);
	walk_steps(m);
	for (unsigned i = 0; i < MEASURED_PHASES && m->recording_ns; i++)
		m->phase[i].wall_ns -= fmin(m->phase[i].wall_ns, m->recording_ns[i]);
	for (unsigned i = 0; i < MEASURED_PHASES; i++)
		tokens += m->phase[i].tokens;
	for (unsigned i = 0; i < MEASURED_PHASES && tokens == 0 && by_rows; i++)
		m->phase[i].tokens = m->rows[i];
	if (m->energy_is_measured)
		read_meters(m, e);
	add_between(m);
	if (!m->energy_is_measured)
		assume_energy(m, h);
	energy_free(e);
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
		sum.between_ns += p->between_ns;
		sum.wall_ns += measured_time_ns(p);
		sum.tokens += p->tokens;
		sum.energy_j += p->operations && isfinite(p->energy_j) ? p->energy_j : 0;
		sum.energy_error_j += p->operations ? p->energy_error_j : 0;
		sum.idle_j += p->operations ? p->idle_j : 0;
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
