/* counter_totals.c: the pass over operations of which a part was counted.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "tools/lib/counters/counter_totals_private.h"
#include "tools/lib/model/op_math.h"

#define LONG (1ull << 63) /* in a stratum's like: its slices that took long */

enum { NORMAL_SLOT = 1024, TIMES_AS_LONG = 8 };

struct totals *totals_new(unsigned n_strata, unsigned n_counters, const uint64_t *like)
{
	struct totals *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->n_strata = 2 * n_strata;
	s->n_counters = n_counters < PROF_MAX_COUNTERS ? n_counters : PROF_MAX_COUNTERS;
	s->timed = true;
	s->strata = calloc(2 * (size_t)n_strata + 1, sizeof(*s->strata));
	if (!s->strata) {
		totals_free(s);
		return NULL;
	}
	for (unsigned i = 0; i < n_strata; i++) {
		s->strata[i].like = like[i];
		s->strata[n_strata + i].like = like[i] | LONG;
	}
	return s;
}

/* The operation in the upper 16 bits, its type in the next, then its context. */
uint64_t totals_like(unsigned op, unsigned dtype, const char *context)
{
	return (uint64_t)op << 48 | (uint64_t)(dtype & 0xffff) << 32
	       | (XXH3_64bits(context, strlen(context)) & 0xffffffff);
}

struct totals *totals_of_trace(const struct trace *t)
{
	uint64_t *like = calloc(t->n_descs + 1, sizeof(*like));
	struct totals *s = NULL;

	for (unsigned i = 0; like && i < t->n_descs; i++)
		like[i] = totals_like(t->descs[i].op, op_main_dtype(&t->descs[i]), t->descs[i].context);
	if (like)
		s = totals_new(t->n_descs, t->n_counters, like);
	free(like);
	return s;
}

void totals_free(struct totals *s)
{
	if (!s)
		return;
	free(s->strata);
	free(s->groups);
	free(s->slots);
	free(s->pools);
	arena_release(&s->arena);
	free(s);
}

/* ---- the pass over the operations ---- */

static unsigned slot_of(const struct totals *s, uint32_t stratum, uint32_t group)
{
	uint64_t h = (stratum * 0x9e3779b97f4a7c15ull) ^ (group * 0xc2b2ae3d27d4eb4full);
	unsigned i = (unsigned)(h >> 20) & (s->n_slots - 1);

	while (s->slots[i] && (s->slots[i]->stratum != stratum || s->slots[i]->group != group))
		i = (i + 1) & (s->n_slots - 1);
	return i;
}

static int grow_slots(struct totals *s)
{
	struct cell **old = s->slots;
	unsigned n_old = s->n_slots;

	s->n_slots = n_old ? n_old * 2 : NORMAL_SLOT;
	s->slots = calloc(s->n_slots, sizeof(struct cell *));
	if (!s->slots) {
		s->slots = old;
		s->n_slots = n_old;
		return -1;
	}
	for (unsigned i = 0; i < n_old; i++)
		if (old[i])
			s->slots[slot_of(s, old[i]->stratum, old[i]->group)] = old[i];
	free(old);
	return 0;
}

static int grow_groups(struct totals *s, unsigned group)
{
	while (s->n_groups <= group) {
		struct group_sums *grown =
		        array_grow(s->groups, &s->group_capacity, s->n_groups, sizeof(*grown));

		if (!grown)
			return -1;
		s->groups = grown;
		memset(&grown[s->n_groups++], 0, sizeof(*grown));
	}
	return 0;
}

static struct cell *find_cell(struct totals *s, uint32_t stratum, uint32_t group)
{
	struct cell *c;
	unsigned slot;

	if (grow_groups(s, group) || (s->n_cells * 2 >= s->n_slots && grow_slots(s)))
		return NULL;
	slot = slot_of(s, stratum, group);
	if (s->slots[slot])
		return s->slots[slot];
	c = arena_alloc(&s->arena, sizeof(*c));
	if (!c)
		return NULL;
	*c = (struct cell){.stratum = stratum, .group = group, .next = s->groups[group].cells};
	s->groups[group].cells = c;
	s->n_cells++;
	return s->slots[slot] = c;
}

static int begin_stratum(struct totals *s, struct stratum *h, const struct op_event *ev, double x)
{
	unsigned n = s->n_counters;
	double *sums = totals_numbers(s, 5 * n + n * n);

	if (!sums)
		return -1;
	h->y = sums;
	h->guess = sums + n;
	h->dx = sums + 2 * n;
	h->d = sums + 3 * n;
	h->rate = sums + 4 * n;
	h->dd = sums + 5 * n;
	for (unsigned i = 0; i < n && x > 0; i++)
		h->guess[i] = (double)ev->counters[i] / x;
	return 0;
}

int totals_observe(struct totals *s, struct stratum *h, const struct op_event *ev, double x)
{
	unsigned n = s->n_counters;
	double m = ev->n_counted, d[PROF_MAX_COUNTERS];

	if (!h->y && begin_stratum(s, h, ev, x))
		return -1;
	h->observations++;
	h->m += m;
	h->x += x;
	h->xx += x * x / m;
	for (unsigned i = 0; i < n; i++) {
		d[i] = (double)ev->counters[i] - h->guess[i] * x;
		h->y[i] += (double)ev->counters[i];
		h->d[i] += d[i];
		h->dx[i] += d[i] * x / m;
		for (unsigned j = 0; j <= i; j++)
			h->dd[i * n + j] += d[i] * d[j] / m;
	}
	return 0;
}

/* The first of its kind is counted for certain, and is unlike the others: pages
 * are touched and code is loaded for the first time. It speaks for itself. */
static int keep_first(struct totals *s, struct stratum *h, const struct op_event *ev, double x)
{
	h->first_x = x;
	h->first = arena_alloc(&s->arena, sizeof(*h->first));
	if (h->first)
		*h->first = *ev;
	return h->first ? 0 : -1;
}

/* Whether a slice takes eight times as long as is usual for its kind (the geometric
 * mean so far): it waited for its processor. On a busy machine such slices are most of
 * the time, and a sample may have met none. They are strata of their own, of which
 * one knows by like ones, and their time is taken for the usual one. */
static bool is_long(struct stratum *h, const struct op_event *ev, double *usual)
{
	double log_time, log_usual;

	if (ev->busy_ns == 0)
		return false;
	log_time = log((double)ev->busy_ns / ev->n_slices);
	log_usual = h->seen > 0 ? h->logs / h->seen : log_time;
	h->seen++;
	h->logs += fmin(log_time, log_usual + log(TIMES_AS_LONG));
	*usual = exp(log_usual);
	return log_time > log_usual + log(TIMES_AS_LONG);
}

/* An operation's part that was counted, and all of it. */
struct part {
	double slices, time, counted, counted_time;
};

static void add_part(struct stratum *h, struct cell *c, const struct part *p)
{
	double rest = p->slices - p->counted, rest_time = p->time - p->counted_time;

	c->slices += p->slices;
	c->time += p->time;
	c->counted += p->counted;
	c->counted_time += p->counted_time;
	h->rest += rest;
	h->rest_time += rest_time;
	h->rest_xx += rest > 0 ? rest_time * rest_time / rest : 0;
}

int totals_add(struct totals *s, unsigned group, const struct op_event *ev)
{
	bool is_counted = s->n_counters && ev->n_counters >= s->n_counters && ev->n_counted;
	struct part part = {ev->n_slices, (double)ev->busy_ns, is_counted ? ev->n_counted : 0,
	                    is_counted ? (double)ev->counted_ns : 0};
	struct stratum *h = &s->strata[ev->desc];
	bool is_first = !h->begun;
	struct cell *c;
	double usual;

	h->begun = true;
	if (s->n_counters && is_long(h, ev, &usual)) {
		h += s->n_strata / 2;
		part.time = usual * part.slices;
		part.counted_time = usual * part.counted;
	}
	c = find_cell(s, (uint32_t)(h - s->strata), group);
	if (!c)
		return -1;
	s->timed &= ev->timed;
	add_part(h, c, &part);
	for (unsigned i = 0; is_counted && i < s->n_counters; i++)
		s->groups[group].y[i] += (double)ev->counters[i];
	if (!is_counted)
		return 0;
	return is_first ? keep_first(s, h, ev, part.counted_time)
	                : totals_observe(s, h, ev, part.counted_time);
}
