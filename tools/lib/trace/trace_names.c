/* trace_names.c: strings and descriptors as records of a trace being written.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/trace_names.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

void trace_names_release(struct trace_names *n)
{
	interner_release(&n->strings);
}

int trace_names_string(struct trace_names *n, const char *text, uint32_t *id)
{
	struct trace_piece piece = {text, strlen(text)};
	struct prof_meta_string m = {.head = {.type = PROF_META_STRING}, .bytes = (uint32_t)piece.n};
	uint32_t number;
	int is_new;

	*id = 0;
	if (!piece.n)
		return 0;
	is_new = interner_add(&n->strings, text, piece.n, &number);
	if (is_new < 0)
		return diag_set(n->file->diag, "%s: out of memory", n->file->out.path);
	*id = m.id = number + 1;
	return is_new ? trace_file_meta(n->file, &m.head, sizeof(m), &piece, 1) : 0;
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

static int desc_tail(struct trace_names *n, const struct op_desc *d, uint8_t *out, size_t *bytes)
{
	uint8_t *p = out;

	for (unsigned i = 0; i < d->n_operands; i++) {
		const struct op_operand *o = &d->operands[i];
		size_t dims = o->n_dims * sizeof(o->dims[0]);
		struct prof_desc_operand m = {.role = o->role, .dtype = o->dtype, .n_dims = o->n_dims};

		m.flags = (uint8_t)((o->strided ? PROF_OPERAND_STRIDED : 0)
		                    | (o->shapeless ? PROF_OPERAND_SHAPELESS : 0));
		if (trace_names_string(n, o->name, &m.name))
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

int trace_names_desc(struct trace_names *n, const struct op_desc *d, bool canonical,
                     struct trace_desc_record *record)
{
	bool names_canonical = canonical || d->flags & PROF_DESC_CANONICAL;
	struct prof_meta_desc m = {.head = {.type = PROF_META_DESC},
	                           .id = d->id,
	                           .op = d->op,
	                           .n_operands = (uint8_t)d->n_operands,
	                           .n_attrs = (uint8_t)d->n_attrs,
	                           .flags = d->flags | (canonical ? PROF_DESC_CANONICAL : 0),
	                           .layer = d->layer,
	                           .site = d->site};
	const char *context = names_canonical ? d->context : d->native;
	char *extra = names_canonical ? extra_with_native(d) : strdup(d->extra);
	int result;

	if (!extra)
		return diag_set(n->file->diag, "%s: out of memory", n->file->out.path);
	result = trace_names_string(n, d->family, &m.family) || trace_names_string(n, d->name, &m.name)
	         || trace_names_string(n, context, &m.context) || trace_names_string(n, d->result, &m.result)
	         || trace_names_string(n, d->region, &m.region) || trace_names_string(n, extra, &m.extra)
	         || desc_tail(n, d, record->bytes + sizeof(m), &record->n);
	memcpy(record->bytes, &m, sizeof(m));
	record->n += sizeof(m);
	free(extra);
	return result ? -1 : 0;
}

int trace_names_write_desc(struct trace_names *n, struct trace_desc_record *record)
{
	struct trace_piece tail = {record->bytes + sizeof(record->desc), record->n - sizeof(record->desc)};

	return trace_file_meta(n->file, &record->desc.head, sizeof(record->desc), &tail, 1);
}
