/* measured.c: time, tokens and energy of the recorded run.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/replay/measured.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/energy/energy_steps.h"

/* Of a descriptor. */
enum { IS_PRODUCT = 1, IS_LAST_LAYER = 2 };

int measured_begin(struct measured *m, const struct trace *t, const char *last_layer, int64_t batch_size)
{
	const char *last = last_layer ? last_layer : OP_LAST_LAYER;

	memset(m, 0, sizeof *m);
	m->trace = t;
	m->batch = batch_size > 0 ? (double)batch_size : 1;
	m->want_tokens = true;
	m->kinds = calloc((size_t)t->n_descs + 1, sizeof *m->kinds);
	for (unsigned i = 0; m->kinds && i < t->n_descs; i++)
		if (t->descs[i].op == PROF_OP_LINEAR)
			m->kinds[i] = IS_PRODUCT | (strcmp(t->descs[i].context, last) ? 0 : IS_LAST_LAYER);
	return m->kinds ? 0 : -1;
}

void measured_release(struct measured *m)
{
	free(m->kinds);
	m->kinds = NULL;
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

/* What steps, rows and last layers say of the operation. */
static inline void look(struct measured *m, const struct op_event *ev)
{
	unsigned kind = m->kinds[ev->desc];

	if (!m->begun || ev->step != m->step) {
		m->first_ns = m->begun ? m->first_ns : ev->start_ns;
		m->begun = true;
		change_step(m, ev->step);
	}
	if (!kind)
		return;
	if (m->want_tokens) {
		m->rows[ev->phase] += rows_of(m, &m->trace->descs[ev->desc]);
		m->want_tokens = false;
	}
	if (kind & IS_LAST_LAYER) {
		m->last_layers++;
		m->want_tokens = true; /* of the next pass, in a list without steps */
	}
}

/* Operations of one phase that follow each other, which is added up aside: returns how many. */
static unsigned take_phase(struct measured *m, const struct op_event *ev, unsigned n)
{
	enum prof_phase phase = ev->phase;
	struct measured_sum sum = m->sum[phase];
	unsigned i, timed = 0;

	for (i = 0; i < n && ev[i].phase == phase; i++) {
		uint64_t time_ns = ev[i].timed ? ev[i].time_ns : 0;

		timed += ev[i].timed;
		sum.ops_ns += time_ns;
		sum.busy_ns += ev[i].timed ? ev[i].busy_ns : 0;
		sum.between_ns += ev[i].step < 0 ? time_ns : 0;
		if (m->desc_ns)
			m->desc_ns[(size_t)ev[i].desc * MEASURED_PHASES + phase] += (double)time_ns;
		look(m, &ev[i]);
	}
	m->sum[phase] = sum;
	m->phase[phase].operations += i;
	m->phase[phase].timed += timed;
	return i;
}

void measured_events(struct measured *m, const struct op_event *ev, unsigned n)
{
	for (unsigned i = 0; i < n;)
		i += take_phase(m, &ev[i], n - i);
	if (n)
		m->last_ns = ev[n - 1].start_ns + ev[n - 1].time_ns;
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
	double first_ns = (double)m->first_ns, last_ns = (double)m->last_ns, length_ns = last_ns - first_ns;
	struct energy_figure whole = energy_between(e, first_ns, last_ns);
	double ops_ns = 0, idle_w = energy_idle_w(e);

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

/* Times are added up as they are, and told as numbers that can be divided. */
static void take_sums(struct measured *m)
{
	for (unsigned i = 0; i < MEASURED_PHASES; i++) {
		m->phase[i].ops_ns = (double)m->sum[i].ops_ns;
		m->phase[i].busy_ns = (double)m->sum[i].busy_ns;
		m->phase[i].between_ns = (double)m->sum[i].between_ns;
	}
}

void measured_end(struct measured *m, const struct host *h)
{
	const struct trace *t = m->trace;
	struct energy *e = energy_new(t);
	bool by_rows = m->steps > 0 || m->last_layers > 0;
	double tokens = 0;

	take_sums(m);
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
