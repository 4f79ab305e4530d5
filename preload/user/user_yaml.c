/* user_yaml.c: a YAML file as a tree, with the place of everything in it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/user/user_yaml.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "runtime/private_library.h"

enum { DEPTH_MAX = 16 };

/* ---- memory and errors ---- */

void *user_memory_take(struct user_memory *m, size_t bytes)
{
	char *taken = m->at;

	bytes = (bytes + 7) & ~(size_t)7;
	if (bytes > m->left)
		return NULL;
	m->at += bytes;
	m->left -= bytes;
	return taken;
}

const char *user_memory_text(struct user_memory *m, const char *text, size_t bytes)
{
	char *copy = user_memory_take(m, bytes + 1);

	return copy ? memcpy(copy, text, bytes) : NULL;
}

/* A file may hold anything: what would drive a terminal is not repeated. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

bool user_fail(struct user_error *e, const struct user_node *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	make_printable(e->text);
	e->line = at ? at->line : 0;
	e->column = at ? at->column : 0;
	return false;
}

static bool fail_at_mark(struct user_error *e, yaml_mark_t mark, const char *text)
{
	struct user_node at = {.line = (unsigned)mark.line + 1, .column = (unsigned)mark.column + 1};

	return user_fail(e, &at, "%s", text);
}

/* ---- libyaml ---- */

const struct user_yaml_api *user_yaml_private(void)
{
	static struct user_yaml_api api;
	void *library = private_library_open("libyaml-0.so.2");

	if (!library)
		return NULL;
	api.initialize = (int (*)(yaml_parser_t *))dlsym(library, "yaml_parser_initialize");
	api.set_input_string = (void (*)(yaml_parser_t *, const unsigned char *, size_t))dlsym(
	        library, "yaml_parser_set_input_string");
	api.parse = (int (*)(yaml_parser_t *, yaml_event_t *))dlsym(library, "yaml_parser_parse");
	api.event_delete = (void (*)(yaml_event_t *))dlsym(library, "yaml_event_delete");
	api.parser_delete = (void (*)(yaml_parser_t *))dlsym(library, "yaml_parser_delete");
	return api.initialize && api.set_input_string && api.parse && api.event_delete && api.parser_delete
	               ? &api
	               : NULL;
}

/* ---- from events to a tree ---- */

struct builder {
	const struct user_yaml_api *api;
	struct user_memory *memory;
	struct user_error *error;
	yaml_parser_t parser;
	struct user_node *open[DEPTH_MAX]; /* lists and maps around */
	struct user_node *last[DEPTH_MAX]; /* the newest child of each */
	unsigned depth;
	struct user_node *root;
	unsigned documents;
};

static bool fail_parsing(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	char text[160];

	if (p->error == YAML_MEMORY_ERROR || !p->problem)
		return user_fail(b->error, NULL, "there is no memory to read it");
	snprintf(text, sizeof(text), "this is %s: %s",
	         p->error == YAML_READER_ERROR ? "not text" : "not valid YAML", p->problem);
	return fail_at_mark(b->error, p->error == YAML_READER_ERROR ? p->mark : p->problem_mark, text);
}

static bool add(struct builder *b, struct user_node *node)
{
	if (b->depth == 0) {
		b->root = node;
		return true;
	}
	if (b->last[b->depth - 1])
		b->last[b->depth - 1]->next = node;
	else
		b->open[b->depth - 1]->first = node;
	b->last[b->depth - 1] = node;
	return true;
}

static bool add_new(struct builder *b, const yaml_event_t *ev, enum user_node_kind kind)
{
	struct user_node *node = user_memory_take(b->memory, sizeof(*node));

	if (!node)
		return user_fail(b->error, NULL, "there is no memory for all of it");
	node->kind = kind;
	node->line = (unsigned)ev->start_mark.line + 1;
	node->column = (unsigned)ev->start_mark.column + 1;
	if (kind == USER_SCALAR) {
		node->is_quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
		node->bytes = ev->data.scalar.length;
		node->text = user_memory_text(b->memory, (const char *)ev->data.scalar.value, node->bytes);
		if (!node->text)
			return user_fail(b->error, NULL, "there is no memory for all of it");
		if (strlen(node->text) != node->bytes)
			return user_fail(b->error, node, "there is a zero byte in this text");
		return add(b, node);
	}
	if (b->depth == DEPTH_MAX)
		return user_fail(b->error, node, "this is nested more than %d deep", DEPTH_MAX);
	add(b, node);
	b->open[b->depth] = node;
	b->last[b->depth++] = NULL;
	return true;
}

/* What such a file has no use for. */
static bool is_plain(struct builder *b, const yaml_event_t *ev)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (ev->type == YAML_ALIAS_EVENT)
		return fail_at_mark(b->error, ev->start_mark,
		                    "a * in front is an alias of YAML: a pattern that begins so must be in "
		                    "quotation marks");
	if (ev->type == YAML_SCALAR_EVENT) {
		anchor = ev->data.scalar.anchor;
		tag = ev->data.scalar.tag;
	} else if (ev->type == YAML_SEQUENCE_START_EVENT) {
		anchor = ev->data.sequence_start.anchor;
		tag = ev->data.sequence_start.tag;
	} else if (ev->type == YAML_MAPPING_START_EVENT) {
		anchor = ev->data.mapping_start.anchor;
		tag = ev->data.mapping_start.tag;
	}
	if (anchor)
		return fail_at_mark(b->error, ev->start_mark, "anchors (&) have no use here");
	if (tag)
		return fail_at_mark(b->error, ev->start_mark, "tags (!) have no use here");
	return true;
}

static bool take_event(struct builder *b, const yaml_event_t *ev)
{
	if (!is_plain(b, ev))
		return false;
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->documents++ > 0)
			return fail_at_mark(b->error, ev->start_mark, "a second document begins here");
		return true;
	case YAML_SCALAR_EVENT:
		return add_new(b, ev, USER_SCALAR);
	case YAML_SEQUENCE_START_EVENT:
		return add_new(b, ev, USER_LIST);
	case YAML_MAPPING_START_EVENT:
		return add_new(b, ev, USER_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return true;
	default:
		return true;
	}
}

static bool build(struct builder *b)
{
	yaml_event_t ev;
	bool is_end = false, ok = true;

	while (ok && !is_end) {
		if (!b->api->parse(&b->parser, &ev))
			return fail_parsing(b);
		is_end = ev.type == YAML_STREAM_END_EVENT;
		ok = take_event(b, &ev);
		b->api->event_delete(&ev);
	}
	return ok;
}

struct user_node *user_yaml_parse(const struct user_yaml_api *api, struct user_memory *m,
                                  const struct user_text *text, struct user_error *e)
{
	struct builder b = {.api = api, .memory = m, .error = e};
	bool ok;

	e->text[0] = 0;
	if (!api->initialize(&b.parser)) {
		user_fail(e, NULL, "there is no memory to read it");
		return NULL;
	}
	api->set_input_string(&b.parser, (const unsigned char *)text->text, text->bytes);
	ok = build(&b);
	api->parser_delete(&b.parser);
	return ok && b.root && !(b.root->kind == USER_SCALAR && !b.root->bytes) ? b.root : NULL;
}
