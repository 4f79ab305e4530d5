/* lapack.c: LAPACK routines of every shape, from the library that is named.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * lapack LIBRARY: prints a digest of what each routine wrote and its status.
 * A call is a line of letters: capital letters are passed as they are, small ones
 * are sizes and buffers (below). Each is asked for its workspace first.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_M = 9, SIZE_N = 7, SIZE_R = 3, LD = 12, WORK = 4096, BUFFERS = 6, BUFFER_BYTES = 65536 };

typedef uint64_t u64;
typedef void routine_fn(u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64,
                        u64, u64, u64, u64, u64, u64, u64, u64, u64);

/* m n r k sizes; l leading dimension; a the matrix, b c d e buffers; i whole numbers;
 * w workspace, q its length; v workspace of whole numbers, z its length; x y the status. */
static const struct {
	const char *name, *arguments;
} calls[] = {
        {"dgetrf", "mnalix"},         {"sgetrs", "Nnralibly"},      {"dgesv", "nralibly"},
        {"zgesv", "nralibly"},        {"dgetri", "naliwqx"},        {"dpotrf", "Unalx"},
        {"cpotrf", "Unalx"},          {"dpotrs", "Unralblx"},       {"dposv", "Unralblx"},
        {"dpotri", "Unalx"},          {"dtrtri", "UNnalx"},         {"dtrtrs", "UNNnralblx"},
        {"dsytrf", "Unaliwqx"},       {"dgeqrf", "mnalbwqx"},       {"dorgqr", "mnkalbwqx"},
        {"dormqr", "LTnrkalbclwqx"},  {"dgels", "Nmnralblwqx"},     {"dgelsd", "mnralblcdiwqvx"},
        {"dsytrd", "Unalbcdwqx"},     {"dgehrd", "nonalbwqx"},      {"dgebrd", "mnalbcdewqx"},
        {"dsyev", "VUnalbwqx"},       {"ssyevd", "NUnalbwqvzx"},    {"zheev", "VUnalbwqcx"},
        {"dgeev", "NVnalbcdlelwqx"},  {"zgeev", "NNnalbdlelwqcx"},  {"dgesvd", "SSmnalbclblwqx"},
        {"dgesdd", "Smnalbcldlwqvx"}, {"sgesdd", "Nmnalbcldlwqvx"},
};

static _Alignas(64) unsigned char buffer[BUFFERS][BUFFER_BYTES];
static int64_t whole[256];
static _Alignas(64) double work[WORK * 2];
static char letters[8];
static int64_t numbers[32];

/* A symmetric matrix that is positive definite, and others beside it. */
static void fill(char type)
{
	unsigned parts = type == 'c' || type == 'z' ? 2 : 1;

	memset(whole, 0, sizeof(whole));
	for (unsigned b = 0; b < BUFFERS; b++)
		for (unsigned j = 0; j < LD; j++)
			for (unsigned i = 0; i < LD; i++) {
				double value = i == j ? 20 : 1.0 / (1 + i + j) + (b ? b * 0.25 : 0);
				unsigned at = (j * LD + i) * parts;

				if (type == 'd' || type == 'z')
					((double *)(void *)buffer[b])[at] = value;
				else
					((float *)(void *)buffer[b])[at] = (float)value;
			}
	for (unsigned i = 0; i < 8; i++)
		whole[i] = i + 1;
}

static u64 number(int64_t value, unsigned at)
{
	numbers[at] = value;
	return (u64)(uintptr_t)&numbers[at];
}

static u64 argument(char c, unsigned at, int ask)
{
	switch (c) {
	case 'm':
		return number(SIZE_M, at);
	case 'n':
	case 'k':
		return number(SIZE_N, at);
	case 'r':
		return number(SIZE_R, at);
	case 'o':
		return number(1, at);
	case 'l':
		return number(LD, at);
	case 'q':
	case 'z':
		return number(ask ? -1 : c == 'q' ? WORK : 256, at);
	case 'w':
		return (u64)(uintptr_t)work;
	case 'v':
	case 'i':
		return (u64)(uintptr_t)whole;
	case 'x':
	case 'y':
		return number(0, at);
	default:
		return (u64)(uintptr_t)buffer[c - 'a'];
	}
}

static void call(routine_fn *f, const char *arguments, int ask)
{
	u64 w[26] = {0};
	unsigned n = 0, n_letters = 0;

	for (; arguments[n]; n++) {
		if (arguments[n] >= 'A' && arguments[n] <= 'Z') {
			letters[n_letters] = arguments[n];
			w[n] = (u64)(uintptr_t)&letters[n_letters++];
		} else {
			w[n] = argument(arguments[n], n, ask);
		}
	}
	for (unsigned i = 0; i < n_letters; i++)
		w[n + i] = 1;
	f(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11], w[12], w[13], w[14],
	  w[15], w[16], w[17], w[18], w[19], w[20], w[21], w[22], w[23], w[24], w[25]);
}

static u64 digest(void)
{
	const unsigned char *p = buffer[0];
	u64 hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < sizeof(buffer); i++)
		hash = (hash ^ p[i]) * 0x100000001b3u;
	return hash;
}

int main(int argc, char **argv)
{
	if (argc != 2 || !dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL)) {
		fprintf(stderr, "lapack: error: %s\n", argc == 2 ? dlerror() : "usage: lapack LIBRARY");
		return 1;
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		char name[32];
		void *f;

		snprintf(name, sizeof(name), "%s_", calls[i].name);
		f = dlsym(RTLD_DEFAULT, name);
		if (!f) {
			fprintf(stderr, "lapack: error: no %s\n", name);
			return 1;
		}
		memset(buffer, 0, sizeof(buffer));
		fill(name[0]);
		if (strchr(calls[i].arguments, 'q'))
			call((routine_fn *)f, calls[i].arguments, 1);
		fill(name[0]);
		call((routine_fn *)f, calls[i].arguments, 0);
		printf("%s %016" PRIx64 " %d\n", name, digest(),
		       (int)numbers[strlen(calls[i].arguments) - 1]);
	}
	return 0;
}
