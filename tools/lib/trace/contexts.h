/* contexts.h: from the names a framework uses to the ones people use.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * arch/contexts/FAMILY.yaml:
 *
 *   family: ggml
 *   aliases:
 *     - {match: "blk.{layer}.attn_q.weight", context: q_proj}
 *     - {result: "kq-{layer}", context: attn_weights}
 *
 * `match` is tried on the native context, then `result` on the result's name,
 * each from the first alias to the last; of an alias that has both, both must
 * fit, and the layer and name are those of `match`. In a pattern `*` stands for anything,
 * {layer} for a number, {name} for a part without dots; {name} may stand in the
 * context as well. The family `region` is for the user's own regions.
 */
#ifndef TOOLS_LIB_TRACE_CONTEXTS_H
#define TOOLS_LIB_TRACE_CONTEXTS_H

#include <stdint.h>

#include "tools/lib/support/arena.h"
#include "tools/lib/support/diag.h"

struct contexts;
struct trace;

enum { CONTEXT_NAME_MAX = 256 };

/* What is found for a name: the canonical context, and the layer or -1. */
struct context_found {
	char context[CONTEXT_NAME_MAX];
	int32_t layer;
};

/* An empty set of tables; null without memory. */
struct contexts *contexts_new(void);
void contexts_free(struct contexts *c);

/* Add the table in text[0..bytes), which came from `file`; -1 and d: the place
 * of what is wrong. */
int contexts_add(struct contexts *c, const char *file, const char *text, size_t bytes, struct diag *d);

/* Add every .yaml file of a folder, in the order of their names. */
int contexts_add_dir(struct contexts *c, const char *dir, struct diag *d);

/* Whether a table of `family` knows the name; if so, *found is set. */
int contexts_find(const struct contexts *c, const char *family, const char *native, const char *result,
                  struct context_found *found);

/* Whether a pattern fits all of `name`; sets found->layer when it has {layer},
 * and `part` (CONTEXT_NAME_MAX bytes) when it has {name}. */
int contexts_match(const char *pattern, const char *name, int32_t *layer, char *part);

/* Give every descriptor of a trace its canonical context and its layer. */
int contexts_apply(struct trace *t, struct diag *d);

#endif
