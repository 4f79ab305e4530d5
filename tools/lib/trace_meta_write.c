/* trace_meta_write.c: everything of a trace but its operations, as records.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace_meta_write.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/arena.h"

/* Ids of strings, by their interned pointer. */
struct strings {
	struct trace_file *file;
	struct arena arena;
	const char **keys;
	uint32_t *ids, n, n_slots;
};

static int grow_strings(struct strings *s)
{
	struct strings old = *s;

	s->n_slots = old.n_slots ? old.n_slots * 2 : 1024;
	s->keys = calloc(s->n_slots, sizeof(*s->keys));
	s->ids = calloc(s->n_slots, sizeof(*s->ids));
	if (!s->keys || !s->ids) {
		free(s->keys);
		free(s->ids);
		s->keys = old.keys;
		s->ids = old.ids;
		s->n_slots = old.n_slots;
		return diag_set(s->file->diag, "%s: out of memory", s->file->out.path);
	}
	for (uint32_t i = 0; i < old.n_slots; i++) {
		uint32_t slot;

		if (!old.keys[i])
			continue;
		slot = (uint32_t)((uintptr_t)old.keys[i] >> 4) & (s->n_slots - 1);
		while (s->keys[slot])
			slot = (slot + 1) & (s->n_slots - 1);
		s->keys[slot] = old.keys[i];
		s->ids[slot] = old.ids[i];
	}
	free(old.keys);
	free(old.ids);
	return 0;
}

static int string_id(struct strings *s, const char *text, uint32_t *id)
{
	size_t n = strlen(text);
	struct prof_meta_string m = {.head = {.type = PROF_META_STRING}, .bytes = (uint32_t)n};
	const char *key = arena_intern(&s->arena, text, n);
	uint32_t slot;

	*id = 0;
	if (!n)
		return 0;
	if (!key || (s->n * 2 >= s->n_slots && grow_strings(s)))
		return -1;
	slot = (uint32_t)((uintptr_t)key >> 4) & (s->n_slots - 1);
	while (s->keys[slot] && s->keys[slot] != key)
		slot = (slot + 1) & (s->n_slots - 1);
	if (!s->keys[slot]) {
		s->keys[slot] = key;
		s->ids[slot] = m.id = ++s->n;
		if (trace_file_meta(s->file, &m.head, sizeof(m), &(struct trace_piece){text, n}, 1))
			return -1;
	}
	*id = s->ids[slot];
	return 0;
}

static int write_facts(struct trace_file *f, const struct trace *t)
{
	for (unsigned i = 0; i < t->n_facts; i++) {
		struct trace_piece pieces[2] = {{t->facts[i].key, strlen(t->facts[i].key) + 1},
		                                {t->facts[i].value, strlen(t->facts[i].value) + 1}};
		struct prof_meta_fact m = {.head = {.type = PROF_META_FACT},
		                           .key_bytes = (uint32_t)pieces[0].n,
		                           .value_bytes = (uint32_t)pieces[1].n};

		if (trace_file_meta(f, &m.head, sizeof(m), pieces, 2))
			return -1;
	}
	return 0;
}

static int write_modules(struct trace_file *f, const struct trace *t)
{
	for (unsigned i = 0; i < t->n_modules; i++) {
		const struct trace_module *o = &t->modules[i];
		struct trace_piece path = {o->path, strlen(o->path) + 1};
		struct prof_meta_module m = {.head = {.type = PROF_META_MODULE},
		                             .id = i + 1,
		                             .path_bytes = (uint32_t)path.n,
		                             .start = o->start,
		                             .end = o->end,
		                             .bias = o->bias,
		                             .build_id_bytes = (uint8_t)o->build_id_bytes};

		if (o->build_id_bytes)
			memcpy(m.build_id, o->build_id, o->build_id_bytes);
		if (trace_file_meta(f, &m.head, sizeof(m), &path, 1))
			return -1;
	}
	return 0;
}

static int write_sites(struct trace_file *f, const struct trace *t)
{
	for (unsigned i = 0; i < t->n_sites; i++) {
		const struct trace_site *o = &t->sites[i];
		struct prof_meta_site m = {
		        .head = {.type = PROF_META_SITE}, .id = i + 1, .n_frames = o->n_frames};
		struct trace_piece frames = {o->frames, o->n_frames * sizeof(*o->frames)};

		if (trace_file_meta(f, &m.head, sizeof(m), &frames, o->n_frames ? 1 : 0))
			return -1;
	}
	return 0;
}

static int write_counter(struct trace_file *f, const struct trace_counter *c, uint32_t index)
{
	struct trace_piece pieces[2] = {{c->name, strlen(c->name) + 1}, {c->why, strlen(c->why) + 1}};
	struct prof_meta_counter m = {.head = {.type = PROF_META_COUNTER},
	                              .index = index,
	                              .kind = c->kind,
	                              .name_bytes = (uint32_t)pieces[0].n,
	                              .why_bytes = (uint32_t)pieces[1].n,
	                              .read_ns = c->read_ns};

	return trace_file_meta(f, &m.head, sizeof(m), pieces, 2);
}

static int write_counters(struct trace_file *f, const struct trace *t)
{
	for (unsigned i = 0; i < t->n_counters; i++)
		if (write_counter(f, &t->counters[i], i))
			return -1;
	for (unsigned i = 0; i < t->n_missing; i++)
		if (write_counter(f, &t->missing[i], ~0u))
			return -1;
	return 0;
}

static int write_energy(struct trace_file *f, const struct trace *t)
{
	for (unsigned i = 0; i < t->n_domains; i++) {
		const struct trace_energy_domain *o = &t->domains[i];
		struct trace_piece name = {o->name, strlen(o->name) + 1};
		struct prof_meta_energy_domain m = {.head = {.type = PROF_META_ENERGY_DOMAIN},
		                                    .id = i + 1,
		                                    .source = o->source,
		                                    .parent = o->parent,
		                                    .name_bytes = (uint32_t)name.n};

		if (trace_file_meta(f, &m.head, sizeof(m), &name, 1))
			return -1;
	}
	for (unsigned i = 0; i < t->n_samples; i++) {
		const struct trace_energy_sample *o = &t->samples[i];
		struct prof_meta_energy_sample m = {.head = {.type = PROF_META_ENERGY_SAMPLE},
		                                    .tick = o->time_ns,
		                                    .domain = o->domain,
		                                    .energy_uj = o->energy_uj};

		if (trace_file_meta(f, &m.head, sizeof(m), NULL, 0))
			return -1;
	}
	return 0;
}

/* The unknown keys, and the native name, which has no other place once the
 * context is the canonical one. Malloc'ed; null without memory. */
static char *extra_with_native(const struct op_desc *d)
{
	json_t *object = *d->extra ? json_loads(d->extra, 0, NULL) : json_object();
	char *text = NULL;

	if (json_is_object(object)
	    && (!*d->native || !json_object_set_new(object, "native", json_string(d->native))))
		text = json_object_size(object) ? json_dumps(object, JSON_SORT_KEYS | JSON_ENSURE_ASCII)
		                                : calloc(1, 1);
	else
		text = strdup(d->extra); /* a native name that is not UTF-8 cannot be kept */
	json_decref(object);
	return text;
}

/* Operands and attributes as they follow a descriptor: at most this many bytes. */
enum {
	TAIL_MAX = PROF_MAX_OPERANDS * (sizeof(struct prof_desc_operand) + PROF_MAX_DIMS * 16)
	           + PROF_MAX_ATTRS * sizeof(struct prof_desc_attr)
};

static int desc_tail(struct strings *s, const struct op_desc *d, uint8_t *out, size_t *bytes)
{
	uint8_t *p = out;

	for (unsigned i = 0; i < d->n_operands; i++) {
		const struct op_operand *o = &d->operands[i];
		size_t dims = o->n_dims * sizeof(o->dims[0]);
		struct prof_desc_operand m = {.role = o->role, .dtype = o->dtype, .n_dims = o->n_dims};

		m.flags = (uint8_t)((o->strided ? PROF_OPERAND_STRIDED : 0)
		                    | (o->shapeless ? PROF_OPERAND_SHAPELESS : 0));
		if (string_id(s, o->name, &m.name))
			return -1;
		memcpy(p, &m, sizeof(m));
		memcpy(p + sizeof(m), o->dims, dims);
		p += sizeof(m) + dims;
		if (!o->strided)
			continue;
		memcpy(p, o->strides_bytes, dims);
		p += dims;
	}
	for (unsigned i = 0; i < d->n_attrs; i++) {
		struct prof_desc_attr m = {.attr = d->attrs[i].attr, .value = d->attrs[i].value};

		memcpy(p, &m, sizeof(m));
		p += sizeof(m);
	}
	*bytes = (size_t)(p - out);
	return 0;
}

static int write_desc(struct strings *s, const struct op_desc *d)
{
	struct prof_meta_desc m = {.head = {.type = PROF_META_DESC},
	                           .id = d->id,
	                           .op = d->op,
	                           .n_operands = (uint8_t)d->n_operands,
	                           .n_attrs = (uint8_t)d->n_attrs,
	                           .flags = d->flags | PROF_DESC_CANONICAL,
	                           .layer = d->layer,
	                           .site = d->site};
	uint8_t tail[TAIL_MAX];
	size_t bytes;
	char *extra = extra_with_native(d);
	int result;

	if (!extra)
		return diag_set(s->file->diag, "%s: out of memory", s->file->out.path);
	result = string_id(s, d->family, &m.family) || string_id(s, d->name, &m.name)
	         || string_id(s, d->context, &m.context) || string_id(s, d->result, &m.result)
	         || string_id(s, d->region, &m.region) || string_id(s, extra, &m.extra)
	         || desc_tail(s, d, tail, &bytes)
	         || trace_file_meta(s->file, &m.head, sizeof(m), &(struct trace_piece){tail, bytes}, 1);
	free(extra);
	return result ? -1 : 0;
}

static int write_descs(struct trace_file *f, const struct trace *t)
{
	struct strings s = {.file = f};
	int result = 0;

	for (unsigned i = 0; i < t->n_descs && !result; i++)
		result = write_desc(&s, &t->descs[i]);
	arena_release(&s.arena);
	free(s.keys);
	free(s.ids);
	return result;
}

/* As they are to be seen: the phase as decided, unless the trace was a list
 * that gave none. */
static int write_steps(struct trace_file *f, const struct trace *t)
{
	for (unsigned i = 0; i < t->n_steps; i++) {
		const struct trace_step *o = &t->steps[i];
		struct prof_meta_step m = {.head = {.type = PROF_META_STEP},
		                           .index = i,
		                           .flags = PROF_STEP_EXPLICIT,
		                           .number = o->number,
		                           .phase = o->is_explicit ? o->given : o->phase,
		                           .tokens = o->tokens,
		                           .sequences = o->sequences,
		                           .ctx_max = o->ctx_max,
		                           .ctx_sum = o->ctx_sum,
		                           .tick = o->start_ns};
		struct prof_meta_step_end e = {
		        .head = {.type = PROF_META_STEP_END}, .index = i, .tick = o->end_ns};

		if (trace_file_meta(f, &m.head, sizeof(m), NULL, 0))
			return -1;
		if (o->spanned && trace_file_meta(f, &e.head, sizeof(e), NULL, 0))
			return -1;
	}
	return 0;
}

static int write_costs(struct trace_file *f, const struct trace *t)
{
	for (unsigned i = 0; i < t->n_costs; i++) {
		struct trace_piece name = {t->costs[i].name, strlen(t->costs[i].name) + 1};
		struct prof_meta_cost m = {.head = {.type = PROF_META_COST},
		                           .value = t->costs[i].value,
		                           .name_bytes = (uint32_t)name.n};

		if (trace_file_meta(f, &m.head, sizeof(m), &name, 1))
			return -1;
	}
	return 0;
}

int meta_write_note(struct trace_file *f, const char *text)
{
	struct trace_piece piece = {text, strlen(text) + 1};
	struct prof_meta_note m = {.head = {.type = PROF_META_NOTE}, .text_bytes = (uint32_t)piece.n};

	return trace_file_meta(f, &m.head, sizeof(m), &piece, 1);
}

int meta_write_end(struct trace_file *f, uint64_t tick, uint64_t records, uint64_t lost)
{
	struct prof_meta_end m = {
	        .head = {.type = PROF_META_END}, .tick = tick, .records = records, .lost = lost};

	return trace_file_meta(f, &m.head, sizeof(m), NULL, 0);
}

int meta_write_all(struct trace_file *f, const struct trace *t)
{
	if (write_facts(f, t) || write_modules(f, t) || write_sites(f, t) || write_counters(f, t)
	    || write_energy(f, t) || write_descs(f, t) || write_steps(f, t) || write_costs(f, t))
		return -1;
	for (unsigned i = 0; i < t->n_notes; i++)
		if (meta_write_note(f, t->notes[i]))
			return -1;
	return 0;
}
