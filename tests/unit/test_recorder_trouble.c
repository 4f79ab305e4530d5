/* test_recorder_trouble.c: programs that do what recorders are not prepared for.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "runtime/guard.h"
#include "tests/unit/in_process.h"

#define ENOUGH 100000 /* operations for some chunks */

static const char *self_path;

/* The other trace of a run: that of process `pid`. */
static const char *trace_of(pid_t pid)
{
	static char name[64];

	snprintf(name, sizeof(name), "trace.%d.bin", (int)pid);
	return name;
}

static bool stderr_says(const char *words)
{
	char text[4096] = "";
	FILE *f = fopen("stderr", "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f)
		fclose(f);
	return n > 0 && strstr(text, words) && strchr(text, '\n') == strrchr(text, '\n');
}

/* ---- ends ---- */

static void record_and_die(void)
{
	record_ops(ENOUGH);
	raise(SIGKILL);
}

static void killed_programs_leave_all_they_recorded(void)
{
	struct summary s;

	CU_ASSERT_EQUAL(WTERMSIG(in_process(record_and_die, NULL)), SIGKILL);
	s = summarize("trace.bin");
	CU_ASSERT_EQUAL(s.ops, ENOUGH);
	CU_ASSERT_EQUAL(s.state, PROF_STATE_OPEN);
	CU_ASSERT_TRUE(s.bad == 0 && s.broken == 0 && s.unsealed == 2);
}

static void record_and_exec(void)
{
	record_ops(10);
	execl(self_path, self_path, "--after-exec", (char *)NULL);
	_exit(1);
}

static void exec_begins_a_trace_of_its_own(void)
{
	pid_t pid;

	CU_ASSERT_EQUAL(in_process(record_and_exec, &pid), 0);
	CU_ASSERT_EQUAL(summarize("trace.bin").ops, 10);
	check_closed(trace_of(pid), 5);
}

/* ---- children ---- */

static void record_and_fork(void)
{
	int status = -1;
	pid_t child;

	record_ops(100);
	child = fork();
	if (child == 0) {
		record_ops(50);
		prof_runtime_stop();
		_exit(0);
	}
	record_ops(ENOUGH);
	waitpid(child, &status, 0);
	if (status || rename(trace_of(child), "child.bin") < 0)
		_exit(1);
}

static void forked_children_record_for_themselves(void)
{
	struct raw_trace t;

	CU_ASSERT_EQUAL(in_process(record_and_fork, NULL), 0);
	check_closed("trace.bin", 100 + ENOUGH);
	check_closed("child.bin", 50);
	CU_ASSERT_TRUE_FATAL(raw_open(&t, "child.bin"));
	CU_ASSERT_EQUAL(raw_count(&t, PROF_META_DESC), 1);
	CU_ASSERT_EQUAL(raw_count(&t, PROF_META_STRING), 1);
	raw_close(&t);
}

static void fork_quietly(void)
{
	record_ops(10);
	for (int i = 0; i < 20; i++) {
		pid_t child = i % 2 ? fork() : vfork();

		if (child == 0)
			_exit(0);
		waitpid(child, NULL, 0);
		record_ops(10);
	}
}

static void children_that_do_nothing_leave_nothing(void)
{
	CU_ASSERT_EQUAL(in_process(fork_quietly, NULL), 0);
	check_closed("trace.bin", 210);
	CU_ASSERT_EQUAL(system("test $(ls | grep -c bin) = 1"), 0);
}

/* ---- a lock that nobody gives back ---- */

static void *keep_the_lock(void *taken)
{
	struct guard g;

	if (guard_enter(&g))
		__atomic_store_n((bool *)taken, true, __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

static void wait_for_the_lock(void)
{
	bool taken = false;
	pthread_t thread;

	guard_turns = 20;
	record_ops(10);
	pthread_create(&thread, NULL, keep_the_lock, &taken);
	while (!__atomic_load_n(&taken, __ATOMIC_ACQUIRE))
		sched_yield();
	record_ops(ENOUGH);
	prof_runtime_stop();
	_exit(7);
}

static void nobody_waits_without_end(void)
{
	CU_ASSERT_EQUAL(WEXITSTATUS(in_process(wait_for_the_lock, NULL)), 7);
	CU_ASSERT_TRUE(stderr_says("does not come back out of the recorder"));
	CU_ASSERT_TRUE(summarize("trace.bin").ops >= 10);
}

/* ---- descriptors ---- */

static void close_all(void)
{
	record_ops(10);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	record_ops(ENOUGH);
}

static void closed_descriptors_are_opened_again(void)
{
	CU_ASSERT_EQUAL(in_process(close_all, NULL), 0);
	check_closed("trace.bin", 10 + ENOUGH);
}

static void replace_all(void)
{
	int fd = open("of_the_program", O_RDWR | O_CREAT, 0600);

	record_ops(10);
	for (int to = 3; to < 256; to++)
		if (to != fd)
			dup2(fd, to);
	record_ops(ENOUGH);
	if (fcntl(100, F_GETFD) < 0)
		_exit(1);
}

static void descriptors_of_the_program_are_left_alone(void)
{
	struct stat st;

	CU_ASSERT_EQUAL(in_process(replace_all, NULL), 0);
	check_closed("trace.bin", 10 + ENOUGH);
	CU_ASSERT_TRUE(stat("of_the_program", &st) == 0 && st.st_size == 0);
}

static void lose_the_file(void)
{
	record_ops(10);
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	rename("trace.bin", "moved.bin");
	record_ops(ENOUGH);
}

static void a_lost_file_stops_recording(void)
{
	struct summary s;

	CU_ASSERT_EQUAL(in_process(lose_the_file, NULL), 0);
	s = summarize("moved.bin");
	CU_ASSERT_TRUE(s.ops > 10 && s.ops < 10 + ENOUGH && s.state == PROF_STATE_STOPPED && s.notes >= 1);
	CU_ASSERT_TRUE(stderr_says("recording stops: "));
}

/* ---- no room ---- */

static void record_enough(void)
{
	record_ops(ENOUGH);
}

static void limited(void)
{
	struct rlimit limit = {200000, 200000};

	setrlimit(RLIMIT_FSIZE, &limit);
	record_ops(ENOUGH);
}

static void a_limit_on_file_sizes_stops_recording(void)
{
	struct summary s;

	CU_ASSERT_EQUAL(in_process(limited, NULL), 0);
	s = summarize("trace.bin");
	CU_ASSERT_TRUE(s.ops > 1000 && s.ops < ENOUGH && s.broken == 0);
	CU_ASSERT_TRUE(s.state == PROF_STATE_STOPPED && s.notes >= 1);
	CU_ASSERT_TRUE(stderr_says("limit on file sizes"));
}

/* A file system of three chunks, in a name space of the process's own. */
static void record_on_small_disk(void)
{
	if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		_exit(98);
	mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL);
	if (mkdir("small", 0700) < 0 || mount("none", "small", "tmpfs", 0, "size=192k") < 0
	    || chdir("small") < 0)
		_exit(98);
	record_ops(ENOUGH);
	if (system("cp trace.bin ..") != 0)
		_exit(1);
}

static void a_full_disk_stops_recording(void)
{
	int status = in_process(record_on_small_disk, NULL);
	struct summary s = summarize("trace.bin");

	if (WIFEXITED(status) && WEXITSTATUS(status) == 98)
		CU_FAIL("a small file system must be mounted for this test, which was refused");
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_TRUE(s.ops > 1000 && s.ops < ENOUGH && s.broken == 0);
	CU_ASSERT_TRUE(s.state == PROF_STATE_STOPPED && s.notes >= 1);
	CU_ASSERT_TRUE(stderr_says("the trace can't grow: No space left on device"));
}

static void run_with_output(const char *output, const char *complaint)
{
	setenv("PROFSHIM_OUTPUT", output, 1);
	CU_ASSERT_EQUAL(in_process(record_enough, NULL), 0);
	unsetenv("PROFSHIM_OUTPUT");
	CU_ASSERT_TRUE(stderr_says(complaint));
}

static void places_that_take_no_file(void)
{
	run_with_output("no/such/folder/trace.bin", "No such file or directory");
	run_with_output("stderr/trace.bin", "Not a directory");
	run_with_output("stderr/folder/", "Not a directory");
	CU_ASSERT_EQUAL(mkfifo("taken", 0700), 0);
	run_with_output("taken", "what has the trace's name is no file");
	CU_ASSERT_EQUAL(system("test \"$(ls | tr '\\n' ' ')\" = 'stderr taken '"), 0);
}

/* ---- names ---- */

static void record_five(void)
{
	record_ops(5);
}

static void what_another_run_left_is_kept(void)
{
	setenv("PROFSHIM_RUN", "first", 1);
	CU_ASSERT_EQUAL(in_process(record_five, NULL), 0);
	setenv("PROFSHIM_RUN", "second", 1);
	CU_ASSERT_EQUAL(in_process(record_enough, NULL), 0);
	unsetenv("PROFSHIM_RUN");
	check_closed("trace.bin~", 5);
	check_closed("trace.bin", ENOUGH);
}

static void a_process_can_name_its_own(void)
{
	pid_t pid;

	setenv("PROFSHIM_OUTPUT", "trace.%p.bin", 1);
	CU_ASSERT_EQUAL(in_process(record_five, &pid), 0);
	unsetenv("PROFSHIM_OUTPUT");
	check_closed(trace_of(pid), 5);
}

static void say_nothing(void)
{
	int fd;

	close(2);
	fd = open("of_the_program", O_RDWR | O_CREAT, 0600);
	prof_say(0, "This line has nowhere to go.");
	if (fd != 2 || lseek(fd, 0, SEEK_END) != 0)
		_exit(1);
}

static void a_file_in_the_place_of_stderr_is_left_alone(void)
{
	CU_ASSERT_EQUAL(in_process(say_nothing, NULL), 0);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
	        {"killed programs leave all they recorded", killed_programs_leave_all_they_recorded},
	        {"exec begins a trace of its own", exec_begins_a_trace_of_its_own},
	        {"forked children record for themselves", forked_children_record_for_themselves},
	        {"children that do nothing leave nothing", children_that_do_nothing_leave_nothing},
	        {"nobody waits without end", nobody_waits_without_end},
	        {"closed descriptors are opened again", closed_descriptors_are_opened_again},
	        {"descriptors of the program are left alone", descriptors_of_the_program_are_left_alone},
	        {"a lost file stops recording", a_lost_file_stops_recording},
	        {"a limit on file sizes stops recording", a_limit_on_file_sizes_stops_recording},
	        {"a full disk stops recording", a_full_disk_stops_recording},
	        {"places that take no file", places_that_take_no_file},
	        {"what another run left is kept", what_another_run_left_is_kept},
	        {"a process can name its own", a_process_can_name_its_own},
	        {"a file in the place of stderr is left alone", a_file_in_the_place_of_stderr_is_left_alone},
	};
	static char path[4096];
	CU_pSuite suite;

	if (argc > 1 && strcmp(argv[1], "--after-exec") == 0) {
		prof_runtime_start();
		record_ops(5);
		prof_runtime_stop();
		return 0;
	}
	self_path = realpath("/proc/self/exe", path);
	CU_initialize_registry();
	suite = CU_add_suite_with_setup_and_teardown("trouble", NULL, NULL, enter_scratch, leave_scratch);
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		CU_add_test(suite, tests[i].name, tests[i].run);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
