/* descriptor.c: descriptors of operations, interned.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/trace/descriptor.h"

#include <string.h>

#include "runtime/filter.h"
#include "runtime/guard.h"
#include "runtime/trace/intern.h"
#include "runtime/trace/note.h"
#include "runtime/recorder_state.h"
#include "runtime/region.h"
#include "runtime/thread.h"

#define OPERAND_BYTES                                                                                        \
	(sizeof(struct prof_desc_operand) + PROF_MAX_DIMS * (sizeof(uint64_t) + sizeof(int64_t)))
#define RECORD_BYTES                                                                                         \
	(sizeof(struct prof_meta_desc) + PROF_MAX_OPERANDS * OPERAND_BYTES                                   \
	 + PROF_MAX_ATTRS * sizeof(struct prof_desc_attr))

static struct intern descriptors = {.type = PROF_META_DESC, .first_id = 0, .limit = PROF_MAX_DESCS};

static uint8_t *put_operand(uint8_t *p, const struct prof_operand_spec *spec)
{
	struct prof_desc_operand head = {.role = spec->role,
	                                 .dtype = spec->dtype,
	                                 .n_dims =
	                                         spec->n_dims > PROF_MAX_DIMS ? PROF_MAX_DIMS : spec->n_dims,
	                                 .flags = spec->strided ? PROF_OPERAND_STRIDED : 0,
	                                 .name = spec->name};
	size_t dims_bytes = head.n_dims * sizeof(spec->dims[0]);

	memcpy(p, &head, sizeof(head));
	p += sizeof(head);
	memcpy(p, spec->dims, dims_bytes);
	p += dims_bytes;
	if (spec->strided) {
		memcpy(p, spec->strides_bytes, dims_bytes);
		p += dims_bytes;
	}
	return p;
}

/* The record of a descriptor but for its id; returns its size. */
static uint32_t build(uint8_t *record, const struct prof_desc_spec *spec, uint32_t region)
{
	struct prof_meta_desc m = {
	        .op = spec->op,
	        .flags = spec->flags,
	        .layer = spec->layer,
	        .family = spec->family,
	        .name = spec->name,
	        .context = spec->context,
	        .result = spec->result,
	        .region = region,
	        .site = spec->site,
	};
	uint8_t *p = record + sizeof(m);

	m.n_operands = spec->n_operands > PROF_MAX_OPERANDS ? PROF_MAX_OPERANDS : spec->n_operands;
	m.n_attrs = spec->n_attrs > PROF_MAX_ATTRS ? PROF_MAX_ATTRS : spec->n_attrs;
	memcpy(record, &m, sizeof(m));
	for (unsigned i = 0; i < m.n_operands; i++)
		p = put_operand(p, &spec->operands[i]);
	for (unsigned i = 0; i < m.n_attrs; i++) {
		struct prof_desc_attr attr = {.attr = spec->attrs[i].attr, .value = spec->attrs[i].value};

		memcpy(p, &attr, sizeof(attr));
		p += sizeof(attr);
	}
	return (uint32_t)(p - record);
}

uint32_t prof_intern_desc(struct prof_thread *t, const struct prof_desc_spec *spec)
{
	static _Alignas(8) uint8_t record[RECORD_BYTES]; /* lock held */
	static bool told;
	uint64_t start = prof_clock();
	struct guard g;
	uint32_t id;

	if (!guard_enter(&g))
		return PROF_NO_DESC;
	if (!filter_takes(spec)) {
		guard_leave(&g);
		recorder_spent(start);
		return PROF_DESC_FILTERED;
	}
	id = intern_record(&descriptors, record, build(record, spec, region_string(thread_of(t))));
	if (id == INTERN_FAILED && descriptors.table.count + descriptors.first_id >= PROF_MAX_DESCS
	    && !told) {
		told = true;
		note_add("There are more than %u different operations; further ones are not recorded.",
		         PROF_MAX_DESCS);
	}
	guard_leave(&g);
	recorder_spent(start);
	return id == INTERN_FAILED ? PROF_NO_DESC : id;
}

uint32_t descriptor_number(void)
{
	uint32_t n = 0;
	struct guard g;

	if (!guard_enter(&g))
		return 0;
	n = descriptors.table.count;
	guard_leave(&g);
	return n;
}
