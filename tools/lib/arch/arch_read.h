/* arch_read.h: what the files that read accelerator files share.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_ARCH_ARCH_READ_H
#define TOOLS_LIB_ARCH_ARCH_READ_H

#include "tools/lib/arch/arch.h"
#include "tools/lib/support/yaml_doc.h"

enum arch_good { ARCH_GOOD_NEITHER, ARCH_GOOD_MORE, ARCH_GOOD_LESS };

/* What a number may be. */
struct arch_number {
	const char *name, *unit;
	bool required, above_zero;
	double max;
	enum arch_good good;
};

/* One file being read. */
struct arch_reading {
	struct yaml_doc y;
	struct arch_set set;
	struct diag *d;
};

/* A number and both ends of its range, in which profile they go where. */
struct arch_slots {
	double *value, *best, *worst;
};

/* What a number may count, "cell|device|...": the wider, the more of the machine. */
extern const char arch_scopes[];

/* A number, plain or as {value, range, source, scope, process}; what it says
 * of itself is added to a's origins under `key`. Texts point into the document. */
int arch_read_fact(struct arch_reading *l, struct arch *a, const struct arch_number *n, const char *key,
                   yaml_node_t *node, const struct arch_slots *to);

/* memory_levels: a list of mappings. */
int arch_read_levels(struct arch_reading *l, struct arch *a, yaml_node_t *list);

/* Copy all texts of the profile out of the document. */
int arch_keep_texts(struct arch_reading *l, struct arch *a);

int arch_unknown_key(struct arch_reading *l, const yaml_node_t *at, const char *key, const char *const *known,
                     unsigned n);
int arch_read_text(struct arch_reading *l, const yaml_node_t *node, const char *key, const char **out);

#endif
