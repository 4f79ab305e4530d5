/* user_file.c: what a file of hooks says, understood and checked.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/user/user_file.h"

#include <stdlib.h>
#include <string.h>

#include "preload/names.h"
#include "preload/user/user_rule.h"

enum { RULES_MAX = 64 };

/* ---- keys: name, glob* or 0xOFFSET, and (parameters) ---- */

static bool take_offset(struct user_parsing *p, const struct user_node *key)
{
	struct user_hook *h = p->hook;
	char *end;

	h->offset = strtoull(h->pattern, &end, 16);
	h->is_offset = true;
	if (*end || end == h->pattern + 2)
		return user_fail(p->error, key, "'%.60s' is no address: it can be 0x and hexadecimal digits",
		                 h->pattern);
	return true;
}

static bool take_name(struct user_parsing *p, const struct user_node *key)
{
	struct user_hook *h = p->hook;

	for (const char *s = h->pattern; *s; s++) {
		if (*s <= ' ' || (unsigned char)*s >= 0x7f)
			return user_fail(
			        p->error, key,
			        "'%.60s' is no function: it can be a name, a glob (* and ?) or 0x and an "
			        "address, and (parameters) behind it",
			        h->pattern);
		h->is_glob = h->is_glob || *s == '*' || *s == '?';
	}
	return true;
}

static bool take_signature(struct user_parsing *p, const struct user_node *key, const char *open)
{
	struct user_source source = {&p->hook->signature, p->memory, p->error, key};
	const char *end = key->text + key->bytes;

	if (!open) {
		p->hook->signature.stack_words = USER_STACK_WORDS;
		return true;
	}
	if (end[-1] != ')')
		return user_fail(p->error, key, "the parameters of '%.60s' have no ) at their end",
		                 key->text);
	return user_signature_parse(&source, open + 1, (size_t)(end - open) - 2, &p->hook->signature);
}

static bool take_key(struct user_parsing *p, const struct user_node *key)
{
	struct user_hook *h = p->hook;
	const char *open;
	size_t bytes;

	if (key->kind != USER_SCALAR || !key->bytes)
		return user_fail(p->error, key, "the name of a function must stand here");
	open = strchr(key->text, '(');
	bytes = open ? (size_t)(open - key->text) : key->bytes;
	while (bytes > 0 && key->text[bytes - 1] == ' ')
		bytes--;
	h->pattern = user_memory_text(p->memory, key->text, bytes);
	h->line = key->line;
	h->column = key->column;
	if (!h->pattern)
		return user_fail(p->error, NULL, "there is no memory for all of it");
	if (!bytes)
		return user_fail(p->error, key, "the name of a function must stand before the (");
	if (!strncmp(h->pattern, "0x", 2) ? !take_offset(p, key) : !take_name(p, key))
		return false;
	return take_signature(p, key, open);
}

/* ---- rules ---- */

/* `like: cblas_*` needs a * in the key, whose text it takes; what it is then, the
 * functions that are found will show. */
static bool check_like(struct user_parsing *p, const struct user_node *at)
{
	const char *like = p->rule->like;
	const char *star = like ? strchr(like, '*') : NULL, *meant;

	if (star && (strchr(star + 1, '*') || !strchr(p->hook->pattern, '*')))
		return user_fail(p->error, at,
		                 "the * of '%.60s' stands for the first * of the function's name", like);
	if (!like || star || names_can_be_like(like))
		return true;
	meant = names_nearest_like(like);
	return user_fail(p->error, at, "'%.60s' is no function that the shim can describe others as%s%s%s",
	                 like, meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
}

static bool take_rules(struct user_parsing *p, const struct user_node *value)
{
	const struct user_node *first = value->kind == USER_LIST ? value->first : value;
	struct user_hook *h = p->hook;
	unsigned n = 0;

	for (const struct user_node *at = first; at; at = value->kind == USER_LIST ? at->next : NULL)
		n++;
	if (n == 0 || n > RULES_MAX)
		return user_fail(p->error, value, "a list of rules has 1 to %d of them", RULES_MAX);
	h->rules = user_memory_take(p->memory, n * sizeof(*h->rules));
	if (!h->rules)
		return user_fail(p->error, NULL, "there is no memory for all of it");
	for (; h->n_rules < n; h->n_rules++, first = first->next) {
		p->rule = &h->rules[h->n_rules];
		if (!user_rule_parse(p, first) || !check_like(p, first))
			return false;
		if (h->n_rules + 1 < n && !p->rule->has_when)
			return user_fail(p->error, first,
			                 "the rules after this one are never used: it has no `when`");
		if (n > 1 && p->rule->kind == USER_LIKE)
			return user_fail(p->error, first, "`like` can't be one of several rules");
	}
	return true;
}

/* ---- which words say all ---- */

static bool plan_word(struct user_plan *plan, const struct user_instruction *i)
{
	static const uint64_t masks[] = {
	        [USER_I8] = 0xff,        [USER_U8] = 0xff,        [USER_I16] = 0xffff, [USER_U16] = 0xffff,
	        [USER_I32] = 0xffffffff, [USER_U32] = 0xffffffff, [USER_I64] = ~0ull,  [USER_U64] = ~0ull,
	};
	unsigned at = 0;

	if (i->type >= USER_F32)
		return false;
	while (at < plan->n && plan->word[at].offset != i->value)
		at++;
	if (at == USER_PLAN_WORDS)
		return false;
	plan->n += at == plan->n;
	plan->word[at].offset = (uint16_t)i->value;
	plan->word[at].mask |= masks[i->type];
	return true;
}

static bool plan_expr(struct user_plan *plan, const struct user_expr *e)
{
	for (unsigned k = 0; k < e->n; k++) {
		if (e->code[k].code == USER_LOAD || e->code[k].code == USER_RESULT)
			return false;
		if (e->code[k].code == USER_ARGUMENT && !plan_word(plan, &e->code[k]))
			return false;
	}
	return true;
}

/* Every value of every rule: of whole-number arguments, for operations alone. */
static void make_plan(struct user_hook *h)
{
	struct user_plan plan = {.is_short = true};

	for (unsigned r = 0; r < h->n_rules && plan.is_short; r++) {
		const struct user_rule *rule = &h->rules[r];

		plan.is_short = (rule->kind == USER_OP || rule->kind == USER_OFF)
		                && (!rule->has_when || plan_expr(&plan, &rule->when));
		for (unsigned i = 0; i < rule->n_values && plan.is_short; i++)
			plan.is_short = !rule->values[i].is_string && plan_expr(&plan, &rule->values[i].expr);
		plan.counts = plan.counts || rule->needs_calls;
	}
	h->plan = plan;
}

static bool is_repeated(struct user_parsing *p, const struct user_file *file)
{
	for (const struct user_hook *h = file->hooks; h; h = h->next)
		if (h != p->hook && !strcmp(h->pattern, p->hook->pattern)
		    && !strcmp(h->module ? h->module : "", p->hook->module ? p->hook->module : ""))
			return !user_fail(
			        p->error,
			        &(struct user_node){.line = p->hook->line, .column = p->hook->column},
			        "'%.60s' is given twice; first in line %u", h->pattern, h->line);
	return false;
}

bool user_file_parse(const struct user_yaml_api *api, struct user_memory *m, const struct user_text *text,
                     struct user_file *out, struct user_error *e)
{
	struct user_parsing p = {.memory = m, .error = e};
	struct user_node *root = user_yaml_parse(api, m, text, e);
	struct user_hook **end = &out->hooks;

	memset(out, 0, sizeof(*out));
	if (!root)
		return !e->text[0];
	if (root->kind != USER_MAP)
		return user_fail(e, root, "a file of hooks has entries FUNCTION: {op: ...}");
	for (const struct user_node *key = root->first; key; key = key->next->next) {
		if (out->n_hooks == USER_HOOKS_MAX)
			return user_fail(e, key, "more than %u hooks", USER_HOOKS_MAX);
		p.hook = user_memory_take(m, sizeof(*p.hook));
		if (!p.hook)
			return user_fail(e, NULL, "there is no memory for all of it");
		p.hook->number = out->n_hooks;
		if (!take_key(&p, key) || !take_rules(&p, key->next) || is_repeated(&p, out))
			return false;
		make_plan(p.hook);
		*end = p.hook;
		end = &p.hook->next;
		out->n_hooks++;
	}
	return true;
}
