/* host.c: host profiles.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/arch/host.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/arch/arch_read.h"

enum { REQUIRED = 1, OPTIONAL = 0, ABOVE_ZERO = 1, NOT_NEGATIVE = 0, MAX_HOSTS = 256 };

static const struct {
	const char *name, *unit;
	int required, above_zero;
	double max;
} keys[HOST_N_KEYS] = {
#define HOST_KEY(id, key, unit, required, bound, max, meaning) {key, unit, required, bound, max},
#define HOST_TEXT(id, key, meaning)
#define HOST_LIST(id, key, meaning)
#include "tools/lib/arch/host_keys.def"
#undef HOST_KEY
#undef HOST_TEXT
#undef HOST_LIST
};

static const char *const all_names[] = {
#define HOST_KEY(id, key, unit, required, bound, max, meaning) key,
#define HOST_TEXT(id, key, meaning)                            key,
#define HOST_LIST(id, key, meaning)                            key,
#include "tools/lib/arch/host_keys.def"
#undef HOST_KEY
#undef HOST_TEXT
#undef HOST_LIST
};

/* The search for a profile, file by file. */
struct search {
	const char *name, *cpu;
	struct host best;
	long score;                  /* bytes of the pattern that fits best; -1: none yet */
	const char *seen[MAX_HOSTS]; /* names, for suggestions; malloc'ed */
	unsigned n_seen;
};

static int read_patterns(struct yaml_doc *y, yaml_node_t *list, const char *cpu, long *score, struct diag *d)
{
	yaml_node_t *item;

	if (list->type != YAML_SEQUENCE_NODE)
		return yaml_doc_error(y, list, d, "cpu must be a list of patterns");
	for (unsigned i = 0; yaml_doc_item(y, list, i, &item); i++) {
		const char *pattern = yaml_doc_text(item);

		if (!pattern)
			return yaml_doc_error(y, item, d, "a pattern must be a text");
		if (!fnmatch(pattern, cpu, 0) && (long)strlen(pattern) > *score)
			*score = (long)strlen(pattern);
	}
	return 0;
}

static int read_text(struct yaml_doc *y, const yaml_node_t *node, char *out, size_t bytes, struct diag *d)
{
	const char *text = yaml_doc_text(node);

	if (!text)
		return yaml_doc_error(y, node, d, "this must be a text");
	snprintf(out, bytes, "%s", text);
	return 0;
}

/* A number with its range and source, as accelerator files have them. */
static int read_fact(struct yaml_doc *y, unsigned i, yaml_node_t *value, double *out, struct diag *d)
{
	const struct arch_number n = {keys[i].name,       keys[i].unit, keys[i].required,
	                              keys[i].above_zero, keys[i].max,  ARCH_GOOD_LESS};
	struct arch_reading l = {.y = *y, .d = d};
	struct arch told = {.n_origins = 0};
	double best, worst;
	const struct arch_slots to = {out, &best, &worst};
	int rc = arch_read_fact(&l, &told, &n, keys[i].name, value, &to);

	free(told.origins);
	return rc;
}

static int read_key(struct yaml_doc *y, struct host *h, yaml_node_t *key, yaml_node_t *value, struct diag *d)
{
	const char *name = yaml_doc_text(key), *nearest;

	for (unsigned i = 0; i < HOST_N_KEYS; i++) {
		double *v = &h->value[i];

		if (strcmp(keys[i].name, name))
			continue;
		if (value->type == YAML_MAPPING_NODE)
			return read_fact(y, i, value, v, d);
		if (yaml_doc_number(value, v) || *v < 0 || (keys[i].above_zero && *v == 0)
		    || *v > keys[i].max)
			return yaml_doc_error(y, value, d, "%s must be a number %s, at most %g (%s)", name,
			                      keys[i].above_zero ? "above 0" : "of 0 or more", keys[i].max,
			                      keys[i].unit);
		return 0;
	}
	if (!strcmp(name, "source"))
		return read_text(y, value, h->source, sizeof h->source, d);
	if (!strcmp(name, "notes"))
		return read_text(y, value, h->notes, sizeof h->notes, d);
	nearest = diag_nearest(name, all_names, sizeof all_names / sizeof *all_names);
	return yaml_doc_error(y, key, d, "unknown key %.80s%s%s", name, nearest ? "; the nearest is " : "",
	                      nearest ? nearest : "");
}

static int read_host(struct yaml_doc *y, yaml_node_t *name, yaml_node_t *map, struct search *s,
                     struct diag *d)
{
	struct host h = {.source = "", .notes = ""};
	yaml_node_t *key, *value;
	long score = -1;

	for (unsigned i = 0; i < HOST_N_KEYS; i++)
		h.value[i] = NAN;
	snprintf(h.name, sizeof h.name, "%s", yaml_doc_text(name));
	if (map->type != YAML_MAPPING_NODE)
		return yaml_doc_error(y, map, d, "%s must hold keys with values", h.name);
	if (yaml_doc_check_keys(y, map, 0, d))
		return -1;
	for (unsigned i = 0; yaml_doc_pair(y, map, i, &key, &value); i++) {
		int rc = !strcmp(yaml_doc_text(key), "cpu") ? read_patterns(y, value, s->cpu, &score, d)
		                                            : read_key(y, &h, key, value, d);
		if (rc)
			return rc;
	}
	for (unsigned i = 0; i < HOST_N_KEYS; i++)
		if (keys[i].required && isnan(h.value[i]))
			return yaml_doc_error(y, name, d, "%s lacks the key %s (%s)", h.name, keys[i].name,
			                      keys[i].unit);
	if (s->name)
		score = strcmp(s->name, h.name) ? -1 : 1;
	if (score > s->score) {
		s->score = score;
		s->best = h;
	}
	if (s->n_seen < MAX_HOSTS && (s->seen[s->n_seen] = strdup(h.name)))
		s->n_seen++;
	return 0;
}

static int read_file(const char *path, struct search *s, struct diag *d)
{
	struct yaml_doc y;
	yaml_node_t *name, *map;
	int rc;

	if (yaml_doc_open(&y, path, d))
		return -1;
	if (!y.root || y.root->type != YAML_MAPPING_NODE)
		rc = diag_set(d, "%s: a host file maps names to keys and values", path);
	else
		rc = yaml_doc_check_keys(&y, y.root, 0, d);
	for (unsigned i = 0; !rc && yaml_doc_pair(&y, y.root, i, &name, &map); i++)
		rc = read_host(&y, name, map, s, d);
	yaml_doc_close(&y);
	return rc;
}

static int is_yaml(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && e->d_name[0] != '.' && !strcmp(e->d_name + n - 5, ".yaml");
}

static int no_host(const struct search *s, const char *dir, struct diag *d)
{
	const char *nearest;

	if (!s->name)
		return diag_set(d, "%s: no host profile fits \"%.80s\", and none has the pattern *", dir,
		                s->cpu);
	nearest = diag_nearest(s->name, s->seen, s->n_seen);
	return diag_set(d, "no host profile is called \"%.60s\"%s%s", s->name,
	                nearest ? "; the nearest name is " : "", nearest ? nearest : "");
}

int host_find(struct host *h, const char *dir, const char *name, const char *cpu, struct diag *d)
{
	struct search s = {.name = name, .cpu = cpu, .score = -1};
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, is_yaml, alphasort), rc = 0;

	if (n < 0)
		return diag_set(d, "%s: the host profiles are not there: %s", dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		char path[4096];

		snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
		if (rc == 0)
			rc = read_file(path, &s, d);
		free(entries[i]);
	}
	free(entries);
	if (rc == 0 && s.score < 0)
		rc = no_host(&s, dir, d);
	if (rc == 0)
		*h = s.best;
	for (unsigned i = 0; i < s.n_seen; i++)
		free((char *)s.seen[i]);
	return rc;
}

double host_power_w(const struct host *h, double busy, double visible)
{
	double per_core = isnan(h->value[HOST_THREADS_PER_CORE]) ? 1 : h->value[HOST_THREADS_PER_CORE];
	double threads = h->value[HOST_CORES] * per_core;
	double idle = h->value[HOST_IDLE_W], load = h->value[HOST_LOAD_W];

	return (idle * visible + (load - idle) * fmin(busy, visible)) / threads;
}

double host_peak_flops(const struct host *h, double visible, double clock_hz)
{
	double threads = h->value[HOST_THREADS_PER_CORE],
	       clock = clock_hz > 0 ? clock_hz : h->value[HOST_CLOCK_GHZ] * 1e9;

	return visible / (threads > 1 ? threads : 1) * h->value[HOST_FLOPS_PER_CYCLE] * clock;
}
