/* user_expr.c: from the text of a value to instructions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Precedence climbing over the operators of C, each emitted after its operands.
 */
#include "preload/user/user_expr.h"

#include <prof/nearest.h>
#include <string.h>

enum { CODE_MAX = 128, TYPE_WORDS = 4, NESTING_MAX = 32 };

struct parser {
	const struct user_source *source;
	const char *start, *p, *end;
	size_t column; /* of start, in the node */
	struct user_instruction code[CODE_MAX];
	unsigned n, depth, nesting;
	struct user_expr *out;
};

static const struct operator_of {
	const char *text;
	uint8_t code, precedence;
} operators[] = {
        {"||", USER_OR, 1},       {"&&", USER_AND, 2},        {"==", USER_EQUAL, 3},
        {"!=", USER_UNEQUAL, 3},  {"<=", USER_LESS_EQUAL, 4}, {">=", USER_MORE_EQUAL, 4},
        {"<", USER_LESS, 4},      {">", USER_MORE, 4},        {"+", USER_ADD, 5},
        {"-", USER_SUBTRACT, 5},  {"*", USER_MULTIPLY, 6},    {"/", USER_DIVIDE, 6},
        {"%", USER_REMAINDER, 6},
};

/* The error is about what begins at `from`. */
static bool fail_at(struct parser *x, const char *from, const char *what, const char *meant)
{
	struct user_node at = *x->source->at;
	size_t bytes = 0;

	at.column += (unsigned)(x->column + (size_t)(from - x->start)) + at.is_quoted;
	while (from + bytes < x->end && bytes < 40 && (user_is_word(from[bytes]) || from[bytes] == '_'))
		bytes++;
	if (bytes == 0 && from < x->end)
		bytes = 1;
	if (from >= x->end)
		return user_fail(x->source->error, &at, "%s", what);
	return user_fail(x->source->error, &at, "'%.*s' %s%s%s%s", (int)bytes, from, what,
	                 meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
}

static void skip_blanks(struct parser *x)
{
	while (x->p < x->end && user_is_blank(*x->p))
		x->p++;
}

static bool emit(struct parser *x, uint8_t code, uint8_t type, int64_t value)
{
	static const signed char grows[] = {
	        [USER_CONSTANT] = 1, [USER_ARGUMENT] = 1, [USER_RESULT] = 1, [USER_CALLS] = 1,
	        [USER_LOAD] = 0,     [USER_NEGATE] = 0,   [USER_NOT] = 0,
	};
	int by = code <= USER_NOT ? grows[code] : -1;

	if (x->n == CODE_MAX || (by > 0 && x->depth == USER_DEPTH_MAX))
		return user_fail(x->source->error, x->source->at, "this is too long");
	x->depth = (unsigned)((int)x->depth + by);
	x->code[x->n++] = (struct user_instruction){code, type, value};
	return true;
}

/* ---- words ---- */

static struct user_text take_word(struct parser *x)
{
	struct user_text word;

	skip_blanks(x);
	word.text = x->p;
	while (x->p < x->end && (user_is_word(*x->p) || *x->p == '_'))
		x->p++;
	word.bytes = (size_t)(x->p - word.text);
	return word;
}

static bool is(const struct user_text *word, const char *text)
{
	return word->bytes == strlen(text) && memcmp(word->text, text, word->bytes) == 0;
}

static unsigned digit_of(char c)
{
	return user_is_digit(c) ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

static bool take_number(struct parser *x, int64_t *value)
{
	const char *from = x->p;
	unsigned base = 10;
	uint64_t v = 0;

	if (x->end - x->p > 2 && x->p[0] == '0' && (x->p[1] == 'x' || x->p[1] == 'X')) {
		base = 16;
		x->p += 2;
	}
	for (; x->p < x->end && user_is_word(*x->p); x->p++) {
		unsigned digit = digit_of(*x->p);

		if (digit >= base || v > ((uint64_t)INT64_MAX - digit) / base)
			return fail_at(x, from, "is no whole number that can be used here", NULL);
		v = v * base + digit;
	}
	if (x->p < x->end && (*x->p == '_' || *x->p == '.'))
		return fail_at(x, from, "is no whole number that can be used here", NULL);
	*value = (int64_t)v;
	return true;
}

/* ---- what a name stands for ---- */

struct base {
	uint8_t code;
	int64_t value;
	enum user_type type;
	bool can_be_address;
};

static bool fail_name(struct parser *x, const struct user_text *word)
{
	const char *known[USER_PARAMETERS_MAX + 2];
	const struct user_signature *sig = x->source->signature;
	char text[PROF_NEAREST_COMPARED + 1] = "";
	unsigned n = 0;

	for (unsigned i = 0; i < sig->n; i++)
		if (*sig->parameters[i].name)
			known[n++] = sig->parameters[i].name;
	known[n++] = "calls";
	known[n++] = "return";
	memcpy(text, word->text, word->bytes < sizeof(text) ? word->bytes : sizeof(text) - 1);
	return fail_at(x, word->text,
	               sig->is_given
	                       ? "is no parameter of this function"
	                       : "is nothing that is known here: arguments are arg0, arg1, ..., or have "
	                         "names when the key is written name(parameter, ...)",
	               prof_nearest(text, known, n));
}

/* arg0, arg1, ...: -1 for another word. */
static int argument_number(const struct user_text *word)
{
	int n = 0;

	if (word->bytes < 4 || word->bytes > 5 || memcmp(word->text, "arg", 3) != 0)
		return -1;
	for (size_t i = 3; i < word->bytes; i++) {
		if (!user_is_digit(word->text[i]))
			return -1;
		n = n * 10 + (word->text[i] - '0');
	}
	return n;
}

static void take_parameter(const struct user_parameter *p, struct base *b)
{
	*b = (struct base){USER_ARGUMENT, p->offset, p->type, p->type < USER_F32};
}

static bool find_base(struct parser *x, const struct user_text *word, struct base *b)
{
	const struct user_signature *sig = x->source->signature;
	int number = argument_number(word);

	for (unsigned i = 0; i < sig->n; i++)
		if (is(word, sig->parameters[i].name)) {
			take_parameter(&sig->parameters[i], b);
			return true;
		}
	if (is(word, "return")) {
		*b = (struct base){USER_RESULT, 0, USER_I32, true};
		return true;
	}
	if (is(word, "calls")) {
		*b = (struct base){USER_CALLS, 0, USER_I64, false};
		return true;
	}
	if (number < 0)
		return fail_name(x, word);
	if (!sig->is_given && (unsigned)number < THUNK_REGISTERS + USER_STACK_WORDS) {
		*b = (struct base){USER_ARGUMENT, thunk_argument_offset((unsigned)number), USER_I32, true};
		return true;
	}
	if ((unsigned)number >= sig->n)
		return fail_at(x, word->text, "is an argument that the function does not have", NULL);
	take_parameter(&sig->parameters[number], b);
	return true;
}

/* Of `long t->8` the type; *n_words: 0 when none is written. */
static bool take_type(struct parser *x, struct user_text *word, unsigned *n_words, enum user_type *type)
{
	struct user_text words[TYPE_WORDS];
	const char *from = x->p;

	for (*n_words = 0; user_type_is_word(word); *word = take_word(x)) {
		if (*n_words == TYPE_WORDS)
			return fail_at(x, from, "begins a type of too many words", NULL);
		words[(*n_words)++] = *word;
	}
	if (*n_words && !user_type_parse(words, *n_words, type))
		return fail_at(x, words[0].text, "begins what is no type of C", NULL);
	return true;
}

static bool take_offsets(struct parser *x, enum user_type type)
{
	for (bool more = true; more;) {
		int64_t offset = 0;
		bool is_negative;

		x->p += 2;
		skip_blanks(x);
		is_negative = x->p < x->end && *x->p == '-';
		x->p += is_negative;
		if (x->p >= x->end || !user_is_digit(*x->p))
			return fail_at(x, x->p,
			               x->p < x->end ? "is no number of bytes, which must follow ->"
			                             : "a number of bytes must follow ->",
			               NULL);
		if (!take_number(x, &offset))
			return false;
		skip_blanks(x);
		more = x->end - x->p >= 2 && memcmp(x->p, "->", 2) == 0;
		if (!emit(x, USER_LOAD, (uint8_t)(more ? USER_U64 : type), is_negative ? -offset : offset))
			return false;
	}
	return true;
}

/* [TYPE] NAME [-> OFFSET]... */
static bool parse_name(struct parser *x)
{
	struct user_text word = take_word(x);
	const char *from = word.text;
	enum user_type type = USER_I32;
	unsigned n_words;
	struct base b = {0};
	bool is_field, is_local;

	/* A parameter may be called as a type is. */
	is_local = false;
	for (unsigned i = 0; i < x->source->signature->n; i++)
		is_local = is_local || is(&word, x->source->signature->parameters[i].name);
	n_words = 0;
	if (!is_local && !take_type(x, &word, &n_words, &type))
		return false;
	if (word.bytes == 0)
		return fail_at(x, x->p, "a value is missing here", NULL);
	if (!find_base(x, &word, &b))
		return false;
	skip_blanks(x);
	is_field = x->end - x->p >= 2 && memcmp(x->p, "->", 2) == 0;
	if (is_field && !b.can_be_address)
		return fail_at(x, word.text, "is no address, so there is nothing behind it", NULL);
	if (n_words && b.code == USER_CALLS)
		return fail_at(x, from, "can't be said of calls, which is a number", NULL);
	if (n_words && !is_field && b.code == USER_ARGUMENT && (type >= USER_F32) != (b.type >= USER_F32))
		return fail_at(
		        x, from,
		        "is another kind of register: say the type among the parameters, name(float x, ...)",
		        NULL);
	x->out->needs_result |= b.code == USER_RESULT;
	x->out->needs_calls |= b.code == USER_CALLS;
	x->out->is_constant = false;
	if (is_field)
		return emit(x, b.code, USER_U64, b.value) && take_offsets(x, type);
	return emit(x, b.code, (uint8_t)(n_words ? type : b.type), b.value);
}

/* ---- operators ---- */

static bool parse_binary(struct parser *x, unsigned precedence);

static bool parse_operand(struct parser *x)
{
	bool ok;

	skip_blanks(x);
	if (x->p >= x->end)
		return fail_at(x, x->p, "a value is missing here", NULL);
	if (++x->nesting > NESTING_MAX)
		return fail_at(x, x->p, "is nested too deep", NULL);
	if (*x->p == '(') {
		x->p++;
		ok = parse_binary(x, 1);
		skip_blanks(x);
		if (ok && (x->p >= x->end || *x->p != ')'))
			ok = fail_at(x, x->p, x->p >= x->end ? "a ) is missing" : "stands where a ) should",
			             NULL);
		x->p++;
	} else if (*x->p == '-' || *x->p == '!') {
		uint8_t code = *x->p++ == '-' ? USER_NEGATE : USER_NOT;

		ok = parse_operand(x) && emit(x, code, 0, 0);
	} else if (user_is_digit(*x->p)) {
		int64_t value;

		ok = take_number(x, &value) && emit(x, USER_CONSTANT, 0, value);
	} else if (user_is_letter(*x->p) || *x->p == '_') {
		ok = parse_name(x);
	} else {
		ok = fail_at(x, x->p, "is no value: it can be a number, an argument or a ( )", NULL);
	}
	x->nesting--;
	return ok;
}

static const struct operator_of *next_operator(struct parser *x)
{
	skip_blanks(x);
	for (unsigned i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		size_t bytes = strlen(operators[i].text);

		if ((size_t)(x->end - x->p) >= bytes && memcmp(x->p, operators[i].text, bytes) == 0)
			return &operators[i];
	}
	return NULL;
}

static bool parse_binary(struct parser *x, unsigned precedence)
{
	const struct operator_of *op;

	if (!parse_operand(x))
		return false;
	while ((op = next_operator(x)) && op->precedence >= precedence) {
		x->p += strlen(op->text);
		if (!parse_binary(x, op->precedence + 1u) || !emit(x, op->code, 0, 0))
			return false;
	}
	return true;
}

bool user_expr_parse(const struct user_source *s, const struct user_text *text, size_t column,
                     struct user_expr *out)
{
	struct parser x = {.source = s,
	                   .start = text->text,
	                   .p = text->text,
	                   .end = text->text + text->bytes,
	                   .column = column,
	                   .out = out};
	struct user_instruction *code;

	memset(out, 0, sizeof(*out));
	out->is_constant = true;
	if (!parse_binary(&x, 1))
		return false;
	if (x.p < x.end)
		return fail_at(&x, x.p, "can't follow here", NULL);
	code = user_memory_take(s->memory, x.n * sizeof(*code));
	if (!code)
		return user_fail(s->error, NULL, "there is no memory for all of it");
	memcpy(code, x.code, x.n * sizeof(*code));
	out->code = code;
	out->n = (uint16_t)x.n;
	return true;
}
