/* reach.c: one product, reached in the way that is named.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * reach WAY LIBRARY [SYMBOL]: in a library that was opened in that way (local,
 * global, deepbind, deepbind_lazy, namespace), or by a pointer to cblas_sgemm (or SYMBOL) asked
 * for (handle, default, next), or that the linker put into the program (pointer, direct).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

typedef void gemm_fn(int, int, int, int, int, int, float, const float *, int, const float *, int, float,
                     float *, int);
gemm_fn cblas_sgemm;

static gemm_fn *volatile linked = cblas_sgemm;

static int multiply(gemm_fn *gemm)
{
	float a[6] = {1, 2, 3, 4, 5, 6}, c[4] = {0};

	if (!gemm)
		return 1;
	gemm(101, 111, 111, 2, 2, 3, 1, a, 3, a, 2, 0, c, 2);
	printf("%g %g %g %g\n", (double)c[0], (double)c[1], (double)c[2], (double)c[3]);
	return 0;
}

static int in_library(void *handle)
{
	void (*inside)(void) = handle ? (void (*)(void))dlsym(handle, "reach_multiply") : NULL;

	if (!inside) {
		fprintf(stderr, "reach: error: %s\n", dlerror());
		return 1;
	}
	inside();
	return 0;
}

int main(int argc, char **argv)
{
	const char *way = argc > 2 ? argv[1] : "", *symbol = argc > 3 ? argv[3] : "cblas_sgemm";

	if (strcmp(way, "local") == 0)
		return in_library(dlopen(argv[2], RTLD_NOW | RTLD_LOCAL));
	if (strcmp(way, "global") == 0)
		return in_library(dlopen(argv[2], RTLD_NOW | RTLD_GLOBAL));
	if (strcmp(way, "deepbind") == 0)
		return in_library(dlopen(argv[2], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND));
	if (strcmp(way, "deepbind_lazy") == 0)
		return in_library(dlopen(argv[2], RTLD_LAZY | RTLD_LOCAL | RTLD_DEEPBIND));
	if (strcmp(way, "namespace") == 0)
		return in_library(dlmopen(LM_ID_NEWLM, argv[2], RTLD_NOW));
	if (strcmp(way, "handle") == 0) {
		void *handle = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL);

		return multiply(handle ? (gemm_fn *)dlsym(handle, symbol) : NULL);
	}
	if (strcmp(way, "default") == 0)
		return multiply((gemm_fn *)dlsym(RTLD_DEFAULT, symbol));
	if (strcmp(way, "next") == 0)
		return multiply((gemm_fn *)dlsym(RTLD_NEXT, symbol));
	if (strcmp(way, "pointer") == 0)
		return multiply(linked);
	if (strcmp(way, "direct") == 0) {
		float a[6] = {1, 2, 3, 4, 5, 6}, c[4] = {0};

		cblas_sgemm(101, 111, 111, 2, 2, 3, 1, a, 3, a, 2, 0, c, 2);
		printf("%g %g %g %g\n", (double)c[0], (double)c[1], (double)c[2], (double)c[3]);
		return 0;
	}
	fprintf(stderr, "reach: error: no way '%s'\n", way);
	return 2;
}
