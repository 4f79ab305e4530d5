/* user_rule.c: one rule of a file of hooks, from YAML to what a call is.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/user/user_rule.h"

#include <prof/nearest.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = USER_OFF + 1, CHOICES_MAX = 32 };

static const char *const key_names[USER_KEYS] = {
#define USER_KEY(id, key, meaning) key,
#include "preload/user/user_keys.def"
#undef USER_KEY
};

static const char *const role_names[] = {
#define PROF_OPERAND(number, id, key) [number] = key,
#include <prof/operands.def>
#undef PROF_OPERAND
};

static const char *const attr_names[] = {
#define PROF_ATTR(number, id, key, meaning) [number] = key,
#include <prof/attrs.def>
#undef PROF_ATTR
};

static const char *const op_names[PROF_OP_LIMIT] = {
#define PROF_OP(number, id, name, cls, flops, special, note) [number] = name,
#include <prof/ops.def>
#undef PROF_OP
};

static const uint8_t op_classes[PROF_OP_LIMIT] = {
#define PROF_OP(number, id, name, cls, flops, special, note) [number] = PROF_CLASS_##cls,
#include <prof/ops.def>
#undef PROF_OP
};

static const char *const dtype_names[PROF_DTYPE_LIMIT] = {
#define PROF_DTYPE(number, id, name, block, bytes, compute) [number] = name,
#include <prof/dtypes.def>
#undef PROF_DTYPE
};

#define COUNT(a) ((unsigned)(sizeof(a) / sizeof((a)[0])))

/* The index of a name in a table with holes, -1: it is not there. */
static int find(const char *text, const char *const *names, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (names[i] && !strcmp(names[i], text))
			return (int)i;
	return -1;
}

static const char *nearest_in(const char *text, const char *const *names, unsigned n)
{
	const char *all[PROF_OP_LIMIT];
	unsigned n_all = 0;

	for (unsigned i = 0; i < n; i++)
		if (names[i])
			all[n_all++] = names[i];
	return prof_nearest(text, all, n_all);
}

static bool fail_word(struct user_parsing *p, const struct user_node *at, const char *what, const char *meant)
{
	return user_fail(p->error, at, "'%.60s' is no %s%s%s%s", at->text, what,
	                 meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
}

const char *user_text_of(struct user_parsing *p, const struct user_node *node, const char *what)
{
	if (node->kind == USER_SCALAR && node->bytes)
		return node->text;
	user_fail(p->error, node, "%s must follow, not %s", what,
	          node->kind == USER_LIST  ? "a list"
	          : node->kind == USER_MAP ? "a map"
	                                   : "nothing");
	return NULL;
}

/* ---- values ---- */

static bool parse_expr(struct user_parsing *p, const struct user_node *node, const struct user_text *text,
                       struct user_expr *out)
{
	struct user_source source = {&p->hook->signature, p->memory, p->error, node};

	return user_expr_parse(&source, text, (size_t)(text->text - node->text), out);
}

int user_add_value(struct user_parsing *p, const struct user_node *node, const struct user_text *text,
                   bool is_string)
{
	struct user_rule *r = p->rule;
	struct user_value *v = &r->values[r->n_values];
	unsigned words = is_string ? USER_STRING_WORDS : 1;

	if (r->n_words + words > USER_VALUES_MAX) {
		user_fail(p->error, node, "more than %u values in one rule; a text is %u", USER_VALUES_MAX,
		          USER_STRING_WORDS);
		return -1;
	}
	if (!parse_expr(p, node, text, &v->expr))
		return -1;
	/* A text's address is all of a register. */
	if (is_string && v->expr.n > 0 && v->expr.code[v->expr.n - 1].type == USER_I32) {
		struct user_instruction *last =
		        (struct user_instruction *)(uintptr_t)&v->expr.code[v->expr.n - 1];

		if (last->code == USER_ARGUMENT || last->code == USER_LOAD || last->code == USER_RESULT)
			last->type = USER_U64;
	}
	v->is_string = is_string;
	v->at = r->n_words;
	r->n_values++;
	r->n_words = (uint8_t)(r->n_words + words);
	r->needs_result |= v->expr.needs_result;
	r->needs_calls |= v->expr.needs_calls;
	return v->at;
}

int user_add_number(struct user_parsing *p, const struct user_node *node)
{
	struct user_text text = {node->text, node->bytes};

	return user_text_of(p, node, "a number or where it comes from")
	               ? user_add_value(p, node, &text, false)
	               : -1;
}

static bool take_number(struct user_parsing *p, const struct user_node *node, int16_t *word)
{
	*word = (int16_t)user_add_number(p, node);
	return *word >= 0;
}

/* ---- data types ---- */

static bool take_dtype_name(struct user_parsing *p, const struct user_node *node, uint8_t *dtype)
{
	const char *text = user_text_of(p, node, "a data type");
	int i;

	if (!text)
		return false;
	i = find(text, dtype_names, PROF_DTYPE_LIMIT);
	if (i < 0)
		return fail_word(p, node, "data type", nearest_in(text, dtype_names, PROF_DTYPE_LIMIT));
	*dtype = (uint8_t)i;
	return true;
}

/* {of: EXPR, 0: float32, 1: float16} */
static bool take_choices(struct user_parsing *p, const struct user_node *map, struct user_dtype *out)
{
	struct user_choice choices[CHOICES_MAX], *kept;
	unsigned n = 0;
	int at = -1;

	for (const struct user_node *key = map->first; key; key = key->next->next) {
		char *end;

		if (key->kind == USER_SCALAR && !strcmp(key->text, "of")) {
			if ((at = user_add_number(p, key->next)) < 0)
				return false;
			continue;
		}
		if (n == CHOICES_MAX)
			return user_fail(p->error, key, "more than %d data types", CHOICES_MAX);
		if (!user_text_of(p, key, "a number"))
			return false;
		choices[n].number = strtoll(key->text, &end, 0);
		if (*end)
			return fail_word(p, key, "number; data types are told by `of` and numbers", NULL);
		if (!take_dtype_name(p, key->next, &choices[n].dtype))
			return false;
		n++;
	}
	if (at < 0 || n == 0)
		return user_fail(p->error, map, "a choice of data types has `of` and at least one number");
	kept = user_memory_take(p->memory, n * sizeof(*kept));
	if (!kept)
		return user_fail(p->error, NULL, "there is no memory for all of it");
	memcpy(kept, choices, n * sizeof(*kept));
	*out = (struct user_dtype){.at = (uint8_t)at, .n_choices = (uint8_t)n, .choices = kept};
	return true;
}

static bool take_dtype(struct user_parsing *p, const struct user_node *node, struct user_dtype *out)
{
	memset(out, 0, sizeof(*out));
	return node->kind == USER_MAP ? take_choices(p, node, out) : take_dtype_name(p, node, &out->dtype);
}

static bool take_dtype_of_all(struct user_parsing *p, const struct user_node *node)
{
	struct user_dtype dtype;

	if (!take_dtype(p, node, &dtype))
		return false;
	for (unsigned i = 0; i < p->rule->n_operands; i++)
		p->rule->operands[i].dtype = dtype;
	return true;
}

static struct user_operand *operand_of(struct user_rule *r, int role)
{
	for (unsigned i = 0; i < r->n_operands; i++)
		if (r->operands[i].role == role)
			return &r->operands[i];
	return NULL;
}

static bool take_dtypes(struct user_parsing *p, const struct user_node *node)
{
	if (node->kind != USER_MAP)
		return user_fail(p->error, node, "operands and their data types must follow, {weight: int8}");
	for (const struct user_node *key = node->first; key; key = key->next->next) {
		const char *text = user_text_of(p, key, "an operand");
		struct user_operand *operand;
		int role;

		if (!text)
			return false;
		role = find(text, role_names, COUNT(role_names));
		if (role < 0)
			return fail_word(p, key, "operand", nearest_in(text, role_names, COUNT(role_names)));
		operand = operand_of(p->rule, role);
		if (!operand)
			return user_fail(p->error, key, "this rule has no operand '%s'", text);
		if (!take_dtype(p, key->next, &operand->dtype))
			return false;
	}
	return true;
}

/* ---- operands and attributes ---- */

static bool take_operand(struct user_parsing *p, int role, const struct user_node *node)
{
	struct user_rule *r = p->rule;
	struct user_operand *o = &r->operands[r->n_operands];

	if (r->n_operands == PROF_MAX_OPERANDS)
		return user_fail(p->error, node, "more than %u operands", PROF_MAX_OPERANDS);
	*o = (struct user_operand){.role = (uint8_t)role, .dtype = {.dtype = PROF_DTYPE_FLOAT32}};
	if (node->kind == USER_MAP)
		return user_fail(p->error, node, "a shape must follow, [rows, columns]");
	for (const struct user_node *dim = node->kind == USER_LIST ? node->first : node; dim;
	     dim = node->kind == USER_LIST ? dim->next : NULL) {
		int at;

		if (o->n_dims == PROF_MAX_DIMS)
			return user_fail(p->error, dim, "a shape of more than %u dimensions", PROF_MAX_DIMS);
		if ((at = user_add_number(p, dim)) < 0)
			return false;
		if (o->n_dims++ == 0)
			o->at = (uint8_t)at;
	}
	if (!o->n_dims)
		return user_fail(p->error, node, "a shape must not be empty");
	r->n_operands++;
	return true;
}

static bool take_attribute(struct user_parsing *p, int attr, const struct user_node *node)
{
	struct user_rule *r = p->rule;
	int at;

	if (r->n_attrs == PROF_MAX_ATTRS)
		return user_fail(p->error, node, "more than %u attributes", PROF_MAX_ATTRS);
	if ((at = user_add_number(p, node)) < 0)
		return false;
	r->attrs[r->n_attrs++] = (struct user_attribute){(uint16_t)attr, (uint8_t)at};
	return true;
}

/* ---- keys ---- */

/* The kinds of rules that a key may stand in, as bits. */
static unsigned kinds_of_key(int key)
{
	switch (key) {
	case USER_KEY_CONTEXT:
	case USER_KEY_LAYER:
	case USER_KEY_DTYPE:
	case USER_KEY_DTYPES:
		return 1u << USER_OP;
	case USER_KEY_POSITION:
		return 1u << USER_STEP;
	default:
		return ~0u;
	}
}

static const char *const kind_names[KINDS] = {"op", "step", "region", "like", "off"};

/* Exactly one of the keys that say what calls are. */
static bool find_kind(struct user_parsing *p, const struct user_node *map)
{
	int found = -1;

	for (const struct user_node *key = map->first; key; key = key->next->next) {
		int kind = key->kind == USER_SCALAR ? find(key->text, kind_names, KINDS) : -1;

		if (kind >= 0 && found >= 0)
			return user_fail(p->error, key, "calls can't be both '%s' and '%s'",
			                 kind_names[found], kind_names[kind]);
		found = kind >= 0 ? kind : found;
	}
	p->rule->kind = found >= 0 ? (enum user_kind)found : USER_OP;
	p->rule->what = kind_names[p->rule->kind];
	return true;
}

static bool fail_key(struct user_parsing *p, const struct user_node *key)
{
	const char *all[USER_KEYS + COUNT(role_names) + COUNT(attr_names)];
	unsigned n = 0;

	for (unsigned i = 0; i < USER_KEYS; i++)
		all[n++] = key_names[i];
	for (unsigned i = 0; i < COUNT(role_names); i++)
		if (role_names[i])
			all[n++] = role_names[i];
	for (unsigned i = 0; i < COUNT(attr_names); i++)
		if (attr_names[i] && strlen(attr_names[i]) > 1)
			all[n++] = attr_names[i];
	return fail_word(p, key, "key of a hook", prof_nearest(key->text, all, n));
}

static bool take_op(struct user_parsing *p, const struct user_node *node)
{
	const char *text = user_text_of(p, node, "a kind of operation");
	int i;

	if (!text)
		return false;
	i = find(text, op_names, PROF_OP_LIMIT);
	if (i < 0)
		return fail_word(p, node, "kind of operation", nearest_in(text, op_names, PROF_OP_LIMIT));
	p->rule->op = (uint16_t)i;
	p->rule->what = op_names[i];
	return true;
}

static bool take_when(struct user_parsing *p, const struct user_node *node)
{
	struct user_text text = {node->text, node->bytes};
	struct user_rule *r = p->rule;

	if (!user_text_of(p, node, "a condition") || !parse_expr(p, node, &text, &r->when))
		return false;
	if (r->when.needs_result)
		return user_fail(p->error, node,
		                 "a condition is asked before the call, when there is no result");
	r->has_when = true;
	r->needs_calls |= r->when.needs_calls;
	return true;
}

static bool take_by(struct user_parsing *p, const struct user_node *node)
{
	static const char *const ways[] = {"auto", "entry", "plt"};
	const char *text = user_text_of(p, node, "auto, entry or plt");
	int way = text ? find(text, ways, COUNT(ways)) : -1;

	if (!text)
		return false;
	if (way < 0)
		return fail_word(p, node, "way to take calls over: auto, entry or plt",
		                 nearest_in(text, ways, COUNT(ways)));
	p->hook->by = (enum user_by)way;
	return true;
}

static bool take_off(struct user_parsing *p, const struct user_node *node)
{
	const char *text = user_text_of(p, node, "true");

	return text && (!strcmp(text, "true") || fail_word(p, node, "word for this: it can be true", NULL));
}

/* What does not wait for the operands. */
static bool take_key(struct user_parsing *p, int key, const struct user_node *value)
{
	switch (key) {
	case USER_KEY_OP:
		return take_op(p, value);
	case USER_KEY_STEP:
		return take_number(p, value, &p->rule->tokens);
	case USER_KEY_REGION:
	case USER_KEY_CONTEXT:
		return user_names_parse(p, value);
	case USER_KEY_LIKE:
		return (p->rule->like = user_text_of(p, value, "a function's name")) != NULL;
	case USER_KEY_OFF:
		return take_off(p, value);
	case USER_KEY_WHEN:
		return take_when(p, value);
	case USER_KEY_IN:
		return (p->hook->module = user_text_of(p, value, "a file name")) != NULL;
	case USER_KEY_BY:
		return take_by(p, value);
	case USER_KEY_LAYER:
		return take_number(p, value, &p->rule->layer);
	case USER_KEY_POSITION:
		return take_number(p, value, &p->rule->position);
	default:
		return true;
	}
}

static bool take_pair(struct user_parsing *p, const struct user_node *key)
{
	const struct user_node *value = key->next;
	int known = find(key->text, key_names, USER_KEYS), role, attr;

	if (known >= 0) {
		if (!(kinds_of_key(known) & 1u << p->rule->kind))
			return user_fail(p->error, key, "'%s' has no meaning beside '%s'", key->text,
			                 kind_names[p->rule->kind]);
		return take_key(p, known, value);
	}
	role = find(key->text, role_names, COUNT(role_names));
	attr = find(key->text, attr_names, COUNT(attr_names));
	if (role < 0 && attr < 0)
		return fail_key(p, key);
	if (p->rule->kind != USER_OP)
		return user_fail(p->error, key, "'%s' has no meaning beside '%s'", key->text,
		                 kind_names[p->rule->kind]);
	return role >= 0 ? take_operand(p, role, value) : take_attribute(p, attr, value);
}

static bool check_keys(struct user_parsing *p, const struct user_node *map)
{
	for (const struct user_node *key = map->first; key; key = key->next->next) {
		if (key->kind != USER_SCALAR || !key->bytes)
			return user_fail(p->error, key, "a key must be a word");
		for (const struct user_node *before = map->first; before != key; before = before->next->next)
			if (!strcmp(before->text, key->text))
				return user_fail(p->error, key, "'%.60s' is given twice; first in line %u",
				                 key->text, before->line);
	}
	return true;
}

/* ---- what an operation of a kind needs ---- */

static bool lacks(struct user_parsing *p, const struct user_node *map, int role)
{
	if (operand_of(p->rule, role))
		return false;
	user_fail(p->error, map, "a '%s' needs the shape of its '%s'", p->rule->what, role_names[role]);
	return true;
}

static bool check_op(struct user_parsing *p, const struct user_node *map)
{
	struct user_rule *r = p->rule;

	if (!r->op)
		return user_fail(p->error, map, "this hook needs one of op, step, region, like or off");
	switch (op_classes[r->op]) {
	case PROF_CLASS_LINEAR:
		return !lacks(p, map, PROF_OPERAND_INPUT) && !lacks(p, map, PROF_OPERAND_WEIGHT);
	case PROF_CLASS_MATMUL:
		return !lacks(p, map, PROF_OPERAND_INPUT) && !lacks(p, map, PROF_OPERAND_OTHER);
	case PROF_CLASS_ATTENTION:
		return !lacks(p, map, PROF_OPERAND_QUERY) && !lacks(p, map, PROF_OPERAND_KEY);
	case PROF_CLASS_CONV:
		return !lacks(p, map, PROF_OPERAND_INPUT) && !lacks(p, map, PROF_OPERAND_WEIGHT)
		       && !lacks(p, map, PROF_OPERAND_OUTPUT);
	case PROF_CLASS_GEMM:
		return r->n_attrs > 0 || user_fail(p->error, map, "a '%s' needs its m, n or k", r->what);
	case PROF_CLASS_ELEMENT:
	case PROF_CLASS_ROWS:
		return operand_of(r, PROF_OPERAND_OUTPUT) || !lacks(p, map, PROF_OPERAND_INPUT);
	default:
		return true;
	}
}

/* What can't be known before a call that must be. */
static bool check_result(struct user_parsing *p, const struct user_node *map)
{
	struct user_rule *r = p->rule;

	if (r->needs_result && r->kind != USER_OP)
		return user_fail(p->error, map, "a '%s' begins before there is a result", r->what);
	return true;
}

bool user_rule_parse(struct user_parsing *p, const struct user_node *map)
{
	struct user_rule *r = p->rule;

	if (map->kind != USER_MAP)
		return user_fail(p->error, map, "what a hook is must follow, {op: softmax, input: [n]}");
	r->line = map->line;
	r->layer = r->tokens = r->position = -1;
	r->values = user_memory_take(p->memory, USER_VALUES_MAX * sizeof(*r->values));
	if (!r->values)
		return user_fail(p->error, NULL, "there is no memory for all of it");
	if (!check_keys(p, map) || !find_kind(p, map))
		return false;
	for (const struct user_node *key = map->first; key; key = key->next->next)
		if (!take_pair(p, key))
			return false;
	for (const struct user_node *key = map->first; key; key = key->next->next)
		if (!strcmp(key->text, key_names[USER_KEY_DTYPE]) && !take_dtype_of_all(p, key->next))
			return false;
	for (const struct user_node *key = map->first; key; key = key->next->next)
		if (!strcmp(key->text, key_names[USER_KEY_DTYPES]) && !take_dtypes(p, key->next))
			return false;
	return (r->kind != USER_OP || check_op(p, map)) && check_result(p, map);
}
