/* unite_meta.c: what is said of a run's processes, of all and of each.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/trace_meta_write.h"
#include "tools/lib/trace/unite_private.h"

/* Costs of one thing: their mean over processes, by how many of it each did,
 * which another cost tells, or else by its records. All other costs are sums. */
static const struct {
	const char *name, *count;
} unit_costs[] = {
        {"clock_ns", ""},     {"record_ns", ""},        {"counters_ns", "readings"},
        {"walk_ns", "walks"}, {"site_ns", "site_hits"},
};

/* ---- facts ---- */

int unite_fact_write(struct unite *u, const char *key, const char *value)
{
	struct trace_piece pieces[2] = {{key, strlen(key) + 1}, {value, strlen(value) + 1}};
	struct prof_meta_fact m = {.head = {.type = PROF_META_FACT},
	                           .key_bytes = (uint32_t)pieces[0].n,
	                           .value_bytes = (uint32_t)pieces[1].n};

	return trace_file_meta(u->file, &m.head, sizeof(m), pieces, 2);
}

/* Whether a process has this fact, as its own or as one of all. */
static bool has_fact(const struct trace *t, uint32_t process, const struct trace_fact *f)
{
	for (unsigned i = 0; i < t->n_facts; i++) {
		const struct trace_fact *x = &t->facts[i];

		if ((!x->process || x->process == process + 1) && !strcmp(x->key, f->key)
		    && !strcmp(x->value, f->value))
			return true;
	}
	return false;
}

static bool all_have_fact(const struct unite *u, const struct trace_fact *f)
{
	for (unsigned i = 0; i < u->n; i++)
		for (unsigned j = 0; j < u->parts[i].trace->n_processes; j++)
			if (!has_fact(u->parts[i].trace, j, f))
				return false;
	return true;
}

/* Facts of a meter are written with it, those of an earlier merge are over. */
static bool is_copied(const struct trace_fact *f)
{
	const char *number = f->key + strlen("energy.");

	if (!strncmp(f->key, "merge.", 6))
		return false;
	return strncmp(f->key, "energy.", 7) != 0 || number[strspn(number, "0123456789")] != '.'
	       || *number == '.';
}

static int write_facts_of_all(struct unite *u)
{
	const struct trace *t = u->parts[0].trace;
	char number[16];

	for (unsigned i = 0; i < t->n_facts; i++)
		if (t->facts[i].process <= 1 && is_copied(&t->facts[i]) && all_have_fact(u, &t->facts[i])
		    && unite_fact_write(u, t->facts[i].key, t->facts[i].value))
			return -1;
	snprintf(number, sizeof(number), "%u", u->n);
	return unite_fact_write(u, "merge.traces", number) || unite_fact_write(u, "merge.clock", u->clock)
	               ? -1
	               : 0;
}

static int write_own_facts(struct unite *u, const struct trace *t, uint32_t process)
{
	for (unsigned i = 0; i < t->n_facts; i++) {
		const struct trace_fact *f = &t->facts[i];

		if ((!f->process || f->process == process + 1) && is_copied(f) && !all_have_fact(u, f)
		    && unite_fact_write(u, f->key, f->value))
			return -1;
	}
	return 0;
}

/* ---- counters ---- */

static int counter_in(const struct trace *t, const char *name)
{
	for (unsigned i = 0; i < t->n_counters; i++)
		if (!strcmp(t->counters[i].name, name))
			return (int)i;
	return -1;
}

/* Values are told by their place, so only what every process counted has one. A
 * process without any counter has no values either. */
static int take_counter(struct unite *u, const struct trace_counter *c)
{
	for (unsigned i = 0; i < u->n; i++) {
		const struct trace *t = u->parts[i].trace;
		int place = counter_in(t, c->name);
		char text[600];

		if (place < 0 && t->n_counters) {
			snprintf(text, sizeof(text),
			         "%.200s was not counted by all processes: its values are left out", c->name);
			return meta_write_note(u->file, text);
		}
		u->parts[i].counters[u->n_counters] = place < 0 ? 0 : (unsigned)place;
	}
	return meta_write_counter(u->file, c, u->n_counters++);
}

/* The first part that has a counter, or a missing one, tells of it. */
static int write_counters(struct unite *u)
{
	struct interner seen = {.n = 0};
	uint32_t number;
	int result = 0;

	for (unsigned i = 0; i < u->n && !result; i++) {
		const struct trace *t = u->parts[i].trace;

		for (unsigned j = 0; j < t->n_counters && !result; j++)
			if (interner_add(&seen, t->counters[j].name, strlen(t->counters[j].name), &number)
			    == 1)
				result = take_counter(u, &t->counters[j]);
	}
	for (unsigned i = 0; i < u->n && !result; i++) {
		const struct trace *t = u->parts[i].trace;

		for (unsigned j = 0; j < t->n_missing && !result; j++)
			if (interner_add(&seen, t->missing[j].name, strlen(t->missing[j].name), &number) == 1)
				result = meta_write_counter(u->file, &t->missing[j], ~0u);
	}
	interner_release(&seen);
	return result;
}

/* ---- costs ---- */

/* The cost that counts what `name` is the cost of, "" for records; null: it is a sum. */
static const char *count_of(const char *name)
{
	for (unsigned i = 0; i < sizeof(unit_costs) / sizeof(unit_costs[0]); i++)
		if (!strcmp(name, unit_costs[i].name))
			return unit_costs[i].count;
	return NULL;
}

/* Of one process: the last one told is the one that holds. */
static bool cost_of(const struct trace *t, const char *name, double *value)
{
	for (unsigned i = t->n_costs; i-- > 0;) {
		*value = t->costs[i].value;
		if (!strcmp(t->costs[i].name, name))
			return true;
	}
	return false;
}

static double weight_of(const struct trace *t, const char *count)
{
	double weight;

	if (!count)
		return 1;
	if (*count)
		return cost_of(t, count, &weight) && weight > 0 ? weight : 1;
	return (double)t->records + 1;
}

static int write_cost(struct unite *u, const char *name)
{
	struct trace_piece piece = {name, strlen(name) + 1};
	struct prof_meta_cost m = {.head = {.type = PROF_META_COST}, .name_bytes = (uint32_t)piece.n};
	const char *count = count_of(name);
	double value, sum = 0, weights = 0;

	for (unsigned i = 0; i < u->n; i++) {
		const struct trace *t = u->parts[i].trace;
		double weight = weight_of(t, count);

		if (!cost_of(t, name, &value))
			continue;
		sum += weight * value;
		weights += weight;
	}
	m.value = count ? sum / weights : sum;
	return trace_file_meta(u->file, &m.head, sizeof(m), &piece, 1);
}

static int write_costs(struct unite *u)
{
	struct interner seen = {.n = 0};
	uint32_t number;
	int result = 0;

	for (unsigned i = 0; i < u->n; i++) {
		const struct trace *t = u->parts[i].trace;

		for (unsigned j = 0; j < t->n_costs && !result; j++)
			if (interner_add(&seen, t->costs[j].name, strlen(t->costs[j].name), &number) == 1)
				result = write_cost(u, t->costs[j].name);
	}
	interner_release(&seen);
	return result;
}

int unite_common_write(struct unite *u)
{
	return write_facts_of_all(u) || write_counters(u) || write_costs(u) ? -1 : 0;
}

/* ---- processes ---- */

/* The number of a process's machine; the same for the same machine. */
static int machine_number(struct unite *u, struct interner *machines, const struct trace *t, uint32_t process,
                          uint32_t *number)
{
	const char *machine = unite_machine(t, process);

	if (interner_add(machines, machine, strlen(machine), number) < 0)
		return unite_no_memory(u);
	++*number;
	return 0;
}

static unsigned count_named(const struct unite *u, const char *name)
{
	unsigned n = 0;

	for (unsigned i = 0; i < u->n; i++)
		for (unsigned j = 0; j < u->parts[i].trace->n_processes; j++)
			n += !strcmp(u->parts[i].trace->processes[j].name, name);
	return n;
}

/* Two processes can be the same rank, one the other's child; or have the same
 * number, on two machines. */
static void full_name(const struct unite *u, const struct trace *t, uint32_t process, char *name,
                      size_t bytes)
{
	const struct trace_process *p = &t->processes[process];

	if (count_named(u, p->name) < 2)
		snprintf(name, bytes, "%s", p->name);
	else
		snprintf(name, bytes, "%s (%" PRIu32 "%s%s)", p->name, p->pid,
		         *unite_fact(t, process, "host.name") ? " on " : "",
		         unite_fact(t, process, "host.name"));
}

static int write_threads(struct unite *u, const struct unite_part *part, uint32_t process)
{
	const struct trace *t = part->trace;

	for (unsigned i = 0; i < t->n_threads; i++) {
		struct prof_meta_thread m = {.head = {.type = PROF_META_THREAD},
		                             .index = part->first_thread + i + 1,
		                             .tid = t->threads[i].tid};
		const char *name = t->threads[i].name;

		m.tick = part->delta;
		memcpy(m.name, name, strnlen(name, sizeof(m.name)));
		if (t->threads[i].process == process && trace_file_meta(u->file, &m.head, sizeof(m), NULL, 0))
			return -1;
	}
	return 0;
}

static int write_steps(struct unite *u, const struct unite_part *part, uint32_t process)
{
	const struct trace *t = part->trace;

	for (unsigned i = 0; i < t->n_steps; i++) {
		const struct trace_step *o = &t->steps[i];
		uint32_t index = part->first_step + i;
		struct prof_meta_step m = {.head = {.type = PROF_META_STEP},
		                           .index = index,
		                           .flags = o->is_explicit ? PROF_STEP_EXPLICIT : 0,
		                           .number = o->number,
		                           .phase = o->given,
		                           .tokens = o->tokens,
		                           .sequences = o->sequences,
		                           .ctx_max = o->ctx_max,
		                           .ctx_sum = o->ctx_sum,
		                           .tick = unite_ns(u, part, o->start_ns)};
		struct prof_meta_step_end e = {.head = {.type = PROF_META_STEP_END},
		                               .index = index,
		                               .tick = unite_ns(u, part, o->end_ns)};

		if (o->process != process)
			continue;
		if (trace_file_meta(u->file, &m.head, sizeof(m), NULL, 0)
		    || (o->spanned && trace_file_meta(u->file, &e.head, sizeof(e), NULL, 0)))
			return -1;
	}
	return 0;
}

static int write_note(struct unite *u, const char *name, const char *text)
{
	size_t n = strlen(name) + strlen(text) + 3;
	char *whole = malloc(n);
	int result;

	if (!whole)
		return unite_no_memory(u);
	snprintf(whole, n, "%s: %s", name, text);
	result = meta_write_note(u->file, whole);
	free(whole);
	return result;
}

static bool has_note(const struct trace *t, const char *text)
{
	for (unsigned i = 0; i < t->n_notes; i++)
		if (!strcmp(t->notes[i], text))
			return true;
	return false;
}

static bool all_have_note(const struct unite *u, const char *text)
{
	for (unsigned i = 0; i < u->n; i++)
		if (!has_note(u->parts[i].trace, text))
			return false;
	return true;
}

/* What is missing in all parts is said once. */
static int write_common_notes(struct unite *u)
{
	const struct trace *t = u->parts[0].trace;

	for (unsigned i = 0; i < t->n_notes; i++)
		if (all_have_note(u, t->notes[i]) && meta_write_note(u->file, t->notes[i]))
			return -1;
	return 0;
}

/* What is missing in this part, and what the reader found wrong with it. */
static int write_notes(struct unite *u, const struct trace *t, const char *name)
{
	for (unsigned i = 0; i < t->n_notes; i++) {
		if (all_have_note(u, t->notes[i]))
			continue;
		if (t->n_processes > 1 ? meta_write_note(u->file, t->notes[i])
		                       : write_note(u, name, t->notes[i]))
			return -1;
	}
	for (unsigned i = 0; i < t->n_problems; i++)
		if (write_note(u, name, t->problems[i]))
			return -1;
	if (t->dropped) {
		char text[128];

		snprintf(text, sizeof(text), "%" PRIu64 " operation records of before %.6f s were given up",
		         t->dropped, (double)t->kept_ns / 1e9);
		if (write_note(u, name, text))
			return -1;
	}
	if (t->state != PROF_STATE_OPEN)
		return 0;
	return write_note(u, name, "the trace was not closed: the program was killed, or is running still");
}

static int write_process(struct unite *u, struct interner *machines, const struct unite_part *part,
                         uint32_t process)
{
	const struct trace *t = part->trace;
	const struct trace_process *p = &t->processes[process];
	char name[700];
	struct trace_piece piece = {name, 0};
	struct prof_meta_process m = {.head = {.type = PROF_META_PROCESS},
	                              .index = part->first_process + process + 1,
	                              .pid = p->pid,
	                              .ppid = p->ppid,
	                              .rank = p->rank,
	                              .ranks = p->ranks,
	                              .tick = unite_ns(u, part, p->start_ns),
	                              .first_step = p->steps_before};

	full_name(u, t, process, name, sizeof(name));
	piece.n = strlen(name) + 1;
	m.name_bytes = (uint32_t)piece.n;
	if (machine_number(u, machines, t, process, &m.machine)
	    || trace_file_meta(u->file, &m.head, sizeof(m), &piece, 1) || write_own_facts(u, t, process)
	    || write_threads(u, part, process) || write_steps(u, part, process))
		return -1;
	return process == 0 ? write_notes(u, t, name) : 0;
}

int unite_processes_write(struct unite *u)
{
	struct interner machines = {.n = 0};
	int result = write_common_notes(u);

	for (unsigned i = 0; i < u->n; i++)
		for (unsigned j = 0; j < u->parts[i].trace->n_processes && !result; j++)
			result = write_process(u, &machines, &u->parts[i], j);
	interner_release(&machines);
	return result;
}
