/* blas.c: what a BLAS call's arguments say.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Conventions, for every routine alike: `input` is the first matrix or vector
 * as it takes part in the product, that is after its transposition, `other` the
 * second, `output` what is written. m, n, k are such that ops.def's formula
 * gives the work; a banded matrix has k = the width of its band. Vectors carry
 * strides when their elements are apart, matrices their leading dimension.
 */
#include "preload/blas/blas.h"

#include <string.h>

#include "preload/thunk/thunk.h"

static const struct {
	const char *arguments;
	uint8_t words;
} shapes[BLAS_SHAPES] = {
#define BLAS_SHAPE(id, arguments, words) {arguments, words},
#include "preload/blas/hooks_blas.def"
#undef BLAS_SHAPE
};

static const char flag_letters[] = "tuspd";

const char *blas_shape_arguments(enum blas_shape shape)
{
	return shapes[shape].arguments;
}

unsigned blas_shape_words(enum blas_shape shape)
{
	return shapes[shape].words;
}

/* ---- where the arguments are ---- */

static bool is_flag(char letter)
{
	return strchr(flag_letters, letter) != NULL;
}

static bool is_integer(char letter)
{
	return letter >= 'a' && letter <= 'z' && !is_flag(letter);
}

/* Whether an argument takes a register or word of the whole-number kind. */
static bool takes_word(char letter, bool fortran, bool complex)
{
	if (fortran)
		return letter != 'L';
	return letter != '#' && (letter != '$' || complex);
}

static void plan_letters(struct blas_plan *plan, const char *arguments, bool fortran, bool complex,
                         bool flags)
{
	unsigned word = 0;

	for (const char *a = arguments; *a; a++) {
		if (flags ? is_flag(*a) : is_integer(*a)) {
			plan->letter[plan->n_values] = *a;
			plan->word[plan->n_values++] = (uint8_t)(thunk_argument_offset(word) / 8);
		}
		word += takes_word(*a, fortran, complex);
	}
}

void blas_plan_make(struct blas_plan *plan, enum blas_shape shape, enum blas_interface interface,
                    bool complex)
{
	bool fortran = interface == BLAS_F32 || interface == BLAS_F64;
	const char *arguments = shapes[shape].arguments;
	unsigned words = 0;

	memset(plan, 0, sizeof(*plan));
	plan_letters(plan, arguments, fortran, complex, true);
	plan->n_flags = plan->n_values;
	plan_letters(plan, arguments, fortran, complex, false);
	for (const char *a = arguments; *a; a++) {
		words += takes_word(*a, fortran, complex);
		words += fortran && (is_flag(*a) || *a == 'O'); /* its length */
	}
	plan->stack_words = (uint8_t)(words > THUNK_REGISTERS ? words - THUNK_REGISTERS : 0);
}

/* ---- what they mean ---- */

/* A call's values by their letters, and the descriptor in the making. */
struct description {
	struct prof_desc_spec *spec;
	const struct blas_routine *routine;
	int64_t value[26];
	uint32_t present; /* bit i: letter 'a' + i was among the arguments */
};

static bool has(const struct description *d, char letter)
{
	return d->present >> (letter - 'a') & 1u;
}

static int64_t get(const struct description *d, char letter)
{
	return d->value[letter - 'a'];
}

static uint64_t size(int64_t n)
{
	return n > 0 ? (uint64_t)n : 0;
}

/* 0: as it is; 1: transposed; 2: and conjugated. */
static int transposed(const struct description *d, char letter)
{
	if (!has(d, letter))
		return 0;
	switch (get(d, letter)) {
	case 'T':
	case 't':
	case 112:
		return 1;
	case 'C':
	case 'c':
	case 113:
		return blas_is_complex(d->routine->in) ? 2 : 1;
	default:
		return 0;
	}
}

static void attribute(struct description *d, enum prof_attr attr, int64_t value)
{
	struct prof_attr_spec *a = &d->spec->attrs[d->spec->n_attrs++];

	a->attr = (uint16_t)attr;
	a->value = value;
}

static struct prof_operand_spec *operand(struct description *d, enum prof_operand role)
{
	struct prof_operand_spec *o = &d->spec->operands[d->spec->n_operands++];

	memset(o, 0, sizeof(*o));
	o->role = (uint8_t)role;
	o->dtype = role == PROF_OPERAND_OUTPUT ? d->routine->out : d->routine->in;
	return o;
}

static void matrix(struct description *d, enum prof_operand role, int64_t rows, int64_t columns)
{
	struct prof_operand_spec *o = operand(d, role);

	if (has(d, 'z') && get(d, 'z') > 1)
		o->dims[o->n_dims++] = size(get(d, 'z'));
	o->dims[o->n_dims++] = size(rows);
	o->dims[o->n_dims++] = size(columns);
}

/* A vector; `letter` is its increment's. */
static void vector(struct description *d, enum prof_operand role, int64_t n, char letter)
{
	static const uint16_t bytes[PROF_DTYPE_LIMIT] = {
#define PROF_DTYPE(number, id, name, block, size, compute) [number] = size,
#include <prof/dtypes.def>
#undef PROF_DTYPE
	};
	struct prof_operand_spec *o = operand(d, role);

	o->dims[o->n_dims++] = size(n);
	if (letter && get(d, letter) != 1) {
		o->strided = 1;
		o->strides_bytes[0] = get(d, letter) * bytes[o->dtype];
	}
}

static void sizes(struct description *d, int64_t m, int64_t n, int64_t k)
{
	if (m >= 0)
		attribute(d, PROF_ATTR_M, m);
	if (n >= 0)
		attribute(d, PROF_ATTR_N, n);
	if (k >= 0)
		attribute(d, PROF_ATTR_K, k);
}

static void describe_level1(struct description *d)
{
	int64_t n = get(d, 'n');
	struct prof_operand_spec *o;

	if (d->routine->op == PROF_OP_ROTG)
		return;
	sizes(d, -1, n, -1);
	vector(d, PROF_OPERAND_INPUT, n, 'x');
	switch (d->routine->op) {
	case PROF_OP_DOT:
		vector(d, PROF_OPERAND_OTHER, n, 'y');
		vector(d, PROF_OPERAND_OUTPUT, 1, 0);
		break;
	case PROF_OP_NRM2:
	case PROF_OP_ASUM:
	case PROF_OP_IAMAX:
		vector(d, PROF_OPERAND_OUTPUT, 1, 0);
		o = &d->spec->operands[d->spec->n_operands - 1];
		if (o->dtype == PROF_DTYPE_INT64 && d->routine->interface == BLAS_F32)
			o->dtype = PROF_DTYPE_INT32;
		break;
	default:
		vector(d, PROF_OPERAND_OUTPUT, n, has(d, 'y') ? 'y' : 'x');
	}
}

/* A matrix of m rows and n columns by a vector. */
static void describe_by_vector(struct description *d, int64_t m, int64_t n)
{
	bool t = transposed(d, 't') != 0;

	matrix(d, PROF_OPERAND_INPUT, t ? n : m, t ? m : n);
	vector(d, PROF_OPERAND_OTHER, t ? m : n, 'x');
	vector(d, PROF_OPERAND_OUTPUT, t ? n : m, has(d, 'y') ? 'y' : 'x');
}

/* A band in a matrix: general (kl and ku), symmetric (k on both sides, of which
 * one is stored) or a triangle's (k). */
static void describe_band(struct description *d)
{
	int64_t n = get(d, 'n'), m = has(d, 'm') ? get(d, 'm') : n;
	bool triangle = d->routine->shape == BLAS_SHAPE_TBMV;
	int64_t width = has(d, 'l') ? get(d, 'l') + get(d, 'q') + 1 : (triangle ? 1 : 2) * get(d, 'k') + 1;

	sizes(d, m, n, width);
	describe_by_vector(d, m, n);
}

static void describe_level2(struct description *d)
{
	int64_t m = get(d, 'm'), n = get(d, 'n');

	switch (d->routine->op) {
	case PROF_OP_GEMV:
		sizes(d, m, n, -1);
		describe_by_vector(d, m, n);
		break;
	case PROF_OP_GBMV:
		describe_band(d);
		break;
	case PROF_OP_SYMV:
	case PROF_OP_TRMV:
	case PROF_OP_TRSV:
		sizes(d, n, n, -1);
		describe_by_vector(d, n, n);
		break;
	case PROF_OP_GER:
		sizes(d, m, n, -1);
		vector(d, PROF_OPERAND_INPUT, m, 'x');
		vector(d, PROF_OPERAND_OTHER, n, 'y');
		matrix(d, PROF_OPERAND_OUTPUT, m, n);
		break;
	default: /* syr, syr2 */
		sizes(d, n, n, -1);
		vector(d, PROF_OPERAND_INPUT, n, 'x');
		if (d->routine->op == PROF_OP_SYR2)
			vector(d, PROF_OPERAND_OTHER, n, 'y');
		matrix(d, PROF_OPERAND_OUTPUT, n, n);
	}
}

/* Whether the special (symmetric or triangular) matrix stands on the right. */
static bool on_right(const struct description *d)
{
	int64_t side = get(d, 's');

	return side == 'R' || side == 'r' || side == 142;
}

static void describe_level3(struct description *d)
{
	int64_t m = get(d, 'm'), n = get(d, 'n'), k = get(d, 'k');

	switch (d->routine->op) {
	case PROF_OP_GEMM:
		sizes(d, m, n, k);
		matrix(d, PROF_OPERAND_INPUT, m, k);
		matrix(d, PROF_OPERAND_OTHER, k, n);
		matrix(d, PROF_OPERAND_OUTPUT, m, n);
		break;
	case PROF_OP_SYMM:
	case PROF_OP_TRMM:
	case PROF_OP_TRSM:
		k = on_right(d) ? n : m;
		sizes(d, m, n, k);
		matrix(d, PROF_OPERAND_INPUT, k, k);
		matrix(d, PROF_OPERAND_OTHER, m, n);
		matrix(d, PROF_OPERAND_OUTPUT, m, n);
		break;
	default: /* syrk, syr2k, gemmt */
		sizes(d, n, n, k);
		matrix(d, PROF_OPERAND_INPUT, n, k);
		if (d->routine->shape == BLAS_SHAPE_GEMMT)
			matrix(d, PROF_OPERAND_OTHER, k, n);
		else if (d->routine->op == PROF_OP_SYR2K)
			matrix(d, PROF_OPERAND_OTHER, n, k);
		matrix(d, PROF_OPERAND_OUTPUT, n, n);
	}
}

static void describe_copied(struct description *d)
{
	int64_t m = get(d, 'm'), n = get(d, 'n');
	bool t = transposed(d, 't') != 0;

	sizes(d, m, n, -1);
	matrix(d, PROF_OPERAND_INPUT, m, n);
	matrix(d, PROF_OPERAND_OUTPUT, t ? n : m, t ? m : n);
}

static void describe_operands(struct description *d)
{
	switch (d->routine->op) {
	case PROF_OP_DOT:
	case PROF_OP_AXPY:
	case PROF_OP_SCAL:
	case PROF_OP_BLAS_COPY:
	case PROF_OP_SWAP:
	case PROF_OP_NRM2:
	case PROF_OP_ASUM:
	case PROF_OP_IAMAX:
	case PROF_OP_ROT:
	case PROF_OP_ROTG:
		describe_level1(d);
		break;
	case PROF_OP_GEMM:
	case PROF_OP_SYMM:
	case PROF_OP_SYRK:
	case PROF_OP_SYR2K:
	case PROF_OP_TRMM:
	case PROF_OP_TRSM:
		describe_level3(d);
		break;
	case PROF_OP_COPY:
	case PROF_OP_ADD:
		describe_copied(d);
		break;
	default:
		describe_level2(d);
	}
}

void blas_describe(struct prof_desc_spec *spec, const struct blas_routine *routine,
                   const struct blas_plan *plan, const int64_t value[BLAS_VALUES])
{
	static const struct {
		char letter;
		uint8_t attr;
	} leading[] = {{'a', PROF_ATTR_LDA}, {'b', PROF_ATTR_LDB}, {'c', PROF_ATTR_LDC}};
	struct description d = {.spec = spec, .routine = routine};

	for (unsigned i = 0; i < plan->n_values; i++) {
		d.value[plan->letter[i] - 'a'] = value[i];
		d.present |= 1u << (plan->letter[i] - 'a');
	}
	spec->op = routine->op;
	spec->n_operands = spec->n_attrs = 0;
	describe_operands(&d);
	if (has(&d, 'z') && get(&d, 'z') > 1)
		attribute(&d, PROF_ATTR_BATCH, get(&d, 'z'));
	if (transposed(&d, 't'))
		attribute(&d, PROF_ATTR_TRANS_A, transposed(&d, 't'));
	if (transposed(&d, 'u'))
		attribute(&d, PROF_ATTR_TRANS_B, transposed(&d, 'u'));
	for (unsigned i = 0; i < 3; i++)
		if (has(&d, leading[i].letter))
			attribute(&d, (enum prof_attr)leading[i].attr, get(&d, leading[i].letter));
}
