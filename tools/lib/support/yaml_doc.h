/* yaml_doc.h: a small YAML file in memory, with the place of everything in it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thin layer over libyaml's documents for files of settings: bounded size,
 * errors as file:line:column, duplicate keys found.
 */
#ifndef TOOLS_LIB_SUPPORT_YAML_DOC_H
#define TOOLS_LIB_SUPPORT_YAML_DOC_H

#include <stddef.h>
#include <yaml.h>

#include "tools/lib/support/diag.h"

#define YAML_DOC_MAX_BYTES (4u << 20)

struct yaml_doc {
	const char *path; /* borrowed; for errors */
	yaml_document_t doc;
	yaml_node_t *root; /* null: the file holds nothing */
};

/* Read a file, or parse text that is already there. On success the document
 * is released by yaml_doc_close. */
int yaml_doc_open(struct yaml_doc *y, const char *path, struct diag *d);
int yaml_doc_parse(struct yaml_doc *y, const char *path, const void *text, size_t bytes, struct diag *d);
void yaml_doc_close(struct yaml_doc *y);

/* "path:line:column: ..." at a node; returns -1. */
int yaml_doc_error(const struct yaml_doc *y, const yaml_node_t *at, struct diag *d, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* The i-th pair of a mapping, or the i-th item of a sequence; 0 at the end. */
int yaml_doc_pair(struct yaml_doc *y, yaml_node_t *map, unsigned i, yaml_node_t **key, yaml_node_t **value);
int yaml_doc_item(struct yaml_doc *y, yaml_node_t *list, unsigned i, yaml_node_t **item);

/* The text of a scalar, or null for another kind or text with a zero inside. */
const char *yaml_doc_text(const yaml_node_t *node);

/* The value of a scalar as a finite number; 0, or -1 for anything else. */
int yaml_doc_number(const yaml_node_t *node, double *out);

/* -1 and an error when a mapping has a key twice ('-' and '_' count as the
 * same when `folded`) or a key that is no text. */
int yaml_doc_check_keys(struct yaml_doc *y, yaml_node_t *map, int folded, struct diag *d);

#endif
