/* user_signature.c: the parameters of a hooked function, and where a call has them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The rules of the System V ABI, as far as they can be told from a prototype
 * alone: whole numbers and pointers go into the whole-number registers, float
 * and double into the vector registers, in order; what finds none takes a word
 * of the stack.
 */
#include "preload/user/user_expr.h"

#include <string.h>

enum { WORDS_MAX = 8, VECTORS = 8 };

static bool is(const struct user_text *word, const char *text)
{
	return word->bytes == strlen(text) && memcmp(word->text, text, word->bytes) == 0;
}

static const struct {
	const char *name;
	enum user_type type;
} names[] = {
        {"bool", USER_U8},       {"_Bool", USER_U8},    {"float", USER_F32},     {"double", USER_F64},
        {"size_t", USER_U64},    {"ssize_t", USER_I64}, {"ptrdiff_t", USER_I64}, {"intptr_t", USER_I64},
        {"uintptr_t", USER_U64}, {"int8_t", USER_I8},   {"uint8_t", USER_U8},    {"int16_t", USER_I16},
        {"uint16_t", USER_U16},  {"int32_t", USER_I32}, {"uint32_t", USER_U32},  {"int64_t", USER_I64},
        {"uint64_t", USER_U64},  {"pointer", USER_U64},
};

static const char *const parts[] = {"int", "long", "short", "char", "signed", "unsigned"};

enum { PART_INT, PART_LONG, PART_SHORT, PART_CHAR, PART_SIGNED, PART_UNSIGNED, PARTS };

bool user_type_is_word(const struct user_text *word)
{
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is(word, names[i].name))
			return true;
	for (unsigned i = 0; i < PARTS; i++)
		if (is(word, parts[i]))
			return true;
	return false;
}

/* From how often each of C's words occurs; false for what makes no type. */
static bool type_of_parts(const unsigned n[PARTS], enum user_type *type)
{
	bool is_unsigned = n[PART_UNSIGNED] > 0;

	if (n[PART_INT] > 1 || n[PART_LONG] > 2 || n[PART_SHORT] > 1 || n[PART_CHAR] > 1
	    || n[PART_SIGNED] + n[PART_UNSIGNED] > 1
	    || (n[PART_LONG] > 0) + (n[PART_SHORT] > 0) + (n[PART_CHAR] > 0) > 1
	    || (n[PART_CHAR] && n[PART_INT]))
		return false;
	if (n[PART_LONG])
		*type = is_unsigned ? USER_U64 : USER_I64;
	else if (n[PART_SHORT])
		*type = is_unsigned ? USER_U16 : USER_I16;
	else if (n[PART_CHAR])
		*type = is_unsigned ? USER_U8 : USER_I8;
	else
		*type = is_unsigned ? USER_U32 : USER_I32;
	return true;
}

bool user_type_parse(const struct user_text *words, unsigned n, enum user_type *type)
{
	unsigned count[PARTS] = {0};

	for (unsigned i = 0; n == 1 && i < sizeof(names) / sizeof(names[0]); i++)
		if (is(&words[0], names[i].name)) {
			*type = names[i].type;
			return true;
		}
	for (unsigned i = 0; i < n; i++) {
		unsigned part = 0;

		while (part < PARTS && !is(&words[i], parts[part]))
			part++;
		if (part == PARTS)
			return false;
		count[part]++;
	}
	return n > 0 && type_of_parts(count, type);
}

/* ---- one parameter ---- */

struct parameter_words {
	struct user_text word[WORDS_MAX];
	unsigned n;
	bool is_pointer;
};

static bool is_qualifier(const struct user_text *word)
{
	static const char *const all[] = {"const", "volatile", "restrict", "__restrict", "struct",
	                                  "enum",  "register", "class",    "union"};

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (is(word, all[i]))
			return true;
	return false;
}

static bool split(const struct user_source *s, const struct user_text *text, struct parameter_words *w)
{
	const char *p = text->text, *end = p + text->bytes;

	memset(w, 0, sizeof(*w));
	while (p < end) {
		struct user_text word = {p, 0};

		if (*p == '*' || *p == '&' || *p == '[')
			w->is_pointer = true;
		if (*p == '[')
			while (p < end && *p != ']')
				p++;
		if (!user_is_word(*p) && *p != '_' && *p != ':' && !strchr(" \t*&]", *p))
			return user_fail(s->error, s->at,
			                 "'%.*s' is no parameter: it can be a type and a name",
			                 (int)(text->bytes < 60 ? text->bytes : 60), text->text);
		while (p < end && (user_is_word(*p) || *p == '_' || *p == ':'))
			p++;
		word.bytes = (size_t)(p - word.text);
		if (p == word.text || *word.text == '[')
			p += p < end;
		else if (!is_qualifier(&word) && w->n == WORDS_MAX)
			return user_fail(s->error, s->at, "'%.60s' is no parameter: too many words",
			                 text->text);
		else if (!is_qualifier(&word))
			w->word[w->n++] = word;
	}
	return true;
}

static bool fail_type(const struct user_source *s, const struct user_text *text)
{
	return user_fail(s->error, s->at,
	                 "the type of '%.*s' is not known, so where it and those after it are can't be: "
	                 "write the C type behind the typedef, or a * for a pointer",
	                 (int)(text->bytes < 60 ? text->bytes : 60), text->text);
}

/* Its name and type, but not yet where it is. */
static bool understand(const struct user_source *s, const struct user_text *text, struct user_parameter *p)
{
	struct parameter_words w;
	struct user_text *last;
	unsigned n_type;

	if (!split(s, text, &w))
		return false;
	if (w.n == 0)
		return user_fail(s->error, s->at,
		                 "a parameter without a name: two commas, or one at the end?");
	last = &w.word[w.n - 1];
	p->name = "";
	p->type = w.is_pointer ? USER_U64 : USER_I32;
	p->is_pointer = w.is_pointer;
	n_type = w.n;
	if (!user_type_is_word(last) && (w.n > 1 || !strchr("*&", text->text[text->bytes - 1]))) {
		p->name = user_memory_text(s->memory, last->text, last->bytes);
		n_type--;
	}
	if (!p->name)
		return user_fail(s->error, NULL, "there is no memory for all of it");
	if (w.is_pointer || n_type == 0)
		return true;
	return user_type_parse(w.word, n_type, &p->type) || fail_type(s, text);
}

/* ---- all of them ---- */

struct placing {
	unsigned integers, vectors, words;
};

static void place(struct placing *to, struct user_parameter *p)
{
	bool is_vector = p->type >= USER_F32;

	if (is_vector && to->vectors < VECTORS)
		p->offset = (uint16_t)(offsetof(struct hook_call, vector) + 16 * to->vectors++);
	else if (!is_vector && to->integers < THUNK_REGISTERS)
		p->offset = (uint16_t)thunk_argument_offset(to->integers++);
	else
		p->offset = (uint16_t)(THUNK_STACK_OFFSET + 8 * to->words++);
}

static struct user_text trimmed(const char *from, const char *to)
{
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
		to--;
	return (struct user_text){from, (size_t)(to - from)};
}

bool user_signature_parse(const struct user_source *s, const char *text, size_t bytes,
                          struct user_signature *out)
{
	const char *p = text, *end = text + bytes;
	struct user_text all = trimmed(text, end);
	struct placing placing = {0};
	struct user_parameter *made;

	memset(out, 0, sizeof(*out));
	out->is_given = true;
	out->stack_words = USER_STACK_WORDS;
	if (all.bytes == 0 || is(&all, "void"))
		return true;
	made = user_memory_take(s->memory, USER_PARAMETERS_MAX * sizeof(*made));
	if (!made)
		return user_fail(s->error, NULL, "there is no memory for all of it");
	out->parameters = made;
	while (p <= end) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		struct user_text one = trimmed(p, comma ? comma : end);

		p = (comma ? comma : end) + 1;
		if (!comma && is(&one, "..."))
			break;
		if (out->n == USER_PARAMETERS_MAX)
			return user_fail(s->error, s->at, "more than %u parameters", USER_PARAMETERS_MAX);
		if (!understand(s, &one, &made[out->n]))
			return false;
		place(&placing, &made[out->n++]);
	}
	if (placing.words > out->stack_words)
		out->stack_words = (uint16_t)placing.words;
	return true;
}
