/* model_terms.c: names of the default model's terms.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <string.h>

#include "tools/lib/model/model.h"

static const char *const names[MODEL_N_TERMS] = {
#define MODEL_TERM(id, name, unit, meaning) name,
#include "tools/lib/model/model_terms.def"
#undef MODEL_TERM
};

const char *model_term_name(enum model_term t)
{
	return names[t];
}

const char *model_term_unit(enum model_term t)
{
	static const char *const units[MODEL_N_TERMS] = {
#define MODEL_TERM(id, name, unit, meaning) unit,
#include "tools/lib/model/model_terms.def"
#undef MODEL_TERM
	};

	return units[t];
}

int model_term_find(const char *name, struct diag *d)
{
	const char *nearest;

	for (int i = 0; i < MODEL_N_TERMS; i++)
		if (!strcmp(names[i], name))
			return i;
	nearest = diag_nearest(name, names, MODEL_N_TERMS);
	return diag_set(d, "no term of the model is called \"%.40s\"%s%s", name,
	                nearest ? "; the nearest is " : "", nearest ? nearest : "");
}
