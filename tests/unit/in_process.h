/* in_process.h: run a recording in a process of its own, then look at what it left.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TESTS_UNIT_IN_PROCESS_H
#define TESTS_UNIT_IN_PROCESS_H

#include <CUnit/Basic.h>
#include <stdio.h>
#include <sys/wait.h>

#include "runtime/recorder.h"
#include "tests/unit/raw_trace.h"

static char scratch[64];

/* In a new folder, which becomes the working one. */
static inline void enter_scratch(void)
{
	strcpy(scratch, "/tmp/prof_test.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(scratch));
	CU_ASSERT_EQUAL_FATAL(chdir(scratch), 0);
}

static inline void leave_scratch(void)
{
	char command[128];

	CU_ASSERT_EQUAL(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf %s", scratch);
	CU_ASSERT_EQUAL(system(command), 0);
}

/* The wait status of `body` between start and stop of the recorder. Standard
 * error goes to the file "stderr". *pid (may be null) is the process's. */
static inline int in_process(void (*body)(void), pid_t *pid)
{
	int status = -1;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (!freopen("stderr", "w", stderr))
			_exit(99);
		setenv("PROFSHIM_RUN", "test", 0);
		prof_runtime_start();
		body();
		prof_runtime_stop();
		_exit(0);
	}
	CU_ASSERT_FATAL(child > 0);
	waitpid(child, &status, 0);
	if (pid)
		*pid = child;
	return status;
}

/* A descriptor told apart by its layer. */
static inline uint32_t make_desc(struct prof_thread *t, int layer)
{
	struct prof_desc_spec spec = {.op = PROF_OP_LINEAR, .n_operands = 1, .n_attrs = 1, .layer = layer};

	spec.name = prof_intern_string("kernel", 6);
	spec.operands[0] = (struct prof_operand_spec){
	        .role = PROF_OPERAND_INPUT, .dtype = PROF_DTYPE_FLOAT32, .n_dims = 2, .dims = {3, 4}};
	spec.attrs[0] = (struct prof_attr_spec){.attr = PROF_ATTR_M, .value = 12};
	return prof_intern_desc(t, &spec);
}

/* n operations of one descriptor by the calling thread, one right after another. */
static inline void record_ops(unsigned n)
{
	struct prof_thread *t = prof_thread_get();
	uint32_t desc = t ? make_desc(t, 0) : 0;

	for (unsigned i = 0; t && i < n; i++) {
		uint64_t start = prof_clock();

		prof_record(t, desc, start, prof_clock());
	}
}

/* What is in a trace, in numbers; ops is -1 when it can't be opened. */
struct summary {
	int ops;
	unsigned state, bad, broken, unsealed, steps, threads, notes;
	uint64_t records, lost;
};

static inline struct summary summarize(const char *path)
{
	struct summary s = {.ops = -1};
	struct raw_visitor v = {.op = NULL};
	const struct prof_meta_end *end;
	struct raw_trace t;

	if (!raw_open(&t, path))
		return s;
	raw_visit(&t, &v);
	s.ops = (int)v.ops;
	s.state = t.header->state;
	s.bad = t.n_bad;
	s.broken = v.broken;
	s.unsealed = t.n_chunks - t.n_sealed;
	s.steps = raw_count(&t, PROF_META_STEP) + raw_count(&t, PROF_META_STEP_NEXT);
	s.threads = raw_count(&t, PROF_META_THREAD);
	s.notes = raw_count(&t, PROF_META_NOTE);
	end = raw_meta(&t, PROF_META_END, NULL);
	s.records = end ? end->records : 0;
	s.lost = end ? end->lost : 0;
	raw_close(&t);
	return s;
}

/* A trace that its writer ended, with so many operations. */
static inline void check_closed(const char *path, int ops)
{
	struct summary s = summarize(path);

	CU_ASSERT_EQUAL(s.ops, ops);
	CU_ASSERT_EQUAL(s.state, PROF_STATE_CLOSED);
	CU_ASSERT_EQUAL(s.records, (uint64_t)ops);
	CU_ASSERT_TRUE(s.bad == 0 && s.broken == 0 && s.unsealed == 0);
}

static inline bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

#endif
