/* test_slices.c: slices of an operation that several threads shared, put together.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <unistd.h>

#include "tests/unit/made_trace.h"
#include "tools/lib/trace/trace.h"

/* One thread's part in a group: an operation that begins at `start`. */
struct part {
	unsigned thread, group;
	uint64_t start;
};

static void put_thread(struct made *m, unsigned thread, const struct part *parts, unsigned n)
{
	static struct prof_successor successors[PROF_SUCCESSORS];
	static struct made_stream o;

	memset(successors, 0, sizeof(successors));
	memset(&o, 0, sizeof(o));
	o.s.successors = successors;
	o.h = (struct prof_chunk_header){.kind = PROF_CHUNK_OPS, .thread = thread};
	prof_stream_reset(&o.s, 0, 0);
	o.p = o.payload;
	for (unsigned i = 0; i < n; i++) {
		if (parts[i].thread != thread)
			continue;
		o.p = prof_put_event(o.p, PROF_EVENT_GROUP, 3, parts[i].group, thread, 2);
		o.p = prof_put_op(&o.s, o.p, 0, parts[i].start, parts[i].start + 100, NULL, 0);
		o.p = prof_put_event(o.p, PROF_EVENT_GROUP, 3, 0, 0, 0);
		m->records++;
	}
	made_flush(m, &o);
	m->last_tick = o.s.last_end > m->last_tick ? o.s.last_end : m->last_tick;
}

/* How many operations the parts make, and in how many slices all together. */
static unsigned operations(const struct part *parts, unsigned n, unsigned *slices)
{
	char path[] = "/tmp/test_slices.XXXXXX";
	struct made m = {
	        .path = path, .run = "run", .pid = 1, .rank = -1, .threads = 3, .descs = 1, .seed = 1};
	struct trace_cursor *c;
	struct op_event ev;
	struct trace *t;
	struct diag d;
	unsigned found = 0;

	close(mkstemp(path));
	made_begin(&m);
	made_descs(&m);
	if (trace_file_flush(&m.file))
		abort();
	for (unsigned thread = 1; thread <= 3; thread++)
		put_thread(&m, thread, parts, n);
	made_end(&m);
	if (trace_open(path, NULL, &t, &d) || !(c = trace_cursor_open(t)))
		abort();
	for (*slices = 0; trace_cursor_next(c, &ev, &d) == 1; found++)
		*slices += ev.n_slices;
	CU_ASSERT_EQUAL(t->n_problems, 0);
	trace_cursor_close(c);
	trace_close(t);
	unlink(path);
	return found;
}

static void slices_are_one_operation(void)
{
	static const struct part parts[] = {{1, 1, 1000}, {2, 1, 1010}, {1, 2, 2000}, {3, 2, 2020}};
	unsigned slices;

	CU_ASSERT_EQUAL(operations(parts, 4, &slices), 2);
	CU_ASSERT_EQUAL(slices, 4);
}

/* A worker of one pool that ended went on in another's, in a graph that began
 * before the one it comes from. */
static void a_thread_may_come_to_an_earlier_group(void)
{
	static const struct part parts[] = {{1, 1, 1000}, {3, 2, 1050}, {2, 2, 1060}, {2, 1, 1300}};
	unsigned slices;

	CU_ASSERT_EQUAL(operations(parts, 4, &slices), 2);
	CU_ASSERT_EQUAL(slices, 4);
}

/* Two operations of different groups stay two, whatever comes between. */
static void other_groups_stay_apart(void)
{
	static const struct part parts[] = {{1, 4, 1000}, {2, 3, 1010}, {3, 2, 1020}, {2, 1, 1300}};
	unsigned slices;

	CU_ASSERT_EQUAL(operations(parts, 4, &slices), 4);
	CU_ASSERT_EQUAL(slices, 4);
}

int main(void)
{
	CU_pSuite s;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	s = CU_add_suite("slices", NULL, NULL);
	CU_ADD_TEST(s, slices_are_one_operation);
	CU_ADD_TEST(s, a_thread_may_come_to_an_earlier_group);
	CU_ADD_TEST(s, other_groups_stay_apart);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
