/* arch_fact.c: one number of an accelerator file, and where it is from.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A number stands alone, or as a mapping with its range and its origin:
 *   mem_bw_GBs: {value: 3350, range: [2400, 3350], source: data sheet, scope: device}
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/arch/arch_read.h"

static const char *const fact_keys[] = {"value", "range", "source", "scope", "process"};

const char arch_scopes[] = "cell|device|with-PHY|package|board|system";

int arch_unknown_key(struct arch_reading *l, const yaml_node_t *at, const char *key, const char *const *known,
                     unsigned n)
{
	const char *nearest = diag_nearest(key, known, n);

	if (nearest)
		return yaml_doc_error(&l->y, at, l->d, "unknown key %.80s; the nearest is %s", key, nearest);
	return yaml_doc_error(&l->y, at, l->d, "unknown key %.80s", key);
}

int arch_read_text(struct arch_reading *l, const yaml_node_t *node, const char *key, const char **out)
{
	const char *text = yaml_doc_text(node);

	if (!text)
		return yaml_doc_error(&l->y, node, l->d, "%s must be a text", key);
	*out = text;
	return 0;
}

enum { REQUIRED = 1, OPTIONAL = 0, ABOVE_ZERO = 1, NOT_NEGATIVE = 0 };

static int read_number(struct arch_reading *l, const struct arch_number *k, const yaml_node_t *node,
                       double *out)
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

static int read_range(struct arch_reading *l, const struct arch_number *k, yaml_node_t *node,
                      struct arch_origin *o)
{
	yaml_node_t *lo, *hi, *more;

	if (k->good == ARCH_GOOD_NEITHER)
		return yaml_doc_error(&l->y, node, l->d, "%s can have no range", k->name);
	if (node->type != YAML_SEQUENCE_NODE || !yaml_doc_item(&l->y, node, 0, &lo)
	    || !yaml_doc_item(&l->y, node, 1, &hi) || yaml_doc_item(&l->y, node, 2, &more))
		return yaml_doc_error(&l->y, node, l->d, "the range of %s must be two numbers: [low, high]",
		                      k->name);
	if (read_number(l, k, lo, &o->lo) || read_number(l, k, hi, &o->hi))
		return -1;
	if (o->lo > o->hi)
		return yaml_doc_error(&l->y, node, l->d, "the range of %s must begin with the lower number",
		                      k->name);
	return 0;
}

static int read_part(struct arch_reading *l, const struct arch_number *k, yaml_node_t *key,
                     yaml_node_t *value, struct arch_origin *o)
{
	const char *name = yaml_doc_text(key);

	if (!strcmp(name, "value"))
		return read_number(l, k, value, &o->value);
	if (!strcmp(name, "range"))
		return read_range(l, k, value, o);
	if (!strcmp(name, "source"))
		return arch_read_text(l, value, name, &o->source);
	if (!strcmp(name, "process"))
		return arch_read_text(l, value, name, &o->process);
	if (strcmp(name, "scope") != 0)
		return arch_unknown_key(l, key, name, fact_keys, sizeof fact_keys / sizeof *fact_keys);
	if (arch_read_text(l, value, name, &o->scope))
		return -1;
	if (arch_word(arch_scopes, o->scope) < 0)
		return yaml_doc_error(&l->y, value, l->d, "the scope is \"%.40s\"; it must be one of %s",
		                      o->scope, arch_scopes);
	return 0;
}

static int read_parts(struct arch_reading *l, const struct arch_number *k, yaml_node_t *node,
                      struct arch_origin *o)
{
	yaml_node_t *key, *value;

	if (yaml_doc_check_keys(&l->y, node, 0, l->d))
		return -1;
	for (unsigned i = 0; yaml_doc_pair(&l->y, node, i, &key, &value); i++)
		if (read_part(l, k, key, value, o))
			return -1;
	if (isnan(o->value))
		return yaml_doc_error(&l->y, node, l->d, "%s lacks its value", k->name);
	if (isnan(o->lo))
		o->lo = o->hi = o->value;
	if (o->value < o->lo || o->value > o->hi)
		return yaml_doc_error(&l->y, node, l->d, "%s is %g, which its range from %g to %g leaves out",
		                      k->name, o->value, o->lo, o->hi);
	return 0;
}

static int keep_origin(struct arch_reading *l, struct arch *a, const struct arch_origin *o)
{
	struct arch_origin *grown = realloc(a->origins, (a->n_origins + 1) * sizeof *grown);

	if (!grown)
		return diag_set(l->d, "%s: out of memory", l->y.path);
	a->origins = grown;
	a->origins[a->n_origins++] = *o;
	return 0;
}

int arch_read_fact(struct arch_reading *l, struct arch *a, const struct arch_number *n, const char *key,
                   yaml_node_t *node, const struct arch_slots *to)
{
	struct arch_origin o = {.unit = n->unit,
	                        .value = NAN,
	                        .lo = NAN,
	                        .hi = NAN,
	                        .source = "",
	                        .scope = "",
	                        .process = ""};

	if (node->type != YAML_MAPPING_NODE) {
		if (read_number(l, n, node, to->value))
			return -1;
		*to->best = *to->worst = *to->value;
		return 0;
	}
	snprintf(o.key, sizeof o.key, "%s", key);
	if (read_parts(l, n, node, &o))
		return -1;
	*to->value = o.value;
	*to->best = n->good == ARCH_GOOD_LESS ? o.lo : o.hi;
	*to->worst = n->good == ARCH_GOOD_LESS ? o.hi : o.lo;
	return keep_origin(l, a, &o);
}

static const struct arch_number level_keys[ARCH_N_LEVEL_KEYS] = {
#define ARCH_LEVEL(id, key, unit, required, bound, max, good, meaning)                                       \
	{key, unit, required, bound, max, ARCH_GOOD_##good},
#include "tools/lib/arch/arch_keys.def"
};

static int read_level_key(struct arch_reading *l, struct arch *a, yaml_node_t *key, yaml_node_t *value)
{
	static const char *const names[] = {
	        "name",
#define ARCH_LEVEL(id, key, unit, required, bound, max, good, meaning) key,
#include "tools/lib/arch/arch_keys.def"
	};
	const char *name = yaml_doc_text(key), *ignored;
	unsigned at = a->n_levels;
	char place[48];

	if (!strcmp(name, "name")) /* for readers */
		return arch_read_text(l, value, name, &ignored);
	for (unsigned i = 0; i < ARCH_N_LEVEL_KEYS; i++) {
		const struct arch_slots to = {&a->level[at][i], &a->best->level[at][i],
		                              &a->worst->level[at][i]};

		if (strcmp(level_keys[i].name, name) != 0)
			continue;
		snprintf(place, sizeof place, "memory_levels.%u.%s", at, name);
		return arch_read_fact(l, a, &level_keys[i], place, value, &to);
	}
	return arch_unknown_key(l, key, name, names, sizeof names / sizeof *names);
}

static double copy_bytes(const struct arch *a, unsigned level)
{
	return a->level[level][ARCH_LEVEL_BYTES] / arch_level_get(a, level, ARCH_LEVEL_COPIES, 1);
}

static int read_level(struct arch_reading *l, struct arch *a, yaml_node_t *map)
{
	yaml_node_t *key, *value;
	unsigned at = a->n_levels;

	if (map->type != YAML_MAPPING_NODE)
		return yaml_doc_error(&l->y, map, l->d, "a memory level must hold keys with values");
	if (at == ARCH_MAX_LEVELS)
		return yaml_doc_error(&l->y, map, l->d, "there can be %u memory levels", ARCH_MAX_LEVELS);
	if (yaml_doc_check_keys(&l->y, map, 0, l->d))
		return -1;
	for (unsigned i = 0; yaml_doc_pair(&l->y, map, i, &key, &value); i++)
		if (read_level_key(l, a, key, value))
			return -1;
	for (unsigned i = 0; i < ARCH_N_LEVEL_KEYS; i++)
		if (level_keys[i].required && isnan(a->level[at][i]))
			return yaml_doc_error(&l->y, map, l->d, "a memory level lacks the key %s (%s)",
			                      level_keys[i].name, level_keys[i].unit);
	if (at && copy_bytes(a, at) < copy_bytes(a, at - 1))
		return yaml_doc_error(
		        &l->y, map, l->d,
		        "memory levels begin with the innermost: a copy holds at least as much as "
		        "one of the level before");
	a->n_levels++;
	a->best->n_levels = a->worst->n_levels = a->n_levels;
	return 0;
}

int arch_read_levels(struct arch_reading *l, struct arch *a, yaml_node_t *list)
{
	yaml_node_t *item;

	if (list->type != YAML_SEQUENCE_NODE)
		return yaml_doc_error(&l->y, list, l->d, "memory_levels must be a list of mappings");
	for (unsigned i = 0; yaml_doc_item(&l->y, list, i, &item); i++)
		if (read_level(l, a, item))
			return -1;
	return 0;
}

/* Move a text to `at`, if there is an `at`; returns its size. */
static size_t keep(const char **text, char *at)
{
	size_t n = strlen(*text) + 1;

	if (at)
		*text = memcpy(at, *text, n);
	return n;
}

static size_t keep_all(struct arch *a, char *at)
{
	const char **const own[] = {&a->name, &a->path, &a->source, &a->notes};
	size_t n = 0;

	for (unsigned i = 0; i < sizeof own / sizeof *own; i++)
		n += keep(own[i], at ? at + n : NULL);
	for (unsigned i = 0; i < a->n_origins; i++) {
		n += keep(&a->origins[i].source, at ? at + n : NULL);
		n += keep(&a->origins[i].scope, at ? at + n : NULL);
		n += keep(&a->origins[i].process, at ? at + n : NULL);
	}
	return n;
}

int arch_keep_texts(struct arch_reading *l, struct arch *a)
{
	a->text = malloc(keep_all(a, NULL));
	if (!a->text)
		return diag_set(l->d, "%s: out of memory", l->y.path);
	keep_all(a, a->text);
	return 0;
}
