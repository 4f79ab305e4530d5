/* trace_merge.c: all threads' operations in one order, slices put together.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A heap of decoders, the one whose next operation starts first on top. When
 * that is the k-th operation of a group, the other threads of the group give
 * their k-th as well, wherever in their queues it waits.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/trace_decode.h"

/* So far ahead a slice is looked for on another thread. */
enum { LOOKAHEAD = 4096 };

struct merge {
	struct trace *trace;
	struct decoder *decoders;
	unsigned n_decoders;
	unsigned *heap;  /* decoders that have more, by their next start */
	unsigned *place; /* of each decoder in the heap, n_heap: not in it */
	unsigned n_heap;
	uint32_t group; /* whose members these are */
	unsigned *members, n_members;
	uint8_t *flags; /* of descriptors, close together: those themselves are far apart */
	uint64_t scale;
	uint64_t cut_tick;
	unsigned *time_step; /* by process: steps of it that began until now */
};

static uint64_t next_start(const struct merge *m, unsigned decoder)
{
	return m->decoders[decoder].queue[m->decoders[decoder].head].start;
}

static bool comes_before(const struct merge *m, unsigned a, unsigned b)
{
	uint64_t x = next_start(m, a), y = next_start(m, b);

	return x != y ? x < y : a < b;
}

static void put(struct merge *m, unsigned at, unsigned decoder)
{
	m->heap[at] = decoder;
	m->place[decoder] = at;
}

static void sift_up(struct merge *m, unsigned at)
{
	unsigned decoder = m->heap[at];

	for (; at && comes_before(m, decoder, m->heap[(at - 1) / 2]); at = (at - 1) / 2)
		put(m, at, m->heap[(at - 1) / 2]);
	put(m, at, decoder);
}

static void sift_down(struct merge *m, unsigned at)
{
	unsigned decoder = m->heap[at];

	for (;;) {
		unsigned child = at * 2 + 1;

		if (child >= m->n_heap)
			break;
		if (child + 1 < m->n_heap && comes_before(m, m->heap[child + 1], m->heap[child]))
			child++;
		if (!comes_before(m, m->heap[child], decoder))
			break;
		put(m, at, m->heap[child]);
		at = child;
	}
	put(m, at, decoder);
}

static void leave_heap(struct merge *m, unsigned decoder)
{
	unsigned at = m->place[decoder], last = m->heap[--m->n_heap];

	m->place[decoder] = ~0u;
	if (last == decoder)
		return;
	put(m, at, last);
	sift_up(m, at);
	sift_down(m, m->place[last]);
}

/* The decoder's first operation is done with. */
static inline void advance(struct merge *m, struct decoder *d, unsigned decoder)
{
	d->head++;
	if (d->head == d->ready && !decoder_more(d)) {
		leave_heap(m, decoder);
		return;
	}
	if (m->n_heap > 1)
		sift_down(m, m->place[decoder]);
}

static bool has_group(const struct trace_stream *s, uint32_t group)
{
	unsigned low = 0, high = s->n_groups;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (s->groups[middle] < group)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->n_groups && s->groups[low] == group;
}

static void find_members(struct merge *m, uint32_t group)
{
	m->group = group;
	m->n_members = 0;
	for (unsigned i = 0; i < m->n_decoders; i++)
		if (has_group(m->decoders[i].stream, group))
			m->members[m->n_members++] = i;
}

/* Another thread's slice of an operation, or null: it was not recorded, or the
 * thread ran something else in its place. Groups are numbered as they begin, but
 * a thread may come to an earlier one after a later one. */
static struct decoded *find_slice(struct decoder *d, const struct decoded *of)
{
	for (unsigned i = d->head;; i++) {
		struct decoded *x;

		if (i - d->head == LOOKAHEAD)
			return NULL;
		if (i == d->ready) {
			unsigned seen = i - d->head;

			if (!decoder_more(d))
				return NULL;
			i = d->head + seen;
		}
		x = &d->queue[i];
		if (x->taken || x->depth)
			continue;
		if (x->group == of->group && x->k >= of->k)
			return x->k == of->k && x->desc == of->desc ? x : NULL;
		if (x->group > of->group && !d->stream->groups_fall)
			return NULL;
	}
}

static void add_counters(const struct merge *m, struct op_event *ev, const struct decoder *d,
                         const struct decoded *x)
{
	const uint64_t *v;
	unsigned n = x->n_counters < d->trace->n_counters ? x->n_counters : d->trace->n_counters;

	if (!x->n_counters)
		return;
	v = d->counters + x->counters - 1;
	for (unsigned i = 0; i < n; i++)
		ev->counters[i] = i < ev->n_counters ? ev->counters[i] + v[i] : v[i];
	if (!ev->n_counters)
		ev->n_counted = 0, ev->counted_ns = 0;
	ev->n_counters = n > ev->n_counters ? n : ev->n_counters;
	ev->n_counted++;
	ev->counted_ns += trace_ticks_to_ns(m->scale, x->end - x->start);
}

struct interval {
	uint64_t start, end, busy; /* ticks */
};

static void add_slices(struct merge *m, unsigned first, const struct decoded *of, struct op_event *ev,
                       struct interval *t)
{
	struct decoded leader = *of;

	if (m->group != leader.group)
		find_members(m, leader.group);
	for (unsigned i = 0; i < m->n_members; i++) {
		unsigned member = m->members[i];
		struct decoder *d = &m->decoders[member];
		struct decoded *x;

		if (member == first || m->place[member] == ~0u || !(x = find_slice(d, &leader)))
			continue;
		t->start = x->start < t->start ? x->start : t->start;
		t->end = x->end > t->end ? x->end : t->end;
		t->busy += x->end - x->start;
		ev->n_slices++;
		add_counters(m, ev, d, x);
		x->taken = true;
		if (x == &d->queue[d->head])
			advance(m, d, member);
	}
}

/* The process's step at a moment, for threads that were not told theirs. */
static int32_t step_at(struct merge *m, uint32_t process, uint64_t time_ns)
{
	const struct trace *t = m->trace;
	const struct trace_process *p = &t->processes[process];
	const struct trace_step *steps = t->steps + p->first_step;
	unsigned *at = &m->time_step[process];

	if (p->explicit_steps)
		return -1;
	while (*at < p->n_steps && steps[*at].start_ns <= time_ns)
		++*at;
	if (!*at || (steps[*at - 1].end_ns && steps[*at - 1].end_ns <= time_ns))
		return -1;
	return (int32_t)(p->first_step + *at - 1);
}

/* Of an operation that one thread ran: its own times are all there is. */
static inline void fill_times(const struct merge *m, const struct decoded *e, struct op_event *ev)
{
	uint64_t children_ns = e->children ? trace_ticks_to_ns(m->scale, e->children) : 0;

	ev->start_ns = trace_ticks_to_ns(m->scale, e->start);
	ev->time_ns = ev->busy_ns = trace_ticks_to_ns(m->scale, e->end - e->start);
	ev->self_ns = children_ns < ev->time_ns ? ev->time_ns - children_ns : 0;
}

/* Of one that several shared: from the first start to the last end. */
static __attribute__((noinline)) void fill_shared(struct merge *m, unsigned decoder, struct op_event *ev)
{
	const struct decoder *d = &m->decoders[decoder];
	const struct decoded *e = &d->queue[d->head];
	struct interval t = {e->start, e->end, e->end - e->start};
	uint64_t children_ns = trace_ticks_to_ns(m->scale, e->children);

	add_slices(m, decoder, e, ev, &t);
	ev->start_ns = trace_ticks_to_ns(m->scale, t.start);
	ev->time_ns = trace_ticks_to_ns(m->scale, t.end - t.start);
	ev->busy_ns = t.busy == t.end - t.start ? ev->time_ns : trace_ticks_to_ns(m->scale, t.busy);
	ev->self_ns = children_ns < ev->time_ns ? ev->time_ns - children_ns : 0;
}

static inline void fill_event(struct merge *m, struct decoder *d, unsigned decoder, const struct decoded *e,
                              struct op_event *ev)
{
	uint32_t flags = m->flags[e->desc], step = e->step;

	ev->desc = e->desc;
	ev->thread = decoder + 1;
	ev->n_slices = 1;
	ev->depth = e->depth;
	ev->n_counters = 0;
	ev->timed = true;
	if (__builtin_expect(e->n_counters, 0))
		add_counters(m, ev, d, e);
	if (e->group && !e->depth)
		fill_shared(m, decoder, ev); /* e may have moved */
	else
		fill_times(m, e, ev);
	ev->step = step ? (int32_t)step - 1 : step_at(m, trace_process_of(m->trace, ev), ev->start_ns);
	if (__builtin_expect(flags, 0)) {
		ev->start_ns = 0;
		ev->timed = !(flags & PROF_DESC_UNTIMED);
		if (!ev->timed)
			ev->time_ns = ev->self_ns = ev->busy_ns = ev->counted_ns = 0;
	}
}

/* Whether the next operation began before what the file still has whole, or
 * is a part of one that did. */
static inline bool is_cut(const struct merge *m, struct decoder *d, const struct decoded *e)
{
	if (__builtin_expect(e->start >= m->cut_tick, 1) && !(e->depth && e->start < d->cut_end))
		return false;
	if (!e->depth && e->end > d->cut_end)
		d->cut_end = e->end;
	return true;
}

unsigned merge_read(struct trace_cursor *c, struct op_event *ev, unsigned n)
{
	struct merge *m = c->merge;
	unsigned got = 0;

	while (got < n && m->n_heap) {
		unsigned decoder = m->heap[0];
		struct decoder *d = &m->decoders[decoder];
		const struct decoded *e = &d->queue[d->head];
		bool given = !e->taken && e->desc < m->trace->n_descs;
		bool cut = given && is_cut(m, d, e);

		if (given)
			fill_event(m, d, decoder, e, &ev[got]);
		else
			c->undescribed += !e->taken;
		advance(m, d, decoder);
		c->cut += cut ? ev[got].n_slices : 0;
		got += given && !cut;
	}
	return got;
}

int merge_open(struct trace_cursor *c)
{
	unsigned n = c->trace->priv->n_streams;
	struct merge *m = calloc(1, sizeof(*m));

	if (!m)
		return -1;
	c->merge = m;
	m->trace = c->trace;
	m->scale = trace_tick_scale(c->trace);
	m->cut_tick = c->trace->priv->cut_tick;
	m->decoders = calloc(n + 1, sizeof(*m->decoders));
	m->heap = calloc(n + 1, sizeof(*m->heap));
	m->place = calloc(n + 1, sizeof(*m->place));
	m->members = calloc(n + 1, sizeof(*m->members));
	m->time_step = calloc(c->trace->n_processes, sizeof(*m->time_step));
	m->flags = calloc((size_t)c->trace->n_descs + 1, sizeof(*m->flags));
	if (!m->decoders || !m->heap || !m->place || !m->members || !m->time_step || !m->flags)
		goto failed;
	for (unsigned i = 0; i < c->trace->n_descs; i++)
		m->flags[i] = (uint8_t)(c->trace->descs[i].flags & (PROF_DESC_UNTIMED | PROF_DESC_UNPLACED));
	for (; m->n_decoders < n; m->n_decoders++) {
		unsigned i = m->n_decoders;

		if (decoder_init(&m->decoders[i], c->trace, &c->trace->priv->streams[i], c->children))
			goto failed;
		m->place[i] = ~0u;
		if (!decoder_more(&m->decoders[i]))
			continue;
		put(m, m->n_heap, i);
		sift_up(m, m->n_heap++);
	}
	return 0;
failed:
	merge_close(c);
	return -1;
}

void merge_close(struct trace_cursor *c)
{
	struct merge *m = c->merge;

	if (!m)
		return;
	for (unsigned i = 0; m->decoders && i < m->n_decoders; i++)
		decoder_release(&m->decoders[i]);
	free(m->decoders);
	free(m->heap);
	free(m->place);
	free(m->members);
	free(m->time_step);
	free(m->flags);
	free(m);
	c->merge = NULL;
}
