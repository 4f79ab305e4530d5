/* test_trace.c: what is read of sound, cut and flipped traces.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/lib/trace/contexts.h"
#include "tools/lib/trace/region_names.h"
#include "tools/lib/support/diag.h"
#include "tools/lib/trace/trace_write.h"

static char *golden;
static size_t golden_bytes;

/* A trace as bytes in a file of its own, opened; null when it does not open. */
static struct trace *open_bytes(const char *bytes, size_t n, struct diag *d)
{
	struct trace_options options = {.children = true};
	char path[] = "/tmp/test_trace.XXXXXX";
	struct trace *t = NULL;
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		abort();
	close(fd);
	d->text[0] = 0;
	if (trace_open(path, &options, &t, d))
		t = NULL;
	unlink(path);
	return t;
}

/* How many operations are read, their times summed up. */
static unsigned count(struct trace *t, uint64_t *time_ns)
{
	struct trace_cursor *c = trace_cursor_open(t);
	struct op_event ev;
	struct diag d;
	unsigned n = 0;

	for (*time_ns = 0; trace_cursor_next(c, &ev, &d) == 1; n++)
		*time_ns += ev.time_ns;
	trace_cursor_close(c);
	return n;
}

static void a_sound_trace_is_read_whole(void)
{
	struct diag d;
	struct trace *t = open_bytes(golden, golden_bytes, &d);
	uint64_t time_ns;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_EQUAL(t->n_problems, 0);
	CU_ASSERT_EQUAL(count(t, &time_ns), 6);
	CU_ASSERT_EQUAL(time_ns, 250 + 90 + 4000 + 3000 + 70 + 10);
	CU_ASSERT_EQUAL(t->n_steps, 2);
	trace_close(t);
}

static void parents_come_before_children(void)
{
	struct diag d;
	struct trace *t = open_bytes(golden, golden_bytes, &d);
	struct trace_cursor *c = trace_cursor_open(t);
	struct op_event ev = {0};

	for (int i = 0; i < 3; i++)
		trace_cursor_next(c, &ev, &d);
	CU_ASSERT_EQUAL(t->descs[ev.desc].op, PROF_OP_LINEAR);
	CU_ASSERT_EQUAL(ev.n_slices, 2);
	CU_ASSERT_EQUAL(ev.busy_ns, 7600);
	CU_ASSERT_EQUAL(ev.self_ns, 1000);
	CU_ASSERT_EQUAL(ev.counters[0], 2);
	trace_cursor_next(c, &ev, &d);
	CU_ASSERT_EQUAL(t->descs[ev.desc].op, PROF_OP_GEMM);
	CU_ASSERT_EQUAL(ev.depth, 1);
	trace_cursor_close(c);
	trace_close(t);
}

static bool same(const struct op_event *a, const struct op_event *b)
{
	return a->desc == b->desc && a->step == b->step && a->phase == b->phase && a->thread == b->thread
	       && a->n_slices == b->n_slices && a->depth == b->depth && a->start_ns == b->start_ns
	       && a->time_ns == b->time_ns && a->self_ns == b->self_ns && a->busy_ns == b->busy_ns
	       && a->timed == b->timed && a->n_counters == b->n_counters
	       && !memcmp(a->counters, b->counters, a->n_counters * sizeof(a->counters[0]));
}

/* However many are read at a time. */
static void operations_come_together(void)
{
	struct diag d;
	struct trace *t = open_bytes(golden, golden_bytes, &d);

	for (unsigned together = 1; together <= 8; together++) {
		struct trace_cursor *a = trace_cursor_open(t), *b = trace_cursor_open(t);
		struct op_event one, several[8];
		unsigned n = 0;
		int got;

		while ((got = trace_cursor_read(a, several, together, &d)) > 0) {
			CU_ASSERT(n + (unsigned)got == 6 || (unsigned)got == together);
			for (int i = 0; i < got; i++, n++) {
				CU_ASSERT_EQUAL(trace_cursor_next(b, &one, &d), 1);
				CU_ASSERT(same(&several[i], &one));
			}
		}
		CU_ASSERT_EQUAL(n, 6);
		CU_ASSERT_EQUAL(trace_cursor_next(b, &one, &d), 0);
		trace_cursor_close(a);
		trace_cursor_close(b);
	}
	trace_close(t);
}

/* Cut anywhere, a trace gives a sentence, and never more than it held. */
static void every_cut_is_noticed(void)
{
	unsigned opened = 0;

	for (size_t n = 1; n < golden_bytes; n += n < 700 || n % 65536 < 400 ? 1 : 997) {
		struct diag d;
		struct trace *t = open_bytes(golden, n, &d);
		uint64_t time_ns;

		if (!t) {
			CU_ASSERT(d.text[0] != 0);
			continue;
		}
		opened++;
		CU_ASSERT(t->n_problems > 0);
		CU_ASSERT(count(t, &time_ns) <= 6 && time_ns <= 7420);
		trace_close(t);
	}
	CU_ASSERT(opened > 100);
}

static void the_part_before_a_cut_is_there(void)
{
	struct diag d;
	struct trace *t = open_bytes(golden, 2 * 65536, &d);
	uint64_t time_ns;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT(t->n_problems > 0);
	CU_ASSERT(count(t, &time_ns) >= 3);
	trace_close(t);
}

/* A flipped bit in what a checksum covers is noticed; nothing ever crashes. */
static void every_flip_is_survived(void)
{
	char *copy = malloc(golden_bytes);

	memcpy(copy, golden, golden_bytes);
	for (size_t i = 0; i < golden_bytes; i++) {
		struct diag d;
		struct trace *t;
		uint64_t time_ns;

		if (i >= 700 && i % 65536 >= 200)
			continue;
		copy[i] ^= (char)(1 << i % 8);
		t = open_bytes(copy, golden_bytes, &d);
		copy[i] ^= (char)(1 << i % 8);
		CU_ASSERT(t || d.text[0]);
		if (!t)
			continue;
		CU_ASSERT(count(t, &time_ns) <= 6);
		if (i >= 576 && i < 700) /* names, all of them used */
			CU_ASSERT(t->n_problems > 0);
		trace_close(t);
	}
	free(copy);
}

static void a_recovered_trace_is_sound(void)
{
	char path[] = "/tmp/test_trace.XXXXXX";
	struct trace *t, *again = NULL;
	struct diag d;
	uint64_t time_ns, time_again_ns;
	int fd = mkstemp(path);

	close(fd);
	t = open_bytes(golden, 2 * 65536 + 10, &d);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_EQUAL(trace_recover(t, path, &d), 0);
	CU_ASSERT_EQUAL(
	        trace_open(path, &(struct trace_options){.children = true, .strict = true}, &again, &d), 0);
	unlink(path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	CU_ASSERT_EQUAL(count(t, &time_ns), count(again, &time_again_ns));
	CU_ASSERT_EQUAL(time_ns, time_again_ns);
	trace_close(t);
	trace_close(again);
}

static bool fits(const char *pattern, const char *name, int32_t layer, const char *part)
{
	char found[CONTEXT_NAME_MAX];
	int32_t number;

	return contexts_match(pattern, name, &number, found) && number == layer && !strcmp(found, part);
}

static void patterns_capture(void)
{
	CU_ASSERT(fits("blk.{layer}.attn_q.weight", "blk.17.attn_q.weight", 17, ""));
	CU_ASSERT(!fits("blk.{layer}.attn_q.weight", "blk.x.attn_q.weight", -1, ""));
	CU_ASSERT(fits("*.layers.{layer}.*.{name}", "model.layers.3.self_attn.q_proj", 3, "q_proj"));
	CU_ASSERT(fits("kq-{layer}*", "kq-12 (view)", 12, ""));
	CU_ASSERT(!fits("kq", "kqv", -1, ""));
	CU_ASSERT(!fits("*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", -1, ""));
}

static void tables_say_where_they_are_wrong(void)
{
	static const char text[] = "family: x\naliases:\n  - {match: a, contxt: b}\n";
	struct contexts *c = contexts_new();
	struct diag d;

	CU_ASSERT_EQUAL(contexts_add(c, "x.yaml", text, sizeof(text) - 1, &d), -1);
	CU_ASSERT(!strncmp(d.text, "x.yaml:3:16: ", 13));
	contexts_free(c);
}

static void near_names_are_found(void)
{
	static const char *const names[] = {"PIM-AI-1chip", "DGX100", "A6000"};

	CU_ASSERT_STRING_EQUAL(diag_nearest("pim_ai_1chp", names, 3), "PIM-AI-1chip");
	CU_ASSERT_PTR_NULL(diag_nearest("zebra", names, 3));
}

static void parameters_are_left_out(void)
{
	static const char *const names[][2] = {
	        {"net::Layer::q_proj(std::vector<float> const&) const", "net::Layer::q_proj"},
	        {"main::{lambda(int)#1}::operator()(int) const", "main::{lambda(int)#1}::operator()"},
	        {"(anonymous namespace)::f(void (*)(int), (anonymous namespace)::T)",
	         "(anonymous namespace)::f"},
	        {"void g<int (*)(int)>(int (*)(int)) [clone .cold]", "void g<int (*)(int)>"},
	        {"matmul", "matmul"},
	        {"f)", "f)"},
	        {"", ""},
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CU_ASSERT_EQUAL(region_names_short_bytes(names[i][0]), strlen(names[i][1]));
		CU_ASSERT(!strncmp(names[i][0], names[i][1], strlen(names[i][1])));
	}
}

static bool read_golden(void)
{
	FILE *f = fopen("tests/golden/v1.trace", "rb");

	golden = malloc(1 << 20);
	golden_bytes = f ? fread(golden, 1, 1 << 20, f) : 0;
	if (f)
		fclose(f);
	return golden_bytes > 0;
}

int main(void)
{
	CU_pSuite s;

	if (!read_golden() || CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	s = CU_add_suite("trace", NULL, NULL);
	CU_ADD_TEST(s, a_sound_trace_is_read_whole);
	CU_ADD_TEST(s, parents_come_before_children);
	CU_ADD_TEST(s, operations_come_together);
	CU_ADD_TEST(s, every_cut_is_noticed);
	CU_ADD_TEST(s, the_part_before_a_cut_is_there);
	CU_ADD_TEST(s, every_flip_is_survived);
	CU_ADD_TEST(s, a_recovered_trace_is_sound);
	CU_ADD_TEST(s, patterns_capture);
	CU_ADD_TEST(s, tables_say_where_they_are_wrong);
	CU_ADD_TEST(s, near_names_are_found);
	CU_ADD_TEST(s, parameters_are_left_out);
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	free(golden);
	return CU_get_number_of_failures() != 0;
}
