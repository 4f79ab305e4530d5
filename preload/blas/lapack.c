/* lapack.c: what a LAPACK call's arguments say.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Counts of operations, leading terms, for real elements:
 *   [W] LAPACK Working Note 41, appendix C: factorizations, solutions, inverses,
 *       products with reflectors, reductions to condensed form.
 *   [G] Golub and Van Loan, Matrix Computations: symmetric QR, QR for real Schur
 *       form, and the table of SVD costs.
 * A complex multiplication is 6 operations and an addition 2, and there are about
 * as many of one as of the other, so that each count is 4 times that.
 */
#include "preload/blas/lapack.h"

#include <string.h>

static const struct {
	const char *arguments, *result;
} shapes[LAPACK_SHAPES] = {
#define LAPACK_SHAPE(id, arguments, result) {arguments, result},
#include "preload/blas/hooks_lapack.def"
#undef LAPACK_SHAPE
};

/* ---- arguments ---- */

static int64_t integer(uint64_t at, bool wide)
{
	return wide ? *(const int64_t *)(uintptr_t)at : *(const int32_t *)(uintptr_t)at;
}

static char letter(uint64_t at)
{
	return (char)(*(const char *)(uintptr_t)at & 0xdf);
}

static int64_t *size_of(struct lapack_call *c, char which)
{
	switch (which) {
	case 'm':
		return &c->m;
	case 'n':
		return &c->n;
	case 'k':
		return &c->k;
	case 'r':
		return &c->r;
	default:
		return &c->lda;
	}
}

void lapack_read(struct lapack_call *c, bool wide, lapack_argument *argument, const void *context)
{
	const char *arguments = shapes[c->shape].arguments;

	for (unsigned i = 0; arguments[i]; i++) {
		switch (arguments[i]) {
		case 'm':
		case 'n':
		case 'k':
		case 'r':
		case 'a':
			*size_of(c, arguments[i]) = integer(argument(context, i), wide);
			break;
		case 'w':
			c->asks = integer(argument(context, i), wide) == -1;
			break;
		case 'j':
			c->job = letter(argument(context, i));
			break;
		case 'l':
			c->left = letter(argument(context, i));
			break;
		case 's':
			c->side = letter(argument(context, i));
			break;
		default:
			break;
		}
	}
}

/* ---- counts ---- */

/* Vectors of an SVD: none, as many as there are values, or all of a square matrix. */
static double svd_flops(double long_side, double short_side, const struct lapack_call *c)
{
	double m = long_side, n = short_side;

	if (c->job == 'A' || c->left == 'A') /* [G] */
		return 4 * m * m * n + 8 * m * n * n + 9 * n * n * n;
	if (c->job == 'N' && (c->left == 'N' || !c->left))
		return 4 * m * n * n - 4 * n * n * n / 3;
	return 14 * m * n * n + 8 * n * n * n;
}

/* Of m by n with p the shorter side: eliminated, or made triangular by reflectors. */
static double factor_flops(enum lapack_shape shape, double m, double n)
{
	double p = m < n ? m : n;

	if (shape == LAPACK_SHAPE_GETRF)
		return 2 * m * n * p - (m + n) * p * p + 2 * p * p * p / 3; /* [W] */
	return 4 * m * n * p - 2 * (m + n) * p * p + 4 * p * p * p / 3;     /* [W] */
}

static double square_flops(const struct lapack_call *c, double n, double r)
{
	double cube = n * n * n, vectors = c->job == 'V' || c->left == 'V';

	switch (c->shape) {
	case LAPACK_SHAPE_GESV:
		return 2 * cube / 3 + 2 * n * n * r; /* [W], as all down to SYTRD */
	case LAPACK_SHAPE_POSV:
		return cube / 3 + 2 * n * n * r;
	case LAPACK_SHAPE_GETRS:
	case LAPACK_SHAPE_POTRS:
		return 2 * n * n * r;
	case LAPACK_SHAPE_TRTRS:
		return n * n * r;
	case LAPACK_SHAPE_GETRI:
	case LAPACK_SHAPE_SYTRD:
		return 4 * cube / 3;
	case LAPACK_SHAPE_POTRI:
		return 2 * cube / 3;
	case LAPACK_SHAPE_GEHRD:
		return 10 * cube / 3;
	case LAPACK_SHAPE_SYEV:
	case LAPACK_SHAPE_SYEVR:
		return vectors ? 9 * cube : 4 * cube / 3; /* [G] */
	case LAPACK_SHAPE_GEEV:
	case LAPACK_SHAPE_GEEVC:
		return vectors ? 25 * cube : 10 * cube; /* [G] */
	default:                                        /* potrf, trtri, sytrf */
		return cube / 3;
	}
}

static double real_flops(const struct lapack_call *c)
{
	double m = (double)c->m, n = (double)c->n, k = (double)c->k, r = (double)c->r;
	double larger = m > n ? m : n, p = m < n ? m : n;

	switch (c->shape) {
	case LAPACK_SHAPE_GETRF:
	case LAPACK_SHAPE_GEQRF:
		return factor_flops(c->shape, m, n);
	case LAPACK_SHAPE_ORGQR:
		return 4 * m * n * k - 2 * (m + n) * k * k + 4 * k * k * k / 3; /* [W] */
	case LAPACK_SHAPE_ORMQR:
		return 4 * m * n * k - 2 * (c->side == 'R' ? m : n) * k * k; /* [W] */
	case LAPACK_SHAPE_GELS: /* a factorization, its reflectors applied, a triangle */
		return factor_flops(LAPACK_SHAPE_GEQRF, m, n) + 4 * larger * r * p - 2 * r * p * p
		       + p * p * r;
	case LAPACK_SHAPE_GELSD:
		return 4 * larger * p * p + 8 * p * p * p; /* [G] */
	case LAPACK_SHAPE_GEBRD:
		return 4 * larger * p * p - 4 * p * p * p / 3; /* [W] */
	case LAPACK_SHAPE_GESVD:
	case LAPACK_SHAPE_GESDD:
		return svd_flops(larger, p, c);
	default:
		return square_flops(c, n, r);
	}
}

static bool is_complex(enum prof_dtype dtype)
{
	return dtype == PROF_DTYPE_COMPLEX64 || dtype == PROF_DTYPE_COMPLEX128;
}

double lapack_flops(const struct lapack_call *c)
{
	double flops = real_flops(c) * (is_complex(c->dtype) ? 4 : 1);

	return flops > 0 ? flops : 0;
}

/* ---- operands ---- */

static void put_attr(struct prof_desc_spec *spec, enum prof_attr attr, int64_t value)
{
	spec->attrs[spec->n_attrs].attr = (uint16_t)attr;
	spec->attrs[spec->n_attrs++].value = value;
}

static void put(struct prof_desc_spec *spec, const struct lapack_call *c, enum prof_operand role,
                const char *letters)
{
	struct prof_operand_spec *o = &spec->operands[spec->n_operands++];
	struct lapack_call sizes = *c;

	o->role = (uint8_t)role;
	o->dtype = (uint8_t)c->dtype;
	for (; o->n_dims < 2; o->n_dims++) {
		int64_t size = *size_of(&sizes, letters[o->n_dims]);

		o->dims[o->n_dims] = size > 0 ? (uint64_t)size : 0;
	}
}

void lapack_describe(const struct lapack_call *c, struct prof_desc_spec *spec)
{
	const char *result = shapes[c->shape].result, *second = strchr(result, ' ');
	double flops = lapack_flops(c);

	spec->op = PROF_OP_OTHER;
	put(spec, c, PROF_OPERAND_INPUT, result);
	if (second)
		put(spec, c, PROF_OPERAND_OTHER, second + 1);
	put(spec, c, PROF_OPERAND_OUTPUT, second ? second + 1 : result);
	if (strchr(shapes[c->shape].arguments, 'm'))
		put_attr(spec, PROF_ATTR_M, c->m);
	put_attr(spec, PROF_ATTR_N, c->n);
	if (strchr(shapes[c->shape].arguments, 'k') || second)
		put_attr(spec, PROF_ATTR_K, second ? c->r : c->k);
	put_attr(spec, PROF_ATTR_LDA, c->lda);
	put_attr(spec, PROF_ATTR_FLOPS, flops < 9e18 ? (int64_t)flops : INT64_MAX);
}
