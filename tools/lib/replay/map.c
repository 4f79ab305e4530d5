/* map.c: mapping files and --map entries.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/replay/map.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/support/yaml_doc.h"

/* Where an entry came from, for errors; y is null on the command line. */
struct place {
	const struct yaml_doc *y;
	const yaml_node_t *node;
};

void map_release(struct map *m)
{
	for (unsigned i = 0; i < m->n; i++)
		free(m->entries[i].key);
	free(m->entries);
	free(m->devices);
	memset(m, 0, sizeof *m);
}

/* The number of a device, added when it is new; 0 is the host, -1 no memory. */
static int device_number(struct map *m, const struct arch *a)
{
	const struct arch **grown;

	for (unsigned i = 0; i < m->n_devices; i++)
		if (m->devices[i] == a)
			return (int)i + 1;
	grown = realloc(m->devices, (m->n_devices + 1) * sizeof *grown);
	if (!grown)
		return -1;
	m->devices = grown;
	m->devices[m->n_devices++] = a;
	return (int)m->n_devices;
}

int map_everything(struct map *m, const struct arch *a, struct diag *d)
{
	m->everything = true;
	return device_number(m, a) < 0 ? diag_set(d, "out of memory") : 0;
}

static int place_error(struct place at, struct diag *d, const char *text)
{
	return at.y ? yaml_doc_error(at.y, at.node, d, "%s", text) : diag_set(d, "--map: %s", text);
}

static int put(struct map *m, const struct map_entry *e)
{
	struct map_entry *grown;
	char *key = strdup(e->key);

	if (!key)
		return -1;
	for (unsigned i = 0; i < m->n; i++)
		if (!strcmp(m->entries[i].key, key)) {
			free(m->entries[i].key);
			m->entries[i] = *e;
			m->entries[i].key = key;
			return 0;
		}
	grown = realloc(m->entries, (m->n + 1) * sizeof *grown);
	if (!grown) {
		free(key);
		return -1;
	}
	m->entries = grown;
	m->entries[m->n] = *e;
	m->entries[m->n++].key = key;
	return 0;
}

/* The flags after the device's name: "", "t", "m", or both with commas. */
static int read_flags(const char *flags, struct map_entry *e)
{
	for (const char *p = flags; *p; p++) {
		if (*p == 't')
			e->transfer = true;
		else if (*p == 'm')
			e->experts = true;
		else if (*p != ',' && *p != ' ')
			return -1;
	}
	return 0;
}

static int add(struct map *m, const struct arch_set *set, char *key, const char *value, struct place at,
               struct diag *d)
{
	struct map_entry e = {.key = key, .pattern = strpbrk(key, "*?[") != NULL};
	size_t name_bytes = strcspn(value, ",");
	char name[128], text[400];
	struct diag why;
	const struct arch *a;
	int device = 0;

	snprintf(name, sizeof name, "%.*s", (int)(name_bytes < 127 ? name_bytes : 127), value);
	if (read_flags(value + name_bytes, &e)) {
		snprintf(text, sizeof text, "\"%.80s\": only t and m can follow the device", value);
		return place_error(at, d, text);
	}
	if (strcmp(name, "HOST")) {
		a = arch_set_find(set, name, &why);
		if (!a) {
			snprintf(text, sizeof text, "%.60s: %.300s", key, why.text);
			return place_error(at, d, text);
		}
		device = device_number(m, a);
	}
	e.device = (unsigned)device;
	if (device < 0 || put(m, &e))
		return diag_set(d, "out of memory");
	return 0;
}

int map_add(struct map *m, const struct arch_set *set, const char *spec, struct diag *d)
{
	const char *equal = strrchr(spec, '=');
	char key[256];

	if (!equal || equal == spec || !equal[1] || (size_t)(equal - spec) >= sizeof key)
		return diag_set(d, "--map: \"%.80s\" is neither a file nor KEY=DEVICE[,t|m]", spec);
	snprintf(key, sizeof key, "%.*s", (int)(equal - spec), spec);
	return add(m, set, key, equal + 1, (struct place){NULL, NULL}, d);
}

/* A file may hold the entries themselves, or have them under `mapping`. */
static yaml_node_t *entries_of(struct yaml_doc *y)
{
	yaml_node_t *key, *value;

	for (unsigned i = 0; yaml_doc_pair(y, y->root, i, &key, &value); i++) {
		const char *text = yaml_doc_text(key);

		if (text && !strcmp(text, "mapping") && value->type == YAML_MAPPING_NODE)
			return value;
	}
	return y->root;
}

static int read_entries(struct yaml_doc *y, struct map *m, const struct arch_set *set, struct diag *d)
{
	yaml_node_t *key, *value, *map = entries_of(y);

	if (!map)
		return diag_set(d, "%s: holds no entries", y->path);
	if (map->type != YAML_MAPPING_NODE)
		return yaml_doc_error(y, map, d, "a mapping file has entries KEY: DEVICE[,t|m]");
	if (yaml_doc_check_keys(y, map, 0, d))
		return -1;
	for (unsigned i = 0; yaml_doc_pair(y, map, i, &key, &value); i++) {
		const char *text = yaml_doc_text(value);
		char name[256];

		if (!text || !*text)
			return yaml_doc_error(y, value, d, "a device's name must follow");
		if (snprintf(name, sizeof name, "%s", yaml_doc_text(key)) >= (int)sizeof name)
			return yaml_doc_error(y, key, d, "this key is longer than 255 bytes");
		if (add(m, set, name, text, (struct place){y, value}, d))
			return -1;
	}
	return 0;
}

int map_load(struct map *m, const struct arch_set *set, const char *path, struct diag *d)
{
	struct yaml_doc y;
	int rc;

	if (yaml_doc_open(&y, path, d))
		return -1;
	rc = read_entries(&y, m, set, d);
	yaml_doc_close(&y);
	return rc;
}

int map_load_text(struct map *m, const struct arch_set *set, const char *path, const void *text, size_t bytes,
                  struct diag *d)
{
	struct yaml_doc y;
	int rc;

	if (yaml_doc_parse(&y, path, text, bytes, d))
		return -1;
	rc = read_entries(&y, m, set, d);
	yaml_doc_close(&y);
	return rc;
}

static const char *function_name(unsigned op)
{
	switch (op) {
	case PROF_OP_SOFTMAX:
		return "softmax";
	case PROF_OP_MATMUL:
		return "matmul";
	case PROF_OP_ATTENTION:
		return "scaled_dot_product_attention";
	case PROF_OP_SILU:
	case PROF_OP_SWIGLU: /* its SiLU; the product is free there */
		return "UPM_SiLUActivation";
	case PROF_OP_RMSNORM:
		return "UPM_LlamaRMSNorm";
	default:
		return NULL;
	}
}

const char *map_published_key(const struct op_desc *d)
{
	switch (d->op) {
	case PROF_OP_LINEAR:
	case PROF_OP_CONV2D:
	case PROF_OP_LAYERNORM:
	case PROF_OP_GEMM:
	case PROF_OP_GEMV:
		return d->context;
	default:
		return function_name(d->op);
	}
}

static const struct map_entry *exact(const struct map *m, const char *key)
{
	for (unsigned i = 0; key && i < m->n; i++)
		if (!m->entries[i].pattern && !strcmp(m->entries[i].key, key))
			return &m->entries[i];
	return NULL;
}

const struct map_entry *map_find(const struct map *m, const struct op_desc *d, bool published)
{
	const char *keys[3] = {map_published_key(d), NULL, NULL};
	const struct map_entry *e;

	if (!published) {
		keys[0] = d->context;
		keys[1] = op_name(d->op);
		keys[2] = function_name(d->op);
	}
	for (unsigned k = 0; k < 3; k++)
		if ((e = exact(m, keys[k])))
			return e;
	for (unsigned i = 0; i < m->n; i++)
		for (unsigned k = 0; k < 3 && m->entries[i].pattern; k++)
			if (keys[k] && !fnmatch(m->entries[i].key, keys[k], 0))
				return &m->entries[i];
	return NULL;
}
