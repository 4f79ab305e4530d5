/* trace_meta.c: everything in a binary trace but the operations.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One function a record type. Each is given a record whose own size lies
 * inside its chunk and covers the type's fixed part; what follows that part
 * is checked here. A record that is not sound is left out, with a sentence.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/contexts.h"
#include "tools/lib/trace/region_names.h"
#include "tools/lib/trace/trace_private.h"

/* The text of `bytes` bytes at the end of a fixed part, with its zero inside
 * the record; null when it is not there. */
static const char *text_at(const uint8_t *record, uint32_t record_bytes, uint64_t offset, uint32_t bytes)
{
	if (!bytes || offset + bytes > record_bytes || record[offset + bytes - 1])
		return NULL;
	return (const char *)record + offset;
}

enum { HOLES_MAX = 65536 };

/* Element `index` of an array that grows to hold it, zeroed where it grows. */
static void *element_at(void **array, unsigned *n, unsigned *capacity, uint64_t index, size_t each)
{
	void *grown;

	if (index < *n)
		return (char *)*array + index * each;
	grown = array_grow(*array, capacity, index, each);
	if (!grown)
		return NULL;
	*array = grown;
	memset((char *)grown + *n * each, 0, (index + 1 - *n) * each);
	*n = (unsigned)index + 1;
	return (char *)grown + index * each;
}

#define ELEMENT(array, n, capacity, index)                                                                   \
	element_at((void **)&(array), &(n), &(capacity), (index), sizeof(*(array)))

/* Numbers come in order, so an index far beyond the end is damage; so many holes
 * as a few lost chunks leave are filled. */
static bool number_fits(struct trace *t, uint32_t index, unsigned n)
{
	struct trace_private *priv = t->priv;

	if (index < n)
		return true;
	if (index - n > HOLES_MAX - priv->holes)
		return false;
	priv->holes += index - n;
	return true;
}

static const char *string_get(const struct trace *t, uint32_t id)
{
	const char *s = id && id <= t->priv->n_strings ? t->priv->strings[id - 1] : NULL;

	return s ? s : "";
}

static int take_fact(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_fact *m = (const void *)p;
	const char *key = text_at(p, bytes, sizeof(*m), m->key_bytes);
	const char *value = text_at(p, bytes, sizeof(*m) + (uint64_t)m->key_bytes, m->value_bytes);
	struct trace_fact *f;

	if (!key || !value || !(f = ELEMENT(t->facts, t->n_facts, t->priv->fact_capacity, t->n_facts)))
		return -1;
	*f = (struct trace_fact){key, value, t->priv->scope};
	return 0;
}

static int take_module(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_module *m = (const void *)p;
	const char *path = text_at(p, bytes, sizeof(*m), m->path_bytes);
	struct trace_module *o;

	if (!path || !m->id || !number_fits(t, m->id - 1, t->n_modules)
	    || m->build_id_bytes > sizeof(m->build_id))
		return -1;
	o = ELEMENT(t->modules, t->n_modules, t->priv->module_capacity, m->id - 1);
	if (!o)
		return -1;
	*o = (struct trace_module){path, m->build_id, m->build_id_bytes, m->start, m->end, m->bias};
	return 0;
}

static int take_string(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_string *m = (const void *)p;
	const char **s;

	if (!m->id || !number_fits(t, m->id - 1, t->priv->n_strings) || m->bytes > bytes - sizeof(*m))
		return -1;
	s = ELEMENT(t->priv->strings, t->priv->n_strings, t->priv->string_capacity, m->id - 1);
	if (!s)
		return -1;
	*s = arena_intern(&t->priv->arena, (const char *)p + sizeof(*m), m->bytes);
	return *s ? 0 : -1;
}

static int take_site(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_site *m = (const void *)p;
	struct trace_site *s;

	if (!m->id || !number_fits(t, m->id - 1, t->n_sites) || m->n_frames > PROF_MAX_FRAMES
	    || m->n_frames * sizeof(struct prof_frame) > bytes - sizeof(*m))
		return -1;
	s = ELEMENT(t->sites, t->n_sites, t->priv->site_capacity, m->id - 1);
	if (!s)
		return -1;
	*s = (struct trace_site){m->n_frames, (const struct prof_frame *)(m + 1)};
	return 0;
}

/* Operands at p; the byte after them, or null. */
static const uint8_t *take_operands(struct trace *t, struct op_desc *d, const uint8_t *p, const uint8_t *end)
{
	for (unsigned i = 0; i < d->n_operands; i++) {
		const struct prof_desc_operand *o = (const void *)p;
		struct op_operand *to = &d->operands[i];
		size_t dims, strides;

		if ((size_t)(end - p) < sizeof(*o) || o->n_dims > PROF_MAX_DIMS)
			return NULL;
		dims = o->n_dims * sizeof(uint64_t);
		strides = o->flags & PROF_OPERAND_STRIDED ? dims : 0;
		p += sizeof(*o);
		if ((size_t)(end - p) < dims + strides)
			return NULL;
		to->role = o->role;
		to->dtype = o->dtype;
		to->n_dims = o->n_dims;
		to->strided = strides > 0;
		to->shapeless = o->flags & PROF_OPERAND_SHAPELESS && !o->n_dims;
		to->name = string_get(t, o->name);
		memcpy(to->dims, p, dims);
		memcpy(to->strides_bytes, p + dims, strides);
		p += dims + strides;
	}
	return p;
}

static bool take_attrs(struct op_desc *d, const uint8_t *p, const uint8_t *end)
{
	if ((size_t)(end - p) < d->n_attrs * sizeof(struct prof_desc_attr))
		return false;
	for (unsigned i = 0; i < d->n_attrs; i++) {
		const struct prof_desc_attr *a = (const struct prof_desc_attr *)(const void *)p + i;

		d->attrs[i] = (struct op_attr){a->attr, a->value};
	}
	return true;
}

/* A kind, type or role that this program does not know becomes "other" or "unknown". */
static void tame_kinds(struct op_desc *d)
{
	if (!op_name(d->op))
		d->op = PROF_OP_OTHER;
	for (unsigned i = 0; i < d->n_operands; i++) {
		if (!op_dtype_name(d->operands[i].dtype))
			d->operands[i].dtype = PROF_DTYPE_UNKNOWN;
		if (!op_operand_key(d->operands[i].role))
			d->operands[i].role = 0;
	}
}

static void empty_desc(struct op_desc *d, uint32_t id)
{
	memset(d, 0, sizeof(*d));
	d->id = id;
	d->op = PROF_OP_OTHER;
	d->layer = -1;
	d->context = d->native = d->name = d->result = d->region = d->family = d->extra = "";
}

static int take_desc(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_desc *m = (const void *)p;
	unsigned before = t->n_descs;
	struct op_desc *d, read;

	if (m->id >= PROF_MAX_DESCS || !number_fits(t, m->id, t->n_descs) || m->n_operands > PROF_MAX_OPERANDS
	    || m->n_attrs > PROF_MAX_ATTRS)
		return -1;
	empty_desc(&read, m->id);
	read.op = m->op;
	read.flags = m->flags;
	read.layer = m->layer < -1 ? -1 : m->layer;
	read.family = string_get(t, m->family);
	read.name = string_get(t, m->name);
	read.native = string_get(t, m->context);
	read.result = string_get(t, m->result);
	read.region = region_names_readable(&t->priv->arena, string_get(t, m->region));
	read.extra = string_get(t, m->extra);
	read.site = m->site;
	read.n_operands = m->n_operands;
	read.n_attrs = m->n_attrs;
	p = take_operands(t, &read, (const uint8_t *)(m + 1), p + bytes);
	if (!p || !take_attrs(&read, p, (const uint8_t *)m + bytes))
		return -1;
	tame_kinds(&read);
	d = ELEMENT(t->descs, t->n_descs, t->priv->desc_capacity, m->id);
	if (!d)
		return -1;
	for (unsigned i = before; i < t->n_descs; i++)
		empty_desc(&t->descs[i], i);
	*d = read;
	return 0;
}

static int take_thread(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_thread *m = (const void *)p;
	struct trace_thread *o;
	const char *name;

	if (!m->index || !number_fits(t, m->index - 1, t->n_threads))
		return -1;
	name = arena_intern(&t->priv->arena, m->name, sizeof(m->name));
	o = ELEMENT(t->threads, t->n_threads, t->priv->thread_capacity, m->index - 1);
	if (!o || !name)
		return -1;
	*o = (struct trace_thread){m->tid, name, t->priv->scope ? t->priv->scope - 1 : 0};
	return 0;
}

static int take_clock_sync(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_clock_sync *m = (const void *)p;
	unsigned which = t->priv->n_syncs++ ? 1 : 0;

	t->priv->sync_tick[which] = m->tick;
	t->priv->sync_ns[which] = m->monotonic_ns;
	return 0;
}

static int take_counter(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_counter *m = (const void *)p;
	const char *name = text_at(p, bytes, sizeof(*m), m->name_bytes);
	const char *why = text_at(p, bytes, sizeof(*m) + (uint64_t)m->name_bytes, m->why_bytes);
	struct trace_counter *c;

	if (!name || !why || (m->index != ~0u && m->index >= PROF_MAX_COUNTERS))
		return -1;
	if (m->index == ~0u)
		c = ELEMENT(t->missing, t->n_missing, t->priv->missing_capacity, t->n_missing);
	else
		c = ELEMENT(t->counters, t->n_counters, t->priv->counter_capacity, m->index);
	if (!c)
		return -1;
	*c = (struct trace_counter){name, why, (enum prof_counter_kind)m->kind,
	                            isfinite(m->read_ns) ? m->read_ns : 0};
	return 0;
}

static int take_energy_domain(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_energy_domain *m = (const void *)p;
	const char *name = text_at(p, bytes, sizeof(*m), m->name_bytes);
	struct trace_energy_domain *o;

	if (!name || !m->id || !number_fits(t, m->id - 1, t->n_domains))
		return -1;
	o = ELEMENT(t->domains, t->n_domains, t->priv->domain_capacity, m->id - 1);
	if (!o)
		return -1;
	*o = (struct trace_energy_domain){name, (enum prof_energy_source)m->source, m->parent};
	return 0;
}

/* Until the clock is known, times are ticks: here, and in steps. */
static int take_energy_sample(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_energy_sample *m = (const void *)p;
	struct trace_energy_sample *s =
	        ELEMENT(t->samples, t->n_samples, t->priv->sample_capacity, t->n_samples);

	if (!s)
		return -1;
	*s = (struct trace_energy_sample){m->tick, m->domain, m->energy_uj};
	return 0;
}

static int take_step(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_step *m = (const void *)p;
	struct trace_step *s;
	unsigned before = t->n_steps;
	uint32_t index;

	/* Of the steps given up, the last may have been in progress still. */
	if (!t->n_steps && t->priv->cut_tick && m->index)
		t->priv->first_step = m->index - 1;
	if (m->index < t->priv->first_step)
		return -1;
	index = m->index - t->priv->first_step;
	if (!number_fits(t, index, t->n_steps))
		return -1;
	s = ELEMENT(t->steps, t->n_steps, t->priv->step_capacity, index);
	if (!s)
		return -1;
	for (unsigned i = before; i < t->n_steps; i++)
		t->steps[i].number = t->priv->cut_tick ? (int64_t)t->priv->first_step + i : -1;
	*s = (struct trace_step){.number = m->number < 0 ? -1 : m->number,
	                         .is_explicit = m->flags & PROF_STEP_EXPLICIT,
	                         .given = m->phase > PROF_PHASE_DECODE ? PROF_PHASE_UNKNOWN
	                                                               : (enum prof_phase)m->phase,
	                         .tokens = m->tokens,
	                         .sequences = m->sequences,
	                         .ctx_max = m->ctx_max,
	                         .ctx_sum = m->ctx_sum,
	                         .start_ns = m->tick,
	                         .process = t->priv->scope ? t->priv->scope - 1 : 0};
	return 0;
}

static int take_step_end(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_step_end *m = (const void *)p;
	uint32_t index = m->index - t->priv->first_step;

	if (t->priv->cut_tick && (!t->n_steps || m->index < t->priv->first_step))
		return 0; /* its beginning was given up */
	if (index >= t->n_steps)
		return -1;
	t->steps[index].end_ns = m->tick;
	t->steps[index].spanned = true;
	return 0;
}

/* A step whose predecessor is not there is known by its time alone. */
static int take_step_next(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_step_next *m = (const void *)p;
	struct prof_meta_step step = {
	        .index = m->index, .number = m->index, .ctx_max = m->ctx_max, .tick = m->tick};
	uint32_t index = m->index - t->priv->first_step;

	if (index > 0 && index <= t->n_steps && t->steps[index - 1].number >= 0) {
		const struct trace_step *before = &t->steps[index - 1];

		step.tokens = before->tokens;
		step.sequences = before->sequences;
		step.ctx_sum = before->ctx_sum + (uint64_t)step.sequences * (step.ctx_max - before->ctx_max);
	}
	return take_step(t, (const void *)&step, sizeof(step));
}

static int take_step_took(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_step_took *m = (const void *)p;
	struct prof_meta_step_end end = {.index = m->index};
	uint32_t index = m->index - t->priv->first_step;

	if (index < t->n_steps)
		end.tick = t->steps[index].start_ns + m->ticks;
	return take_step_end(t, (const void *)&end, sizeof(end));
}

/* What is told again replaces what was told. */
static int take_cost(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_cost *m = (const void *)p;
	const char *name = text_at(p, bytes, sizeof(*m), m->name_bytes);
	unsigned i = 0;

	while (name && i < t->n_costs && strcmp(t->costs[i].name, name) != 0)
		i++;
	if (!name || !isfinite(m->value) || i >= 4096 /* more is damage */
	    || !ELEMENT(t->costs, t->n_costs, t->priv->cost_capacity, i))
		return -1;
	t->costs[i] = (struct trace_cost){name, m->value};
	return 0;
}

static int take_note(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_note *m = (const void *)p;
	const char *text = text_at(p, bytes, sizeof(*m), m->text_bytes);
	const char **n;

	if (!text || !(n = ELEMENT(t->notes, t->n_notes, t->priv->note_capacity, t->n_notes)))
		return -1;
	*n = text;
	return 0;
}

static int take_end(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	struct prof_meta_end m = {.tick = 0};

	memcpy(&m, p, bytes < sizeof(m) ? bytes : sizeof(m)); /* version 1 has less */
	t->priv->ended = true;
	t->priv->end_tick = m.tick;
	t->priv->end_records = m.records;
	t->lost = m.lost > t->lost ? m.lost : t->lost;
	t->skipped = m.skipped;
	t->end_reason = m.reason <= PROF_END_STOPPED ? (enum prof_end_reason)m.reason : PROF_END_EXIT;
	return 0;
}

static int take_process(struct trace *t, const uint8_t *p, uint32_t bytes)
{
	const struct prof_meta_process *m = (const void *)p;
	const char *name = text_at(p, bytes, sizeof(*m), m->name_bytes);

	return name ? trace_process_take(t, m, name) : -1;
}

static const struct {
	const char *name;
	size_t bytes;
	int (*take)(struct trace *t, const uint8_t *p, uint32_t bytes);
} kinds[] = {
        [PROF_META_FACT] = {"fact", sizeof(struct prof_meta_fact), take_fact},
        [PROF_META_MODULE] = {"module", sizeof(struct prof_meta_module), take_module},
        [PROF_META_STRING] = {"string", sizeof(struct prof_meta_string), take_string},
        [PROF_META_SITE] = {"call site", sizeof(struct prof_meta_site), take_site},
        [PROF_META_DESC] = {"descriptor", sizeof(struct prof_meta_desc), take_desc},
        [PROF_META_THREAD] = {"thread", sizeof(struct prof_meta_thread), take_thread},
        [PROF_META_CLOCK_SYNC] = {"clock", sizeof(struct prof_meta_clock_sync), take_clock_sync},
        [PROF_META_COUNTER] = {"counter", sizeof(struct prof_meta_counter), take_counter},
        [PROF_META_ENERGY_DOMAIN] = {"energy domain", sizeof(struct prof_meta_energy_domain),
                                     take_energy_domain},
        [PROF_META_ENERGY_SAMPLE] = {"energy sample", sizeof(struct prof_meta_energy_sample),
                                     take_energy_sample},
        [PROF_META_STEP] = {"step", sizeof(struct prof_meta_step), take_step},
        [PROF_META_STEP_END] = {"end of a step", sizeof(struct prof_meta_step_end), take_step_end},
        [PROF_META_COST] = {"cost", sizeof(struct prof_meta_cost), take_cost},
        [PROF_META_NOTE] = {"note", sizeof(struct prof_meta_note), take_note},
        [PROF_META_END] = {"end", PROF_META_END_V1_BYTES, take_end},
        [PROF_META_STEP_NEXT] = {"step", sizeof(struct prof_meta_step_next), take_step_next},
        [PROF_META_STEP_TOOK] = {"end of a step", sizeof(struct prof_meta_step_took), take_step_took},
        [PROF_META_PROCESS] = {"process", sizeof(struct prof_meta_process), take_process},
};

/* Remembered for those who copy the sound records. */
static void leave_out(struct trace *t, const char *kind, uint64_t at)
{
	struct trace_private *priv = t->priv;
	uint64_t *grown = array_grow(priv->unsound, &priv->unsound_capacity, priv->n_unsound, sizeof(*grown));

	if (grown) {
		priv->unsound = grown;
		grown[priv->n_unsound++] = at;
	}
	trace_problem(t, "the %s record at byte %" PRIu64 " is not sound and is left out", kind, at);
}

static void walk_records(struct trace *t, const struct trace_chunk *c)
{
	uint64_t pos = 0;

	while (pos + sizeof(struct prof_meta) <= c->used) {
		const uint8_t *p = c->payload + pos;
		struct prof_meta m;
		uint64_t at = c->offset + sizeof(struct prof_chunk_header) + pos;

		memcpy(&m, p, sizeof(m));
		if (!m.type)
			break;
		if (m.size_bytes < sizeof(m) || m.size_bytes % 8 || m.size_bytes > c->used - pos) {
			trace_problem(t,
			              "the record at byte %" PRIu64 " has %" PRIu64 " bytes of %" PRIu32
			              "; the rest of its chunk is left out",
			              at, c->used - pos, m.size_bytes);
			return;
		}
		pos += m.size_bytes;
		if (m.type >= sizeof(kinds) / sizeof(kinds[0]))
			continue; /* of a later version: nothing that older readers need */
		if (m.size_bytes < kinds[m.type].bytes || kinds[m.type].take(t, p, m.size_bytes))
			leave_out(t, kinds[m.type].name, at);
	}
}

/* Nanoseconds a tick: between the first and the last reading of both clocks,
 * once they are far enough apart for their own errors not to matter. */
static void settle_clock(struct trace *t)
{
	const struct trace_private *priv = t->priv;
	double ticks, ns, rate;

	if (t->clock == PROF_CLOCK_NONE || priv->n_syncs < 2 || priv->sync_tick[1] <= priv->sync_tick[0])
		return;
	ticks = (double)(priv->sync_tick[1] - priv->sync_tick[0]);
	ns = (double)(priv->sync_ns[1] - priv->sync_ns[0]);
	rate = ns / ticks;
	if (priv->sync_ns[1] <= priv->sync_ns[0] || ns < 5e6)
		return;
	if (rate < t->tick_ns * 0.5 || rate > t->tick_ns * 2) {
		trace_problem(
		        t,
		        "the clock readings give a tick %g nanoseconds, the header %g: the header's is taken",
		        rate, t->tick_ns);
		return;
	}
	t->tick_ns = rate;
}

static void convert_times(struct trace *t)
{
	uint64_t scale = trace_tick_scale(t);

	t->end_ns = trace_ticks_to_ns(scale, t->priv->end_tick);
	t->kept_ns = trace_ticks_to_ns(scale, t->priv->cut_tick);
	for (unsigned i = 0; i < t->n_steps; i++) {
		struct trace_step *s = &t->steps[i];

		s->start_ns = trace_ticks_to_ns(scale, s->start_ns);
		s->end_ns = trace_ticks_to_ns(scale, s->end_ns);
		t->end_ns = s->end_ns > t->end_ns ? s->end_ns : t->end_ns;
	}
	for (unsigned i = 0; i < t->n_samples; i++)
		t->samples[i].time_ns = trace_ticks_to_ns(scale, t->samples[i].time_ns);
	for (unsigned i = 0; i < t->n_processes; i++)
		t->processes[i].start_ns = trace_ticks_to_ns(scale, t->processes[i].start_ns);
}

uint64_t trace_tick_scale(const struct trace *t)
{
	return (uint64_t)(t->tick_ns * 1099511627776.0 + 0.5);
}

/* Holes left by what is missing get harmless content. */
static void fill_holes(struct trace *t)
{
	unsigned needed = t->priv->n_streams;

	if (needed > t->n_threads && needed
	    && !ELEMENT(t->threads, t->n_threads, t->priv->thread_capacity, needed - 1))
		t->n_threads = 0;
	for (unsigned i = 0; i < t->n_threads; i++)
		if (!t->threads[i].name)
			t->threads[i].name = "";
	for (unsigned i = 0; i < t->n_modules; i++)
		if (!t->modules[i].path)
			t->modules[i].path = "";
	for (unsigned i = 0; i < t->n_counters; i++)
		if (!t->counters[i].name)
			t->counters[i] = (struct trace_counter){"", "", PROF_COUNTER_SOFTWARE, 0};
	for (unsigned i = 0; i < t->n_domains; i++)
		if (!t->domains[i].name)
			t->domains[i].name = "";
}

static void check_completeness(struct trace *t)
{
	/* There may be more: threads that ran on, or were cancelled in a record. */
	if (t->state != PROF_STATE_OPEN && !t->priv->ended)
		trace_problem(t, "the file is cut short: it was closed, but its last record is missing");
	else if (t->priv->ended && t->state != PROF_STATE_OPEN
	         && t->priv->end_records > t->records + t->dropped)
		trace_problem(t, "%" PRIu64 " operation records of %" PRIu64 " are there", t->records,
		              t->priv->end_records - t->dropped);
}

int trace_meta_read(struct trace *t, struct diag *d)
{
	for (unsigned i = 0; i < t->priv->n_metas; i++)
		walk_records(t, &t->priv->metas[i]);
	for (unsigned i = 0; i < t->priv->n_timelines; i++)
		walk_records(t, &t->priv->timelines[i]);
	if (trace_limit_apply(t, d))
		return -1;
	settle_clock(t);
	convert_times(t);
	fill_holes(t);
	check_completeness(t);
	if (trace_processes_settle(t, d))
		return -1;
	return contexts_apply(t, d);
}
