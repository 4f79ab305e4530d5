/* test_run_folder.c: one folder for the traces of a run's processes.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/process/job.h"
#include "tests/unit/in_process.h"

static void record_five(void)
{
	record_ops(5);
}

/* A process of run `run` that writes to `output` and records five operations. */
static int run_one(const char *run, const char *output, pid_t *pid)
{
	int status;

	setenv("PROFSHIM_RUN", run, 1);
	setenv("PROFSHIM_OUTPUT", output, 1);
	status = in_process(record_five, pid);
	unsetenv("PROFSHIM_OUTPUT");
	unsetenv("PROFSHIM_RUN");
	return status;
}

static bool shell(const char *command)
{
	return system(command) == 0;
}

static const char *trace_in(const char *folder, pid_t pid)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/test_run_folder.%d.bin", folder, pid);
	return path;
}

static void each_process_has_its_file(void)
{
	pid_t pids[3];

	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(run_one("a", i ? "run" : "run/", &pids[i]), 0);
	for (unsigned i = 0; i < 3; i++)
		check_closed(trace_in("run", pids[i]), 5);
	CU_ASSERT_TRUE(shell("test $(ls run | wc -l) = 3"));
}

static void another_runs_folder_is_kept(void)
{
	pid_t first, second, third;

	CU_ASSERT_EQUAL(run_one("a", "run/", &first), 0);
	CU_ASSERT_EQUAL(run_one("b", "run/", &second), 0);
	check_closed(trace_in("run", second), 5);
	check_closed(trace_in("run~", first), 5);
	CU_ASSERT_EQUAL(run_one("c", "run/", &third), 0);
	check_closed(trace_in("run", third), 5);
	check_closed(trace_in("run~", second), 5);
	CU_ASSERT_TRUE(shell("test $(ls -d run* | wc -l) = 2 && test $(ls run~ | wc -l) = 1"));
}

/* What somebody put beside the traces is never removed. */
static void other_files_are_not_removed(void)
{
	CU_ASSERT_EQUAL(run_one("a", "run/", NULL), 0);
	CU_ASSERT_TRUE(shell("echo mine >run/notes.txt"));
	CU_ASSERT_EQUAL(run_one("b", "run/", NULL), 0);
	CU_ASSERT_EQUAL(run_one("c", "run/", NULL), 0);
	CU_ASSERT_TRUE(shell("test \"$(cat run~/notes.txt)\" = mine && test $(ls -d run*/ | wc -l) = 3"));
}

static void a_folder_of_somebody_elses_stays(void)
{
	pid_t first, second;

	CU_ASSERT_TRUE(shell("mkdir home && echo mine >home/notes.txt"));
	CU_ASSERT_EQUAL(run_one("a", "home", &first), 0);
	CU_ASSERT_EQUAL(run_one("b", "home", &second), 0);
	check_closed(trace_in("home", first), 5);
	check_closed(trace_in("home", second), 5);
	CU_ASSERT_TRUE(shell("test ! -e home~ && test -f home/notes.txt && test ! -L home/.run"));
}

/* ---- many at once ---- */

enum { CROWD = 24 };

static void start_together(void)
{
	while (access("go", F_OK) != 0)
		usleep(100);
	record_ops(5);
	if (fork() == 0) {
		record_ops(3);
		prof_runtime_stop();
		_exit(0);
	}
	wait(NULL);
}

static void processes_that_start_together_share_it(void)
{
	pid_t pids[CROWD];
	int status;

	CU_ASSERT_EQUAL(run_one("before", "run/", NULL), 0);
	setenv("PROFSHIM_RUN", "crowd", 1);
	setenv("PROFSHIM_OUTPUT", "run/", 1);
	fflush(NULL);
	for (unsigned i = 0; i < CROWD; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			prof_runtime_start();
			start_together();
			prof_runtime_stop();
			_exit(0);
		}
	}
	CU_ASSERT_TRUE(shell("touch go"));
	for (unsigned i = 0; i < CROWD; i++) {
		waitpid(pids[i], &status, 0);
		check_closed(trace_in("run", pids[i]), 5);
	}
	unsetenv("PROFSHIM_OUTPUT");
	unsetenv("PROFSHIM_RUN");
	CU_ASSERT_TRUE(shell("test $(ls run | wc -l) = 48 && test $(ls run~ | wc -l) = 1"));
	CU_ASSERT_TRUE(shell("test $(ls -d run* | wc -l) = 2"));
}

static void remove_the_folder(void)
{
	record_ops(5);
	if (system("rm -r run") != 0)
		_exit(1);
	if (fork() == 0) {
		record_ops(3);
		prof_runtime_stop();
		_exit(0);
	}
	wait(NULL);
	record_ops(5);
}

static void a_folder_removed_is_made_again(void)
{
	setenv("PROFSHIM_OUTPUT", "run/", 1);
	CU_ASSERT_EQUAL(in_process(remove_the_folder, NULL), 0);
	unsetenv("PROFSHIM_OUTPUT");
	CU_ASSERT_TRUE(shell("test $(ls run | wc -l) = 1"));
}

/* ---- ranks ---- */

static void be_rank(const char *rank, const char *ranks)
{
	setenv("OMPI_COMM_WORLD_RANK", rank, 1);
	setenv("OMPI_COMM_WORLD_SIZE", ranks, 1);
}

static void be_nobody(void)
{
	unsetenv("OMPI_COMM_WORLD_RANK");
	unsetenv("OMPI_COMM_WORLD_SIZE");
}

static void ranks_have_a_folder(void)
{
	char again[64];
	pid_t pid;

	be_rank("0", "2");
	CU_ASSERT_EQUAL(run_one("a", "trace.bin", NULL), 0);
	be_rank("1", "2");
	CU_ASSERT_EQUAL(run_one("a", "trace.bin", NULL), 0);
	CU_ASSERT_EQUAL(run_one("a", "trace.bin", &pid), 0);
	be_nobody();
	check_closed("trace.d/rank0.bin", 5);
	check_closed("trace.d/rank1.bin", 5);
	snprintf(again, sizeof(again), "trace.d/rank1.%d.bin", pid);
	check_closed(again, 5);
	CU_ASSERT_FALSE(exists("trace.bin"));
}

static void a_lone_rank_has_a_file(void)
{
	be_rank("0", "1");
	CU_ASSERT_EQUAL(run_one("a", "trace.bin", NULL), 0);
	be_nobody();
	check_closed("trace.bin", 5);
}

static void the_environment_tells_the_rank(void)
{
	static const char *const nonsense[] = {"", "x", "-1", "3x", "99999999999"};

	for (unsigned i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		be_rank(nonsense[i], "4");
		job_start();
		CU_ASSERT_PTR_NULL(job_get()->launcher);
	}
	be_rank("3", "4");
	setenv("OMPI_COMM_WORLD_LOCAL_RANK", "1", 1);
	setenv("PMIX_NAMESPACE", "job7", 1);
	job_start();
	CU_ASSERT_STRING_EQUAL(job_get()->launcher, "OpenMPI");
	CU_ASSERT_TRUE(job_get()->rank == 3 && job_get()->ranks == 4 && job_get()->local_rank == 1);
	CU_ASSERT_STRING_EQUAL(job_get()->id, "OpenMPI job7 ");
	CU_ASSERT_TRUE(job_is_parallel());
	unsetenv("OMPI_COMM_WORLD_LOCAL_RANK");
	unsetenv("PMIX_NAMESPACE");
	be_nobody();
	setenv("RANK", "2", 1); /* a name that anybody may use */
	job_start();
	CU_ASSERT_FALSE(job_is_parallel());
	setenv("TORCHELASTIC_RUN_ID", "none", 1);
	job_start();
	CU_ASSERT_TRUE(job_is_parallel() && job_get()->rank == 2 && job_get()->ranks == 0);
	unsetenv("TORCHELASTIC_RUN_ID");
	unsetenv("RANK");
	job_start();
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
	        {"each process has its file", each_process_has_its_file},
	        {"another run's folder is kept", another_runs_folder_is_kept},
	        {"other files are not removed", other_files_are_not_removed},
	        {"a folder of somebody else's stays", a_folder_of_somebody_elses_stays},
	        {"processes that start together share it", processes_that_start_together_share_it},
	        {"a folder removed is made again", a_folder_removed_is_made_again},
	        {"ranks have a folder", ranks_have_a_folder},
	        {"a lone rank has a file", a_lone_rank_has_a_file},
	        {"the environment tells the rank", the_environment_tells_the_rank},
	};
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite_with_setup_and_teardown("run folder", NULL, NULL, enter_scratch, leave_scratch);
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		CU_add_test(suite, tests[i].name, tests[i].run);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
