/* formula.c: formulas of counter groups.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Derivatives are carried along with the values (forward mode): each step
 * applies the rule of its operation.
 */
#include "tools/lib/counters/formula.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum action { NUMBER, NAME, ADD, SUBTRACT, MULTIPLY, DIVIDE, NEGATE, LEAST, MOST };

struct parse {
	struct formula *formula;
	const struct formula_names *names;
	const char *text, *p;
	unsigned nesting, stack; /* stack: values on it when the steps until now have run */
	unsigned *column;
	struct diag *diag;
};

static int sum(struct parse *s);

static int wrong_at(struct parse *s, const char *at)
{
	*s->column = (unsigned)(at - s->text) + 1;
	return -1;
}

static int fail(struct parse *s, const char *what)
{
	diag_set(s->diag, "%s", what);
	return wrong_at(s, s->p);
}

static int expected(struct parse *s, const char *what)
{
	if (!*s->p)
		diag_set(s->diag, "the formula ends where %s should be", what);
	else
		diag_set(s->diag, "'%.20s' stands where %s should be", s->p, what);
	return wrong_at(s, s->p);
}

static void skip_blanks(struct parse *s)
{
	while (*s->p == ' ' || *s->p == '\t')
		s->p++;
}

static int emit(struct parse *s, enum action action, unsigned name, double number)
{
	struct formula *f = s->formula;

	if (f->n_steps == FORMULA_STEPS)
		return fail(s, "the formula is too long");
	f->steps[f->n_steps++] = (struct formula_step){(uint8_t)action, (uint8_t)name, number};
	if (action <= NAME)
		s->stack++;
	else if (action != NEGATE)
		s->stack--;
	return s->stack > FORMULA_DEPTH ? fail(s, "the formula is too deep") : 0;
}

static bool goes_on(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == ':';
}

/* The longest known name that stands here; -1: none. */
static int name_here(const struct parse *s, size_t *length)
{
	int best = -1;

	*length = 0;
	for (unsigned i = 0; i < s->names->n; i++) {
		size_t n = strlen(s->names->names[i]);

		if (n > *length && !strncmp(s->p, s->names->names[i], n) && !goes_on(s->p[n])) {
			best = (int)i;
			*length = n;
		}
	}
	return best;
}

static int unknown_name(struct parse *s)
{
	char name[128];
	const char *nearest, *end = s->p;

	while (goes_on(*end) || (*end == '-' && goes_on(end[1])))
		end++;
	snprintf(name, sizeof(name), "%.*s", (int)(end - s->p < 120 ? end - s->p : 120), s->p);
	nearest = diag_nearest(name, s->names->names, s->names->n);
	diag_set(s->diag, "unknown name '%s'%s%s%s", name, nearest ? "; did you mean '" : "",
	         nearest ? nearest : "", nearest ? "'?" : "");
	return wrong_at(s, s->p);
}

static int number(struct parse *s)
{
	char *end;
	double v = strtod(s->p, &end);

	if (end == s->p || goes_on(*end) || !isfinite(v))
		return fail(s, "this is no number");
	s->p = end;
	return emit(s, NUMBER, 0, v);
}

static int symbol(struct parse *s, char c, const char *what)
{
	skip_blanks(s);
	if (*s->p != c)
		return expected(s, what);
	s->p++;
	return 0;
}

static int function(struct parse *s, enum action action)
{
	s->p += 3;
	if (symbol(s, '(', "'('") || sum(s) || symbol(s, ',', "','") || sum(s) || symbol(s, ')', "')'"))
		return -1;
	return emit(s, action, 0, 0);
}

static bool is_function(const struct parse *s, const char *name)
{
	return !strncmp(s->p, name, 3) && !goes_on(s->p[3]);
}

static int word(struct parse *s)
{
	size_t length;
	int name = name_here(s, &length);

	if (name >= 0) {
		s->p += length;
		s->formula->uses |= 1u << name;
		return emit(s, NAME, (unsigned)name, 0);
	}
	if (is_function(s, "min"))
		return function(s, LEAST);
	if (is_function(s, "max"))
		return function(s, MOST);
	if (isdigit((unsigned char)*s->p) || *s->p == '.')
		return number(s);
	return isalpha((unsigned char)*s->p) || *s->p == '_' ? unknown_name(s)
	                                                     : expected(s, "a number or a name");
}

static int factor(struct parse *s)
{
	int result;

	if (s->nesting == FORMULA_DEPTH)
		return fail(s, "the formula is too deep");
	s->nesting++;
	skip_blanks(s);
	if (*s->p == '(') {
		s->p++;
		result = sum(s) || symbol(s, ')', "')'");
	} else if (*s->p == '-' || *s->p == '+') {
		bool minus = *s->p++ == '-';

		result = factor(s) || (minus && emit(s, NEGATE, 0, 0));
	} else {
		result = word(s);
	}
	s->nesting--;
	return result ? -1 : 0;
}

static int product(struct parse *s)
{
	if (factor(s))
		return -1;
	for (skip_blanks(s); *s->p == '*' || *s->p == '/'; skip_blanks(s)) {
		enum action action = *s->p++ == '*' ? MULTIPLY : DIVIDE;

		if (factor(s) || emit(s, action, 0, 0))
			return -1;
	}
	return 0;
}

static int sum(struct parse *s)
{
	if (product(s))
		return -1;
	for (skip_blanks(s); *s->p == '+' || *s->p == '-'; skip_blanks(s)) {
		enum action action = *s->p++ == '+' ? ADD : SUBTRACT;

		if (product(s) || emit(s, action, 0, 0))
			return -1;
	}
	return 0;
}

int formula_parse(struct formula *f, const char *text, const struct formula_names *names, unsigned *column,
                  struct diag *d)
{
	struct parse s = {.formula = f, .names = names, .text = text, .p = text, .column = column, .diag = d};

	f->n_steps = 0;
	f->uses = 0;
	*column = 1;
	if (names->n > FORMULA_NAMES)
		return diag_set(d, "a formula can refer to %d names at most", FORMULA_NAMES);
	if (sum(&s))
		return -1;
	skip_blanks(&s);
	return *s.p ? expected(&s, "an operator") : 0;
}

/* ---- values ---- */

struct dual {
	double value;
	double slope[FORMULA_NAMES];
};

/* slope = a * x.slope + b * y.slope, into x. */
static void combine(struct dual *x, double a, const struct dual *y, double b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		x->slope[i] = a * x->slope[i] + b * y->slope[i];
}

static void apply(enum action action, struct dual *x, const struct dual *y, unsigned n)
{
	double v = x->value, w = y->value;

	switch (action) {
	case ADD:
		combine(x, 1, y, 1, n);
		x->value = v + w;
		break;
	case SUBTRACT:
		combine(x, 1, y, -1, n);
		x->value = v - w;
		break;
	case MULTIPLY:
		combine(x, w, y, v, n);
		x->value = v * w;
		break;
	case DIVIDE:
		combine(x, 1 / w, y, -v / (w * w), n);
		x->value = w != 0 ? v / w : NAN;
		break;
	default: /* LEAST and MOST; NaN wins, as the value is unknown then */
		if (isnan(w) || (!isnan(v) && (action == LEAST ? w < v : w > v)))
			*x = *y;
	}
}

static void push(struct dual *x, const struct formula_step *step, const double *values, unsigned n)
{
	x->value = step->action == NUMBER ? step->number : values[step->name];
	memset(x->slope, 0, n * sizeof(*x->slope));
	if (step->action == NAME && step->name < n)
		x->slope[step->name] = 1;
}

double formula_slopes(const struct formula *f, const double *values, unsigned n, double *slopes)
{
	struct dual stack[FORMULA_DEPTH + 1];
	unsigned top = 0;

	for (unsigned i = 0; i < f->n_steps; i++) {
		const struct formula_step *step = &f->steps[i];

		if (step->action <= NAME) {
			push(&stack[top++], step, values, n);
		} else if (step->action == NEGATE) {
			combine(&stack[top - 1], -1, &stack[top - 1], 0, n);
			stack[top - 1].value = -stack[top - 1].value;
		} else {
			top--;
			apply((enum action)step->action, &stack[top - 1], &stack[top], n);
		}
	}
	memcpy(slopes, stack[0].slope, n * sizeof(*slopes));
	return isfinite(stack[0].value) ? stack[0].value : NAN;
}

double formula_value(const struct formula *f, const double *values)
{
	double slopes[1];

	return formula_slopes(f, values, 0, slopes);
}
