/* libraries.c: hooked libraries that come and go while others run.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The program itself has no kernel: each call goes through a plugin (plugin.c),
 * one of several copies, to the kernel of a library that came with it.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include "tests/preload/matrix/known.h"
#include "tests/preload/matrix/table.h"

#define PLUGINS 3
#define THREADS 4

typedef void plugin_run(int m, int n, int k, float *c);

static const char *folder;
static __thread plugin_run *current;

static void through_plugin(int m, int n, int k, float *c)
{
	current(m, n, k, c);
}

static void *open_plugin(unsigned number)
{
	char path[4096];
	void *handle;

	snprintf(path, sizeof(path), "%s/libmatrix_plugin%u.so", folder, number % PLUGINS);
	handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	known_must(handle != NULL, "dlopen");
	current = (plugin_run *)dlsym(handle, "plugin_run");
	known_must(current != NULL, "dlsym");
	return handle;
}

static void *open_and_close(void *number)
{
	for (unsigned i = 0; i < (unsigned)known_fewer(300); i++) {
		void *handle = open_plugin(i + (unsigned)(unsigned long)number);

		known_calls(20);
		known_must(dlclose(handle) == 0, "dlclose");
	}
	return NULL;
}

static void *stay_open(void *ignored)
{
	void *handle = open_plugin(0);

	known_calls(100000);
	known_must(dlclose(handle) == 0, "dlclose");
	return ignored;
}

static int open_meanwhile(void)
{
	pthread_t thread[THREADS + 1];

	known_kernel = through_plugin;
	for (unsigned long i = 0; i < THREADS; i++)
		known_must(pthread_create(&thread[i], NULL, open_and_close, (void *)i) == 0, "a thread");
	known_must(pthread_create(&thread[THREADS], NULL, stay_open, NULL) == 0, "a thread");
	for (int i = 0; i <= THREADS; i++)
		pthread_join(thread[i], NULL);
	return 3;
}

int main(int argc, char **argv)
{
	static const struct situation all[] = {{"open_meanwhile", open_meanwhile}, {0}};

	folder = getenv("MATRIX_LIBRARIES");
	return situation_run(all, argc, argv);
}
