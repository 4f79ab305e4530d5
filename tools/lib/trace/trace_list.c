/* trace_list.c: an op list as a trace.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * All lines are read at once, so that an error is known before anything is
 * answered; an operation is kept in 64 bytes, its descriptor interned. Where
 * every operation says when it started they are put in the order of their
 * starts, as in a binary trace; else the list's own order is the order.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "tools/lib/trace/oplist.h"
#include "tools/lib/trace/oplist_cache.h"
#include "tools/lib/trace/trace_private.h"

struct reader {
	struct trace *trace;
	struct trace_private *priv;
	struct oplist_cache *cache;
	struct diag *diag;
	unsigned line;
	bool unplaced;         /* some operation does not say when it started */
	uint32_t *last_step;   /* by process: its newest step plus 1, 0: none */
	uint32_t *step_before; /* by step: that of its process before it, likewise */
	unsigned last_capacity, before_capacity;
};

/* Steps of a process that may be in progress at once. */
enum { STEPS_BACK = 63 };

static int no_memory(struct reader *r)
{
	return diag_at(r->diag, r->trace->path, r->line, 0, "out of memory");
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

static int intern_desc(struct reader *r, const struct op_desc *d, uint32_t *index)
{
	struct trace *t = r->trace;
	struct trace_private *priv = r->priv;
	struct op_desc *descs;
	uint32_t slot;

	if (t->n_descs * 2 >= priv->n_desc_slots && grow_desc_slots(t))
		return no_memory(r);
	slot = desc_slot(t, d);
	if (!priv->desc_slots[slot]) {
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
static int process_of(struct reader *r, const struct oplist_op *op, uint32_t *process)
{
	struct trace *t = r->trace;
	struct trace_process *grown;
	uint32_t *last;

	for (*process = 0; *process < t->n_processes; ++*process)
		if (t->processes[*process].name == op->process)
			return 0;
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

static int add_step(struct reader *r, const struct oplist_op *op, uint32_t process)
{
	struct trace *t = r->trace;
	uint32_t *before = array_grow(r->step_before, &r->before_capacity, t->n_steps, sizeof(*before));
	struct trace_step *s;

	if (before)
		r->step_before = before;
	s = array_grow(t->steps, &r->priv->step_capacity, t->n_steps, sizeof(*s));
	if (s)
		t->steps = s;
	if (!before || !s)
		return no_memory(r);
	s[t->n_steps] = (struct trace_step){
	        .number = op->step, .given = op->phase, .is_explicit = true, .process = process};
	before[t->n_steps] = r->last_step[process];
	r->last_step[process] = ++t->n_steps;
	return 0;
}

/* The step of that number and phase, as index plus 1; 0 when none was given. It
 * is one of the process's last: threads are not further apart. */

static int step_of(struct reader *r, const struct oplist_op *op, uint32_t process, uint32_t *step)
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
		if (add_step(r, op, process))
			return -1;
		*step = t->n_steps;
	}
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

static int thread_of(struct reader *r, int64_t tid, uint32_t process, uint32_t *thread)
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
	threads = array_grow(t->threads, &r->priv->thread_capacity, t->n_threads, sizeof(*threads));
	if (!threads)
		return no_memory(r);
	t->threads = threads;
	threads[t->n_threads] = (struct trace_thread){.tid = key, .name = "", .process = process};
	*thread = ++t->n_threads;
	return 0;
}

static int counter_of(struct reader *r, const char *name, unsigned *index)
{
	struct trace *t = r->trace;
	struct trace_counter *counters;

	for (*index = 0; *index < t->n_counters; ++*index)
		if (t->counters[*index].name == name)
			return 0;
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

/* Counters are kept as PROF_MAX_COUNTERS numbers a reading: readings are rare. */
static int keep_counters(struct reader *r, const struct oplist_op *op, uint32_t *position)
{
	struct trace_private *priv = r->priv;
	uint64_t *all, *mine;

	*position = 0;
	if (!op->n_counters)
		return 0;
	all = array_grow(priv->list_counters, &priv->list_counter_capacity,
	                 (size_t)priv->n_list_counters + PROF_MAX_COUNTERS, sizeof(*all));
	if (!all)
		return no_memory(r);
	priv->list_counters = all;
	mine = all + priv->n_list_counters;
	memset(mine, 0, PROF_MAX_COUNTERS * sizeof(*mine));
	for (unsigned i = 0; i < op->n_counters; i++) {
		unsigned index;

		if (counter_of(r, op->counter_names[i], &index))
			return -1;
		mine[index] = op->counters[i];
	}
	*position = priv->n_list_counters + 1;
	priv->n_list_counters += PROF_MAX_COUNTERS;
	return 0;
}

static int module_of(struct reader *r, const char *path, size_t bytes, uint32_t *module)
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
	modules = array_grow(t->modules, &r->priv->module_capacity, t->n_modules, sizeof(*modules));
	if (!name || !modules)
		return no_memory(r);
	t->modules = modules;
	modules[t->n_modules] = (struct trace_module){.path = name};
	*module = ++t->n_modules;
	return 0;
}

/* "libfoo.so+0x12", "0x12", or "function (libfoo.so+0x12)". */
static int frame_of(struct reader *r, const char *text, struct prof_frame *frame)
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

static int site_of(struct reader *r, const struct oplist_op *op, uint32_t *site)
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

static int keep_event(struct reader *r, const struct oplist_op *op, uint32_t desc)
{
	struct trace_private *priv = r->priv;
	struct list_event *e = array_grow(priv->events, &priv->event_capacity, priv->n_events, sizeof(*e));
	uint32_t process;

	if (!e)
		return no_memory(r);
	priv->events = e;
	e += priv->n_events;
	*e = (struct list_event){.start_ns = op->start_ns,
	                         .time_ns = op->time_ns,
	                         .self_ns = op->time_ns,
	                         .busy_ns = op->busy_ns,
	                         .desc = desc,
	                         .depth = op->depth,
	                         .n_slices = op->n_slices,
	                         .n_counted = op->n_counted,
	                         .counted_ns = op->counted_ns};
	if (process_of(r, op, &process) || thread_of(r, op->thread, process, &e->thread)
	    || step_of(r, op, process, &e->step) || keep_counters(r, op, &e->counters))
		return -1;
	r->unplaced |= !op->has_start;
	priv->n_events++;
	return 0;
}

static int read_line(struct reader *r, const char *text, size_t bytes)
{
	const struct oplist_op *known;
	struct oplist_op op;
	uint32_t desc;

	known = oplist_cache_find(r->cache, text, bytes, &desc);
	if (known)
		return keep_event(r, known, desc);
	if (oplist_parse(text, bytes, &r->priv->arena, r->trace->path, r->line, &op, r->diag)
	    || site_of(r, &op, &op.desc.site) || intern_desc(r, &op.desc, &desc) || keep_event(r, &op, desc))
		return -1;
	oplist_cache_add(r->cache, &op, desc);
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct list_event *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return x->thread < y->thread ? -1 : x->thread > y->thread;
}

/* A stable sort: self_ns is not known yet and holds the list's order meanwhile. */
static int by_start_and_order(const void *a, const void *b)
{
	const struct list_event *x = a, *y = b;
	int order = by_start(a, b);

	return order ? order : x->self_ns < y->self_ns ? -1 : x->self_ns > y->self_ns;
}

static void sort_events(struct trace_private *priv)
{
	bool sorted = true;

	for (unsigned i = 1; i < priv->n_events && sorted; i++)
		sorted = by_start(&priv->events[i - 1], &priv->events[i]) <= 0;
	if (sorted)
		return;
	for (unsigned i = 0; i < priv->n_events; i++)
		priv->events[i].self_ns = i;
	qsort(priv->events, priv->n_events, sizeof(*priv->events), by_start_and_order);
	for (unsigned i = 0; i < priv->n_events; i++)
		priv->events[i].self_ns = priv->events[i].time_ns;
}

/* The operations in progress on a thread, outermost first: indices of events. */
struct lineage {
	unsigned *events, n, capacity;
};

#define WHEN_UNKNOWN (PROF_DESC_UNTIMED | PROF_DESC_UNPLACED)

static bool encloses(const struct trace *t, const struct list_event *parent, const struct list_event *e)
{
	uint32_t outer = t->descs[parent->desc].flags & WHEN_UNKNOWN;
	uint32_t inner = t->descs[e->desc].flags & WHEN_UNKNOWN;

	if (outer != inner)
		return false; /* one has a place in time, the other has not */
	if (inner)
		return true; /* the list's order is all that is known */
	return e->start_ns + e->time_ns <= parent->start_ns + parent->time_ns;
}

/* Take the time of a child off its parent's: the last operation before it on its
 * thread that is less deep. Without one, or outside of it, it is nobody's child. */
static int place(struct reader *r, struct lineage *l, unsigned index)
{
	struct list_event *events = r->priv->events, *e = &events[index], *parent = NULL;
	unsigned *grown;

	while (l->n) {
		parent = &events[l->events[l->n - 1]];
		if (parent->depth < e->depth && encloses(r->trace, parent, e))
			break;
		parent = NULL;
		l->n--;
	}
	e->depth = parent ? parent->depth + 1 : 0;
	if (parent) {
		uint64_t until = e->start_ns + e->time_ns - parent->start_ns;

		parent->self_ns -= e->time_ns < parent->self_ns ? e->time_ns : parent->self_ns;
		if (parent->busy_ns < until && until <= parent->time_ns)
			parent->busy_ns = until; /* its thread was at work at least until then */
	}
	grown = array_grow(l->events, &l->capacity, l->n, sizeof(*grown));
	if (!grown)
		return no_memory(r);
	l->events = grown;
	grown[l->n++] = index;
	return 0;
}

static int find_self_times(struct reader *r)
{
	struct lineage *threads = calloc(r->trace->n_threads + 1, sizeof(*threads));
	int result = 0;

	if (!threads)
		return no_memory(r);
	for (unsigned i = 0; i < r->priv->n_events && !result; i++)
		result = place(r, &threads[r->priv->events[i].thread], i);
	for (unsigned i = 0; i <= r->trace->n_threads; i++)
		free(threads[i].events);
	free(threads);
	return result;
}

/* When each step was, and the last moment of all, from its operations. */
static void find_step_times(struct trace *t)
{
	for (unsigned i = 0; i < t->priv->n_events; i++) {
		const struct list_event *e = &t->priv->events[i];
		struct trace_step *s = e->step ? &t->steps[e->step - 1] : NULL;
		uint64_t end_ns = e->start_ns + e->time_ns;

		t->end_ns = end_ns > t->end_ns ? end_ns : t->end_ns;
		t->records += e->n_slices;
		if (!s || s->spanned)
			continue;
		if (!s->start_ns || e->start_ns < s->start_ns)
			s->start_ns = e->start_ns;
		if (end_ns > s->end_ns)
			s->end_ns = end_ns;
	}
}

static int read_lines(struct reader *r, const char *text, size_t bytes)
{
	const char *end = text + bytes;

	for (const char *p = text; p < end; r->line++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *stop = newline ? newline : end;
		const char *first = p;

		while (first < stop && (*first == ' ' || *first == '\t' || *first == '\r'))
			first++;
		if (first < stop && read_line(r, first, (size_t)(stop - first)))
			return -1;
		p = newline ? newline + 1 : end;
	}
	return 0;
}

int trace_list_read(struct trace *t, const char *text, size_t bytes, struct diag *d)
{
	struct reader r = {.trace = t, .priv = t->priv, .diag = d, .line = 1};
	int result = -1;

	t->is_list = true;
	t->version = PROF_TRACE_VERSION;
	t->state = PROF_STATE_CLOSED;
	t->clock = PROF_CLOCK_NONE;
	t->tick_ns = 1;
	json_object_seed(1); /* the same order of counters every time */
	r.cache = oplist_cache_new();
	if (!r.cache || read_lines(&r, text, bytes))
		goto out;
	if (!r.unplaced)
		sort_events(t->priv);
	if (find_self_times(&r))
		goto out;
	find_step_times(t);
	result = 0;
out:
	oplist_cache_free(r.cache);
	free(r.last_step);
	free(r.step_before);
	return result;
}
