/* blas_all.c: call every BLAS routine that a library exports.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * blas_all [run|expect [LIBRARY]], of OpenBLAS when none is named: prints, for each
 * call, a digest of everything the routine wrote or returned ("name digest", the
 * same with and without the shim) or, with the argument "expect", what the trace
 * should hold ("name op m n k", - where it has none).
 * Arguments are made from the shapes in hooks_blas.def and passed as the ABI
 * has them: whole numbers and pointers in order, floating point ones in order.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/blas/blas.h"

enum { M = 5, N = 4, K = 3, LD = 8, BUFFERS = 6, BUFFER_BYTES = 8192 };

/* Results come in the first two floating point registers or in one other. */
struct two_doubles {
	double a, b;
};
typedef uint64_t u64;
typedef struct two_doubles (*returns_floats)(u64, u64, u64, u64, u64, u64, double, double, double, u64, u64,
                                             u64, u64, u64, u64, u64, u64, u64, u64, u64, u64);
typedef u64 (*returns_whole)(u64, u64, u64, u64, u64, u64, double, double, double, u64, u64, u64, u64, u64,
                             u64, u64, u64, u64, u64, u64, u64);

struct arguments {
	u64 word[18];
	double floating[3];
	unsigned n_words, n_floating;
	int64_t integers[24]; /* what Fortran's pointers point to */
	unsigned n_integers;
	double scalars[8];
	unsigned n_scalars;
};

static _Alignas(64) unsigned char buffer[BUFFERS][BUFFER_BYTES];

static bool is_wide_float(unsigned dtype)
{
	return dtype == PROF_DTYPE_FLOAT64 || dtype == PROF_DTYPE_COMPLEX128;
}

static void fill_buffers(unsigned dtype)
{
	uint32_t seed = 12345;

	for (unsigned b = 0; b < BUFFERS; b++) {
		for (unsigned i = 0; i < BUFFER_BYTES / 8; i++) {
			seed = seed * 1664525u + 1013904223u;
			double value = 1.0 + (double)(seed >> 8) / (1 << 24);

			if (is_wide_float(dtype)) {
				memcpy(buffer[b] + 8 * i, &value, 8);
			} else {
				float narrow = (float)value;

				memcpy(buffer[b] + 4 * i, &narrow, 4);
			}
		}
	}
}

static void add_word(struct arguments *a, bool fortran, int64_t value)
{
	if (!fortran) {
		a->word[a->n_words++] = (u64)value;
		return;
	}
	a->integers[a->n_integers] = value;
	a->word[a->n_words++] = (u64)(uintptr_t)&a->integers[a->n_integers++];
}

static void add_scalar(struct arguments *a, const struct blas_routine *r, bool by_value)
{
	double *slot = &a->scalars[a->n_scalars];
	float narrow[2] = {1.25f, 0.5f};

	a->n_scalars += 2;
	if (is_wide_float(r->in)) {
		slot[0] = 1.25;
		slot[1] = 0.5;
	} else {
		memcpy(slot, narrow, sizeof(narrow));
	}
	if (by_value)
		a->floating[a->n_floating++] = slot[0];
	else
		a->word[a->n_words++] = (u64)(uintptr_t)slot;
}

static int64_t integer_of(char letter, int pass)
{
	switch (letter) {
	case 'm':
		return M;
	case 'n':
		return N;
	case 'k':
		return K;
	case 'l':
	case 'x':
		return 1;
	case 'q':
	case 'z':
		return 2;
	case 'y':
		return pass ? 2 : 1;
	default:
		return LD;
	}
}

/* A letter for Fortran, an enumeration for CBLAS, two values each. */
static int64_t flag_of(const struct blas_routine *r, char letter, int pass, bool fortran)
{
	bool hermitian = r->shape == BLAS_SHAPE_HERK || r->shape == BLAS_SHAPE_HER2K;

	static const struct {
		char letter, fortran[2];
		uint8_t cblas[2];
	} flags[] = {{'t', {'T', 'N'}, {112, 111}}, {'u', {'N', 'C'}, {111, 113}},
	             {'s', {'R', 'L'}, {142, 141}}, {'p', {'U', 'l'}, {121, 122}},
	             {'d', {'N', 'u'}, {131, 132}}, {'L', {0, 0}, {101, 102}},
	             {'O', {'C', 'R'}, {102, 101}}};

	if (hermitian && letter == 't' && pass == 0)
		return fortran ? 'C' : 113;
	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].letter == letter)
			return fortran ? flags[i].fortran[pass] : flags[i].cblas[pass];
	return 0;
}

static void build(struct arguments *a, const struct blas_routine *r, int pass)
{
	bool fortran = r->interface == BLAS_F32;
	unsigned buffers = 0, letters = 0;

	memset(a, 0, sizeof(*a));
	for (const char *p = blas_shape_arguments((enum blas_shape)r->shape); *p; p++) {
		if (*p == '.')
			a->word[a->n_words++] = (u64)(uintptr_t)buffer[buffers++];
		else if (*p == '$' || *p == '#')
			add_scalar(a, r, !fortran && (*p == '#' || !blas_is_complex(r->in)));
		else if (strchr("tuspdO", *p) || (*p == 'L' && !fortran))
			add_word(a, fortran, flag_of(r, *p, pass, fortran));
		else if (*p != 'L')
			add_word(a, fortran, integer_of(*p, pass));
		letters += strchr("tuspdO", *p) != NULL;
	}
	for (unsigned i = 0; fortran && i < letters; i++)
		a->word[a->n_words++] = 1; /* the lengths of the letters */
}

/* Two groups of one and two products, all of the same sizes in the first pass,
 * with k one less in the second group in the other. */
static void build_batch(struct arguments *a, const struct blas_routine *r, int pass)
{
	static const int32_t sizes[2] = {1, 2}, ld[2] = {LD, LD};
	static int32_t m[2] = {M, M}, n[2] = {N, N}, k[2], flags[2] = {111, 111};
	static const char letters[2] = {'N', 'N'};
	static double scalars[4];
	static void *matrices[3][3];
	bool fortran = r->interface == BLAS_F32;
	const void *flag = fortran ? (const void *)letters : flags;
	const void *arrays[] = {flag, flag,        m,  n,       k,           scalars, matrices[0],
	                        ld,   matrices[1], ld, scalars, matrices[2], ld};

	memset(a, 0, sizeof(*a));
	k[0] = K;
	k[1] = pass ? K - 1 : K;
	for (unsigned i = 0; i < 2; i++) {
		float narrow = 1.25f;
		double wide = 1.25;

		if (is_wide_float(r->in))
			memcpy(scalars + i * (blas_is_complex(r->in) ? 2 : 1), &wide, 8);
		else
			memcpy((float *)(void *)scalars + i * (blas_is_complex(r->in) ? 2 : 1), &narrow, 4);
	}
	for (unsigned i = 0; i < 9; i++)
		matrices[i / 3][i % 3] = buffer[i / 3 * 2] + i % 3 * (BUFFER_BYTES / 4);
	if (!fortran)
		a->word[a->n_words++] = 102;
	for (unsigned i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		a->word[a->n_words++] = (u64)(uintptr_t)arrays[i];
	add_word(a, fortran, 2);
	a->word[a->n_words++] = (u64)(uintptr_t)sizes;
}

static uint64_t digest(uint64_t hash, const void *data, size_t bytes)
{
	const unsigned char *p = data;

	while (bytes--)
		hash = (hash ^ *p++) * 0x100000001b3u;
	return hash;
}

static bool returns_value(const struct blas_routine *r)
{
	return r->shape == BLAS_SHAPE_NORM || r->shape == BLAS_SHAPE_SDSDOT
	       || (r->shape == BLAS_SHAPE_DOT && r->op == PROF_OP_DOT);
}

#define ALL(w, f)                                                                                            \
	w[0], w[1], w[2], w[3], w[4], w[5], f[0], f[1], f[2], w[6], w[7], w[8], w[9], w[10], w[11], w[12],   \
	        w[13], w[14], w[15], w[16], w[17]

static uint64_t call(void *function, const struct blas_routine *r, const struct arguments *a)
{
	static const uint8_t bytes[PROF_DTYPE_LIMIT] = {[PROF_DTYPE_FLOAT32] = 4,
	                                                [PROF_DTYPE_FLOAT64] = 8,
	                                                [PROF_DTYPE_COMPLEX64] = 8,
	                                                [PROF_DTYPE_COMPLEX128] = 16};
	const u64 *w = a->word;
	const double *f = a->floating;
	uint64_t hash = 0xcbf29ce484222325u;

	if (returns_value(r) && r->out == PROF_DTYPE_INT64) {
		u64 whole = ((returns_whole)function)(ALL(w, f));

		hash = digest(hash, &whole, r->interface == BLAS_F32 ? 4 : 8);
	} else {
		struct two_doubles result = ((returns_floats)function)(ALL(w, f));

		hash = returns_value(r) ? digest(hash, &result, bytes[r->out]) : hash;
	}
	return digest(hash, buffer, sizeof(buffer));
}

/* What ops.def asks for, in numbers, without the code under test. */
static const char *expected(const struct blas_routine *r, int pass)
{
	static char text[64];

	switch (r->shape) {
	case BLAS_SHAPE_ROTG:
	case BLAS_SHAPE_ROTMG:
		return "- - -";
	case BLAS_SHAPE_GEMV:
	case BLAS_SHAPE_GER:
	case BLAS_SHAPE_OMATCOPY:
	case BLAS_SHAPE_IMATCOPY:
	case BLAS_SHAPE_GEADD:
		return "5 4 -";
	case BLAS_SHAPE_GBMV:
		return "5 4 4"; /* 1 below, 2 above, the diagonal */
	case BLAS_SHAPE_SBMV:
		return "4 4 7"; /* 3 on each side */
	case BLAS_SHAPE_TBMV:
		return "4 4 4";
	case BLAS_SHAPE_GEMM:
		return "5 4 3";
	case BLAS_SHAPE_GEMMT:
	case BLAS_SHAPE_SYRK:
	case BLAS_SHAPE_HERK:
	case BLAS_SHAPE_SYR2K:
	case BLAS_SHAPE_HER2K:
		return "4 4 3";
	case BLAS_SHAPE_SYMM:
	case BLAS_SHAPE_TRMM:
		snprintf(text, sizeof(text), "5 4 %d", pass ? 5 : 4); /* left: m, right: n */
		return text;
	default:
		return strchr(blas_shape_arguments((enum blas_shape)r->shape), 'L') ? "4 4 -" : "- 4 -";
	}
}

static const struct blas_routine routines[] = {
#define BLAS_SYMBOL(name, interface, shape, op, in, out)                                                     \
	{#name, BLAS_##interface, BLAS_SHAPE_##shape, PROF_OP_##op, PROF_DTYPE_##in, PROF_DTYPE_##out},
#include "preload/blas/hooks_blas.def"
#undef BLAS_SYMBOL
};

static const char *const op_names[PROF_OP_LIMIT] = {
#define PROF_OP(number, id, name, cls, flops, special, note) [number] = name,
#include <prof/ops.def>
#undef PROF_OP
};

int main(int argc, char **argv)
{
	bool expect = argc > 1 && strcmp(argv[1], "expect") == 0;
	void *library = dlopen(argc > 2 ? argv[2] : "libopenblas.so.0", RTLD_NOW | RTLD_GLOBAL);
	struct arguments a;

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	for (unsigned i = 0; i < sizeof(routines) / sizeof(routines[0]); i++) {
		const struct blas_routine *r = &routines[i];

		if (!dlsym(library, r->name))
			continue;
		for (int pass = 0; pass < 2; pass++) {
			if (r->shape == BLAS_SHAPE_GEMM_BATCH)
				build_batch(&a, r, pass);
			else
				build(&a, r, pass);
			fill_buffers(r->in);
			if (expect && r->shape == BLAS_SHAPE_GEMM_BATCH)
				printf(pass ? "%s gemm 5 4 3\n%s gemm 5 4 2 x2\n" : "%s gemm 5 4 3 x3\n",
				       r->name, r->name);
			else if (expect)
				printf("%s %s %s\n", r->name, op_names[r->op], expected(r, pass));
			else
				printf("%s %016" PRIx64 "\n", r->name,
				       call(dlsym(RTLD_DEFAULT, r->name), r, &a));
		}
	}
	return 0;
}
