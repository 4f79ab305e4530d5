/* contexts_apply.c: canonical contexts and layers for a trace's descriptors.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The operand's name first, then the result's, then the user's region; what no
 * table knows keeps its own name, and what has no name at all takes that of the
 * function that called it. Descriptors of one operand in many shapes share
 * their answer.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/support/cli.h"
#include "tools/lib/trace/contexts.h"
#include "tools/lib/trace/region_names.h"
#include "tools/lib/trace/symbolize.h"
#include "tools/lib/trace/trace_private.h"

enum { KNOWN = 4096 };

struct known {
	const char *family, *native, *result, *region; /* interned: equal when the pointers are */
	const char *context;
	int32_t layer;
};

struct applying {
	struct trace *trace;
	struct contexts *contexts;
	struct symbolizer *symbols; /* made when first needed */
	struct known known[KNOWN];
};

static struct known *slot_for(struct applying *a, const struct op_desc *d)
{
	uintptr_t h = (uintptr_t)d->native * 31 + (uintptr_t)d->result * 17 + (uintptr_t)d->region * 7;

	return &a->known[(h >> 4 ^ h >> 16) % KNOWN];
}

/* The last part of a dotted name, and the number among the parts, for regions
 * that no table knows: "layers.3.q_proj". */
static const char *own_name(const struct op_desc *d)
{
	return *d->native ? d->native : *d->region ? d->region : d->result;
}

static int find_names(struct applying *a, const struct op_desc *d, struct known *k)
{
	struct context_found found = {.layer = -1};
	struct arena *arena = &a->trace->priv->arena;

	*k = (struct known){d->family, d->native, d->result, d->region, own_name(d), -1};
	if (!contexts_find(a->contexts, d->family, d->native, d->result, &found)
	    && !contexts_find(a->contexts, "region", d->region, "", &found))
		return 0;
	k->context = arena_intern(arena, found.context, strlen(found.context));
	k->layer = found.layer;
	return k->context ? 0 : -1;
}

/* An imported descriptor says its native name among its extra keys. */
static int take_canonical(struct trace *t, struct op_desc *d)
{
	json_t *extra, *native;

	d->context = d->native;
	d->native = "";
	if (!strstr(d->extra, "\"native\""))
		return 0;
	extra = json_loads(d->extra, JSON_REJECT_DUPLICATES, NULL);
	native = extra ? json_object_get(extra, "native") : NULL;
	if (json_is_string(native)) {
		d->native =
		        arena_intern(&t->priv->arena, json_string_value(native), json_string_length(native));
		if (json_object_size(extra) == 1) {
			d->extra = "";
		} else {
			char *rest;

			json_object_del(extra, "native");
			rest = json_dumps(extra, JSON_SORT_KEYS | JSON_ENSURE_ASCII);
			d->extra = rest ? arena_intern(&t->priv->arena, rest, strlen(rest)) : NULL;
			free(rest);
		}
	}
	json_decref(extra);
	return d->native && d->extra ? 0 : -1;
}

/* The C++ interface of oneDNN is functions of its header, compiled into the
 * program: the caller is who called these. */
static const char *caller_of(struct applying *a, const struct trace_site *site)
{
	const char *name = "";

	for (unsigned i = 0; i < site->n_frames; i++) {
		name = symbolizer_function(a->symbols, &site->frames[i]);
		if (strncmp(name, "dnnl::", 6) != 0)
			return name;
	}
	return name;
}

/* The calling function, or the library that it is in when its name is not
 * known: the last that an operation without names can be told by. */
static int take_caller(struct applying *a, struct op_desc *d)
{
	struct trace *t = a->trace;
	const struct trace_site *site;
	const char *name;

	if (!d->site || d->site > t->n_sites || !t->sites[d->site - 1].n_frames)
		return 0;
	if (!a->symbols && !(a->symbols = symbolizer_new(t)))
		return -1;
	site = &t->sites[d->site - 1];
	name = caller_of(a, site);
	if (!*name && site->frames[0].module && site->frames[0].module <= t->n_modules) {
		const char *path = t->modules[site->frames[0].module - 1].path, *slash = strrchr(path, '/');

		name = slash ? slash + 1 : path;
		d->context = arena_intern(&t->priv->arena, name, strlen(name));
	} else {
		d->context = arena_intern(&t->priv->arena, name, region_names_short_bytes(name));
	}
	return d->context ? 0 : -1;
}

static int apply_to(struct applying *a, struct op_desc *d)
{
	struct known *k;

	if (d->flags & PROF_DESC_CANONICAL)
		return take_canonical(a->trace, d);
	k = slot_for(a, d);
	if (!k->context || k->native != d->native || k->result != d->result || k->region != d->region
	    || k->family != d->family) {
		if (find_names(a, d, k))
			return -1;
	}
	d->context = k->context;
	if (d->layer < 0)
		d->layer = k->layer;
	return *d->context ? 0 : take_caller(a, d);
}

static int load_tables(struct trace *t, struct contexts *c, struct diag *d)
{
	const char *given = t->priv->options.contexts_dir;
	char dir[4200];

	return contexts_add_dir(c, given ? given : cli_data_dir("arch/contexts", dir, sizeof(dir)), d);
}

int contexts_apply(struct trace *t, struct diag *d)
{
	struct applying *a = calloc(1, sizeof(*a));
	int result = -1;

	if (!a || !(a->contexts = contexts_new())) {
		diag_set(d, "%s: out of memory", t->path);
		goto out;
	}
	a->trace = t;
	if (load_tables(t, a->contexts, d))
		goto out;
	for (unsigned i = 0; i < t->n_descs; i++) {
		if (apply_to(a, &t->descs[i])) {
			diag_set(d, "%s: out of memory", t->path);
			goto out;
		}
	}
	result = 0;
out:
	if (a) {
		contexts_free(a->contexts);
		symbolizer_free(a->symbols);
	}
	free(a);
	return result;
}
