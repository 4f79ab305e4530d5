/* user_expr.h: where a value of a hooked call comes from: n, 2 * n, long t->8->16, return.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Whole numbers of 64 bits and the operators of C. `t->8` is the int that lies 8
 * bytes behind the address t, `long t->8` the long there, `t->0->8` goes through a
 * pointer at 0. docs/hook_files.md is the description for users.
 */
#ifndef PRELOAD_USER_USER_EXPR_H
#define PRELOAD_USER_USER_EXPR_H

#include <stdint.h>

#include "preload/thunk/thunk.h"
#include "preload/user/user_yaml.h"

/* As <ctype.h> has it for C, whatever the program's locale. */
static inline bool user_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool user_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool user_is_word(char c)
{
	return user_is_digit(c) || user_is_letter(c);
}

static inline bool user_is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

enum user_type {
	USER_I8,
	USER_U8,
	USER_I16,
	USER_U16,
	USER_I32,
	USER_U32,
	USER_I64,
	USER_U64,
	USER_F32,
	USER_F64,
};

/* One parameter of a hooked function, and where a call has it. */
struct user_parameter {
	const char *name; /* "": none */
	enum user_type type;
	bool is_pointer;
	uint16_t offset; /* bytes from struct hook_call */
};

#define USER_PARAMETERS_MAX 32u

/* What is between the parentheses of a hook's key. */
struct user_signature {
	const struct user_parameter *parameters;
	unsigned n;
	bool is_given;        /* else arg0, arg1, ... are whole numbers or pointers */
	uint16_t stack_words; /* arguments on the stack, as many as may be there */
};

/* When nothing is known, so many words of the stack are handed on. */
#define USER_STACK_WORDS 16u

enum user_code {
	USER_CONSTANT,
	USER_ARGUMENT, /* value: offset from the call; type */
	USER_RESULT,   /* what the function returned; type */
	USER_CALLS,    /* how often the function was called before, in this step */
	USER_LOAD,     /* replace an address by what is `value` bytes behind it; type */
	USER_NEGATE,
	USER_NOT,
	USER_MULTIPLY,
	USER_DIVIDE,
	USER_REMAINDER,
	USER_ADD,
	USER_SUBTRACT,
	USER_LESS,
	USER_LESS_EQUAL,
	USER_MORE,
	USER_MORE_EQUAL,
	USER_EQUAL,
	USER_UNEQUAL,
	USER_AND,
	USER_OR,
};

struct user_instruction {
	uint8_t code, type;
	int64_t value;
};

#define USER_DEPTH_MAX 16u /* operands waiting */

/* In reverse Polish order. */
struct user_expr {
	const struct user_instruction *code;
	uint16_t n;
	bool is_constant, needs_result, needs_calls;
};

struct user_source {
	const struct user_signature *signature;
	struct user_memory *memory;
	struct user_error *error;
	const struct user_node *at; /* what the text is part of */
};

/* The parameters in text[0..bytes), "float *x, const struct t *w, int n, d". A
 * parameter without a type is an int, or a pointer where it is used as one.
 * False and the error for what can't be placed (a structure by value, ...). */
bool user_signature_parse(const struct user_source *s, const char *text, size_t bytes,
                          struct user_signature *out);

/* text[0..bytes) is part of s->at's text, `column` bytes from its start. */
bool user_expr_parse(const struct user_source *s, const struct user_text *text, size_t column,
                     struct user_expr *out);

/* The type that words such as "unsigned long" or "int32_t" name; false for others. */
bool user_type_parse(const struct user_text *words, unsigned n, enum user_type *type);
bool user_type_is_word(const struct user_text *word);

/* A call whose values are asked for. Zero but for `call` at first. */
struct user_input {
	const struct hook_call *call;
	uint64_t calls;
	uintptr_t page; /* the last one found readable, for this call */
};

/* The value; false when an address can't be read, a division is by zero, or a
 * floating point number is none. Reads the program's memory but never faults. */
bool user_expr_value(const struct user_expr *e, struct user_input *in, int64_t *value);

/* Copy bytes of the program's memory if all of them can be read. */
bool user_read(struct user_input *in, uintptr_t address, void *bytes, size_t n);

#endif
