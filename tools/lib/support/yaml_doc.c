/* yaml_doc.c: libyaml documents with positions and bounds.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/support/yaml_doc.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Deeper nesting than any file of settings has: libyaml's composer recurses. */
enum { MAX_DEPTH = 64 };

/* More keys in one mapping than any such file has; keeps the search for
 * duplicates short. */
enum { MAX_KEYS = 4096 };

static unsigned at_least_one(size_t n)
{
	return n < 0x7fffffff ? (unsigned)n + 1 : 1;
}

static int parser_error(const yaml_parser_t *p, const char *path, struct diag *d)
{
	const char *problem = p->problem ? p->problem : "out of memory";

	if (p->error == YAML_READER_ERROR)
		return diag_at(d, path, at_least_one(p->mark.line), 0, "this is not text: %s", problem);
	return diag_at(d, path, at_least_one(p->problem_mark.line), at_least_one(p->problem_mark.column),
	               "this is not valid YAML: %s", problem);
}

/* A first pass over the events, without building anything, that refuses what
 * the composer should not see. */
static int check_depth(const char *path, const void *text, size_t bytes, struct diag *d)
{
	yaml_parser_t parser;
	yaml_event_t event;
	int depth = 0, rc = 0, end = 0;

	if (!yaml_parser_initialize(&parser))
		return diag_set(d, "%s: out of memory", path);
	yaml_parser_set_input_string(&parser, text, bytes);
	while (!end && rc == 0) {
		if (!yaml_parser_parse(&parser, &event)) {
			rc = parser_error(&parser, path, d);
			break;
		}
		if (event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT)
			depth++;
		else if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT)
			depth--;
		if (depth > MAX_DEPTH)
			rc = diag_at(d, path, at_least_one(event.start_mark.line),
			             at_least_one(event.start_mark.column), "nested more than %d deep",
			             MAX_DEPTH);
		end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return rc;
}

int yaml_doc_parse(struct yaml_doc *y, const char *path, const void *text, size_t bytes, struct diag *d)
{
	yaml_parser_t parser;
	int rc = 0;

	if (bytes > YAML_DOC_MAX_BYTES)
		return diag_set(d, "%s: has %zu bytes; at most %u are read", path, bytes, YAML_DOC_MAX_BYTES);
	if (check_depth(path, text, bytes, d))
		return -1;
	if (!yaml_parser_initialize(&parser))
		return diag_set(d, "%s: out of memory", path);
	yaml_parser_set_input_string(&parser, text, bytes);
	y->path = path;
	if (yaml_parser_load(&parser, &y->doc))
		y->root = yaml_document_get_root_node(&y->doc);
	else
		rc = parser_error(&parser, path, d);
	yaml_parser_delete(&parser);
	return rc;
}

int yaml_doc_open(struct yaml_doc *y, const char *path, struct diag *d)
{
	FILE *f = fopen(path, "rb");
	char *text;
	size_t n;
	int rc;

	if (!f)
		return diag_set(d, "%s: %s", path, strerror(errno));
	text = malloc(YAML_DOC_MAX_BYTES + 1);
	if (!text) {
		fclose(f);
		return diag_set(d, "%s: out of memory", path);
	}
	n = fread(text, 1, YAML_DOC_MAX_BYTES + 1, f);
	if (ferror(f))
		rc = diag_set(d, "%s: cannot be read: %s", path, strerror(errno));
	else
		rc = yaml_doc_parse(y, path, text, n, d);
	fclose(f);
	free(text);
	return rc;
}

void yaml_doc_close(struct yaml_doc *y)
{
	yaml_document_delete(&y->doc);
}

int yaml_doc_error(const struct yaml_doc *y, const yaml_node_t *at, struct diag *d, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return diag_at(d, y->path, at_least_one(at->start_mark.line), at_least_one(at->start_mark.column),
	               "%s", text);
}

int yaml_doc_pair(struct yaml_doc *y, yaml_node_t *map, unsigned i, yaml_node_t **key, yaml_node_t **value)
{
	yaml_node_pair_t *pair;

	if (!map || map->type != YAML_MAPPING_NODE)
		return 0;
	pair = map->data.mapping.pairs.start + i;
	if (pair >= map->data.mapping.pairs.top)
		return 0;
	*key = yaml_document_get_node(&y->doc, pair->key);
	*value = yaml_document_get_node(&y->doc, pair->value);
	return *key && *value;
}

int yaml_doc_item(struct yaml_doc *y, yaml_node_t *list, unsigned i, yaml_node_t **item)
{
	yaml_node_item_t *at;

	if (!list || list->type != YAML_SEQUENCE_NODE)
		return 0;
	at = list->data.sequence.items.start + i;
	if (at >= list->data.sequence.items.top)
		return 0;
	*item = yaml_document_get_node(&y->doc, *at);
	return *item != NULL;
}

const char *yaml_doc_text(const yaml_node_t *node)
{
	const char *text;

	if (!node || node->type != YAML_SCALAR_NODE)
		return NULL;
	text = (const char *)node->data.scalar.value;
	return strlen(text) == node->data.scalar.length ? text : NULL;
}

int yaml_doc_number(const yaml_node_t *node, double *out)
{
	const char *text = yaml_doc_text(node);
	char *end;
	double v;

	/* Only decimal numbers: strtod would take "nan", "inf" and "0x10" too. */
	if (!text || !*text || strspn(text, "0123456789+-.eE") != strlen(text))
		return -1;
	v = strtod(text, &end);
	if (*end || !isfinite(v))
		return -1;
	*out = v;
	return 0;
}

static int same_key(const char *a, const char *b, int folded)
{
	for (;; a++, b++) {
		char x = folded && *a == '_' ? '-' : *a;
		char z = folded && *b == '_' ? '-' : *b;

		if (x != z)
			return 0;
		if (!x)
			return 1;
	}
}

int yaml_doc_check_keys(struct yaml_doc *y, yaml_node_t *map, int folded, struct diag *d)
{
	yaml_node_t *key, *value, *before, *unused;

	for (unsigned i = 0; yaml_doc_pair(y, map, i, &key, &value); i++) {
		const char *text = yaml_doc_text(key);

		if (i == MAX_KEYS)
			return yaml_doc_error(y, key, d, "more than %d keys", MAX_KEYS);
		if (!text || !*text)
			return yaml_doc_error(y, key, d, "a key must be a text");
		for (unsigned k = 0; k < i && yaml_doc_pair(y, map, k, &before, &unused); k++)
			if (same_key(text, yaml_doc_text(before), folded))
				return yaml_doc_error(y, key, d, "%.80s is given twice; first in line %u",
				                      text, at_least_one(before->start_mark.line));
	}
	return 0;
}
