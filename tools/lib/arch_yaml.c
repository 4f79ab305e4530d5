/* arch_yaml.c: accelerator files.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Keys come from arch_keys.def. Everything that is not understood is an error
 * with its place: a misspelt key must not silently mean a default.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/arch.h"
#include "tools/lib/op.h"
#include "tools/lib/yaml_doc.h"

enum { REQUIRED = 1, OPTIONAL = 0, ABOVE_ZERO = 1, NOT_NEGATIVE = 0, NAME_MAX_BYTES = 64 };

struct key {
	const char *name, *unit;
	bool required, above_zero;
	double max;
};

static const struct key keys[ARCH_N_KEYS] = {
#define ARCH_KEY(id, key, unit, required, bound, max, meaning) {key, unit, required, bound, max},
#define ARCH_TEXT(id, key, meaning)
#define ARCH_RATES(id, key, unit, max, meaning)
#include "tools/lib/arch_keys.def"
#undef ARCH_KEY
#undef ARCH_TEXT
#undef ARCH_RATES
};

static const char *const all_names[] = {
#define ARCH_KEY(id, key, unit, required, bound, max, meaning) key,
#define ARCH_TEXT(id, key, meaning)                            key,
#define ARCH_RATES(id, key, unit, max, meaning)                key,
#include "tools/lib/arch_keys.def"
#undef ARCH_KEY
#undef ARCH_TEXT
#undef ARCH_RATES
};

/* One file being read. */
struct loading {
	struct yaml_doc y;
	struct arch_set set;
	struct diag *d;
};

static int unknown_key(struct loading *l, const yaml_node_t *at, const char *key)
{
	const char *nearest = diag_nearest(key, all_names, sizeof all_names / sizeof *all_names);

	if (nearest)
		return yaml_doc_error(&l->y, at, l->d, "unknown key %.80s; the nearest is %s", key, nearest);
	return yaml_doc_error(&l->y, at, l->d, "unknown key %.80s", key);
}

static int read_number(struct loading *l, const struct key *k, const yaml_node_t *node, double *out)
{
	const char *text = yaml_doc_text(node);
	const char *bound = k->above_zero ? "above 0" : "0 or more";
	double v;

	if (yaml_doc_number(node, &v))
		return yaml_doc_error(&l->y, node, l->d, "%s is %s%.40s%s; it must be a number (%s)", k->name,
		                      text ? "\"" : "no plain value", text ? text : "", text ? "\"" : "",
		                      k->unit);
	if (v < 0 || (k->above_zero && v == 0))
		return yaml_doc_error(&l->y, node, l->d, "%s is %.40s; it must be %s (%s)", k->name, text,
		                      bound, k->unit);
	if (v > k->max)
		return yaml_doc_error(&l->y, node, l->d, "%s is %.40s; it can be at most %g (%s)", k->name,
		                      text, k->max, k->unit);
	*out = v;
	return 0;
}

static int read_rates(struct loading *l, yaml_node_t *map, const struct key *k, double *rates)
{
	yaml_node_t *key, *value;

	if (map->type != YAML_MAPPING_NODE)
		return yaml_doc_error(&l->y, map, l->d, "%s must map data types to numbers (%s)", k->name,
		                      k->unit);
	if (yaml_doc_check_keys(&l->y, map, 0, l->d))
		return -1;
	for (unsigned i = 0; yaml_doc_pair(&l->y, map, i, &key, &value); i++) {
		int dtype = op_dtype_from_name(yaml_doc_text(key));

		if (dtype < 0 || dtype >= PROF_DTYPE_LIMIT)
			return yaml_doc_error(&l->y, key, l->d, "no data type is called %.80s",
			                      yaml_doc_text(key));
		if (read_number(l, k, value, &rates[dtype]))
			return -1;
	}
	return 0;
}

static int read_text(struct loading *l, const yaml_node_t *node, const char *key, const char **out)
{
	const char *text = yaml_doc_text(node);

	if (!text)
		return yaml_doc_error(&l->y, node, l->d, "%s must be a text", key);
	*out = text;
	return 0;
}

/* One key of a profile. Texts still point into the document. */
static int read_key(struct loading *l, struct arch *a, yaml_node_t *key, yaml_node_t *value)
{
	const char *name = yaml_doc_text(key);

	for (unsigned i = 0; i < ARCH_N_KEYS; i++)
		if (!strcmp(keys[i].name, name))
			return read_number(l, &keys[i], value, &a->value[i]);
	if (!strcmp(name, "source"))
		return read_text(l, value, name, &a->source);
	if (!strcmp(name, "notes"))
		return read_text(l, value, name, &a->notes);
	if (!strcmp(name, "tflops_by_dtype")) {
		const struct key rate = {name, "TFLOP/s", true, true, 1e9};

		return read_rates(l, value, &rate, a->tflops_by_dtype);
	}
	return unknown_key(l, key, name);
}

static int check_name(struct loading *l, const yaml_node_t *at, const char *name)
{
	if (strlen(name) > NAME_MAX_BYTES)
		return yaml_doc_error(&l->y, at, l->d, "the name has %zu bytes; at most %d are taken",
		                      strlen(name), NAME_MAX_BYTES);
	if (!strcmp(name, "HOST"))
		return yaml_doc_error(&l->y, at, l->d, "HOST stands for the host; give another name");
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == ',' || *p == '=' || *p == 0x7f)
			return yaml_doc_error(&l->y, at, l->d,
			                      "the name \"%.64s\" has a character that names cannot have",
			                      name);
	return 0;
}

/* Copy the profile's texts out of the document. */
static int keep_texts(struct loading *l, struct arch *a)
{
	size_t name = strlen(a->name) + 1, path = strlen(l->y.path) + 1;
	size_t source = strlen(a->source) + 1, notes = strlen(a->notes) + 1;
	char *text = malloc(name + path + source + notes);

	if (!text)
		return diag_set(l->d, "%s: out of memory", l->y.path);
	a->text = text;
	a->name = memcpy(text, a->name, name);
	a->path = memcpy(text + name, l->y.path, path);
	a->source = memcpy(text + name + path, a->source, source);
	a->notes = memcpy(text + name + path + source, a->notes, notes);
	return 0;
}

static int put(struct arch_set *s, const struct arch *a)
{
	struct arch *grown;

	for (unsigned i = 0; i < s->n; i++)
		if (arch_same_name(s->archs[i].name, a->name)) {
			free(s->archs[i].text);
			s->archs[i] = *a;
			return 0;
		}
	grown = realloc(s->archs, (s->n + 1) * sizeof *grown);
	if (!grown)
		return -1;
	s->archs = grown;
	s->archs[s->n++] = *a;
	return 0;
}

static int read_profile(struct loading *l, yaml_node_t *name, yaml_node_t *map)
{
	struct arch a = {.name = yaml_doc_text(name), .source = "", .notes = ""};
	yaml_node_t *key, *value;

	for (unsigned i = 0; i < ARCH_N_KEYS; i++)
		a.value[i] = NAN;
	for (unsigned i = 0; i < PROF_DTYPE_LIMIT; i++)
		a.tflops_by_dtype[i] = NAN;
	if (check_name(l, name, a.name))
		return -1;
	if (map->type != YAML_MAPPING_NODE)
		return yaml_doc_error(&l->y, map, l->d, "%s must hold keys with values", a.name);
	if (yaml_doc_check_keys(&l->y, map, 0, l->d))
		return -1;
	for (unsigned i = 0; yaml_doc_pair(&l->y, map, i, &key, &value); i++)
		if (read_key(l, &a, key, value))
			return -1;
	for (unsigned i = 0; i < ARCH_N_KEYS; i++)
		if (keys[i].required && isnan(a.value[i]))
			return yaml_doc_error(&l->y, name, l->d, "%s lacks the key %s (%s)", a.name,
			                      keys[i].name, keys[i].unit);
	if (keep_texts(l, &a))
		return -1;
	if (put(&l->set, &a)) {
		free(a.text);
		return diag_set(l->d, "%s: out of memory", l->y.path);
	}
	return 0;
}

static int read_profiles(struct loading *l)
{
	yaml_node_t *name, *map;

	if (!l->y.root)
		return diag_set(l->d, "%s: holds no accelerators", l->y.path);
	if (l->y.root->type != YAML_MAPPING_NODE)
		return yaml_doc_error(&l->y, l->y.root, l->d,
		                      "an accelerator file maps names to keys and values");
	if (yaml_doc_check_keys(&l->y, l->y.root, 1, l->d))
		return -1;
	for (unsigned i = 0; yaml_doc_pair(&l->y, l->y.root, i, &name, &map); i++)
		if (read_profile(l, name, map))
			return -1;
	return 0;
}

/* Move what was read into the caller's set. */
static int merge(struct loading *l, struct arch_set *s)
{
	unsigned moved = 0;
	int rc = 0;

	while (moved < l->set.n && rc == 0) {
		if (put(s, &l->set.archs[moved]))
			rc = diag_set(l->d, "%s: out of memory", l->y.path);
		else
			l->set.archs[moved++].text = NULL; /* the other set's now */
	}
	return rc;
}

static int load(struct arch_set *s, struct loading *l)
{
	int rc = read_profiles(l);

	if (rc == 0)
		rc = merge(l, s);
	arch_set_release(&l->set);
	yaml_doc_close(&l->y);
	return rc;
}

int arch_set_load(struct arch_set *s, const char *path, struct diag *d)
{
	struct loading l = {.d = d};

	return yaml_doc_open(&l.y, path, d) ? -1 : load(s, &l);
}

int arch_set_load_text(struct arch_set *s, const char *path, const void *text, size_t bytes, struct diag *d)
{
	struct loading l = {.d = d};

	return yaml_doc_parse(&l.y, path, text, bytes, d) ? -1 : load(s, &l);
}
