/* user_file.h: what a file of hooks says, understood and checked.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *	matmul(xout, x, w, n, d): {op: linear, input: [1, n], weight: [n, d]}
 *	forward(transformer, token, pos): {step: 1, position: pos}
 *
 * docs/hook_files.md is the description for users.
 */
#ifndef PRELOAD_USER_USER_FILE_H
#define PRELOAD_USER_USER_FILE_H

#include <prof/kinds.h>
#include <prof/trace_format.h>

#include "preload/user/user_expr.h"

#define USER_VALUES_MAX   40u  /* of one rule, in words */
#define USER_HOOKS_MAX    256u /* of one file */
#define USER_STRING_WORDS 8u   /* that a text from the program takes: 63 bytes are kept */

enum user_kind {
	USER_OP,     /* each call is an operation */
	USER_STEP,   /* each call is a pass over the network */
	USER_REGION, /* operations inside carry its name */
	USER_LIKE,   /* described as a function that the shim knows */
	USER_OFF,    /* left alone; for the rules of `when` */
};

enum user_by { USER_BY_AUTO, USER_BY_ENTRY, USER_BY_PLT };

/* One number of a call, in words [at, at + 1) of its values; of a text, and
 * then `string` is set, the address, and it is in [at, at + USER_STRING_WORDS). */
struct user_value {
	struct user_expr expr;
	uint8_t at;
	bool is_string;
};

/* Which data type a number means. */
struct user_choice {
	int64_t number;
	uint8_t dtype;
};

struct user_dtype {
	uint8_t dtype; /* when there are no choices */
	uint8_t at;    /* of the number */
	uint8_t n_choices;
	const struct user_choice *choices;
};

struct user_operand {
	uint8_t role, n_dims;
	uint8_t at; /* of the first dimension, outermost first */
	struct user_dtype dtype;
};

struct user_attribute {
	uint16_t attr;
	uint8_t at;
};

enum user_part_kind {
	USER_PART_TEXT,
	USER_PART_NUMBER,   /* at */
	USER_PART_STRING,   /* at */
	USER_PART_FUNCTION, /* the hooked function's name */
};

struct user_part {
	enum user_part_kind kind;
	struct user_text text;
	uint8_t at;
};

/* "blk.{layer}.{string name}". */
struct user_template {
	const struct user_part *parts;
	unsigned n;
};

struct user_rule {
	enum user_kind kind;
	unsigned line;
	const char *what; /* "linear", "step": for lists */
	uint16_t op;
	bool has_when, needs_result, needs_calls;
	struct user_expr when;
	struct user_value *values;
	uint8_t n_values, n_words;
	struct user_operand operands[PROF_MAX_OPERANDS];
	uint8_t n_operands;
	struct user_attribute attrs[PROF_MAX_ATTRS];
	uint8_t n_attrs;
	int16_t layer, tokens, position;   /* words of the values, -1: not given */
	const struct user_template *names; /* of the context or the region; one is taken in turn */
	unsigned n_names;
	const char *like;
};

/* The words of a call that say all of it. */
#define USER_PLAN_WORDS 8u
struct user_plan {
	bool is_short; /* there are such words */
	bool counts;   /* and how often it was called before */
	uint8_t n;
	struct {
		uint16_t offset; /* from struct hook_call */
		uint64_t mask;
	} word[USER_PLAN_WORDS];
};

/* One key of the file. */
struct user_hook {
	const char *pattern; /* a name, or a glob */
	uint64_t offset;     /* in the module, when is_offset */
	bool is_offset, is_glob;
	const char *module; /* glob for the file's name, null: not said */
	enum user_by by;
	unsigned line, column, number;
	struct user_signature signature;
	struct user_rule *rules;
	unsigned n_rules;
	struct user_plan plan;
	struct user_hook *next;
};

struct user_file {
	struct user_hook *hooks;
	unsigned n_hooks;
};

/* Understand a text; false and *e (with a place, if it is about one) for what
 * can't be. All of *out is in m. */
bool user_file_parse(const struct user_yaml_api *api, struct user_memory *m, const struct user_text *text,
                     struct user_file *out, struct user_error *e);

/* Memory that is enough for any file of so many bytes. */
static inline size_t user_file_memory(size_t bytes)
{
	return 65536 + 512 * bytes;
}

#endif
