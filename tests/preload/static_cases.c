/* static_cases.c: what programs do that a second C library in them might disturb.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Linked statically, and as others for comparison. Each case checks itself and
 * ends with a status of its own; scale() is the function that is hooked.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define N 64

extern char **environ;

static __thread long calls; /* the program's own memory of a thread */
static __thread char sentence[64] = "as it was";

double scale(double *x, int n, double by);

__attribute__((noinline)) double scale(double *x, int n, double by)
{
	double sum = 0;

	calls++;
	for (int i = 0; i < n; i++)
		sum += x[i] *= by;
	return sum;
}

static void fail(const char *what)
{
	printf("%s\n", what);
	fflush(stdout);
	_exit(99);
}

/* So many calls; the thread's memory, errno and the results are as they should be. */
static void work(int times)
{
	double x[N];
	long before = calls;

	for (int t = 0; t < times; t++) {
		for (int i = 0; i < N; i++)
			x[i] = i;
		errno = 1000 + t;
		if (scale(x, N, 2) != N * (N - 1))
			fail("a wrong sum");
		if (errno != 1000 + t)
			fail("errno was changed");
	}
	if (calls != before + times || strcmp(sentence, "as it was") != 0)
		fail("a thread's memory was changed");
}

static int plain(void)
{
	work(10);
	puts("plain");
	return 3;
}

static void *on_thread(void *arg)
{
	work((int)(intptr_t)arg);
	return NULL;
}

/* Threads that run together, and those that take the memory of ended ones. */
static int threads(void)
{
	pthread_t t[4];

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 4; i++)
			if (pthread_create(&t[i], NULL, on_thread, (void *)(intptr_t)5) != 0)
				fail("no thread");
		work(1);
		for (int i = 0; i < 4; i++)
			pthread_join(t[i], NULL);
	}
	puts("threads");
	return 4;
}

static int child_status(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail("no child to wait for");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200 + WTERMSIG(status);
}

/* A child records on, with threads of its own; by _exit() and by exit(). */
static int forks(void)
{
	pid_t pid;

	work(3);
	pid = fork();
	if (pid == 0) {
		work(7);
		_exit(31);
	}
	if (child_status(pid) != 31)
		fail("the first child");
	pid = fork();
	if (pid == 0)
		exit(threads());
	if (child_status(pid) != 4)
		fail("the second child");
	work(2);
	puts("forks");
	return 5;
}

static void *forks_on(void *arg)
{
	*(int *)arg = forks();
	return NULL;
}

/* In a thread that is not the first. */
static int forks_in_thread(void)
{
	pthread_t t;
	int status;

	work(1);
	if (pthread_create(&t, NULL, forks_on, &status) != 0)
		fail("no thread");
	pthread_join(t, NULL);
	return status;
}

static volatile sig_atomic_t ticks;

static void on_tick(int signo)
{
	int saved = errno;
	double x[N] = {1};

	ticks++;
	if (strcmp(sentence, "as it was") != 0)
		_exit(98);
	scale(x, N, 1);
	calls--;
	errno = saved;
}

/* Handlers that use the thread's memory and call what is hooked, at any time. */
static int signals(void)
{
	struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (ticks < 100)
		work(100);
	setitimer(ITIMER_REAL, &never, NULL);
	puts("signals");
	return 6;
}

/* Much memory of every size: no piece is anyone else's. */
static int memory(void)
{
	enum { PIECES = 20000 };
	static unsigned char *piece[PIECES];

	for (int i = 0; i < PIECES; i++) {
		size_t n = (size_t)(i * 7 % 3000) + 16;

		piece[i] = malloc(n);
		memset(piece[i], i & 255, n);
		if (i % 100 == 0)
			work(1);
	}
	for (int i = 0; i < PIECES; i++) {
		size_t n = (size_t)(i * 7 % 3000) + 16;

		for (size_t k = 0; k < n; k++)
			if (piece[i][k] != (i & 255))
				fail("memory was changed");
		free(piece[i]);
	}
	puts("memory");
	return 7;
}

static int killed(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	work(4);
	puts("killed");
	fflush(stdout);
	raise(SIGSEGV);
	return 0;
}

/* Ends by itself only if the signal that it waits for was lost. */
static int waits(void)
{
	puts("waits");
	fflush(stdout);
	sleep(5);
	return 0;
}

static char own_path[4096];

static int spawns(void)
{
	char how[] = "plain";
	char *const argv[] = {own_path, how, NULL};
	pid_t pid;

	work(1);
	if (posix_spawn(&pid, own_path, NULL, NULL, argv, environ) != 0)
		fail("nothing is spawned");
	if (child_status(pid) != 3 || system("exit 9") != 9 << 8)
		fail("wrong statuses");
	work(1);
	puts("spawns");
	return 8;
}

static int execs(void)
{
	char how[] = "plain";
	char *const argv[] = {own_path, how, NULL};

	work(2);
	if (execve("/there/is/none", argv, environ) == 0 || errno != ENOENT)
		fail("another errno");
	work(2);
	puts("execs");
	fflush(stdout);
	execve(own_path, argv, environ);
	return 0;
}

static void *ends_all(void *arg)
{
	work(1);
	puts("exit_in_thread");
	exit(9);
}

static int exit_in_thread(void)
{
	pthread_t t;

	work(1);
	if (pthread_create(&t, NULL, ends_all, NULL) != 0)
		fail("no thread");
	pthread_join(t, NULL);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} cases[] = {
        {"plain", plain},
        {"threads", threads},
        {"forks", forks},
        {"signals", signals},
        {"memory", memory},
        {"killed", killed},
        {"waits", waits},
        {"spawns", spawns},
        {"execs", execs},
        {"forks_in_thread", forks_in_thread},
        {"exit_in_thread", exit_in_thread},
};

int main(int argc, char **argv)
{
	if (readlink("/proc/self/exe", own_path, sizeof(own_path) - 1) < 0)
		return 97;
	for (unsigned i = 0; argc == 2 && i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!strcmp(argv[1], cases[i].name))
			return cases[i].run();
	return 96;
}
