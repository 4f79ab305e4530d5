/* user_yaml.h: a YAML file as a tree, with the place of everything in it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * libyaml is called through a table, because the shim loads it for itself
 * (user_yaml_private()) and tests link it. The tree is made of memory that the
 * caller gives; libyaml's own is back when user_yaml_parse() returns.
 */
#ifndef PRELOAD_USER_USER_YAML_H
#define PRELOAD_USER_USER_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

/* Memory to take from, zeroed, never given back. */
struct user_memory {
	char *at;
	size_t left;
};

/* Zeroed, aligned to 8; null when there is no more. */
void *user_memory_take(struct user_memory *m, size_t bytes);

/* A copy that ends with a zero, or null. */
const char *user_memory_text(struct user_memory *m, const char *text, size_t bytes);

/* One sentence, and where it is about; line 0: nowhere. */
struct user_error {
	unsigned line, column;
	char text[256];
};

enum user_node_kind { USER_SCALAR, USER_LIST, USER_MAP };

/* The children of a map are keys and values in turn. */
struct user_node {
	enum user_node_kind kind;
	bool is_quoted;
	unsigned line, column; /* from 1 */
	const char *text;      /* of a scalar: its bytes and a zero */
	size_t bytes;
	struct user_node *first, *next;
};

struct user_yaml_api {
	int (*initialize)(yaml_parser_t *);
	void (*set_input_string)(yaml_parser_t *, const unsigned char *, size_t);
	int (*parse)(yaml_parser_t *, yaml_event_t *);
	void (*event_delete)(yaml_event_t *);
	void (*parser_delete)(yaml_parser_t *);
};

/* libyaml, loaded where the program does not see it; null when there is none. */
const struct user_yaml_api *user_yaml_private(void);

struct user_text {
	const char *text;
	size_t bytes;
};

/* The root of the one document in a text; null without an error for an empty
 * one, null and *e for what is no YAML or uses what such files don't (anchors, tags,
 * deep nesting, several documents). */
struct user_node *user_yaml_parse(const struct user_yaml_api *api, struct user_memory *m,
                                  const struct user_text *text, struct user_error *e);

/* Say what is wrong at a node (null: nowhere); returns false. */
bool user_fail(struct user_error *e, const struct user_node *at, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

#endif
