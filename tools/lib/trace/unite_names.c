/* unite_names.c: one table of names for the traces of several processes.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A library that two processes mapped at different addresses is one module:
 * frames are offsets into it. Equal call sites become one, and then equal
 * descriptors do.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/unite_private.h"

/* What makes two modules one: path, build-id, and without one the machine. */
static int add_module(struct unite *u, const struct trace *t, const struct trace_module *o, uint32_t *id)
{
	const char *machine = o->build_id_bytes ? "" : unite_machine(t, 0);
	struct trace_piece path = {o->path, strlen(o->path) + 1};
	struct prof_meta_module m = {.head = {.type = PROF_META_MODULE},
	                             .path_bytes = (uint32_t)path.n,
	                             .start = o->start,
	                             .end = o->end,
	                             .bias = o->bias,
	                             .build_id_bytes = (uint8_t)o->build_id_bytes};
	size_t n = path.n + o->build_id_bytes + strlen(machine);
	uint8_t *key = malloc(n);
	int is_new;

	if (!key)
		return unite_no_memory(u);
	memcpy(key, o->path, path.n);
	if (o->build_id_bytes)
		memcpy(key + path.n, o->build_id, o->build_id_bytes);
	memcpy(key + path.n + o->build_id_bytes, machine, strlen(machine));
	is_new = interner_add(&u->modules, key, n, id);
	free(key);
	if (is_new < 0)
		return unite_no_memory(u);
	m.id = ++*id;
	if (o->build_id_bytes)
		memcpy(m.build_id, o->build_id, o->build_id_bytes);
	return is_new ? trace_file_meta(u->file, &m.head, sizeof(m), &path, 1) : 0;
}

static int add_site(struct unite *u, const struct unite_part *p, const struct trace_site *o, uint32_t *id)
{
	struct prof_frame frames[PROF_MAX_FRAMES] = {{0}};
	struct trace_piece piece = {frames, o->n_frames * sizeof(*frames)};
	struct prof_meta_site m = {.head = {.type = PROF_META_SITE}, .n_frames = o->n_frames};
	int is_new;

	for (unsigned i = 0; i < o->n_frames; i++) {
		uint32_t module = o->frames[i].module;

		frames[i].module = module && module <= p->trace->n_modules ? p->modules[module - 1] : 0;
		frames[i].offset = o->frames[i].offset;
	}
	is_new = interner_add(&u->sites, frames, piece.n, id);
	if (is_new < 0)
		return unite_no_memory(u);
	m.id = ++*id;
	return is_new ? trace_file_meta(u->file, &m.head, sizeof(m), &piece, 1) : 0;
}

static int add_desc(struct unite *u, const struct unite_part *p, const struct op_desc *d, uint32_t *id)
{
	struct trace_desc_record record;
	int is_new;

	if (trace_names_desc(&u->names, d, false, &record))
		return -1;
	record.desc.id = 0;
	record.desc.site = d->site && d->site <= p->trace->n_sites ? p->sites[d->site - 1] : 0;
	is_new = interner_add(&u->descs, record.bytes, record.n, id);
	if (is_new < 0)
		return unite_no_memory(u);
	/* The last number of all stays free: it is for what lost its description. */
	if (*id >= PROF_MAX_DESCS - 1)
		return diag_set(u->diag, "%s: more than %u kinds of operations: a trace can't hold them",
		                u->file->out.path, PROF_MAX_DESCS - 1);
	record.desc.id = *id;
	return is_new ? trace_names_write_desc(&u->names, &record) : 0;
}

static int write_part(struct unite *u, struct unite_part *p)
{
	const struct trace *t = p->trace;

	p->modules = arena_alloc(&u->arena, (t->n_modules + 1) * sizeof(*p->modules));
	p->sites = arena_alloc(&u->arena, (t->n_sites + 1) * sizeof(*p->sites));
	p->descs = arena_alloc(&u->arena, (t->n_descs + 1) * sizeof(*p->descs));
	if (!p->modules || !p->sites || !p->descs)
		return unite_no_memory(u);
	for (unsigned i = 0; i < t->n_modules; i++)
		if (add_module(u, t, &t->modules[i], &p->modules[i]))
			return -1;
	for (unsigned i = 0; i < t->n_sites; i++)
		if (add_site(u, p, &t->sites[i], &p->sites[i]))
			return -1;
	for (unsigned i = 0; i < t->n_descs; i++)
		if (add_desc(u, p, &t->descs[i], &p->descs[i]))
			return -1;
	return 0;
}

int unite_names_write(struct unite *u)
{
	u->names.file = u->file;
	for (unsigned i = 0; i < u->n; i++)
		if (write_part(u, &u->parts[i]))
			return -1;
	return 0;
}
