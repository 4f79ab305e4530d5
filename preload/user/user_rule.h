/* user_rule.h: one rule of a file of hooks, from YAML to what a call is.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_USER_USER_RULE_H
#define PRELOAD_USER_USER_RULE_H

#include "preload/user/user_file.h"

enum user_key {
#define USER_KEY(id, key, meaning) USER_KEY_##id,
#include "preload/user/user_keys.def"
#undef USER_KEY
	USER_KEYS
};

/* What the functions here have in common. */
struct user_parsing {
	struct user_memory *memory;
	struct user_error *error;
	struct user_hook *hook;
	struct user_rule *rule;
};

/* The map `node` into p->rule; `in` and `by` are p->hook's. */
bool user_rule_parse(struct user_parsing *p, const struct user_node *node);

/* A scalar that is a text; null and the error for something else. */
const char *user_text_of(struct user_parsing *p, const struct user_node *node, const char *what);

/* A word of the rule's values for the number that a text gives; -1 and the error. */
int user_add_value(struct user_parsing *p, const struct user_node *node, const struct user_text *text,
                   bool is_string);
int user_add_number(struct user_parsing *p, const struct user_node *node);

/* The names of an operation or a region: one template, or a list of them. */
bool user_names_parse(struct user_parsing *p, const struct user_node *node);

#endif
