/* test_record_filter.c: PROFSHIM_FILTER, read and obeyed.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <prof/record_filter.h>
#include <pthread.h>

#include "tests/unit/in_process.h"

/* ---- reading ---- */

static struct prof_filter filter;

static bool reads(const char *setting)
{
	struct prof_filter_error e;

	return prof_filter_parse(setting, &filter, &e);
}

static bool fails(const char *setting, size_t at, size_t bytes)
{
	struct prof_filter_error e;

	return !prof_filter_parse(setting, &filter, &e) && e.at == at && e.bytes == bytes && e.what
	       && filter.n == 0;
}

static void good_settings(void)
{
	CU_ASSERT_TRUE(reads("") && filter.n == 0);
	CU_ASSERT_TRUE(reads("op=linear|mat*,m>=64,weight[1]<5,context!=blk.0.*,time>10us") && filter.n == 5);
	CU_ASSERT_TRUE(filter.terms[0].key == PROF_FILTER_OP && filter.terms[0].bytes == 11);
	CU_ASSERT_TRUE(filter.terms[1].compare == PROF_FILTER_AT_LEAST && filter.terms[1].number == 64);
	CU_ASSERT_TRUE(filter.terms[2].role == PROF_OPERAND_WEIGHT && filter.terms[2].dimension == 1);
	CU_ASSERT_TRUE(filter.terms[2].compare == PROF_FILTER_LESS);
	CU_ASSERT_TRUE(filter.terms[3].compare == PROF_FILTER_UNEQUAL);
	CU_ASSERT_TRUE(filter.terms[4].number == 10000 && filter.terms[4].compare == PROF_FILTER_MORE);
	CU_ASSERT_TRUE(
	        reads("family=ggml,dtype=q4_0|float*,name=MUL_MAT,n=1,k<=2,rows!=3,elements>4,time>=1s"));
}

static void bad_settings(void)
{
	CU_ASSERT_TRUE(fails("opp=linear", 0, 3) && fails("op=linear,=4", 10, 0) && fails("op", 0, 2));
	CU_ASSERT_TRUE(fails("op=linaer", 3, 6) && fails("op=linear|", 10, 0) && fails("dtype=q9", 6, 2));
	CU_ASSERT_TRUE(fails("m>=x", 3, 1) && fails("m>=", 3, 0) && fails("m!4", 0, 3)
	               && fails("m=6 4", 2, 3));
	CU_ASSERT_TRUE(fails("weight[9]=1", 0, 9) && fails("wait[0]=1", 0, 7) && fails("weight[]=1", 0, 8));
	CU_ASSERT_TRUE(fails("time>=10", 6, 2) && fails("time<10us", 5, 4) && fails("time>=10h", 6, 3));
	CU_ASSERT_TRUE(fails("op>linear", 3, 6) && fails("time>=99999999999999999s", 6, 18));
}

/* ---- obeying ---- */

static struct prof_thread *me;

static uint32_t product(const char *context, uint64_t rows, uint64_t in, uint64_t out)
{
	struct prof_desc_spec spec = {.op = PROF_OP_LINEAR, .n_operands = 3, .layer = -1};

	spec.family = prof_intern_string("ggml", 4);
	spec.name = prof_intern_string("MUL_MAT", 7);
	spec.context = prof_intern_string(context, strlen(context));
	spec.operands[0] =
	        (struct prof_operand_spec){PROF_OPERAND_INPUT, PROF_DTYPE_FLOAT32, 2, 0, 0, {rows, in}, {0}};
	spec.operands[1] =
	        (struct prof_operand_spec){PROF_OPERAND_WEIGHT, PROF_DTYPE_Q4_0, 2, 0, 0, {in, out}, {0}};
	spec.operands[2] = (struct prof_operand_spec){
	        PROF_OPERAND_OUTPUT, PROF_DTYPE_FLOAT32, 2, 0, 0, {rows, out}, {0}};
	return prof_intern_desc(me, &spec);
}

static uint32_t blas(int64_t m, int64_t n, int64_t k)
{
	struct prof_desc_spec spec = {.op = PROF_OP_GEMM, .n_attrs = 3, .layer = -1};

	spec.family = prof_intern_string("blas", 4);
	spec.name = prof_intern_string("cblas_sgemm", 11);
	spec.attrs[0] = (struct prof_attr_spec){PROF_ATTR_M, m};
	spec.attrs[1] = (struct prof_attr_spec){PROF_ATTR_N, n};
	spec.attrs[2] = (struct prof_attr_spec){PROF_ATTR_K, k};
	return prof_intern_desc(me, &spec);
}

/* Eight of them; each is told by its bit in what is left. */
static void all_kinds(void)
{
	uint32_t descs[8];

	me = prof_thread_get();
	descs[0] = product("blk.0.attn_q.weight", 1, 64, 64);
	descs[1] = product("blk.0.ffn_up.weight", 1, 64, 256);
	descs[2] = product("blk.1.attn_q.weight", 16, 64, 64);
	descs[3] = product("output.weight", 16, 64, 1000);
	descs[4] = blas(8, 8, 8);
	descs[5] = blas(64, 8, 8);
	descs[6] = blas(8, 64, 8);
	descs[7] = blas(64, 64, 64);
	for (unsigned i = 0; i < 8; i++)
		for (unsigned k = 0; k < 1u << i; k++)
			prof_record(me, descs[i], prof_clock(), prof_clock());
}

static uint64_t skipped;

/* As many operations as the kinds that are left have bits. */
static int kinds_left(const char *setting)
{
	const struct prof_meta_end *end;
	struct raw_visitor v = {.op = NULL};
	struct raw_trace t;

	unlink("trace.bin");
	setenv("PROFSHIM_FILTER", setting, 1);
	CU_ASSERT_EQUAL(in_process(all_kinds, NULL), 0);
	unsetenv("PROFSHIM_FILTER");
	if (!raw_open(&t, "trace.bin"))
		return 0;
	raw_visit(&t, &v);
	end = raw_meta(&t, PROF_META_END, NULL);
	skipped = end ? end->skipped + end->lost * 1000000 : 0;
	raw_close(&t);
	return (int)v.ops;
}

static void by_kind(void)
{
	CU_ASSERT_EQUAL(kinds_left(""), 0xff);
	CU_ASSERT_EQUAL(skipped, 0);
	CU_ASSERT_EQUAL(kinds_left("op=linear"), 0x0f);
	CU_ASSERT_EQUAL(skipped, 0xf0);
	CU_ASSERT_EQUAL(kinds_left("op!=linear|softmax"), 0xf0);
	CU_ASSERT_EQUAL(kinds_left("family=ggml"), 0x0f);
	CU_ASSERT_EQUAL(kinds_left("dtype=q4_*"), 0x0f);
	CU_ASSERT_EQUAL(kinds_left("context=blk.0.*"), 0x03);
	CU_ASSERT_EQUAL(kinds_left("context=*attn_q*|output.weight"), 0x0d);
	CU_ASSERT_EQUAL(kinds_left("name=cblas_?gemm"), 0xf0);
	CU_ASSERT_EQUAL(kinds_left("op=softmax"), 0);
}

static void by_shape(void)
{
	CU_ASSERT_EQUAL(kinds_left("m>=16"), 0xac);
	CU_ASSERT_EQUAL(kinds_left("rows=1"), 0x03);
	CU_ASSERT_EQUAL(kinds_left("n>64"), 0x0a);
	CU_ASSERT_EQUAL(kinds_left("k!=64"), 0x70);
	CU_ASSERT_EQUAL(kinds_left("elements>=1024,elements<16000"), 0x84);
	CU_ASSERT_EQUAL(kinds_left("weight[1]<=256"), 0x07);
	CU_ASSERT_EQUAL(kinds_left("weight[2]>0"), 0);
	CU_ASSERT_EQUAL(kinds_left("op=gemm,m>8,n>8"), 0x80);
}

static void wrong_settings_record_everything(void)
{
	char text[512] = "";
	FILE *f;

	CU_ASSERT_EQUAL(kinds_left("m>=1,op=linaer"), 0xff);
	f = fopen("stderr", "r");
	CU_ASSERT_TRUE(f && fread(text, 1, sizeof(text) - 1, f) > 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "PROFSHIM_FILTER: column 9: 'linaer' is no kind of operation"));
	if (f)
		fclose(f);
}

/* ---- by duration, in a group of two ---- */

enum { OPS = 2000 };

/* Raw clock that is well above or below 1 ms. */
static uint64_t long_raw, short_raw;

static void choose_durations(void)
{
	struct clock_setup setup;

	clock_start(&setup);
	long_raw = (uint64_t)(2e6 / clock_raw_ns(&setup));
	short_raw = long_raw / 20;
}

static pthread_barrier_t both;
static uint32_t group, desc;

static bool is_long(unsigned ith, unsigned k)
{
	return ith == 0 ? k % 3 == 0 : k % 5 == 0;
}

static void *take_part(void *arg)
{
	unsigned ith = arg != NULL;
	struct prof_thread *t = prof_thread_get();
	uint64_t base = prof_clock();

	pthread_barrier_wait(&both);
	prof_group_enter(t, group, ith, 2, 0);
	for (unsigned k = 0; k < OPS; k++) {
		uint64_t start = base + k * 2 * long_raw;

		prof_record(t, desc, start, start + (is_long(ith, k) ? long_raw : short_raw));
		pthread_barrier_wait(&both);
	}
	prof_group_leave(t);
	prof_record(t, desc, base, base + long_raw);
	prof_record(t, desc, base, base + short_raw);
	return NULL;
}

static void two_threads(void)
{
	pthread_t other;

	choose_durations();
	pthread_barrier_init(&both, NULL, 2);
	group = prof_group_new();
	desc = make_desc(prof_thread_get(), 0);
	pthread_create(&other, NULL, take_part, &both);
	take_part(NULL);
	pthread_join(other, NULL);
}

/* Of one thread's stream: each k with its operation, as a reader counts. */
struct seen {
	unsigned ks[2][OPS], outside[2], wrong;
};

static void follow(const struct prof_chunk_header *c, struct seen *s)
{
	static struct prof_successor successors[PROF_SUCCESSORS];
	struct prof_stream stream = {.successors = successors};
	const uint8_t *p = (const void *)(c + 1), *end = raw_chunk_end(c), *next;
	unsigned k = c->group_index, thread = c->thread - 1, in = c->group;
	struct prof_record r;

	memset(successors, 0, sizeof(successors));
	prof_stream_reset(&stream, c->base_tick, c->serial);
	for (; (next = prof_get_record(&stream, p, end, c->n_counters, &r)) && next != p; p = next) {
		if (r.is_event && r.id == PROF_EVENT_GROUP) {
			in = (unsigned)r.field[0];
			k = 0;
		} else if (r.is_event && r.id == PROF_EVENT_SKIP) {
			k += (unsigned)r.field[0];
		} else if (!r.is_event && !in) {
			s->outside[thread]++;
		} else if (!r.is_event && k < OPS && thread < 2) {
			s->ks[thread][k++]++;
		} else if (!r.is_event) {
			s->wrong++;
		}
	}
}

static void operations_of_a_group_stay_whole(void)
{
	static struct seen s;
	size_t offset = sizeof(struct prof_file_header);
	const struct prof_chunk_header *c;
	const struct prof_meta_end *end;
	struct raw_trace t;
	unsigned wanted = 0;

	unlink("trace.bin");
	setenv("PROFSHIM_FILTER", "time>=1ms", 1);
	CU_ASSERT_EQUAL(in_process(two_threads, NULL), 0);
	unsetenv("PROFSHIM_FILTER");
	CU_ASSERT_TRUE_FATAL(raw_open(&t, "trace.bin"));
	while ((c = raw_chunk(&t, &offset)))
		if (c->kind == PROF_CHUNK_OPS)
			follow(c, &s);
	for (unsigned k = 0; k < OPS; k++) {
		unsigned is = is_long(0, k) || is_long(1, k);

		/* The last one is decided when the group is left, by which time the other's is known. */
		s.wrong += s.ks[0][k] != is || s.ks[1][k] != is;
		wanted += is;
	}
	CU_ASSERT_EQUAL(s.wrong, 0);
	CU_ASSERT_TRUE(s.outside[0] == 1 && s.outside[1] == 1);
	end = raw_meta(&t, PROF_META_END, NULL);
	CU_ASSERT_TRUE(end && end->records == 2 * wanted + 2 && end->skipped == 2 * (OPS - wanted) + 2);
	CU_ASSERT_TRUE(end && end->lost == 0);
	raw_close(&t);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
	        {"good settings", good_settings},
	        {"bad settings", bad_settings},
	        {"by kind", by_kind},
	        {"by shape", by_shape},
	        {"wrong settings record everything", wrong_settings_record_everything},
	        {"operations of a group stay whole", operations_of_a_group_stay_whole},
	};
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite_with_setup_and_teardown("filter", NULL, NULL, enter_scratch, leave_scratch);
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		CU_add_test(suite, tests[i].name, tests[i].run);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
