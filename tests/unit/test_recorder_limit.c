/* test_recorder_limit.c: a trace whose size is limited keeps the newest.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <fcntl.h>
#include <prof/prof.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "tests/unit/in_process.h"

#define LIMIT   (1u << 20)
#define MANY    600000u /* operations: more than three times what fits */
#define APART   1000u   /* raw clock from one made-up operation to the next */
#define THREADS 6u

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

/* Operations at made-up times, so that what is missing can be told. */
static void record_made_up(unsigned n)
{
	struct prof_thread *t = prof_thread_get();
	uint32_t desc = make_desc(t, 0);
	uint64_t start = prof_clock();

	for (unsigned i = 0; i < n; i++) {
		prof_record(t, desc, start + (uint64_t)i * APART, start + (uint64_t)i * APART + 400);
		if (i % 10000 == 0 && size_of("trace.bin") > LIMIT)
			_exit(3);
	}
}

/* What is left of them, in one order. */
struct found {
	uint64_t first, last, n, before_kept, kept_tick;
};

static void look_at(const struct prof_chunk_header *chunk, const struct prof_record *r, void *arg)
{
	struct found *f = arg;

	f->before_kept += r->start < f->kept_tick;
	if (r->start < f->kept_tick)
		return;
	f->first = !f->n || r->start < f->first ? r->start : f->first;
	f->last = r->start > f->last ? r->start : f->last;
	f->n++;
}

struct limited {
	struct found found;
	uint64_t dropped, records, lost, ops;
	unsigned state, bad, broken;
	uint32_t shift;
};

static struct limited read_limited(const char *path)
{
	struct limited l = {.state = ~0u};
	struct raw_visitor v = {.op = look_at, .arg = &l.found};
	const struct prof_meta_end *end;
	struct raw_trace t;

	if (!raw_open(&t, path))
		return l;
	l.found.kept_tick = t.header->kept_tick;
	raw_visit(&t, &v);
	l.state = t.header->state;
	l.dropped = t.header->dropped_records;
	l.shift = t.header->tick_shift;
	l.ops = v.ops;
	l.bad = t.n_bad;
	l.broken = v.broken;
	end = raw_meta(&t, PROF_META_END, NULL);
	l.records = end ? end->records : 0;
	l.lost = end ? end->lost : 0;
	raw_close(&t);
	return l;
}

static void record_many(void)
{
	record_made_up(MANY);
}

static void the_newest_are_kept(void)
{
	struct limited l;

	CU_ASSERT_EQUAL(in_process(record_many, NULL), 0);
	CU_ASSERT_TRUE(size_of("trace.bin") <= LIMIT && size_of("trace.bin") > LIMIT / 2);
	l = read_limited("trace.bin");
	CU_ASSERT_EQUAL(l.state, PROF_STATE_CLOSED);
	CU_ASSERT_TRUE(l.bad == 0 && l.broken == 0 && l.lost == 0);
	CU_ASSERT_EQUAL(l.records, MANY);
	CU_ASSERT_EQUAL(l.ops + l.dropped, MANY);
	CU_ASSERT_TRUE(l.dropped > 0 && l.found.n > 100000);
	CU_ASSERT_EQUAL(l.found.before_kept, 0);
	/* None is missing between the first and the last of those kept. */
	CU_ASSERT_EQUAL((l.found.last - l.found.first + ((APART >> l.shift) >> 1)) / (APART >> l.shift) + 1,
	                l.found.n);
}

static pthread_barrier_t all_there;

static void *record_in_thread(void *arg)
{
	record_ops(MANY / THREADS);
	pthread_barrier_wait(&all_there); /* no thread follows another */
	return NULL;
}

static void record_in_threads(void)
{
	pthread_t threads[THREADS];

	pthread_barrier_init(&all_there, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, record_in_thread, NULL);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void threads_share_the_room(void)
{
	struct limited l;

	CU_ASSERT_EQUAL(in_process(record_in_threads, NULL), 0);
	CU_ASSERT_TRUE(size_of("trace.bin") <= LIMIT);
	l = read_limited("trace.bin");
	CU_ASSERT_EQUAL(l.state, PROF_STATE_CLOSED);
	CU_ASSERT_TRUE(l.bad == 0 && l.broken == 0 && l.lost == 0 && l.dropped > 0);
	CU_ASSERT_EQUAL(l.ops + l.dropped, MANY / THREADS * THREADS);
	CU_ASSERT_EQUAL(l.records, MANY / THREADS * THREADS);
}

static void *record_a_few(void *arg)
{
	record_ops(100);
	return NULL;
}

/* One after the other, each with a name of its own, so that none goes on in
 * another's chunk. */
static void record_in_turn(void)
{
	for (unsigned i = 0; i < 40; i++) {
		pthread_t thread;
		char name[16];

		snprintf(name, sizeof(name), "turn-%u", i);
		pthread_setname_np(pthread_self(), name);
		pthread_create(&thread, NULL, record_a_few, NULL);
		pthread_join(thread, NULL);
	}
	record_ops(MANY / 6);
}

static void ended_threads_give_their_chunks(void)
{
	struct limited l;

	CU_ASSERT_EQUAL(in_process(record_in_turn, NULL), 0);
	CU_ASSERT_TRUE(size_of("trace.bin") <= LIMIT);
	l = read_limited("trace.bin");
	CU_ASSERT_EQUAL(l.state, PROF_STATE_CLOSED);
	CU_ASSERT_EQUAL(l.ops + l.dropped, 40 * 100 + MANY / 6);
}

static void name_many(void)
{
	char name[256];

	record_ops(1);
	for (unsigned i = 0; i < 8192; i++) {
		memset(name, 'x', sizeof(name));
		snprintf(name, sizeof(name), "%u", i);
		prof_intern_string(name, sizeof(name));
	}
	record_ops(1);
}

static bool a_note_says(const char *words)
{
	const struct prof_meta_note *m = NULL;
	struct raw_trace t;
	bool found = false;

	if (!raw_open(&t, "trace.bin"))
		return false;
	while ((m = raw_meta(&t, PROF_META_NOTE, m)))
		found |= strstr((const char *)(m + 1), words) != NULL;
	raw_close(&t);
	return found;
}

static void names_beyond_the_limit_stop_recording(void)
{
	char text[1024] = "";
	struct limited l;
	FILE *f;

	CU_ASSERT_EQUAL(in_process(name_many, NULL), 0);
	CU_ASSERT_TRUE(size_of("trace.bin") <= LIMIT);
	l = read_limited("trace.bin");
	CU_ASSERT_EQUAL(l.state, PROF_STATE_STOPPED);
	CU_ASSERT_TRUE(a_note_says("names, shapes"));
	f = fopen("stderr", "r");
	CU_ASSERT_TRUE(f && fread(text, 1, sizeof(text) - 1, f) > 0 && strstr(text, "names, shapes"));
	if (f)
		fclose(f);
}

static void take_many_steps(void)
{
	for (unsigned i = 0; i < 30000; i++) {
		prof_step(1);
		record_ops(1);
	}
}

/* The newest of a kind of record that tells a step. */
static uint32_t newest_step(uint16_t type)
{
	const struct prof_meta_step_took *m = NULL; /* `index` is where STEP_NEXT has it */
	struct raw_trace t;
	uint32_t newest = 0;

	if (!raw_open(&t, "trace.bin"))
		return ~0u;
	while ((m = raw_meta(&t, type, m)))
		newest = m->index > newest ? m->index : newest;
	raw_close(&t);
	return newest;
}

/* Every chunk of the timeline says all of the first step in it. */
static bool raw_timelines_stand_alone(const char *path)
{
	size_t offset = sizeof(struct prof_file_header);
	const struct prof_chunk_header *c;
	struct raw_trace t;
	unsigned n = 0, wrong = 0;

	if (!raw_open(&t, path))
		return false;
	while ((c = raw_chunk(&t, &offset))) {
		const struct prof_meta *m = (const void *)(c + 1);

		if (c->kind != PROF_CHUNK_TIMELINE)
			continue;
		while (m->type == PROF_META_CLOCK_SYNC || m->type == PROF_META_STEP_END)
			m = (const void *)((const uint8_t *)m + m->size_bytes);
		wrong += m->type != PROF_META_STEP;
		n++;
	}
	raw_close(&t);
	return n > 1 && !wrong;
}

static void steps_go_with_their_operations(void)
{
	struct summary s;

	CU_ASSERT_EQUAL(in_process(take_many_steps, NULL), 0);
	CU_ASSERT_TRUE(size_of("trace.bin") <= LIMIT);
	s = summarize("trace.bin");
	CU_ASSERT_EQUAL(s.state, PROF_STATE_CLOSED);
	CU_ASSERT_TRUE(s.steps > 5000 && s.steps < 30000);
	CU_ASSERT_TRUE(raw_timelines_stand_alone("trace.bin"));
	CU_ASSERT_TRUE(newest_step(PROF_META_STEP_NEXT) == 29999
	               && newest_step(PROF_META_STEP_TOOK) == 29999);
}

static void record_until_killed(void)
{
	for (;;)
		record_ops(1000);
}

static uint64_t dropped_so_far(void)
{
	struct prof_file_header header = {.dropped_records = 0};
	int fd = open("trace.bin", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
			header.dropped_records = 0;
		close(fd);
	}
	return header.dropped_records;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Kill a recorder some time after it gave up its first chunk. */
static struct limited kill_one(unsigned later_us)
{
	double began = seconds();
	pid_t child;

	unlink("trace.bin");
	fflush(NULL);
	child = fork();
	if (child == 0) {
		setenv("PROFSHIM_RUN", "test", 0);
		prof_runtime_start();
		record_until_killed();
	}
	while (!dropped_so_far() && seconds() - began < 30)
		usleep(500);
	usleep(later_us);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return read_limited("trace.bin");
}

/* At whatever moment: every chunk is a whole one, of one time. */
static void killed_at_any_moment(void)
{
	double began = seconds();
	unsigned wrong = 0, kills = 0;

	/* Twenty-five of them, fewer where a sanitizer makes it slow. */
	for (; kills < 25 && (kills < 3 || seconds() - began < 4); kills++) {
		struct limited l = kill_one(kills * 777);

		wrong += l.state != PROF_STATE_OPEN || l.bad || l.broken || size_of("trace.bin") > LIMIT;
		wrong += !l.dropped;
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
	        {"the newest are kept", the_newest_are_kept},
	        {"threads share the room", threads_share_the_room},
	        {"ended threads give their chunks", ended_threads_give_their_chunks},
	        {"names beyond the limit stop recording", names_beyond_the_limit_stop_recording},
	        {"steps go with their operations", steps_go_with_their_operations},
	        {"killed at any moment", killed_at_any_moment},
	};
	CU_pSuite suite;

	setenv("PROFSHIM_MAX_SIZE", "1M", 1);
	CU_initialize_registry();
	suite = CU_add_suite_with_setup_and_teardown("limit", NULL, NULL, enter_scratch, leave_scratch);
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		CU_add_test(suite, tests[i].name, tests[i].run);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
