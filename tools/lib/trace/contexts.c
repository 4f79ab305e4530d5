/* contexts.c: alias tables, and patterns that capture the layer.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/contexts.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

enum { TABLE_BYTES_MAX = 16 << 20 };

struct alias {
	const char *match, *result; /* one of them may be null; else both must fit */
	const char *context;
};

struct family {
	const char *name;
	struct alias *aliases;
	unsigned n, capacity;
};

struct contexts {
	struct arena arena;
	struct family *families;
	unsigned n, capacity;
};

struct contexts *contexts_new(void)
{
	return calloc(1, sizeof(struct contexts));
}

void contexts_free(struct contexts *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < c->n; i++)
		free(c->families[i].aliases);
	free(c->families);
	arena_release(&c->arena);
	free(c);
}

/* ---- patterns ---- */

struct matching {
	int32_t layer;
	const char *part;
	size_t part_bytes;
	unsigned steps_left; /* a pattern of many stars must end some day */
};

static bool match_here(const char *p, const char *s, struct matching *m);

static bool match_layer(const char *p, const char *s, struct matching *m)
{
	int64_t v = 0;
	const char *q = s;

	while (*q >= '0' && *q <= '9' && v < 100000000)
		v = v * 10 + (*q++ - '0');
	if (q == s || !match_here(p, q, m))
		return false;
	m->layer = (int32_t)v;
	return true;
}

static bool match_part(const char *p, const char *s, struct matching *m)
{
	for (size_t n = strcspn(s, "."); n > 0; n--) {
		if (match_here(p, s + n, m)) {
			m->part = s;
			m->part_bytes = n;
			return true;
		}
	}
	return false;
}

static bool match_here(const char *p, const char *s, struct matching *m)
{
	for (; *p; p++, s++) {
		if (!m->steps_left || !m->steps_left--)
			return false;
		if (*p == '*') {
			for (const char *rest = s;; rest++) {
				if (match_here(p + 1, rest, m))
					return true;
				if (!*rest)
					return false;
			}
		}
		if (!strncmp(p, "{layer}", 7))
			return match_layer(p + 7, s, m);
		if (!strncmp(p, "{name}", 6))
			return match_part(p + 6, s, m);
		if (*p != *s)
			return false;
	}
	return !*s;
}

int contexts_match(const char *pattern, const char *name, int32_t *layer, char *part)
{
	struct matching m = {.layer = -1, .part = "", .steps_left = 20000};

	if (!match_here(pattern, name, &m))
		return 0;
	*layer = m.layer;
	snprintf(part, CONTEXT_NAME_MAX, "%.*s", (int)(m.part_bytes < 255 ? m.part_bytes : 255), m.part);
	return 1;
}

static size_t append(char *out, size_t used, const char *s, size_t bytes)
{
	size_t room = CONTEXT_NAME_MAX - 1 - used;

	bytes = bytes < room ? bytes : room;
	memcpy(out + used, s, bytes);
	out[used + bytes] = 0;
	return used + bytes;
}

static void fill_context(const char *context, const char *part, char *out)
{
	const char *hole = strstr(context, "{name}");
	size_t used = append(out, 0, context, hole ? (size_t)(hole - context) : strlen(context));

	if (hole) {
		used = append(out, used, part, strlen(part));
		append(out, used, hole + 6, strlen(hole + 6));
	}
}

/* Whether an alias fits: by the native name and where it says so the result's,
 * or, in a second pass, by the result's alone. */
static bool alias_fits(const struct alias *a, const char *native, const char *result, bool by_result,
                       struct context_found *found)
{
	char part[CONTEXT_NAME_MAX], ignored[CONTEXT_NAME_MAX];
	const char *pattern = by_result ? a->result : a->match;
	const char *name = by_result ? result : native;
	int32_t layer;

	if (!pattern || !*name || (by_result && a->match))
		return false;
	if (!by_result && a->result && !contexts_match(a->result, result, &layer, ignored))
		return false;
	if (!contexts_match(pattern, name, &found->layer, part))
		return false;
	fill_context(a->context, part, found->context);
	return true;
}

static bool find_in(const struct family *f, const char *native, const char *result, bool by_result,
                    struct context_found *found)
{
	for (unsigned i = 0; i < f->n; i++)
		if (alias_fits(&f->aliases[i], native, result, by_result, found))
			return true;
	return false;
}

int contexts_find(const struct contexts *c, const char *family, const char *native, const char *result,
                  struct context_found *found)
{
	for (unsigned i = 0; i < c->n; i++)
		if (!strcmp(c->families[i].name, family)
		    && (find_in(&c->families[i], native, result, false, found)
		        || find_in(&c->families[i], native, result, true, found)))
			return 1;
	return 0;
}

/* ---- tables ---- */

struct loader {
	struct contexts *contexts;
	struct family family;
	yaml_document_t *document;
	const char *file;
	struct diag *diag;
};

static int wrong(struct loader *l, const yaml_node_t *node, const char *text)
{
	return diag_at(l->diag, l->file, (unsigned)node->start_mark.line + 1,
	               (unsigned)node->start_mark.column + 1, "%s", text);
}

static const char *scalar(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static int keep_scalar(struct loader *l, const yaml_node_t *node, const char **out)
{
	const char *s = scalar(node);

	if (!s || !*s)
		return wrong(l, node, "this must be a text");
	if (*out)
		return wrong(l, node, "this key is given twice");
	*out = arena_intern(&l->contexts->arena, s, strlen(s));
	return *out ? 0 : wrong(l, node, "out of memory");
}

static int take_alias(struct loader *l, const yaml_node_t *node)
{
	static const char *const keys[] = {"match", "result", "context"};
	struct alias a = {0}, *grown;

	if (node->type != YAML_MAPPING_NODE)
		return wrong(l, node,
		             "an alias must be {match: PATTERN, context: NAME} or {result: PATTERN, context: "
		             "NAME}");
	for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
	     p++) {
		const yaml_node_t *key = yaml_document_get_node(l->document, p->key);
		const yaml_node_t *value = yaml_document_get_node(l->document, p->value);
		const char *name = scalar(key);
		const char **out = NULL;

		for (unsigned i = 0; name && i < 3; i++)
			if (!strcmp(name, keys[i]))
				out = i == 0 ? &a.match : i == 1 ? &a.result : &a.context;
		if (!out)
			return wrong(l, key, "the keys of an alias are match, result and context");
		if (keep_scalar(l, value, out))
			return -1;
	}
	if ((!a.match && !a.result) || !a.context)
		return wrong(l, node, "an alias needs a context, and match or result or both");
	grown = array_grow(l->family.aliases, &l->family.capacity, l->family.n, sizeof(*grown));
	if (!grown)
		return wrong(l, node, "out of memory");
	l->family.aliases = grown;
	grown[l->family.n++] = a;
	return 0;
}

static int take_aliases(struct loader *l, const yaml_node_t *node)
{
	if (node->type != YAML_SEQUENCE_NODE)
		return wrong(l, node, "aliases must be a list");
	for (const yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top;
	     i++)
		if (take_alias(l, yaml_document_get_node(l->document, *i)))
			return -1;
	return 0;
}

static int take_table(struct loader *l)
{
	const yaml_node_t *root = yaml_document_get_root_node(l->document);
	struct family *grown;

	if (!root)
		return diag_at(l->diag, l->file, 0, 0, "the file is empty");
	if (root->type != YAML_MAPPING_NODE)
		return wrong(l, root, "a table of contexts has the keys family and aliases");
	for (const yaml_node_pair_t *p = root->data.mapping.pairs.start; p < root->data.mapping.pairs.top;
	     p++) {
		const yaml_node_t *key = yaml_document_get_node(l->document, p->key);
		const yaml_node_t *value = yaml_document_get_node(l->document, p->value);
		const char *name = scalar(key);

		if (name && !strcmp(name, "family")) {
			if (keep_scalar(l, value, &l->family.name))
				return -1;
		} else if (name && !strcmp(name, "aliases")) {
			if (take_aliases(l, value))
				return -1;
		} else {
			return wrong(l, key, "the keys of a table of contexts are family and aliases");
		}
	}
	if (!l->family.name)
		return wrong(l, root, "the table does not name its family");
	grown = array_grow(l->contexts->families, &l->contexts->capacity, l->contexts->n, sizeof(*grown));
	if (!grown)
		return wrong(l, root, "out of memory");
	l->contexts->families = grown;
	grown[l->contexts->n++] = l->family;
	l->family.aliases = NULL;
	return 0;
}

int contexts_add(struct contexts *c, const char *file, const char *text, size_t bytes, struct diag *d)
{
	struct loader l = {.contexts = c, .file = file, .diag = d};
	yaml_document_t document;
	yaml_parser_t parser;
	int result;

	if (!yaml_parser_initialize(&parser))
		return diag_at(d, file, 0, 0, "out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, bytes);
	if (!yaml_parser_load(&parser, &document)) {
		result = diag_at(d, file, (unsigned)parser.problem_mark.line + 1,
		                 (unsigned)parser.problem_mark.column + 1, "not YAML: %s",
		                 parser.problem ? parser.problem : "out of memory");
		yaml_parser_delete(&parser);
		return result;
	}
	l.document = &document;
	result = take_table(&l);
	free(l.family.aliases);
	yaml_document_delete(&document);
	yaml_parser_delete(&parser);
	return result;
}

static int add_file(struct contexts *c, const char *path, struct diag *d)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	char *text;
	int result = -1;

	if (!f || fstat(fileno(f), &st)) {
		diag_set(d, "%s: %s", path, strerror(errno));
		if (f)
			fclose(f);
		return -1;
	}
	text = st.st_size <= TABLE_BYTES_MAX ? malloc((size_t)st.st_size + 1) : NULL;
	if (!text)
		diag_set(d, "%s: %s", path,
		         st.st_size > TABLE_BYTES_MAX ? "is too large for a table" : "out of memory");
	else if (fread(text, 1, (size_t)st.st_size, f) != (size_t)st.st_size)
		diag_set(d, "%s: cannot be read whole", path);
	else
		result = contexts_add(c, path, text, (size_t)st.st_size, d);
	free(text);
	fclose(f);
	return result;
}

static int is_table(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return e->d_name[0] != '.' && dot && !strcmp(dot, ".yaml");
}

int contexts_add_dir(struct contexts *c, const char *dir, struct diag *d)
{
	struct dirent **names;
	int n = scandir(dir, &names, is_table, alphasort), result = 0;
	char path[4400];

	if (n < 0)
		return diag_set(d, "%s: %s", dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		if (!result)
			result = add_file(c, path, d);
		free(names[i]);
	}
	free(names);
	return result;
}
