/* ends.c: every way in which a program ends.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/preload/matrix/known.h"
#include "tests/preload/matrix/table.h"

static int by_return(void)
{
	known_calls(1000);
	return 3;
}

static int by_underscore_exit(void)
{
	known_calls(1000);
	known_fate(FATE_QUICK);
	_exit(4);
}

static int by_Exit(void)
{
	known_calls(1000);
	known_fate(FATE_QUICK);
	_Exit(4);
}

static void quick_handler(void)
{
	known_calls(7);
}

static int by_quick_exit(void)
{
	known_calls(1000);
	known_fate(FATE_QUICK);
	at_quick_exit(quick_handler);
	quick_exit(5);
}

static int by_system_call(void)
{
	known_calls(1000);
	known_fate(FATE_KILLED);
	syscall(SYS_exit_group, 6);
	return 1;
}

static int by_abort(void)
{
	known_calls(1000);
	known_fate(FATE_KILLED);
	abort();
}

static int by_kill(void)
{
	known_calls(100000);
	known_fate(FATE_KILLED);
	kill(getpid(), SIGKILL);
	return 1;
}

static int by_segfault(void)
{
	volatile char *page = aligned_alloc(4096, 4096);

	known_calls(1000);
	known_fate(FATE_KILLED);
	mprotect((void *)page, 4096, PROT_NONE);
	*page = 1;
	return 1;
}

static void exit_7(void)
{
	exit(7);
}

static int exit_in_call(void)
{
	known_calls(1000);
	kernel_inside = exit_7;
	known_calls(1);
	return 1;
}

static void quick_8(void)
{
	_exit(8);
}

static int quick_in_call(void)
{
	known_calls(1000);
	known_fate(FATE_QUICK);
	kernel_inside = quick_8;
	known_calls(1);
	return 1;
}

static void at_exit_records(void)
{
	puts("at exit");
	known_calls(100);
}

/* Registered before main() by the loader's order, after the shim's own start. */
static int at_exit(void)
{
	known_calls(100);
	atexit(at_exit_records);
	return 3;
}

static bool late_calls;

__attribute__((destructor)) static void late(void)
{
	if (!late_calls)
		return;
	known_calls(100);
	puts("destructor");
}

/* The program's destructors run before those of libraries, also the shim's. */
static int destructor(void)
{
	late_calls = true;
	known_calls(100);
	return 3;
}

static void end_by_signal(int signal)
{
	exit(signal);
}

static int exit_in_handler(void)
{
	known_calls(1000);
	signal(SIGUSR1, end_by_signal);
	raise(SIGUSR1);
	return 1;
}

static void quick_by_signal(int signal)
{
	_exit(signal);
}

static int quick_in_handler(void)
{
	known_calls(1000);
	known_fate(FATE_QUICK);
	signal(SIGUSR1, quick_by_signal);
	raise(SIGUSR1);
	return 1;
}

static void *record_on(void *ignored)
{
	for (;;)
		known_calls(1);
	return ignored;
}

static int quick_meanwhile(void)
{
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, record_on, NULL);
	known_calls(50000);
	known_running();
	known_fate(FATE_QUICK);
	_exit(9);
}

static int kill_meanwhile(void)
{
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, record_on, NULL);
	known_calls(50000);
	known_fate(FATE_KILLED);
	kill(getpid(), SIGKILL);
	return 1;
}

int main(int argc, char **argv)
{
	static const struct situation all[] = {{"by_return", by_return},
	                                       {"by_underscore_exit", by_underscore_exit},
	                                       {"by_Exit", by_Exit},
	                                       {"by_quick_exit", by_quick_exit},
	                                       {"by_system_call", by_system_call},
	                                       {"by_abort", by_abort},
	                                       {"by_kill", by_kill},
	                                       {"by_segfault", by_segfault},
	                                       {"exit_in_call", exit_in_call},
	                                       {"quick_in_call", quick_in_call},
	                                       {"at_exit", at_exit},
	                                       {"destructor", destructor},
	                                       {"exit_in_handler", exit_in_handler},
	                                       {"quick_in_handler", quick_in_handler},
	                                       {"quick_meanwhile", quick_meanwhile},
	                                       {"kill_meanwhile", kill_meanwhile},
	                                       {0}};

	return situation_run(all, argc, argv);
}
