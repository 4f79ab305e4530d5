/* trace_list.c: an op list as a trace.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * All lines are read when it is opened, so that an error is known before
 * anything is answered; descriptors are interned. The operations of a short list
 * are kept (trace_list_order.c), those of a long one are read again by each
 * cursor (trace_list_stream.c), so that memory does not grow with its length.
 */
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "tools/lib/trace/oplist.h"
#include "tools/lib/trace/oplist_cache.h"
#include "tools/lib/trace/trace_list.h"

/* Steps of a process that may be in progress at once; operations of a list that
 * is kept in memory (18 MB); text read before its pages are given back. */
enum { STEPS_BACK = 63, EVENTS_KEPT = 262144, LET_GO_BYTES = 1 << 23 };

static int no_memory(struct list_reader *r)
{
	return diag_at(r->diag, r->trace->path, r->line, 0, "out of memory");
}

/* A second reading met what the first one did not. */
static int changed(struct list_reader *r)
{
	return diag_at(r->diag, r->trace->path, r->line, 0, "the list changed while it was read");
}

static uint64_t hash_desc(const struct op_desc *d)
{
	uint64_t h = XXH3_64bits(d, offsetof(struct op_desc, operands));

	h = XXH3_64bits_withSeed(d->operands, d->n_operands * sizeof(d->operands[0]), h);
	return XXH3_64bits_withSeed(d->attrs, d->n_attrs * sizeof(d->attrs[0]), h);
}

/* Strings are interned and the rest was zeroed, so bytes decide. */
static bool same_desc(const struct op_desc *a, const struct op_desc *b)
{
	return !memcmp(&a->op, &b->op, offsetof(struct op_desc, operands) - offsetof(struct op_desc, op))
	       && !memcmp(a->operands, b->operands, a->n_operands * sizeof(a->operands[0]))
	       && !memcmp(a->attrs, b->attrs, a->n_attrs * sizeof(a->attrs[0]));
}

static uint32_t desc_slot(const struct trace *t, const struct op_desc *d)
{
	const struct trace_private *priv = t->priv;
	uint32_t i = (uint32_t)hash_desc(d) & (priv->n_desc_slots - 1);

	while (priv->desc_slots[i] && !same_desc(&t->descs[priv->desc_slots[i] - 1], d))
		i = (i + 1) & (priv->n_desc_slots - 1);
	return i;
}

static int grow_desc_slots(struct trace *t)
{
	struct trace_private *priv = t->priv;
	uint32_t n = priv->n_desc_slots ? priv->n_desc_slots * 2 : 256;
	uint32_t *slots = calloc(n, sizeof(*slots));

	if (!slots)
		return -1;
	free(priv->desc_slots);
	priv->desc_slots = slots;
	priv->n_desc_slots = n;
	for (unsigned i = 0; i < t->n_descs; i++) {
		struct op_desc d = t->descs[i];

		d.id = 0; /* ids take no part in equality */
		priv->desc_slots[desc_slot(t, &d)] = i + 1;
	}
	return 0;
}

static int intern_desc(struct list_reader *r, const struct op_desc *d, uint32_t *index)
{
	struct trace *t = r->trace;
	struct trace_private *priv = r->priv;
	struct op_desc *descs;
	uint32_t slot;

	if (t->n_descs * 2 >= priv->n_desc_slots && grow_desc_slots(t))
		return no_memory(r);
	slot = desc_slot(t, d);
	if (!priv->desc_slots[slot]) {
		if (r->again)
			return changed(r);
		descs = array_grow(t->descs, &priv->desc_capacity, t->n_descs, sizeof(*descs));
		if (!descs)
			return no_memory(r);
		t->descs = descs;
		descs[t->n_descs] = *d;
		descs[t->n_descs].id = t->n_descs;
		priv->desc_slots[slot] = ++t->n_descs;
	}
	*index = priv->desc_slots[slot] - 1;
	return 0;
}

/* The process of that name, as an index. Names are interned: equal when the
 * pointers are. Operations that name none are of one process without a name. */
static int process_of(struct list_reader *r, const struct oplist_op *op, uint32_t *process)
{
	struct trace *t = r->trace;
	struct trace_process *grown;
	uint32_t *last;

	for (*process = 0; *process < t->n_processes; ++*process)
		if (t->processes[*process].name == op->process)
			return 0;
	if (r->again)
		return changed(r);
	last = array_grow(r->last_step, &r->last_capacity, t->n_processes, sizeof(*last));
	if (last)
		r->last_step = last;
	grown = array_grow(t->processes, &r->priv->process_capacity, t->n_processes, sizeof(*grown));
	if (grown)
		t->processes = grown;
	if (!last || !grown)
		return no_memory(r);
	last[t->n_processes] = 0;
	grown[t->n_processes++] = (struct trace_process){
	        .name = op->process, .machine = 1, .rank = (int32_t)op->rank, .is_told = *op->process != 0};
	return 0;
}

/* The next step, which the first reading has added already when this is a second one. */
static int known_step(struct list_reader *r, const struct oplist_op *op, uint32_t process)
{
	const struct trace_step *s = &r->trace->steps[r->next_step];

	if (r->next_step == r->trace->n_steps || s->number != op->step || s->given != op->phase
	    || s->process != process)
		return changed(r);
	r->step_before[r->next_step] = r->last_step[process];
	r->last_step[process] = ++r->next_step;
	return 0;
}

static int add_step(struct list_reader *r, const struct oplist_op *op, uint32_t process)
{
	struct trace *t = r->trace;
	uint32_t *before = array_grow(r->step_before, &r->before_capacity, t->n_steps, sizeof(*before));
	struct list_span *spans;
	struct trace_step *s;

	if (before)
		r->step_before = before;
	spans = array_grow(r->spans, &r->span_capacity, t->n_steps, sizeof(*spans));
	if (spans)
		r->spans = spans;
	s = array_grow(t->steps, &r->priv->step_capacity, t->n_steps, sizeof(*s));
	if (s)
		t->steps = s;
	if (!before || !spans || !s)
		return no_memory(r);
	s[t->n_steps] = (struct trace_step){
	        .number = op->step, .given = op->phase, .is_explicit = true, .process = process};
	before[t->n_steps] = r->last_step[process];
	spans[t->n_steps] = (struct list_span){UINT64_MAX, 0};
	r->last_step[process] = ++t->n_steps;
	r->next_step = t->n_steps;
	return 0;
}

/* The step of that number and phase, as index plus 1; 0 when none was given. It
 * is one of the process's last: threads are not further apart. */

static int step_of(struct list_reader *r, const struct oplist_op *op, uint32_t process, uint32_t *step)
{
	struct trace *t = r->trace;
	struct trace_step *s;

	*step = 0;
	if (op->step < 0 && op->phase == PROF_PHASE_UNKNOWN)
		return 0;
	*step = r->last_step[process];
	for (unsigned back = 0; *step; back++) {
		s = &t->steps[*step - 1];
		if (s->number == op->step && s->given == op->phase)
			break;
		*step = back < STEPS_BACK ? r->step_before[*step - 1] : 0;
	}
	if (!*step) {
		if (r->again ? known_step(r, op, process) : add_step(r, op, process))
			return -1;
		*step = r->next_step;
	}
	if (r->again)
		return 0;
	s = &t->steps[*step - 1];
	s->tokens = op->step_tokens ? op->step_tokens : s->tokens;
	s->sequences = op->step_sequences ? op->step_sequences : s->sequences;
	s->ctx_max = op->step_ctx_max ? op->step_ctx_max : s->ctx_max;
	s->ctx_sum = op->step_ctx_sum ? op->step_ctx_sum : s->ctx_sum;
	s->start_ns = op->step_start_ns ? op->step_start_ns : s->start_ns;
	s->end_ns = op->step_end_ns ? op->step_end_ns : s->end_ns;
	s->spanned |= op->step_end_ns != 0;
	return 0;
}

static int thread_of(struct list_reader *r, int64_t tid, uint32_t process, uint32_t *thread)
{
	struct trace *t = r->trace;
	struct trace_thread *threads;
	uint32_t key = tid < 0 ? TRACE_NO_TID : (uint32_t)tid;

	for (unsigned i = 0; i < t->n_threads; i++) {
		if (t->threads[i].tid == key && t->threads[i].process == process) {
			*thread = i + 1;
			return 0;
		}
	}
	if (r->again)
		return changed(r);
	threads = array_grow(t->threads, &r->priv->thread_capacity, t->n_threads, sizeof(*threads));
	if (!threads)
		return no_memory(r);
	t->threads = threads;
	threads[t->n_threads] = (struct trace_thread){.tid = key, .name = "", .process = process};
	*thread = ++t->n_threads;
	return 0;
}

static int counter_of(struct list_reader *r, const char *name, unsigned *index)
{
	struct trace *t = r->trace;
	struct trace_counter *counters;

	for (*index = 0; *index < t->n_counters; ++*index)
		if (t->counters[*index].name == name)
			return 0;
	if (r->again)
		return changed(r);
	if (t->n_counters == PROF_MAX_COUNTERS)
		return diag_at(r->diag, t->path, r->line, 0,
		               "counter '%s' is one too many: a trace has at most %u", name,
		               PROF_MAX_COUNTERS);
	counters = array_grow(t->counters, &r->priv->counter_capacity, t->n_counters, sizeof(*counters));
	if (!counters)
		return no_memory(r);
	t->counters = counters;
	counters[t->n_counters++] = (struct trace_counter){name, "", PROF_COUNTER_SOFTWARE, 0};
	return 0;
}

/* The readings of the line's counters, each at its counter's index. */
static int counters_of(struct list_reader *r, const struct oplist_op *op)
{
	memset(r->counters, 0, sizeof(r->counters));
	for (unsigned i = 0; i < op->n_counters; i++) {
		unsigned index;

		if (counter_of(r, op->counter_names[i], &index))
			return -1;
		r->counters[index] = op->counters[i];
	}
	return 0;
}

static int module_of(struct list_reader *r, const char *path, size_t bytes, uint32_t *module)
{
	struct trace *t = r->trace;
	struct trace_module *modules;
	const char *name = arena_intern(&r->priv->arena, path, bytes);

	for (unsigned i = 0; i < t->n_modules; i++) {
		if (t->modules[i].path == name) {
			*module = i + 1;
			return 0;
		}
	}
	if (r->again)
		return changed(r);
	modules = array_grow(t->modules, &r->priv->module_capacity, t->n_modules, sizeof(*modules));
	if (!name || !modules)
		return no_memory(r);
	t->modules = modules;
	modules[t->n_modules] = (struct trace_module){.path = name};
	*module = ++t->n_modules;
	return 0;
}

/* "libfoo.so+0x12", "0x12", or "function (libfoo.so+0x12)". */
static int frame_of(struct list_reader *r, const char *text, struct prof_frame *frame)
{
	const char *open = strstr(text, " ("), *module = text, *plus;
	size_t len = strlen(text);
	char *end;

	if (open && len && text[len - 1] == ')') {
		module = open + 2;
		len -= (size_t)(module - text) + 1;
	}
	*frame = (struct prof_frame){0};
	if (!strncmp(module, "0x", 2)) {
		frame->offset = strtoull(module, &end, 16);
		if (end == module + len)
			return 0;
	}
	plus = memrchr(module, '+', len);
	if (!plus || strncmp(plus, "+0x", 3))
		return diag_at(r->diag, r->trace->path, r->line, 0,
		               "call site frame '%.100s' is not MODULE+0xOFFSET", text);
	frame->offset = strtoull(plus + 1, &end, 16);
	if (end != module + len)
		return diag_at(r->diag, r->trace->path, r->line, 0,
		               "call site frame '%.100s' is not MODULE+0xOFFSET", text);
	return module_of(r, module, (size_t)(plus - module), &frame->module);
}

static int site_of(struct list_reader *r, const struct oplist_op *op, uint32_t *site)
{
	struct trace *t = r->trace;
	struct prof_frame frames[PROF_MAX_FRAMES], *copy;
	struct trace_site *sites;

	*site = 0;
	if (!op->n_frames)
		return 0;
	for (unsigned i = 0; i < op->n_frames; i++)
		if (frame_of(r, op->frames[i], &frames[i]))
			return -1;
	for (unsigned i = 0; i < t->n_sites; i++) {
		if (t->sites[i].n_frames == op->n_frames
		    && !memcmp(t->sites[i].frames, frames, op->n_frames * sizeof(frames[0]))) {
			*site = i + 1;
			return 0;
		}
	}
	if (r->again)
		return changed(r);
	sites = array_grow(t->sites, &r->priv->site_capacity, t->n_sites, sizeof(*sites));
	copy = arena_alloc(&r->priv->arena, op->n_frames * sizeof(*copy));
	if (!sites || !copy)
		return no_memory(r);
	t->sites = sites;
	memcpy(copy, frames, op->n_frames * sizeof(*copy));
	sites[t->n_sites] = (struct trace_site){op->n_frames, copy};
	*site = ++t->n_sites;
	return 0;
}

static int take_event(struct list_reader *r, const struct oplist_op *op, uint32_t desc)
{
	struct list_event *e = &r->event;
	uint32_t process;

	*e = (struct list_event){.start_ns = op->start_ns,
	                         .time_ns = op->time_ns,
	                         .self_ns = op->time_ns,
	                         .busy_ns = op->busy_ns,
	                         .desc = desc,
	                         .counters = op->n_counters != 0,
	                         .depth = op->depth,
	                         .n_slices = op->n_slices,
	                         .n_counted = op->n_counted,
	                         .counted_ns = op->counted_ns};
	if (process_of(r, op, &process) || thread_of(r, op->thread, process, &e->thread)
	    || step_of(r, op, process, &e->step) || (op->n_counters && counters_of(r, op)))
		return -1;
	r->unplaced |= !op->has_start;
	return 0;
}

static int read_line(struct list_reader *r, const char *text, size_t bytes)
{
	const struct oplist_op *known;
	struct oplist_op op;
	uint32_t desc;

	known = oplist_cache_find(r->cache, text, bytes, &desc);
	if (known)
		return take_event(r, known, desc);
	if (oplist_parse(text, bytes, &r->priv->arena, r->trace->path, r->line, &op, r->diag)
	    || site_of(r, &op, &op.desc.site) || intern_desc(r, &op.desc, &desc) || take_event(r, &op, desc))
		return -1;
	oplist_cache_add(r->cache, &op, desc);
	return 0;
}

int list_reader_open(struct list_reader *r, struct trace *t, bool again, struct diag *d)
{
	const char *text = (const char *)t->priv->map;

	*r = (struct list_reader){.trace = t,
	                          .priv = t->priv,
	                          .diag = d,
	                          .again = again,
	                          .at = text,
	                          .gone = text,
	                          .end = text + t->size_bytes};
	r->cache = oplist_cache_new();
	if (again) {
		r->last_step = calloc(t->n_processes + 1, sizeof(*r->last_step));
		r->step_before = calloc(t->n_steps + 1, sizeof(*r->step_before));
	}
	if (r->cache && (!again || (r->last_step && r->step_before)))
		return 0;
	list_reader_close(r);
	return no_memory(r);
}

void list_reader_close(struct list_reader *r)
{
	oplist_cache_free(r->cache);
	free(r->last_step);
	free(r->step_before);
	free(r->spans);
	r->cache = NULL;
	r->last_step = r->step_before = NULL;
	r->spans = NULL;
}

int list_reader_next(struct list_reader *r)
{
	while (r->at < r->end) {
		const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
		const char *stop = newline ? newline : r->end, *first = r->at;

		r->line++;
		while (first < stop && (*first == ' ' || *first == '\t' || *first == '\r'))
			first++;
		r->at = newline ? newline + 1 : r->end;
		if (r->at - r->gone > LET_GO_BYTES) {
			trace_let_go(r->trace, (const uint8_t *)r->gone, (const uint8_t *)first);
			r->gone = first;
		}
		if (first < stop)
			return read_line(r, first, (size_t)(stop - first)) ? -1 : 1;
	}
	return 0;
}

/* ---- the first reading ---- */

static int keep_event(struct list_reader *r)
{
	struct trace_private *priv = r->priv;
	struct list_event *e = array_grow(priv->events, &priv->event_capacity, priv->n_events, sizeof(*e));
	uint64_t *all;

	if (!e)
		return no_memory(r);
	priv->events = e;
	e[priv->n_events] = r->event;
	if (r->event.counters) { /* PROF_MAX_COUNTERS numbers a reading: readings are rare */
		all = array_grow(priv->list_counters, &priv->list_counter_capacity,
		                 (size_t)priv->n_list_counters + PROF_MAX_COUNTERS, sizeof(*all));
		if (!all)
			return no_memory(r);
		priv->list_counters = all;
		memcpy(all + priv->n_list_counters, r->counters, sizeof(r->counters));
		e[priv->n_events].counters = priv->n_list_counters + 1;
		priv->n_list_counters += PROF_MAX_COUNTERS;
	}
	priv->n_events++;
	return 0;
}

static void forget_events(struct trace_private *priv)
{
	free(priv->events);
	free(priv->list_counters);
	priv->events = NULL;
	priv->list_counters = NULL;
	priv->n_events = priv->event_capacity = 0;
	priv->n_list_counters = priv->list_counter_capacity = 0;
}

/* What all operations together say: when steps were, and whether they stand in
 * their order. */
static void note_event(struct list_reader *r)
{
	const struct list_event *e = &r->event;
	struct list_span *span = e->step ? &r->spans[e->step - 1] : NULL;
	uint64_t end_ns = e->start_ns + e->time_ns;

	r->nested |= e->depth > 0;
	r->disordered |= r->trace->records && list_by_start(&r->before, e) > 0;
	r->before = *e;
	r->trace->end_ns = end_ns > r->trace->end_ns ? end_ns : r->trace->end_ns;
	r->trace->records += e->n_slices;
	if (!span)
		return;
	span->start_ns = e->start_ns < span->start_ns ? e->start_ns : span->start_ns;
	span->end_ns = end_ns > span->end_ns ? end_ns : span->end_ns;
}

/* When each step was that does not say it. */
static void settle_steps(const struct list_reader *r)
{
	for (unsigned i = 0; i < r->trace->n_steps; i++) {
		struct trace_step *s = &r->trace->steps[i];
		const struct list_span *span = &r->spans[i];

		if (s->spanned || span->start_ns == UINT64_MAX)
			continue;
		if (!s->start_ns || span->start_ns < s->start_ns)
			s->start_ns = span->start_ns;
		if (span->end_ns > s->end_ns)
			s->end_ns = span->end_ns;
	}
}

/* All lines; operations are kept as long as there are at most `most` of them. */
static int read_all(struct list_reader *r, unsigned most)
{
	struct trace_private *priv = r->priv;
	int more;

	while ((more = list_reader_next(r)) > 0) {
		if (!r->again)
			note_event(r);
		if (!priv->streamed && keep_event(r))
			return -1;
		if (priv->n_events > most) {
			forget_events(priv);
			priv->streamed = true;
		}
	}
	return more;
}

/* Those of a long list were not kept, but they have to be put in order. */
static int read_again(struct trace *t, struct diag *d)
{
	struct list_reader r;
	int result;

	t->priv->streamed = false;
	if (list_reader_open(&r, t, true, d))
		return -1;
	result = read_all(&r, UINT_MAX);
	list_reader_close(&r);
	return result;
}

int trace_list_read(struct trace *t, struct diag *d)
{
	struct list_reader r;
	int result = -1;

	t->is_list = true;
	t->version = PROF_TRACE_VERSION;
	t->state = PROF_STATE_CLOSED;
	t->clock = PROF_CLOCK_NONE;
	t->tick_ns = 1;
	json_object_seed(1); /* the same order of counters every time */
	if (list_reader_open(&r, t, false, d))
		return -1;
	if (read_all(&r, EVENTS_KEPT))
		goto out;
	settle_steps(&r);
	if (t->priv->streamed && (r.nested || (r.disordered && !r.unplaced)) && read_again(t, d))
		goto out;
	result = t->priv->streamed ? 0 : list_put_in_order(t, !r.unplaced, d);
out:
	list_reader_close(&r);
	return result;
}
