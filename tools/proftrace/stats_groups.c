/* stats_groups.c: operations grouped by some of their keys.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/proftrace/stats_groups.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/proftrace/proftrace.h"

enum key {
	KEY_OP,
	KEY_CONTEXT,
	KEY_LAYER,
	KEY_PHASE,
	KEY_CALLSITE,
	KEY_FUNCTION,
	KEY_DTYPE,
	KEY_STEP,
	KEY_THREAD,
	KEY_PROCESS,
	KEY_RANK,
	KEY_NAME,
	KEY_FAMILY,
	KEY_REGION,
	KEYS
};

static const char *const key_names[KEYS] = {"op",       "context", "layer",  "phase",  "callsite",
                                            "function", "dtype",   "step",   "thread", "process",
                                            "rank",     "name",    "family", "region"};

struct tuple {
	uint32_t desc; /* plus 1; 0: an empty slot */
	uint32_t step, thread, phase;
	struct group *group;
};

const char *group_key_name(unsigned key)
{
	return key_names[key];
}

static int key_of(const char *name, size_t n, unsigned *key, struct diag *d)
{
	char text[64];
	const char *nearest;

	for (*key = 0; *key < KEYS; ++*key)
		if (strlen(key_names[*key]) == n && !memcmp(key_names[*key], name, n))
			return 0;
	snprintf(text, sizeof(text), "%.*s", (int)(n < 60 ? n : 60), name);
	nearest = diag_nearest(text, key_names, KEYS);
	return diag_set(d, "unknown key '%s'%s%s%s", text, nearest ? "; did you mean '" : "",
	                nearest ? nearest : "", nearest ? "'?" : "");
}

static void note_use(struct groups *gs, unsigned key)
{
	gs->by_step |= key == KEY_STEP;
	gs->by_phase |= key == KEY_PHASE;
	gs->by_thread |= key == KEY_THREAD || key == KEY_PROCESS || key == KEY_RANK;
}

static int take_keys(struct groups *gs, const char *by, struct diag *d)
{
	while (*by) {
		size_t n = strcspn(by, ",");

		if (gs->n_keys == GROUP_KEYS_MAX)
			return diag_set(d, "at most %d keys can be grouped by", GROUP_KEYS_MAX);
		if (key_of(by, n, &gs->keys[gs->n_keys], d))
			return -1;
		note_use(gs, gs->keys[gs->n_keys++]);
		by += n + (by[n] == ',');
	}
	return 0;
}

static int take_filters(struct groups *gs, const struct cli_list *filters, struct diag *d)
{
	for (unsigned i = 0; i < filters->n; i++) {
		const char *equals = strchr(filters->items[i], '=');
		struct group_filter *f = &gs->filters[gs->n_filters];

		if (!equals)
			return diag_set(d, "a filter is KEY=PATTERN, not '%.100s'", filters->items[i]);
		if (gs->n_filters == GROUP_FILTERS_MAX)
			return diag_set(d, "at most %d filters can be given", GROUP_FILTERS_MAX);
		if (key_of(filters->items[i], (size_t)(equals - filters->items[i]), &f->key, d))
			return -1;
		f->pattern = equals + 1;
		gs->n_filters++;
		note_use(gs, f->key);
	}
	return 0;
}

int groups_init(struct groups *gs, struct trace *t, const char *by, const struct cli_list *filters,
                struct diag *d)
{
	memset(gs, 0, sizeof(*gs));
	gs->trace = t;
	if (take_keys(gs, by, d) || take_filters(gs, filters, d))
		return -1;
	gs->symbolizer = symbolizer_new(t);
	gs->work = calloc(t->n_descs + 1, sizeof(*gs->work));
	if (!gs->symbolizer || !gs->work)
		return diag_set(d, "out of memory");
	for (unsigned i = 0; i < t->n_descs; i++)
		op_work(&t->descs[i], 0, &gs->work[i]);
	return 0;
}

void groups_release(struct groups *gs)
{
	for (unsigned i = 0; i < gs->n; i++)
		free(gs->groups[i]);
	free(gs->groups);
	free(gs->tuples);
	free(gs->work);
	symbolizer_free(gs->symbolizer);
	arena_release(&gs->arena);
}

static const char *dtype_of(const struct op_desc *d)
{
	unsigned dtype = op_main_dtype(d);

	return dtype != PROF_DTYPE_UNKNOWN ? op_dtype_name(dtype) : "";
}

/* The frames' functions, innermost first; without a name, module and offset. */
static void site_text(struct groups *gs, uint32_t site, unsigned frames, char *buf, size_t bytes)
{
	const struct trace_site *s = site && site <= gs->trace->n_sites ? &gs->trace->sites[site - 1] : NULL;
	char frame[4500];
	size_t used = 0;

	buf[0] = 0;
	for (unsigned i = 0; s && i < s->n_frames && i < frames && used < bytes; i++) {
		const char *name = symbolizer_function(gs->symbolizer, &s->frames[i]);

		if (!*name)
			name = symbolizer_text(gs->symbolizer, &s->frames[i], frame, sizeof(frame));
		used += (size_t)snprintf(buf + used, bytes - used, "%s%s", i ? " < " : "", name);
	}
}

static const char *value_of(struct groups *gs, unsigned key, const struct op_event *ev, char *buf,
                            size_t bytes)
{
	const struct trace *t = gs->trace;
	const struct op_desc *d = &t->descs[ev->desc];
	int64_t number = -1;

	switch ((enum key)key) {
	case KEY_OP:
		return op_name(d->op);
	case KEY_CONTEXT:
		return d->context;
	case KEY_LAYER:
		number = d->layer;
		break;
	case KEY_PHASE:
		return proftrace_phase(ev->phase);
	case KEY_CALLSITE:
	case KEY_FUNCTION:
		site_text(gs, d->site, key == KEY_FUNCTION ? 1 : PROF_MAX_FRAMES, buf, bytes);
		return buf;
	case KEY_DTYPE:
		return dtype_of(d);
	case KEY_STEP:
		number = ev->step < 0                     ? -1
		         : t->steps[ev->step].number >= 0 ? t->steps[ev->step].number
		                                          : ev->step;
		break;
	case KEY_THREAD:
		if (ev->thread && ev->thread <= t->n_threads
		    && t->threads[ev->thread - 1].tid != TRACE_NO_TID)
			number = t->threads[ev->thread - 1].tid;
		break;
	case KEY_PROCESS:
		return t->processes[trace_process_index(t, ev)].name;
	case KEY_RANK:
		number = t->processes[trace_process_index(t, ev)].rank;
		break;
	case KEY_NAME:
		return d->name;
	case KEY_FAMILY:
		return d->family;
	default:
		return d->region;
	}
	buf[0] = 0;
	if (number >= 0)
		snprintf(buf, bytes, "%" PRId64, number);
	return buf;
}

static bool is_wanted(struct groups *gs, const struct op_event *ev)
{
	char buf[8192];

	for (unsigned i = 0; i < gs->n_filters; i++)
		if (fnmatch(gs->filters[i].pattern, value_of(gs, gs->filters[i].key, ev, buf, sizeof(buf)),
		            0))
			return false;
	return true;
}

/* The group with these cells, which are interned, made when there is none. */
static struct group *group_for(struct groups *gs, const char *const *cells)
{
	struct group **grown, *g;

	for (unsigned i = gs->n; i-- > 0;)
		if (!memcmp(gs->groups[i]->cells, cells, gs->n_keys * sizeof(*cells)))
			return gs->groups[i];
	grown = array_grow(gs->groups, &gs->capacity, gs->n, sizeof(*grown));
	g = calloc(1, sizeof(*g));
	if (grown)
		gs->groups = grown;
	if (!grown || !g) {
		free(g);
		return NULL;
	}
	memcpy(g->cells, cells, gs->n_keys * sizeof(*cells));
	g->number = gs->n;
	grown[gs->n++] = g;
	return g;
}

static int make_group(struct groups *gs, const struct op_event *ev, struct group **g)
{
	const char *cells[GROUP_KEYS_MAX];
	char buf[8192];

	*g = NULL;
	if (!is_wanted(gs, ev))
		return 0;
	for (unsigned i = 0; i < gs->n_keys; i++) {
		const char *value = value_of(gs, gs->keys[i], ev, buf, sizeof(buf));

		cells[i] = arena_intern(&gs->arena, value, strlen(value));
		if (!cells[i])
			return -1;
		if (!*cells[i])
			cells[i] = "";
	}
	*g = group_for(gs, cells);
	return *g ? 0 : -1;
}

static unsigned slot_of(const struct groups *gs, const struct tuple *t)
{
	uint64_t h = (t->desc * 0x9e3779b97f4a7c15ull) ^ (t->step * 0xc2b2ae3d27d4eb4full)
	             ^ (t->thread * 0x165667b19e3779f9ull) ^ t->phase;
	unsigned i = (unsigned)(h >> 20) & (gs->n_slots - 1);

	while (gs->tuples[i].desc && memcmp(&gs->tuples[i], t, offsetof(struct tuple, group)))
		i = (i + 1) & (gs->n_slots - 1);
	return i;
}

static int grow_tuples(struct groups *gs)
{
	struct tuple *old = gs->tuples;
	unsigned n_old = gs->n_slots;

	gs->n_slots = n_old ? n_old * 2 : 1024;
	gs->tuples = calloc(gs->n_slots, sizeof(*gs->tuples));
	if (!gs->tuples) {
		gs->tuples = old;
		gs->n_slots = n_old;
		return -1;
	}
	for (unsigned i = 0; i < n_old; i++)
		if (old[i].desc)
			gs->tuples[slot_of(gs, &old[i])] = old[i];
	free(old);
	return 0;
}

int groups_find(struct groups *gs, const struct op_event *ev, struct group **g)
{
	struct tuple t = {.desc = ev->desc + 1};
	unsigned slot;

	if (gs->by_step)
		t.step = (uint32_t)(ev->step + 1);
	if (gs->by_thread)
		t.thread = ev->thread;
	if (gs->by_phase)
		t.phase = ev->phase;
	if (gs->n_tuples * 2 >= gs->n_slots && grow_tuples(gs))
		return -1;
	slot = slot_of(gs, &t);
	if (!gs->tuples[slot].desc) {
		if (make_group(gs, ev, &t.group))
			return -1;
		gs->tuples[slot] = t;
		gs->n_tuples++;
	}
	*g = gs->tuples[slot].group;
	return 0;
}
