/* calibration_yaml.c: a host's measurements in its profile.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/calibration/calibration.h"

enum { MAX_ITEMS = 4096 };

struct reading {
	struct yaml_doc *y;
	struct calibration *c;
	struct diag *d;
};

/* A key of a list's items, and where its number goes. */
struct field {
	const char *key;
	double *to;
	bool above_zero;
};

static int read_number(struct reading *r, const yaml_node_t *node, const struct field *f)
{
	if (yaml_doc_number(node, f->to) || *f->to < 0 || *f->to > 1e18 || (f->above_zero && *f->to == 0))
		return yaml_doc_error(r->y, node, r->d, "%s must be a number %s", f->key,
		                      f->above_zero ? "above 0" : "of 0 or more");
	return 0;
}

static int unknown(struct reading *r, const yaml_node_t *at, const char *what, const char *name,
                   const char *const *names)
{
	unsigned n = 0;
	const char *nearest;

	while (names[n])
		n++;
	nearest = diag_nearest(name, names, n);
	return yaml_doc_error(r->y, at, r->d, "%s %.60s is not known%s%s", what, name,
	                      nearest ? "; the nearest is " : "", nearest ? nearest : "");
}

static int read_op(struct reading *r, const yaml_node_t *node, unsigned *op)
{
	const char *text = yaml_doc_text(node);

	*op = text ? op_from_name(text) : 0;
	return *op ? 0
	           : yaml_doc_error(r->y, node, r->d, "no operation is called %.60s", text ? text : "this");
}

static int read_dtype(struct reading *r, const yaml_node_t *node, unsigned *dtype)
{
	const char *text = yaml_doc_text(node);
	int found = text ? op_dtype_from_name(text) : -1;

	if (found < 0)
		return yaml_doc_error(r->y, node, r->d, "no data type is called %.60s", text ? text : "this");
	*dtype = (unsigned)found;
	return 0;
}

/* Numbers of an item; a key that is none of theirs goes to `other`. */
static int read_item(struct reading *r, yaml_node_t *item, const struct field *fields, unsigned n,
                     int (*other)(struct reading *, const char *, yaml_node_t *key, yaml_node_t *value))
{
	yaml_node_t *key, *value;
	unsigned seen = 0, k;

	if (item->type != YAML_MAPPING_NODE)
		return yaml_doc_error(r->y, item, r->d,
		                      "an item of a calibration must hold keys with values");
	if (yaml_doc_check_keys(r->y, item, 0, r->d))
		return -1;
	for (unsigned i = 0; yaml_doc_pair(r->y, item, i, &key, &value); i++) {
		const char *name = yaml_doc_text(key);

		for (k = 0; k < n && strcmp(fields[k].key, name) != 0; k++)
			;
		if (k < n ? read_number(r, value, &fields[k]) : other(r, name, key, value))
			return -1;
		seen += k < n;
	}
	if (seen < n)
		return yaml_doc_error(r->y, item, r->d, "the item lacks one of its %u numbers (%s, ...)", n,
		                      fields[0].key);
	return 0;
}

static int no_other(struct reading *r, const char *name, yaml_node_t *key, yaml_node_t *value)
{
	static const char *const names[] = {"threads", "bytes", "GBs", NULL};

	(void)value;
	return unknown(r, key, "the key", name, names);
}

static int read_bandwidth(struct reading *r, yaml_node_t *item)
{
	struct calibration_bandwidth *b = calibration_add_bandwidth(r->c);
	struct field fields[] = {{"threads", NULL, true}, {"bytes", NULL, true}, {"GBs", NULL, true}};

	if (!b)
		return diag_set(r->d, "%s: out of memory", r->y->path);
	fields[0].to = &b->threads;
	fields[1].to = &b->bytes;
	fields[2].to = &b->gb_s;
	return read_item(r, item, fields, 3, no_other);
}

static int compute_other(struct reading *r, const char *name, yaml_node_t *key, yaml_node_t *value)
{
	static const char *const names[] = {"threads", "dtype", "m", "n", "k", "GFLOPs", NULL};

	if (!strcmp(name, "dtype"))
		return read_dtype(r, value, &r->c->compute[r->c->n_compute - 1].dtype);
	return unknown(r, key, "the key", name, names);
}

static int read_compute(struct reading *r, yaml_node_t *item)
{
	struct calibration_compute *c = calibration_add_compute(r->c);
	struct field fields[] = {{"threads", NULL, true},
	                         {"m", NULL, false},
	                         {"n", NULL, false},
	                         {"k", NULL, false},
	                         {"GFLOPs", NULL, true}};

	if (!c)
		return diag_set(r->d, "%s: out of memory", r->y->path);
	fields[0].to = &c->threads;
	fields[1].to = &c->m;
	fields[2].to = &c->n;
	fields[3].to = &c->k;
	fields[4].to = &c->gflop_s;
	return read_item(r, item, fields, 5, compute_other);
}

static int rate_other(struct reading *r, const char *name, yaml_node_t *key, yaml_node_t *value)
{
	static const char *const names[] = {"op",         "dtype",        "rows",      "context", "launch_ns",
	                                    "sync_ns",    "compute",      "weights",   "inputs",  "outputs",
	                                    "operations", "median_error", "p90_error", NULL};
	struct calibration_rate *rate = &r->c->rates[r->c->n_rates - 1];
	const char *text = yaml_doc_text(value);

	if (!strcmp(name, "op"))
		return read_op(r, value, &rate->op);
	if (!strcmp(name, "dtype"))
		return read_dtype(r, value, &rate->dtype);
	if (!strcmp(name, "context")) {
		if (!text || strlen(text) >= sizeof rate->context)
			return yaml_doc_error(r->y, value, r->d,
			                      "context must be a text of less than %zu bytes",
			                      sizeof rate->context);
		strcpy(rate->context, text);
		return 0;
	}
	if (strcmp(name, "rows") != 0)
		return unknown(r, key, "the key", name, names);
	for (unsigned i = 0; text && calibration_rows_names[i]; i++)
		if (!strcmp(calibration_rows_names[i], text)) {
			rate->rows = (enum calibration_rows)i;
			return 0;
		}
	return unknown(r, value, "rows", text ? text : "", calibration_rows_names);
}

static int read_rate(struct reading *r, yaml_node_t *item)
{
	struct calibration_rate *rate = calibration_add_rate(r->c);
	struct field fields[FIT_TERMS + 3];

	if (!rate)
		return diag_set(r->d, "%s: out of memory", r->y->path);
	for (unsigned i = 0; i < FIT_TERMS; i++)
		fields[i] = (struct field){calibration_terms_names[i], &rate->c[i], false};
	fields[FIT_TERMS] = (struct field){"operations", &rate->operations, true};
	fields[FIT_TERMS + 1] = (struct field){"median_error", &rate->median_error, false};
	fields[FIT_TERMS + 2] = (struct field){"p90_error", &rate->p90_error, false};
	if (read_item(r, item, fields, FIT_TERMS + 3, rate_other))
		return -1;
	return rate->op ? 0 : yaml_doc_error(r->y, item, r->d, "a rate must say of which op it is");
}

static int read_list(struct reading *r, yaml_node_t *list, const char *name,
                     int (*read)(struct reading *, yaml_node_t *))
{
	yaml_node_t *item;

	if (list->type != YAML_SEQUENCE_NODE)
		return yaml_doc_error(r->y, list, r->d, "%s must be a list", name);
	for (unsigned i = 0; yaml_doc_item(r->y, list, i, &item); i++)
		if (i == MAX_ITEMS)
			return yaml_doc_error(r->y, item, r->d, "%s has more than %d items", name, MAX_ITEMS);
		else if (read(r, item))
			return -1;
	return 0;
}

const char *const calibration_keys[] = {"threads", "between_ns", "between_sync_ns", "bandwidth", "compute",
                                        "rates",   NULL};

static int read_key(struct reading *r, yaml_node_t *key, yaml_node_t *value)
{
	const char *name = yaml_doc_text(key);

	if (!strcmp(name, "threads"))
		return read_number(r, value, &(struct field){name, &r->c->threads, true});
	if (!strcmp(name, "between_ns"))
		return read_number(r, value, &(struct field){name, &r->c->between[0], false});
	if (!strcmp(name, "between_sync_ns"))
		return read_number(r, value, &(struct field){name, &r->c->between[1], false});
	if (!strcmp(name, "bandwidth"))
		return read_list(r, value, name, read_bandwidth);
	if (!strcmp(name, "compute"))
		return read_list(r, value, name, read_compute);
	if (!strcmp(name, "rates"))
		return read_list(r, value, name, read_rate);
	return unknown(r, key, "the key", name, calibration_keys);
}

struct calibration *calibration_read(struct yaml_doc *y, yaml_node_t *map, struct diag *d)
{
	struct reading r = {y, calloc(1, sizeof *r.c), d};
	yaml_node_t *key, *value;
	int rc = 0;

	if (!r.c)
		rc = diag_set(d, "%s: out of memory", y->path);
	else if (map->type != YAML_MAPPING_NODE)
		rc = yaml_doc_error(y, map, d, "calibration must hold keys with values");
	else
		rc = yaml_doc_check_keys(y, map, 0, d);
	for (unsigned i = 0; !rc && yaml_doc_pair(y, map, i, &key, &value); i++)
		rc = read_key(&r, key, value);
	if (!rc && !(r.c->threads > 0 && r.c->n_bandwidth && r.c->n_compute))
		rc = yaml_doc_error(y, map, d, "a calibration needs threads, bandwidth and compute");
	if (!rc)
		return r.c;
	calibration_free(r.c);
	return NULL;
}

/* ---- writing ---- */

static void write_rate(const struct calibration_rate *r, FILE *out)
{
	fprintf(out, "            - {op: %s, dtype: %s, rows: %s", op_name(r->op), op_dtype_name(r->dtype),
	        calibration_rows_names[r->rows]);
	if (*r->context)
		fprintf(out, ", context: %s", r->context);
	for (unsigned i = 0; i < FIT_TERMS; i++)
		fprintf(out, ", %s: %.4g", calibration_terms_names[i], r->c[i]);
	fprintf(out, ", operations: %.0f, median_error: %.3f, p90_error: %.3f}\n", r->operations,
	        r->median_error, r->p90_error);
}

void calibration_write(const struct calibration *c, FILE *out)
{
	fprintf(out, "    calibration:\n        threads: %.0f\n", c->threads);
	if (c->between[0] > 0 || c->between[1] > 0)
		fprintf(out, "        between_ns: %.4g\n        between_sync_ns: %.4g\n", c->between[0],
		        c->between[1]);
	fprintf(out, "        bandwidth:\n");
	for (unsigned i = 0; i < c->n_bandwidth; i++)
		fprintf(out, "            - {threads: %.0f, bytes: %.0f, GBs: %.4g}\n",
		        c->bandwidth[i].threads, c->bandwidth[i].bytes, c->bandwidth[i].gb_s);
	fprintf(out, "        compute:\n");
	for (unsigned i = 0; i < c->n_compute; i++)
		fprintf(out,
		        "            - {threads: %.0f, dtype: %s, m: %.0f, n: %.0f, k: %.0f, GFLOPs: %.4g}\n",
		        c->compute[i].threads, op_dtype_name(c->compute[i].dtype), c->compute[i].m,
		        c->compute[i].n, c->compute[i].k, c->compute[i].gflop_s);
	if (c->n_rates)
		fprintf(out, "        rates:\n");
	for (unsigned i = 0; i < c->n_rates; i++)
		write_rate(&c->rates[i], out);
}
