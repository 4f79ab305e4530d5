/* oplist_write.c: operations as the lines of an op list.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What comes from the descriptor is made once and kept as text; a line is two
 * such texts with the execution's own figures between and after them. What is
 * known of a step stands on its first operation.
 */
#include "tools/lib/trace/oplist_write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/support/json_text.h"
#include "tools/lib/trace/symbolize.h"

struct texts {
	char *before; /* {"op": ..., "context": ..., "layer": ... */
	char *after;  /* , "dtype": ..., shapes, attributes, names */
};

struct oplist_writer {
	const struct trace *trace;
	FILE *out;
	struct symbolizer *symbolizer;
	struct texts *texts; /* by descriptor */
	bool *steps_told;    /* by step */
};

struct oplist_writer *oplist_writer_new(const struct trace *t, FILE *out)
{
	struct oplist_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->trace = t;
	w->out = out;
	w->symbolizer = symbolizer_new(t);
	w->texts = calloc(t->n_descs + 1, sizeof(*w->texts));
	w->steps_told = calloc(t->n_steps + 1, sizeof(*w->steps_told));
	if (w->symbolizer && w->texts && w->steps_told)
		return w;
	oplist_writer_free(w);
	return NULL;
}

void oplist_writer_free(struct oplist_writer *w)
{
	if (!w)
		return;
	for (unsigned i = 0; w->texts && i < w->trace->n_descs; i++) {
		free(w->texts[i].before);
		free(w->texts[i].after);
	}
	symbolizer_free(w->symbolizer);
	free(w->texts);
	free(w->steps_told);
	free(w);
}

static void put_text(FILE *out, const char *key, const char *value)
{
	if (!*value)
		return;
	fprintf(out, ", \"%s\": ", key);
	json_text_put(out, value);
}

static void put_before(FILE *out, const struct op_desc *d)
{
	fprintf(out, "{\"op\": \"%s\"", op_name(d->op));
	put_text(out, "name", d->name);
	put_text(out, "context", d->context);
	if (d->layer >= 0)
		fprintf(out, ", \"layer\": %" PRId32, d->layer);
}

/* Whether operand i has a key that no earlier one has. */
static bool has_key(const struct op_desc *d, unsigned i)
{
	if (!op_operand_key(d->operands[i].role))
		return false;
	for (unsigned j = 0; j < i; j++)
		if (d->operands[j].role == d->operands[i].role)
			return false;
	return true;
}

static void put_dtypes(FILE *out, const struct op_desc *d)
{
	const char *before = "";
	bool same = true;

	for (unsigned i = 1; i < d->n_operands; i++)
		same = same && d->operands[i].dtype == d->operands[0].dtype;
	if (!d->n_operands || (same && d->operands[0].dtype == PROF_DTYPE_UNKNOWN))
		return;
	if (same) {
		fprintf(out, ", \"dtype\": \"%s\"", op_dtype_name(d->operands[0].dtype));
		return;
	}
	fputs(", \"dtypes\": {", out);
	for (unsigned i = 0; i < d->n_operands; i++) {
		if (!has_key(d, i) || d->operands[i].dtype == PROF_DTYPE_UNKNOWN)
			continue;
		fprintf(out, "%s\"%s\": \"%s\"", before, op_operand_key(d->operands[i].role),
		        op_dtype_name(d->operands[i].dtype));
		before = ", ";
	}
	fputc('}', out);
}

static void put_shapes(FILE *out, const struct op_desc *d)
{
	for (unsigned i = 0; i < d->n_operands; i++) {
		const struct op_operand *o = &d->operands[i];

		if (!has_key(d, i) || o->shapeless)
			continue;
		fprintf(out, ", \"%s\": [", op_operand_key(o->role));
		for (unsigned j = 0; j < o->n_dims; j++)
			fprintf(out, "%s%" PRIu64, j ? ", " : "", o->dims[j]);
		fputc(']', out);
	}
}

static void put_strides(FILE *out, const struct op_desc *d)
{
	const char *before = ", \"strides\": {";

	for (unsigned i = 0; i < d->n_operands; i++) {
		const struct op_operand *o = &d->operands[i];

		if (!has_key(d, i) || !o->strided)
			continue;
		fprintf(out, "%s\"%s\": [", before, op_operand_key(o->role));
		for (unsigned j = 0; j < o->n_dims; j++)
			fprintf(out, "%s%" PRId64, j ? ", " : "", o->strides_bytes[j]);
		fputc(']', out);
		before = ", ";
	}
	if (before[2] != '"')
		fputc('}', out);
}

static void put_operand_names(FILE *out, const struct op_desc *d)
{
	const char *before = ", \"names\": {";

	for (unsigned i = 0; i < d->n_operands; i++) {
		if (!has_key(d, i) || !*d->operands[i].name)
			continue;
		fprintf(out, "%s\"%s\": ", before, op_operand_key(d->operands[i].role));
		json_text_put(out, d->operands[i].name);
		before = ", ";
	}
	if (before[2] != '"')
		fputc('}', out);
}

/* The unknown keys as they came: an object without its braces. */
static void put_extra(FILE *out, const char *extra)
{
	size_t n = strlen(extra);

	if (n > 2 && extra[0] == '{' && extra[n - 1] == '}')
		fprintf(out, ", %.*s", (int)(n - 2), extra + 1);
}

static void put_call_site(struct oplist_writer *w, FILE *out, uint32_t site)
{
	const struct trace_site *s = site && site <= w->trace->n_sites ? &w->trace->sites[site - 1] : NULL;
	char buf[4500];

	if (!s || !s->n_frames)
		return;
	fputs(", \"callsite\": [", out);
	for (unsigned i = 0; i < s->n_frames; i++) {
		fputs(i ? ", " : "", out);
		json_text_put(out, symbolizer_text(w->symbolizer, &s->frames[i], buf, sizeof(buf)));
	}
	fputc(']', out);
}

static void put_after(struct oplist_writer *w, FILE *out, const struct op_desc *d)
{
	put_dtypes(out, d);
	put_shapes(out, d);
	for (unsigned i = 0; i < d->n_attrs; i++)
		if (op_attr_key(d->attrs[i].attr))
			fprintf(out, ", \"%s\": %" PRId64, op_attr_key(d->attrs[i].attr), d->attrs[i].value);
	if (strcmp(d->native, d->context))
		put_text(out, "native", d->native);
	put_text(out, "result", d->result);
	put_text(out, "region", d->region);
	if (strcmp(d->family, "list"))
		put_text(out, "family", d->family);
	if (d->flags & PROF_DESC_INFERRED)
		fputs(", \"inferred\": true", out);
	put_operand_names(out, d);
	put_strides(out, d);
	put_extra(out, d->extra);
	put_call_site(w, out, d->site);
}

static int make_texts(struct oplist_writer *w, uint32_t desc)
{
	struct texts *t = &w->texts[desc];
	const struct op_desc *d = &w->trace->descs[desc];
	size_t bytes;
	FILE *f = open_memstream(&t->before, &bytes);

	if (!f)
		return -1;
	put_before(f, d);
	if (fclose(f) || !(f = open_memstream(&t->after, &bytes)))
		return -1;
	put_after(w, f, d);
	return fclose(f) ? -1 : 0;
}

static const char *phase_name(enum prof_phase phase)
{
	return phase == PROF_PHASE_PREFILL ? "prefill" : "decode";
}

static void put_step(struct oplist_writer *w, const struct op_event *ev)
{
	const struct trace_step *s = ev->step >= 0 ? &w->trace->steps[ev->step] : NULL;
	enum prof_phase phase;

	if (!s)
		return;
	phase = s->is_explicit ? s->given : s->phase;
	if (s->number >= 0 || !s->is_explicit)
		fprintf(w->out, ", \"step\": %" PRId64, s->number >= 0 ? s->number : ev->step);
	if (phase != PROF_PHASE_UNKNOWN)
		fprintf(w->out, ", \"phase\": \"%s\"", phase_name(phase));
	if (w->steps_told[ev->step])
		return;
	w->steps_told[ev->step] = true;
	if (s->tokens)
		fprintf(w->out, ", \"step_tokens\": %" PRIu32, s->tokens);
	if (s->sequences)
		fprintf(w->out, ", \"step_sequences\": %" PRIu32, s->sequences);
	if (s->ctx_max)
		fprintf(w->out, ", \"step_ctx_max\": %" PRIu32, s->ctx_max);
	if (s->ctx_sum)
		fprintf(w->out, ", \"step_ctx_sum\": %" PRIu64, s->ctx_sum);
	if (s->spanned)
		fprintf(w->out, ", \"step_start_ns\": %" PRIu64 ", \"step_end_ns\": %" PRIu64, s->start_ns,
		        s->end_ns);
}

static void put_process(struct oplist_writer *w, const struct trace_process *p)
{
	if (!p->is_told)
		return;
	put_text(w->out, "process", p->name);
	if (p->rank >= 0)
		fprintf(w->out, ", \"rank\": %" PRId32, p->rank);
}

static void put_execution(struct oplist_writer *w, const struct op_event *ev)
{
	const struct trace *t = w->trace;
	uint32_t tid =
	        ev->thread && ev->thread <= t->n_threads ? t->threads[ev->thread - 1].tid : TRACE_NO_TID;

	if (ev->timed && !(t->descs[ev->desc].flags & PROF_DESC_UNPLACED))
		fprintf(w->out, ", \"start_ns\": %" PRIu64, ev->start_ns);
	if (ev->timed)
		fprintf(w->out, ", \"time_ns\": %" PRIu64, ev->time_ns);
	if (tid != TRACE_NO_TID)
		fprintf(w->out, ", \"thread\": %" PRIu32, tid);
	put_process(w, &t->processes[trace_process_index(t, ev)]);
	if (ev->n_slices > 1) {
		fprintf(w->out, ", \"slices\": %" PRIu32, ev->n_slices);
		if (ev->timed)
			fprintf(w->out, ", \"busy_ns\": %" PRIu64, ev->busy_ns);
	}
	if (ev->depth)
		fprintf(w->out, ", \"depth\": %" PRIu32, ev->depth);
	for (unsigned i = 0; i < ev->n_counters; i++) {
		fputs(i ? ", " : ", \"counters\": {", w->out);
		json_text_put(w->out, t->counters[i].name);
		fprintf(w->out, ": %" PRIu64, ev->counters[i]);
	}
	if (ev->n_counters && ev->n_counted < ev->n_slices)
		fprintf(w->out, "}, \"counted_slices\": %" PRIu32 "}\n", ev->n_counted);
	else
		fputs(ev->n_counters ? "}}\n" : "}\n", w->out);
}

int oplist_write(struct oplist_writer *w, const struct op_event *ev)
{
	const struct texts *t = &w->texts[ev->desc];

	if (!t->after && make_texts(w, ev->desc))
		return -1;
	fputs(t->before, w->out);
	put_step(w, ev);
	fputs(t->after, w->out);
	put_execution(w, ev);
	return 0;
}
