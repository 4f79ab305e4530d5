/* blas.h: what a BLAS call's arguments say.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * hooks_blas.def lists the routines. Here their arguments are found (a plan for
 * each shape and interface, made once), taken from a call, and turned into an
 * operation's descriptor. Nothing here knows of threads or recording.
 */
#ifndef PRELOAD_BLAS_BLAS_H
#define PRELOAD_BLAS_BLAS_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/recorder.h"

#define BLAS_VALUES 10 /* flags and integers of a call, at most */

enum blas_interface { BLAS_F32, BLAS_F64, BLAS_C32, BLAS_C64, BLAS_INTERFACES };

enum blas_shape {
#define BLAS_SHAPE(id, arguments, words) BLAS_SHAPE_##id,
#include "preload/blas/hooks_blas.def"
#undef BLAS_SHAPE
	BLAS_SHAPES
};

/* A routine under one of its names. */
struct blas_routine {
	const char *name;
	uint8_t interface; /* enum blas_interface */
	uint8_t shape;     /* enum blas_shape */
	uint8_t op;        /* enum prof_op */
	uint8_t in, out;   /* enum prof_dtype */
};

/* Where a shape's arguments are: flags (letters in Fortran, enumerations in
 * CBLAS) first, then integers. */
struct blas_plan {
	uint8_t n_flags, n_values;
	uint8_t stack_words;       /* that this interface passes */
	char letter[BLAS_VALUES];  /* as in hooks_blas.def */
	uint8_t word[BLAS_VALUES]; /* the argument's place, in words from struct hook_call */
} __attribute__((aligned(32)));

static inline bool blas_is_complex(unsigned dtype)
{
	return dtype == PROF_DTYPE_COMPLEX64 || dtype == PROF_DTYPE_COMPLEX128;
}

/* The argument letters of a shape, and the most words on the stack. */
const char *blas_shape_arguments(enum blas_shape shape);
unsigned blas_shape_words(enum blas_shape shape);

void blas_plan_make(struct blas_plan *plan, enum blas_shape shape, enum blas_interface interface,
                    bool complex);

/* Fill in op, operands and attributes of a call with these values, in the
 * plan's order; the rest of spec is as it was. */
void blas_describe(struct prof_desc_spec *spec, const struct blas_routine *routine,
                   const struct blas_plan *plan, const int64_t value[BLAS_VALUES]);

#endif
