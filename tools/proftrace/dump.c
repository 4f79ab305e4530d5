/* dump.c: proftrace dump: every operation in order of time, one a line.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <inttypes.h>
#include <string.h>

#include "tools/proftrace/proftrace.h"

static void put_shapes(const struct op_desc *d)
{
	for (unsigned i = 0; i < d->n_operands; i++) {
		const struct op_operand *o = &d->operands[i];
		const char *key = op_operand_key(o->role);

		printf(" %s=%s", key ? key : "operand", op_dtype_name(o->dtype));
		for (unsigned j = 0; j < o->n_dims; j++)
			printf("%s%" PRIu64, j ? "x" : "[", o->dims[j]);
		fputs(o->n_dims ? "]" : "", stdout);
	}
	for (unsigned i = 0; i < d->n_attrs; i++)
		if (op_attr_key(d->attrs[i].attr))
			printf(" %s=%" PRId64, op_attr_key(d->attrs[i].attr), d->attrs[i].value);
}

static void put_line(const struct trace *t, const struct op_event *ev)
{
	const struct op_desc *d = &t->descs[ev->desc];
	char start[32];

	if (ev->timed)
		printf("%s %10" PRIu64 " ns", proftrace_time(ev->start_ns, start, sizeof(start)),
		       ev->time_ns);
	else
		printf("untimed");
	printf("  %*s%s", (int)(ev->depth < 20 ? ev->depth : 20) * 2, "", op_name(d->op));
	if (*d->name)
		printf(" (%s)", d->name);
	if (*d->context)
		printf(" %s", d->context);
	if (d->layer >= 0)
		printf(" layer=%" PRId32, d->layer);
	if (ev->step >= 0)
		printf(" step=%" PRId64,
		       t->steps[ev->step].number >= 0 ? t->steps[ev->step].number : ev->step);
	if (ev->phase != PROF_PHASE_UNKNOWN)
		printf(" %s", proftrace_phase(ev->phase));
	put_shapes(d);
	if (ev->thread && ev->thread <= t->n_threads && t->threads[ev->thread - 1].tid != TRACE_NO_TID)
		printf(" thread=%" PRIu32, t->threads[ev->thread - 1].tid);
	if (t->n_processes > 1)
		printf(" process=\"%s\"", t->processes[trace_process_index(t, ev)].name);
	if (ev->n_slices > 1)
		printf(" slices=%" PRIu32 " busy=%" PRIu64 " ns", ev->n_slices, ev->busy_ns);
	for (unsigned i = 0; i < ev->n_counters; i++)
		printf(" %s=%" PRIu64, t->counters[i].name, ev->counters[i]);
	putchar('\n');
}

/* The trace's other records, as they were kept. */
static void put_meta(const struct trace *t)
{
	for (unsigned i = 0; i < t->n_facts; i++)
		printf("fact %s = %s\n", t->facts[i].key, t->facts[i].value);
	for (unsigned i = 0; i < t->n_modules; i++)
		printf("module %u %s start=0x%" PRIx64 " end=0x%" PRIx64 " bias=0x%" PRIx64 "\n", i + 1,
		       t->modules[i].path, t->modules[i].start, t->modules[i].end, t->modules[i].bias);
	for (unsigned i = 0; i < t->n_processes && t->n_processes > 1; i++)
		printf("process %u %s pid=%" PRIu32 " ppid=%" PRIu32 " machine=%" PRIu32 " rank=%" PRId32
		       " ranks=%" PRIu32 " start_ns=%" PRIu64 " steps=%u from %u\n",
		       i + 1, t->processes[i].name, t->processes[i].pid, t->processes[i].ppid,
		       t->processes[i].machine, t->processes[i].rank, t->processes[i].ranks,
		       t->processes[i].start_ns, t->processes[i].n_steps, t->processes[i].first_step);
	for (unsigned i = 0; i < t->n_threads; i++)
		printf("thread %u tid=%" PRIu32 " %s\n", i + 1, t->threads[i].tid, t->threads[i].name);
	for (unsigned i = 0; i < t->n_sites; i++) {
		printf("site %u", i + 1);
		for (unsigned j = 0; j < t->sites[i].n_frames; j++)
			printf(" %" PRIu32 "+0x%" PRIx64, t->sites[i].frames[j].module,
			       t->sites[i].frames[j].offset);
		putchar('\n');
	}
	for (unsigned i = 0; i < t->n_descs; i++) {
		const struct op_desc *d = &t->descs[i];

		printf("descriptor %u %s family=%s name=%s context=%s native=%s result=%s region=%s "
		       "layer=%" PRId32 " site=%" PRIu32 " flags=%" PRIu32,
		       i, op_name(d->op), d->family, d->name, d->context, d->native, d->result, d->region,
		       d->layer, d->site, d->flags);
		put_shapes(d);
		putchar('\n');
	}
	for (unsigned i = 0; i < t->n_steps; i++) {
		const struct trace_step *s = &t->steps[i];

		printf("step %u number=%" PRId64 " %s tokens=%" PRIu32 " sequences=%" PRIu32
		       " ctx_max=%" PRIu32 " ctx_sum=%" PRIu64 " start_ns=%" PRIu64 " end_ns=%" PRIu64 "\n",
		       i, s->number, proftrace_phase(s->phase), s->tokens, s->sequences, s->ctx_max,
		       s->ctx_sum, s->start_ns, s->end_ns);
	}
	for (unsigned i = 0; i < t->n_costs; i++)
		printf("cost %s = %g\n", t->costs[i].name, t->costs[i].value);
	for (unsigned i = 0; i < t->n_notes; i++)
		printf("note %s\n", t->notes[i]);
}

int command_dump(int argc, char **argv)
{
	bool meta = false;
	const struct cli_option options[] = {
	        {"--meta", 0, CLI_FLAG, NULL, "show names, descriptors, steps, ... instead of operations",
	         &meta, 0, 0},
	        {0},
	};
	const struct cli_command command = {"proftrace dump",
	                                    "[OPTION]... TRACE",
	                                    "Print every operation in order of time, one a line.",
	                                    options,
	                                    1,
	                                    1,
	                                    "proftrace export does it for programs to read.",
	                                    false};
	struct trace_cursor *c = NULL;
	struct op_event ev;
	struct trace *t;
	char **args;
	unsigned n;
	int status = cli_parse(&command, argc, argv, &args, &n);

	if (status != CLI_GO_ON)
		return status;
	t = proftrace_open(command.tool, args[0], &(struct trace_options){.children = true});
	if (!t)
		return CLI_BAD_INPUT;
	status = CLI_OK;
	if (meta)
		put_meta(t);
	else if (!(c = trace_cursor_open(t)))
		status = cli_error(command.tool, "out of memory");
	while (c && trace_cursor_next(c, &ev, NULL) == 1 && !ferror(stdout))
		put_line(t, &ev);
	trace_cursor_close(c);
	trace_close(t);
	return cli_finish(command.tool, status);
}
