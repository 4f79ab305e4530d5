/* threads.c: threads that come, go and are ended in the middle.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/preload/matrix/known.h"
#include "tests/preload/matrix/table.h"

#define WAVE 16

static unsigned long number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

static void *record(void *n)
{
	known_calls((unsigned long)n);
	return NULL;
}

static void *record_on(void *ignored)
{
	for (;;)
		known_calls(1);
	return ignored;
}

static pthread_t start(void *(*run)(void *), unsigned long n, const pthread_attr_t *attributes)
{
	pthread_t thread;

	known_must(pthread_create(&thread, attributes, run, (void *)n) == 0, "pthread_create");
	return thread;
}

static void wave(unsigned threads, unsigned long n)
{
	pthread_t thread[64];

	for (unsigned i = 0; i < threads; i++)
		thread[i] = start(record, n, NULL);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
}

static int come_and_go(void)
{
	unsigned long waves = known_fewer(200);

	for (unsigned long i = 0; i < waves; i++)
		wave(WAVE, 10);
	printf("%lu threads\n", waves * WAVE);
	return 3;
}

static int renamed(void)
{
	for (int i = 0; i < (int)known_fewer(300); i++) {
		char name[24];

		snprintf(name, sizeof(name), "worker %d", i);
		pthread_setname_np(pthread_self(), name);
		wave(2, 10);
	}
	return 3;
}

static int many(void)
{
	wave(64, number("MATRIX_OPERATIONS", 1280000) / 64);
	puts("64 threads");
	return 3;
}

static int small_stacks(void)
{
	pthread_attr_t attributes;
	pthread_t thread[8];

	pthread_attr_init(&attributes);
	known_must(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN) == 0,
	           "pthread_attr_setstacksize");
	for (int i = 0; i < 8; i++)
		thread[i] = start(record, 20000, &attributes);
	for (int i = 0; i < 8; i++)
		pthread_join(thread[i], NULL);
	return 3;
}

static void others_record(void)
{
	for (int i = 0; i < 4; i++)
		pthread_detach(start(record_on, 0, NULL));
	known_calls(50000);
	known_running();
}

static int exit_meanwhile(void)
{
	others_record();
	exit(4);
}

static void *exit_here(void *ignored)
{
	known_calls(1000);
	known_running();
	exit(5);
	return ignored;
}

static int exit_in_thread(void)
{
	others_record();
	start(exit_here, 0, NULL);
	pause();
	return 1;
}

static int main_leaves(void)
{
	for (int i = 0; i < 4; i++)
		pthread_detach(start(record, 50000, NULL));
	known_calls(10);
	pthread_exit(NULL);
	return 1;
}

static void *until_cancelled(void *ignored)
{
	for (;;) {
		known_calls(10);
		pthread_testcancel();
	}
	return ignored;
}

static int cancelled(void)
{
	for (int i = 0; i < (int)known_fewer(200); i++) {
		pthread_t thread = start(until_cancelled, 0, NULL);

		usleep(300);
		pthread_cancel(thread);
		pthread_join(thread, NULL);
	}
	known_calls(1000);
	return 3;
}

static void *asynchronous(void *ignored)
{
	int before;

	known_lossy(known_mine());
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &before);
	for (;;)
		known_calls(1);
	return ignored;
}

static int cancelled_anywhere(void)
{
	for (int i = 0; i < (int)known_fewer(200); i++) {
		pthread_t thread = start(asynchronous, 0, NULL);

		usleep(300);
		pthread_cancel(thread);
		pthread_join(thread, NULL);
		known_calls(10);
	}
	wave(WAVE, 1000);
	return 3;
}

static pthread_key_t key;

static void record_late(void *value)
{
	known_calls(3);
	if ((unsigned long)value < PTHREAD_DESTRUCTOR_ITERATIONS)
		pthread_setspecific(key, (char *)value + 1);
}

static void *with_destructor(void *ignored)
{
	pthread_setspecific(key, (void *)1);
	known_calls(5);
	return ignored;
}

/* Destructors of other keys record after ours has let the thread go. */
static int late_destructors(void)
{
	pthread_key_create(&key, record_late);
	for (int i = 0; i < 100; i++)
		pthread_join(start(with_destructor, 0, NULL), NULL);
	return 3;
}

int main(int argc, char **argv)
{
	static const struct situation all[] = {{"come_and_go", come_and_go},
	                                       {"renamed", renamed},
	                                       {"many", many},
	                                       {"small_stacks", small_stacks},
	                                       {"exit_meanwhile", exit_meanwhile},
	                                       {"exit_in_thread", exit_in_thread},
	                                       {"main_leaves", main_leaves},
	                                       {"cancelled", cancelled},
	                                       {"cancelled_anywhere", cancelled_anywhere},
	                                       {"late_destructors", late_destructors},
	                                       {0}};

	return situation_run(all, argc, argv);
}
