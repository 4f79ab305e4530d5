/* plugins.c: libraries with the same names in them come and go.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * plugins A.so B.so: prints what calls from inside each answer, in turn, both
 * open at once, and through many cycles of dlopen() and dlclose(). With
 * "missing": calls a routine that nobody defines; with "order" and libraries: what
 * the last one is bound to, opened after the others.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

typedef float (*call)(int);

static float ask(void *library, const char *name, int n)
{
	call function = (call)dlsym(library, name);

	return function ? function(n) : -1;
}

static void *open_plugin(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		fprintf(stderr, "%s\n", dlerror());
	return library;
}

static int missing(void)
{
	void (*routine)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "cblas_sbgemm");

	if (!routine)
		return 3;
	routine();
	return 4;
}

static int order(char **paths)
{
	void *last = NULL;

	for (; *paths; paths++)
		last = open_plugin(*paths);
	printf("order %g\n", last ? ask(last, "plugin_order", 7) : -1);
	return 0;
}

int main(int argc, char **argv)
{
	double sum = 0;
	void *a, *b;

	if (argc == 2 && strcmp(argv[1], "missing") == 0)
		return missing();
	if (argc > 2 && strcmp(argv[1], "order") == 0)
		return order(argv + 2);
	if (argc != 3 || !(a = open_plugin(argv[1])) || !(b = open_plugin(argv[2])))
		return 1;
	for (int n = 1; n <= 3; n++)
		printf("both %g %g %g %g\n", ask(a, "plugin_call", n), ask(b, "plugin_call", n),
		       ask(a, "plugin_tail", n), ask(b, "plugin_tail", n));
	dlclose(a);
	dlclose(b);
	for (int cycle = 0; cycle < 100; cycle++) {
		void *one = open_plugin(argv[1 + cycle % 2]);

		sum += ask(one, "plugin_call", cycle) + 1000.0 * ask(one, "plugin_tail", cycle);
		dlclose(one);
	}
	printf("cycles %.0f\n", sum);
	(void)dlsym(RTLD_DEFAULT, "no_such_symbol");
	printf("error %s\n", dlerror() ? "kept" : "lost");
	return 0;
}
