/* processes.c: children of every kind, and programs that become others.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/preload/matrix/known.h"
#include "tests/preload/matrix/table.h"

/* exec() takes pointers to what it does not change. */
#define WORD(text) ((char *)(uintptr_t)(text))

static char *self;

/* What became of the child, on standard output. */
static void await(pid_t pid)
{
	int status = 0;

	known_must(pid > 0, "a child");
	known_must(waitpid(pid, &status, 0) == pid, "waitpid");
	if (WIFEXITED(status))
		printf("exit %d\n", WEXITSTATUS(status));
	else
		printf("signal %d\n", WTERMSIG(status));
	fflush(stdout);
}

static int plain(void)
{
	known_calls(10);
	return 6;
}

static int fork_records(void)
{
	known_calls(1000);
	for (int i = 0; i < 5; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			known_child();
			known_calls(500);
			exit(i);
		}
		known_calls(100);
		await(pid);
	}
	known_calls(100);
	return 3;
}

static int fork_quiet(void)
{
	known_calls(1000);
	for (int i = 0; i < (int)known_fewer(50); i++) {
		pid_t pid = fork();

		if (pid == 0) {
			known_child();
			exit(i);
		}
		await(pid);
	}
	known_calls(100);
	return 3;
}

static int fork_again(void)
{
	known_calls(100);
	for (int depth = 0; depth < 6; depth++) {
		pid_t pid = fork();

		if (pid != 0) {
			await(pid);
			known_calls(10);
			return depth;
		}
		known_child();
		if (depth != 3)
			known_calls(100);
	}
	return 9;
}

static int fork_before_first(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		known_child();
		known_calls(50);
		exit(2);
	}
	await(pid);
	known_calls(20);
	return 3;
}

static int stop;

static void *record_until(void *ignored)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		known_calls(10);
	return ignored;
}

static void fork_in_crowd(pid_t (*make)(void), int children)
{
	pthread_t thread[4];

	for (int i = 0; i < 4; i++)
		known_must(pthread_create(&thread[i], NULL, record_until, NULL) == 0, "pthread_create");
	for (int i = 0; i < (int)known_fewer((unsigned)children); i++) {
		pid_t pid = make();

		if (pid == 0) {
			known_child();
			known_fate(FATE_QUICK);
			known_calls(200);
			_exit(i % 7);
		}
		known_calls(100);
		await(pid);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
}

static int fork_among_threads(void)
{
	fork_in_crowd(fork, 30);
	return 3;
}

/* Ever new stacks, which are walked. */
static __attribute__((noinline)) int record_deep(unsigned depth)
{
	if (depth > 0)
		return record_deep(depth - 1) + 1;
	known_calls(1);
	return 0;
}

static void *record_deep_once(void *ignored)
{
	for (unsigned i = 0; i < 20; i++)
		record_deep(i);
	return ignored;
}

static void *come_and_go_until(void *ignored)
{
	pthread_t thread;

	for (int i = 0; i < 4000 && !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
		known_must(pthread_create(&thread, NULL, record_deep_once, NULL) == 0, "pthread_create");
		pthread_join(thread, NULL);
	}
	return ignored;
}

/* With every stack walked and all counters read: libunwind, PAPI and the loader
 * have locks that a child finds taken when it comes at the wrong moment. */
static int fork_among_readers(void)
{
	pthread_t thread[3];

	for (int i = 0; i < 3; i++)
		known_must(pthread_create(&thread[i], NULL, come_and_go_until, NULL) == 0, "pthread_create");
	for (int i = 0; i < (int)known_fewer(120); i++) {
		pid_t pid = fork();

		if (pid == 0) {
			known_child();
			record_deep_once(NULL);
			exit(i % 7);
		}
		await(pid);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	return 3;
}

/* No handlers of pthread_atfork() run. */
static pid_t bare_fork(void)
{
	return _Fork();
}

static pid_t raw_clone(void)
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
}

static int clone_records(void)
{
	known_calls(1000);
	for (int i = 0; i < 5; i++) {
		pid_t pid = i % 2 ? raw_clone() : bare_fork();

		if (pid == 0) {
			known_child();
			known_fate(FATE_QUICK);
			known_calls(500);
			_exit(i);
		}
		known_calls(100);
		await(pid);
		known_calls(100);
	}
	return 3;
}

static int clone_quiet(void)
{
	known_calls(1000);
	for (int i = 0; i < (int)known_fewer(20); i++) {
		pid_t pid = i % 2 ? raw_clone() : bare_fork();

		if (pid == 0)
			_exit(i);
		await(pid);
		known_calls(10);
	}
	return 3;
}

/* The lock of the recorder may be held by a thread that the child hasn't: the
 * child may go without a trace then, but neither wait nor disturb. */
static int clone_among_threads(void)
{
	pthread_t thread[4];

	for (int i = 0; i < 4; i++)
		known_must(pthread_create(&thread[i], NULL, record_until, NULL) == 0, "pthread_create");
	for (int i = 0; i < (int)known_fewer(30); i++) {
		pid_t pid = raw_clone();

		if (pid == 0) {
			known_child();
			known_fate(FATE_ANY);
			known_calls(200);
			_exit(i % 7);
		}
		known_calls(100);
		await(pid);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	return 3;
}

/* The child lives in its parent's memory: its operations are the parent's. */
static int vfork_exit(void)
{
	known_calls(100);
	for (int i = 0; i < (int)known_fewer(50); i++) {
		pid_t pid = vfork();

		if (pid == 0)
			_exit(i);
		await(pid);
		known_calls(10);
	}
	return 3;
}

static int vfork_exec(void)
{
	char *arguments[] = {self, WORD("plain"), NULL};

	known_calls(100);
	for (int i = 0; i < 5; i++) {
		pid_t pid = vfork();

		if (pid == 0) {
			execv(i == 2 ? "/nonexistent/program" : self, arguments);
			_exit(127);
		}
		await(pid);
		known_calls(10);
	}
	return 3;
}

static int exec_plain(void)
{
	char *arguments[] = {self, WORD("plain"), NULL};

	known_calls(100);
	known_fate(FATE_EXEC);
	execv(self, arguments);
	return 1;
}

static int exec_fails(void)
{
	char *arguments[] = {WORD("/nonexistent/program"), WORD("plain"), NULL};

	known_calls(100);
	for (int i = 0; i < (int)known_fewer(20); i++) {
		errno = 0;
		printf("%d ", execv(arguments[0], arguments));
		printf("%d ", errno);
		printf("%d ", execl("/", "/", "x", NULL));
		printf("%d\n", errno);
		known_calls(100);
	}
	return 3;
}

static int exec_ways(void)
{
	char *arguments[] = {self, WORD("plain"), NULL};
	const char *name = strrchr(self, '/') + 1;
	char path[4096];

	snprintf(path, sizeof(path), "%.*s", (int)(name - 1 - self), self);
	setenv("PATH", path, 1);
	for (int way = 0; way < 8; way++) {
		pid_t pid = fork();

		if (pid == 0) {
			known_child();
			known_calls(10);
			known_fate(FATE_EXEC);
			switch (way) {
			case 0:
				execve(self, arguments, environ);
				break;
			case 1:
				execvp(name, arguments);
				break;
			case 2:
				execvpe(name, arguments, environ);
				break;
			case 3:
				execl(self, self, "plain", NULL);
				break;
			case 4:
				execlp(name, self, "plain", NULL);
				break;
			case 5:
				execle(self, self, "plain", NULL, environ);
				break;
			case 6:
				fexecve(open(self, O_RDONLY | O_CLOEXEC), arguments, environ);
				break;
			default:
				execveat(AT_FDCWD, self, arguments, environ, 0);
				break;
			}
			_exit(126);
		}
		await(pid);
	}
	known_calls(10);
	return 3;
}

/* Without LD_PRELOAD the new program is nobody's business. */
static sigjmp_buf before_exec;

static void leave_exec(int ignored)
{
	siglongjmp(before_exec, 1);
}

/* A search along a long path, out of which a handler jumps. */
static void leave_one_exec(char *const arguments[])
{
	struct itimerval soon = {{0, 0}, {0, 300}};

	if (sigsetjmp(before_exec, 1))
		return;
	setitimer(ITIMER_REAL, &soon, NULL);
	for (;;)
		execvp(arguments[0], arguments);
}

static void *exec_until_cancelled(void *arguments)
{
	int before;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &before);
	for (;;)
		execvp(*(char **)arguments, arguments);
	return NULL;
}

static int exec_abandoned(void)
{
	char *arguments[] = {WORD("there-is-no-such-program"), NULL};
	pthread_t thread;

	signal(SIGALRM, leave_exec);
	known_calls(100);
	for (int i = 0; i < (int)known_fewer(50); i++) {
		leave_one_exec(arguments);
		known_calls(100);
		known_must(pthread_create(&thread, NULL, exec_until_cancelled, arguments) == 0, "a thread");
		usleep(300);
		pthread_cancel(thread);
		pthread_join(thread, NULL);
		known_calls(100);
	}
	known_calls(50000);
	return 3;
}

static int exec_empty_environment(void)
{
	char *arguments[] = {WORD("/bin/sh"), WORD("-c"), WORD("echo environment: ${LD_PRELOAD-none}"), NULL},
	     *none[] = {NULL};

	known_calls(100);
	known_fate(FATE_EXEC);
	execve(arguments[0], arguments, none);
	return 1;
}

static int exec_own_preload(void)
{
	char *arguments[] = {self, WORD("plain"), NULL}, text[8192];
	const char *mine = getenv("LD_PRELOAD"), *other = getenv("MATRIX_PRELOAD");

	snprintf(text, sizeof(text), "%s%s%s", other, mine ? ":" : "", mine ? mine : "");
	setenv("LD_PRELOAD", text, 1);
	known_calls(100);
	known_fate(FATE_EXEC);
	execv(self, arguments);
	return 1;
}

static void *exec_here(void *ignored)
{
	char *arguments[] = {self, WORD("plain"), NULL};

	known_calls(10);
	known_running();
	known_fate(FATE_EXEC);
	execv(self, arguments);
	return ignored;
}

static int exec_in_thread(void)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, record_until, NULL);
	known_calls(1000);
	pthread_create(&thread, NULL, exec_here, NULL);
	pthread_join(thread, NULL);
	return 1;
}

static int spawn(void)
{
	char *arguments[] = {self, WORD("plain"), NULL};
	pid_t pid;

	known_calls(100);
	for (int i = 0; i < (int)known_fewer(10); i++) {
		known_must(posix_spawn(&pid, self, NULL, NULL, arguments, environ) == 0, "posix_spawn");
		known_calls(10);
		await(pid);
	}
	printf("%d\n", posix_spawn(&pid, "/nonexistent/program", NULL, NULL, arguments, environ));
	known_calls(10);
	return 3;
}

static int shell(void)
{
	char line[4096 + 32], text[64] = "";
	FILE *pipe;

	known_calls(100);
	snprintf(line, sizeof(line), "'%s' plain; exit 11", self);
	fflush(stdout);
	printf("%d\n", WEXITSTATUS(system(line)));
	known_calls(100);
	snprintf(line, sizeof(line), "'%s' plain; echo piped", self);
	fflush(stdout);
	pipe = popen(line, "r");
	known_must(pipe && fgets(text, sizeof(text), pipe), "popen");
	printf("%s%d\n", text, pclose(pipe));
	known_calls(100);
	return 3;
}

static int close_all(void)
{
	known_calls(100);
	closefrom(3);
	known_calls(100000);
	known_must(close_range(3, ~0u, 0) == 0, "close_range");
	known_calls(100000);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	known_calls(100000);
	return 3;
}

/* The program's own files get the numbers that ours had. */
static int close_and_reuse(void)
{
	int fd[400];

	known_calls(100);
	closefrom(3);
	for (int i = 0; i < 400; i++)
		known_must((fd[i] = open("/dev/null", O_RDWR | O_CLOEXEC)) == 3 + i, "the lowest descriptor");
	known_calls(200000);
	for (int i = 0; i < 400; i++)
		known_must(fcntl(fd[i], F_GETFD) == FD_CLOEXEC && write(fd[i], "x", 1) == 1,
		           "an own descriptor");
	return 3;
}

static int becomes_daemon(void)
{
	int pipes[2];
	char c;

	known_calls(100);
	known_must(pipe(pipes) == 0, "pipe");
	known_fate(FATE_QUICK);
	if (fork() == 0) {
		known_child();
		known_fate(FATE_KILLED); /* daemon()'s parent leaves by an _exit() inside the C library */
		known_calls(10);
		known_must(daemon(1, 1) == 0, "daemon");
		known_child();
		known_calls(200);
		closefrom(pipes[1] + 1);
		for (int fd = 0; fd < pipes[1]; fd++)
			close(fd);
		known_calls(100000);
		exit(0);
	}
	close(pipes[1]);
	known_must(read(pipes[0], &c, 1) == 0, "the daemon's end");
	known_calls(10);
	_exit(3);
}

int main(int argc, char **argv)
{
	static const struct situation all[] = {{"plain", plain},
	                                       {"fork_records", fork_records},
	                                       {"fork_quiet", fork_quiet},
	                                       {"fork_again", fork_again},
	                                       {"fork_before_first", fork_before_first},
	                                       {"fork_among_threads", fork_among_threads},
	                                       {"fork_among_readers", fork_among_readers},
	                                       {"clone_records", clone_records},
	                                       {"clone_quiet", clone_quiet},
	                                       {"clone_among_threads", clone_among_threads},
	                                       {"vfork_exit", vfork_exit},
	                                       {"vfork_exec", vfork_exec},
	                                       {"exec_plain", exec_plain},
	                                       {"exec_fails", exec_fails},
	                                       {"exec_ways", exec_ways},
	                                       {"exec_abandoned", exec_abandoned},
	                                       {"exec_empty_environment", exec_empty_environment},
	                                       {"exec_own_preload", exec_own_preload},
	                                       {"exec_in_thread", exec_in_thread},
	                                       {"spawn", spawn},
	                                       {"shell", shell},
	                                       {"close_all", close_all},
	                                       {"close_and_reuse", close_and_reuse},
	                                       {"becomes_daemon", becomes_daemon},
	                                       {0}};

	self = realpath(argv[0], NULL);
	return situation_run(all, argc, argv);
}
