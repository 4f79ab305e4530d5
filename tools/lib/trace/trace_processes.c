/* trace_processes.c: the processes that a trace is of, and what is whose.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A merged trace says it; one as recorded is of one process, which its header
 * and its facts describe.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/trace_private.h"

/* A whole number in a fact, or `otherwise`. */
static long number(const struct trace *t, const char *key, long otherwise)
{
	const char *text = trace_fact_get(t, key);
	char *end;
	long value = strtol(text, &end, 10);

	return *text && !*end && value >= 0 && value <= INT32_MAX ? value : otherwise;
}

static const char *program_of(const struct trace *t)
{
	const char *exe = trace_fact_get(t, "process.exe"), *slash = strrchr(exe, '/');

	exe = slash ? slash + 1 : exe;
	return *exe ? exe : "process";
}

static int add_only(struct trace *t, struct diag *d)
{
	char name[300] = "";
	struct trace_process *p = calloc(1, sizeof(*p));

	if (!p)
		return diag_set(d, "%s: out of memory", t->path);
	t->processes = p;
	t->n_processes = 1;
	p->pid = t->pid;
	p->ppid = t->ppid;
	p->machine = 1;
	p->steps_before = t->priv->first_step;
	p->rank = (int32_t)number(t, "process.rank", -1);
	p->ranks = (uint32_t)number(t, "process.ranks", 0);
	if (p->rank >= 0)
		snprintf(name, sizeof(name), "rank %d", p->rank);
	else if (!t->is_list && t->pid)
		snprintf(name, sizeof(name), "%.250s %u", program_of(t), t->pid);
	p->name = arena_copy(&t->priv->arena, name, strlen(name));
	return p->name ? 0 : diag_set(d, "%s: out of memory", t->path);
}

uint32_t trace_process_index(const struct trace *t, const struct op_event *ev)
{
	return trace_process_of(t, ev);
}

int trace_process_take(struct trace *t, const struct prof_meta_process *m, const char *name)
{
	struct trace_process *grown;

	if (!m->index || m->index > t->n_processes + 1)
		return -1;
	t->priv->scope = m->index;
	if (m->index <= t->n_processes)
		return 0;
	grown = array_grow(t->processes, &t->priv->process_capacity, t->n_processes, sizeof(*grown));
	if (!grown)
		return -1;
	t->processes = grown;
	grown[t->n_processes++] = (struct trace_process){.name = name,
	                                                 .is_told = *name != 0,
	                                                 .pid = m->pid,
	                                                 .ppid = m->ppid,
	                                                 .machine = m->machine,
	                                                 .rank = m->rank < -1 ? -1 : m->rank,
	                                                 .ranks = m->ranks,
	                                                 .start_ns = m->tick,
	                                                 .steps_before = m->first_step};
	return 0;
}

/* How many steps a process made, as far as is known. */
static uint64_t steps_made(const struct trace *t, uint32_t process)
{
	uint64_t made = t->processes[process].steps_before;

	for (unsigned i = 0; i < t->n_steps; i++)
		if (t->steps[i].process == process && t->steps[i].number >= (int64_t)made)
			made = (uint64_t)t->steps[i].number + 1;
	for (unsigned i = 0; i < t->n_facts; i++)
		if ((!t->facts[i].process || t->facts[i].process == process + 1)
		    && !strcmp(t->facts[i].key, "process.steps")
		    && strtoull(t->facts[i].value, NULL, 10) > made)
			made = strtoull(t->facts[i].value, NULL, 10);
	return made;
}

uint64_t trace_steps_absent(const struct trace *t)
{
	uint64_t absent = 0;

	for (unsigned i = 0; i < t->n_processes; i++) {
		const struct trace_process *p = &t->processes[i];
		uint64_t made = p->explicit_steps ? 0 : steps_made(t, i);

		absent += made > p->n_steps ? made - p->n_steps : 0;
	}
	return absent;
}

const char *trace_left_out_text(const struct trace *t, char *buf, size_t bytes)
{
	const char *why = t->skipped ? "switch, filters" : "switch";
	uint64_t steps = trace_steps_absent(t);
	char operations[64] = "";

	*buf = 0;
	if (t->skipped)
		snprintf(operations, sizeof(operations), "%s%" PRIu64 " operations", steps ? " and " : "",
		         t->skipped);
	else if (t->dropped)
		why = "limit on size";
	if (steps)
		snprintf(buf, bytes, "%" PRIu64 " steps%s of the program were left out as asked (%s%s)",
		         steps, operations, why, t->skipped && t->dropped ? ", limit on size" : "");
	else if (t->skipped)
		snprintf(buf, bytes, "%s were left out as asked (%s)", operations, why);
	return buf;
}

static void append(char *buf, size_t bytes, const char *text)
{
	size_t used = strlen(buf);

	if (*text && used < bytes)
		snprintf(buf + used, bytes - used, "%s%s", used ? "; " : "", text);
}

const char *trace_missing_text(const struct trace *t, char *buf, size_t bytes)
{
	char text[512];

	*buf = 0;
	if (t->state == PROF_STATE_STOPPED)
		append(buf, bytes, trace_end_text(t, text, sizeof(text)));
	append(buf, bytes, trace_left_out_text(t, text, sizeof(text)));
	if (t->dropped) {
		snprintf(text, sizeof(text), "%s%" PRIu64 " records were given up (limit on size)",
		         t->n_processes > 1 ? "" : "the first ", t->dropped);
		append(buf, bytes, text);
	}
	if (t->lost) {
		snprintf(text, sizeof(text), "%" PRIu64 " operations were seen and not recorded", t->lost);
		append(buf, bytes, text);
	}
	return buf;
}

/* A process's steps follow each other where operations are to be found by their
 * times; in what was imported they need not. */
static void find_steps(struct trace *t)
{
	for (unsigned i = 0; i < t->n_steps; i++) {
		struct trace_process *p;

		if (t->steps[i].process >= t->n_processes)
			t->steps[i].process = 0;
		p = &t->processes[t->steps[i].process];
		if (!p->n_steps) {
			p->first_step = i;
			if (!t->steps[i].is_explicit && t->steps[i].number > p->steps_before)
				p->steps_before = (uint32_t)t->steps[i].number;
		}
		p->explicit_steps |= t->steps[i].is_explicit || i != p->first_step + p->n_steps;
		p->n_steps++;
	}
}

int trace_processes_settle(struct trace *t, struct diag *d)
{
	if (!t->n_processes && add_only(t, d))
		return -1;
	for (unsigned i = 0; i < t->n_threads; i++)
		if (t->threads[i].process >= t->n_processes)
			t->threads[i].process = 0;
	find_steps(t);
	return 0;
}
