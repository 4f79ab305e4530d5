/* lapack.h: what a LAPACK call's arguments say.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_BLAS_LAPACK_H
#define PRELOAD_BLAS_LAPACK_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/recorder.h"

enum lapack_shape {
#define LAPACK_SHAPE(id, arguments, result) LAPACK_SHAPE_##id,
#include "preload/blas/hooks_lapack.def"
#undef LAPACK_SHAPE
	LAPACK_SHAPES
};

/* Arguments on the stack, at most: the letters that the table has, five more
 * (workspaces of complex routines, lengths of workspaces, the status), and the
 * lengths of letters, less those in registers. */
enum {
	LAPACK_REGISTERS = 6,
#define LAPACK_SHAPE(id, arguments, result)                                                                  \
	LAPACK_WORDS_##id = sizeof(arguments) - 1 + 5 + 3 > LAPACK_REGISTERS                                 \
	                            ? sizeof(arguments) - 1 + 5 + 3 - LAPACK_REGISTERS                       \
	                            : 0,
#include "preload/blas/hooks_lapack.def"
#undef LAPACK_SHAPE
};

/* A call's values; what a routine does not have is 0. Jobs and sides are capital letters. */
struct lapack_call {
	enum lapack_shape shape;
	enum prof_dtype dtype;
	int64_t m, n, k, r, lda;
	char job, left, side;
	bool asks; /* only for the size of its workspace */
};

/* The i-th argument, a pointer. */
typedef uint64_t lapack_argument(const void *context, unsigned i);

/* Read a call's values; integers have 64 bits where `wide`. */
void lapack_read(struct lapack_call *c, bool wide, lapack_argument *argument, const void *context);

/* Floating point operations of the textbook algorithm; where the number of steps
 * depends on the data (eigenvalues, singular values), the usual figure. */
double lapack_flops(const struct lapack_call *c);

/* Fill in op, operands and attributes. */
void lapack_describe(const struct lapack_call *c, struct prof_desc_spec *spec);

#endif
