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

#include "tools/lib/arch/arch_read.h"
#include "tools/lib/calibration/calibration.h"
#include "tools/lib/trace/op.h"

enum { REQUIRED = 1, OPTIONAL = 0, ABOVE_ZERO = 1, NOT_NEGATIVE = 0, NAME_MAX_BYTES = 64 };

static const struct arch_number keys[ARCH_N_KEYS] = {
#define ARCH_KEY(id, key, unit, required, bound, max, good, meaning)                                         \
	{key, unit, required, bound, max, ARCH_GOOD_##good},
#include "tools/lib/arch/arch_keys.def"
};

static const struct arch_number rates[ARCH_N_RATES] = {
#define ARCH_RATES(id, key, unit, bound, max, good, meaning) {key, unit, false, bound, max, ARCH_GOOD_##good},
#include "tools/lib/arch/arch_keys.def"
};

static const char *const choices[ARCH_N_CHOICES][2] = {
#define ARCH_CHOICE(id, key, words, meaning) {key, words},
#include "tools/lib/arch/arch_keys.def"
};

static const char *const all_names[] = {
#define ARCH_KEY(id, key, unit, required, bound, max, good, meaning) key,
#define ARCH_TEXT(id, key, meaning)                                  key,
#define ARCH_RATES(id, key, unit, bound, max, good, meaning)         key,
#define ARCH_CHOICE(id, key, words, meaning)                         key,
#include "tools/lib/arch/arch_keys.def"
        "memory_levels",
        "calibration",
};

static int read_rates(struct arch_reading *l, struct arch *a, yaml_node_t *map, unsigned which)
{
	const struct arch_number *k = &rates[which];
	yaml_node_t *key, *value;
	char place[64];

	if (map->type != YAML_MAPPING_NODE)
		return yaml_doc_error(&l->y, map, l->d, "%s must map data types to numbers (%s)", k->name,
		                      k->unit);
	if (yaml_doc_check_keys(&l->y, map, 0, l->d))
		return -1;
	for (unsigned i = 0; yaml_doc_pair(&l->y, map, i, &key, &value); i++) {
		int dtype = op_dtype_from_name(yaml_doc_text(key));
		struct arch_slots to;

		if (dtype < 0 || dtype >= PROF_DTYPE_LIMIT)
			return yaml_doc_error(&l->y, key, l->d, "no data type is called %.80s",
			                      yaml_doc_text(key));
		to = (struct arch_slots){&a->rate[which][dtype], &a->best->rate[which][dtype],
		                         &a->worst->rate[which][dtype]};
		snprintf(place, sizeof place, "%s.%s", k->name, op_dtype_name((unsigned)dtype));
		if (arch_read_fact(l, a, k, place, value, &to))
			return -1;
	}
	return 0;
}

static int read_choice(struct arch_reading *l, struct arch *a, yaml_node_t *value, unsigned which)
{
	const char *text;

	if (arch_read_text(l, value, choices[which][0], &text))
		return -1;
	a->choice[which] = arch_word(choices[which][1], text);
	if (a->choice[which] < 0)
		return yaml_doc_error(&l->y, value, l->d, "%s is \"%.40s\"; it must be one of %s",
		                      choices[which][0], text, choices[which][1]);
	a->best->choice[which] = a->worst->choice[which] = a->choice[which];
	return 0;
}

/* One key of a profile. Texts still point into the document. */
static int read_key(struct arch_reading *l, struct arch *a, yaml_node_t *key, yaml_node_t *value)
{
	const char *name = yaml_doc_text(key);

	for (unsigned i = 0; i < ARCH_N_KEYS; i++) {
		const struct arch_slots to = {&a->value[i], &a->best->value[i], &a->worst->value[i]};

		if (!strcmp(keys[i].name, name))
			return arch_read_fact(l, a, &keys[i], name, value, &to);
	}
	for (unsigned i = 0; i < ARCH_N_RATES; i++)
		if (!strcmp(rates[i].name, name))
			return read_rates(l, a, value, i);
	for (unsigned i = 0; i < ARCH_N_CHOICES; i++)
		if (!strcmp(choices[i][0], name))
			return read_choice(l, a, value, i);
	if (!strcmp(name, "memory_levels"))
		return arch_read_levels(l, a, value);
	if (!strcmp(name, "calibration")) {
		a->calibration = calibration_read(&l->y, value, l->d);
		return a->calibration ? 0 : -1;
	}
	if (!strcmp(name, "source"))
		return arch_read_text(l, value, name, &a->source);
	if (!strcmp(name, "notes"))
		return arch_read_text(l, value, name, &a->notes);
	return arch_unknown_key(l, key, name, all_names, sizeof all_names / sizeof *all_names);
}

static int check_name(struct arch_reading *l, const yaml_node_t *at, const char *name)
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

static int put(struct arch_set *s, const struct arch *a)
{
	struct arch *grown;

	for (unsigned i = 0; i < s->n; i++)
		if (arch_same_name(s->archs[i].name, a->name)) {
			arch_release(&s->archs[i]);
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

static void nothing_known(struct arch *a)
{
	for (unsigned i = 0; i < ARCH_N_KEYS; i++)
		a->value[i] = NAN;
	for (unsigned i = 0; i < ARCH_N_RATES * PROF_DTYPE_LIMIT; i++)
		a->rate[i / PROF_DTYPE_LIMIT][i % PROF_DTYPE_LIMIT] = NAN;
	for (unsigned i = 0; i < ARCH_MAX_LEVELS * ARCH_N_LEVEL_KEYS; i++)
		a->level[i / ARCH_N_LEVEL_KEYS][i % ARCH_N_LEVEL_KEYS] = NAN;
	for (unsigned i = 0; i < ARCH_N_CHOICES; i++)
		a->choice[i] = -1;
}

static int read_keys(struct arch_reading *l, struct arch *a, yaml_node_t *name, yaml_node_t *map)
{
	yaml_node_t *key, *value;

	for (unsigned i = 0; yaml_doc_pair(&l->y, map, i, &key, &value); i++)
		if (read_key(l, a, key, value))
			return -1;
	for (unsigned i = 0; i < ARCH_N_KEYS; i++)
		if (keys[i].required && isnan(a->value[i]))
			return yaml_doc_error(&l->y, name, l->d, "%s lacks the key %s (%s)", a->name,
			                      keys[i].name, keys[i].unit);
	return 0;
}

/* A type without a rate of its own has that of its arithmetic. */
static void resolve_rates(struct arch *a)
{
	for (unsigned i = 0; i < ARCH_N_RATES; i++)
		for (unsigned k = 0; k < PROF_DTYPE_LIMIT; k++)
			a->by_dtype[i][k] =
			        isnan(a->rate[i][k]) ? a->rate[i][op_dtype_arithmetic(k)] : a->rate[i][k];
}

/* The ends of the ranges are profiles of the same name; without ranges there
 * are none. */
static void name_ends(struct arch *a)
{
	bool ranges = false;

	for (unsigned i = 0; i < a->n_origins; i++)
		ranges |= a->origins[i].lo < a->origins[i].hi;
	if (!ranges) {
		free(a->best);
		free(a->worst);
		a->best = a->worst = NULL;
		return;
	}
	a->best->name = a->worst->name = a->name;
	a->best->path = a->worst->path = a->path;
	a->best->calibration = a->worst->calibration = a->calibration; /* a is the owner */
}

static int read_profile(struct arch_reading *l, yaml_node_t *name, yaml_node_t *map)
{
	struct arch a = {.name = yaml_doc_text(name), .path = l->y.path, .source = "", .notes = ""};

	nothing_known(&a);
	if (check_name(l, name, a.name))
		return -1;
	if (map->type != YAML_MAPPING_NODE)
		return yaml_doc_error(&l->y, map, l->d, "%s must hold keys with values", a.name);
	if (yaml_doc_check_keys(&l->y, map, 0, l->d))
		return -1;
	a.best = malloc(sizeof a);
	a.worst = malloc(sizeof a);
	if (!a.best || !a.worst) {
		arch_release(&a);
		return diag_set(l->d, "%s: out of memory", l->y.path);
	}
	*a.best = *a.worst = (struct arch){.source = "", .notes = ""};
	nothing_known(a.best);
	nothing_known(a.worst);
	if (read_keys(l, &a, name, map) || arch_keep_texts(l, &a)) {
		arch_release(&a);
		return -1;
	}
	resolve_rates(&a);
	resolve_rates(a.best);
	resolve_rates(a.worst);
	name_ends(&a);
	if (put(&l->set, &a)) {
		arch_release(&a);
		return diag_set(l->d, "%s: out of memory", l->y.path);
	}
	return 0;
}

static int read_profiles(struct arch_reading *l)
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
static int merge(struct arch_reading *l, struct arch_set *s)
{
	unsigned moved = 0;
	int rc = 0;

	while (moved < l->set.n && rc == 0) {
		if (put(s, &l->set.archs[moved]))
			rc = diag_set(l->d, "%s: out of memory", l->y.path);
		else
			memset(&l->set.archs[moved++], 0, sizeof *l->set.archs); /* the other set's now */
	}
	return rc;
}

static int load(struct arch_set *s, struct arch_reading *l)
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
	struct arch_reading l = {.d = d};

	return yaml_doc_open(&l.y, path, d) ? -1 : load(s, &l);
}

int arch_set_load_text(struct arch_set *s, const char *path, const void *text, size_t bytes, struct diag *d)
{
	struct arch_reading l = {.d = d};

	return yaml_doc_parse(&l.y, path, text, bytes, d) ? -1 : load(s, &l);
}
