/* trace_meta_write.c: everything of a trace but its operations, as records.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/trace/trace_meta_write.h"

#include <string.h>

#include "tools/lib/trace/trace_names.h"

/* Those of one process (index plus 1), or of all (0). */
static int write_facts(struct trace_file *f, const struct trace *t, uint32_t process)
{
	for (unsigned i = 0; i < t->n_facts; i++) {
		struct trace_piece pieces[2] = {{t->facts[i].key, strlen(t->facts[i].key) + 1},
		                                {t->facts[i].value, strlen(t->facts[i].value) + 1}};
		struct prof_meta_fact m = {.head = {.type = PROF_META_FACT},
		                           .key_bytes = (uint32_t)pieces[0].n,
		                           .value_bytes = (uint32_t)pieces[1].n};

		if (t->facts[i].process == process && trace_file_meta(f, &m.head, sizeof(m), pieces, 2))
			return -1;
	}
	return 0;
}

int meta_write_process(struct trace_file *f, const struct trace *t, uint32_t process)
{
	const struct trace_process *o = &t->processes[process];
	struct trace_piece name = {o->name, strlen(o->name) + 1};
	struct prof_meta_process m = {.head = {.type = PROF_META_PROCESS},
	                              .index = process + 1,
	                              .pid = o->pid,
	                              .ppid = o->ppid,
	                              .machine = o->machine,
	                              .rank = o->rank,
	                              .ranks = o->ranks,
	                              .tick = o->start_ns,
	                              .name_bytes = (uint32_t)name.n,
	                              .first_step = o->steps_before};

	return t->n_processes < 2 && !o->is_told ? 0 : trace_file_meta(f, &m.head, sizeof(m), &name, 1);
}

static int write_processes(struct trace_file *f, const struct trace *t)
{
	if (write_facts(f, t, 0))
		return -1;
	for (unsigned i = 0; i < t->n_processes; i++)
		if (meta_write_process(f, t, i) || write_facts(f, t, i + 1))
			return -1;
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

int meta_write_counter(struct trace_file *f, const struct trace_counter *c, uint32_t index)
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
		if (meta_write_counter(f, &t->counters[i], i))
			return -1;
	for (unsigned i = 0; i < t->n_missing; i++)
		if (meta_write_counter(f, &t->missing[i], ~0u))
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

static int write_descs(struct trace_file *f, const struct trace *t)
{
	struct trace_names names = {.file = f};
	struct trace_desc_record record;
	int result = 0;

	for (unsigned i = 0; i < t->n_descs && !result; i++)
		result = trace_names_desc(&names, &t->descs[i], true, &record)
		         || trace_names_write_desc(&names, &record);
	trace_names_release(&names);
	return result ? -1 : 0;
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

		if ((!i || o->process != t->steps[i - 1].process) && meta_write_process(f, t, o->process))
			return -1;
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

int meta_write_end(struct trace_file *f, uint64_t tick, uint64_t records, const struct trace *t)
{
	struct prof_meta_end m = {.head = {.type = PROF_META_END},
	                          .tick = tick,
	                          .records = records,
	                          .lost = t->lost,
	                          .skipped = t->skipped};

	return trace_file_meta(f, &m.head, sizeof(m), NULL, 0);
}

int meta_write_all(struct trace_file *f, const struct trace *t)
{
	if (write_processes(f, t) || write_modules(f, t) || write_sites(f, t) || write_counters(f, t)
	    || write_energy(f, t) || write_descs(f, t) || write_steps(f, t) || write_costs(f, t))
		return -1;
	for (unsigned i = 0; i < t->n_notes; i++)
		if (meta_write_note(f, t->notes[i]))
			return -1;
	return 0;
}
