/* stress.c: all of it mixed: threads, children of every kind, handlers, names, execs that fail.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * MATRIX_SEED gives the order of things, MATRIX_SECONDS how long it goes on.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/preload/matrix/known.h"
#include "tests/preload/matrix/table.h"

#define WORKERS   6
#define CHILD_MAX 800 /* each leaves a trace */

/* ThreadSanitizer keeps handlers back and runs them as plain calls, so that nothing tells a record
 * that is interrupted from one that was left: it goes without. */
#ifdef __SANITIZE_THREAD__
#define PERIOD_US 0
#else
#define PERIOD_US 500
#endif

static unsigned seed;
static time_t end;
static int children;
static struct ledger_lane *handler_lane;

static void from_handler(int number)
{
	known_call_on(handler_lane);
}

static unsigned dice(unsigned *state, unsigned faces)
{
	*state = *state * 1103515245u + 12345u;
	return (*state >> 16) % faces;
}

static void block_timer(int how)
{
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(how, &alarm, NULL);
}

static void *short_life(void *operations)
{
	known_calls((uintptr_t)operations);
	return NULL;
}

static void start_one(unsigned operations)
{
	pthread_t thread;

	known_must(pthread_create(&thread, NULL, short_life, (void *)(uintptr_t)operations) == 0, "a thread");
	pthread_join(thread, NULL);
}

/* The child has no timer; its one thread records and leaves. */
static void make_child(unsigned operations, bool quick)
{
	pid_t pid;
	int status = 0;

	if (__atomic_add_fetch(&children, 1, __ATOMIC_RELAXED) > CHILD_MAX)
		return;
	pid = fork();
	if (pid == 0) {
		known_child();
		known_calls(operations);
		if (!quick)
			exit(5);
		known_fate(FATE_QUICK);
		_exit(5);
	}
	known_must(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5, "a child");
}

static void vforked(bool quick)
{
	char name[] = "nobody", *none[] = {name, NULL};
	int status = 0;
	pid_t pid = vfork();

	if (pid == 0) {
		if (!quick)
			execve("/nonexistent/program", none, none + 1);
		_exit(6);
	}
	known_must(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 6, "a vforked child");
}

static void failing_exec(void)
{
	char name[] = "nobody", *none[] = {name, NULL};

	known_must(execve("/nonexistent/program", none, none + 1) < 0, "a failing exec");
}

static void *work(void *number)
{
	unsigned state = seed + 7919u * (unsigned)(uintptr_t)number;
	char name[16];

	block_timer(SIG_BLOCK); /* only main() is interrupted */
	while (time(NULL) < end) {
		unsigned operations = 1 + dice(&state, 3000);

		switch (dice(&state, 12)) {
		case 0:
			start_one(operations);
			break;
		case 1:
			make_child(operations, dice(&state, 2) == 0);
			break;
		case 2:
			vforked(dice(&state, 2) == 0);
			break;
		case 3:
			failing_exec();
			break;
		case 4:
			snprintf(name, sizeof(name), "name %u", dice(&state, 40));
			pthread_setname_np(pthread_self(), name);
			break;
		default:
			known_calls(operations);
			break;
		}
		usleep(dice(&state, 20000));
	}
	return NULL;
}

static int run(void)
{
	struct itimerval period = {{0, PERIOD_US}, {0, PERIOD_US}}, never = {0};
	struct sigaction action = {.sa_handler = from_handler, .sa_flags = SA_RESTART};
	pthread_t thread[WORKERS];

	seed = (unsigned)strtoul(getenv("MATRIX_SEED"), NULL, 10);
	end = time(NULL) + (time_t)strtol(getenv("MATRIX_SECONDS"), NULL, 10);
	known_mine();
	handler_lane = known_lane();
	known_lossy(handler_lane);
	for (uintptr_t i = 0; i < WORKERS; i++)
		known_must(pthread_create(&thread[i], NULL, work, (void *)i) == 0, "a worker");
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &period, NULL);
	while (time(NULL) < end) {
		known_calls(200);
		usleep(1000);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_IGN); /* valgrind delivers the last one late, even when the trace has ended */
	for (int i = 0; i < WORKERS; i++)
		pthread_join(thread[i], NULL);
	puts("done");
	return 3;
}

int main(int argc, char **argv)
{
	static const struct situation all[] = {{"run", run}, {0}};

	return situation_run(all, argc, argv);
}
