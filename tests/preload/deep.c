/* deep.c: run the main() of a library that is bound to its own libraries first.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * deep LIBRARY [ARGUMENT]...: opens it with RTLD_DEEPBIND and calls its main().
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	void *handle = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND) : NULL;
	int (*run)(int, char **) = handle ? (int (*)(int, char **))dlsym(handle, "main") : NULL;

	if (!run) {
		fprintf(stderr, "deep: error: %s\n", argc > 1 ? dlerror() : "no library is named");
		return 2;
	}
	return run(argc - 1, argv + 1);
}
