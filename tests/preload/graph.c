/* graph.c: whether a trace of llama.cpp holds exactly what the model's shape
 * asks for.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *     graph TRACE key=number ...
 *
 * keys: layers embd heads kv ff vocab experts used (the model), prompt predict
 * threads flash (the run), explains (percent of the steps' wall time
 * that the operations' times must add up to; 0: not asked). Everything expected
 * is worked out from these numbers alone, not from the trace.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/model/op_math.h"
#include "tools/lib/trace/trace.h"

#define CACHE_PADDING 256 /* llama.cpp looks at the cache in pieces of so many cells */
#define MAX_EXPECTED  64

struct run {
	long layers, embd, heads, kv, ff, vocab, experts, used;
	long prompt, predict, threads, flash, explains;
};

/* How often an operation comes in each layer of every step. */
struct expected {
	enum prof_op op;
	const char *context;
	long middle, last, outside; /* in a layer, in the last one, in none */
};

struct table {
	struct expected rows[MAX_EXPECTED];
	unsigned n;
	long *seen; /* [n][layers + 1] in the step being counted */
};

static int failures;

static void expect(int holds, const char *what, double found, double wanted)
{
	if (holds)
		return;
	failures++;
	printf("%s: %.6g, expected %.6g\n", what, found, wanted);
}

/* ---- what a llama graph has ---- */

static void in_layers(struct table *t, enum prof_op op, const char *context, long count)
{
	t->rows[t->n++] = (struct expected){op, context, count, count, 0};
}

static void fill_attention(struct table *t, const struct run *r)
{
	in_layers(t, PROF_OP_RMSNORM, "input_layernorm", 1);
	in_layers(t, PROF_OP_LINEAR, "q_proj", 1);
	in_layers(t, PROF_OP_LINEAR, "k_proj", 1);
	in_layers(t, PROF_OP_LINEAR, "v_proj", 1);
	in_layers(t, PROF_OP_LINEAR, "o_proj", 1);
	in_layers(t, PROF_OP_ROPE, "rotatory_emb", 2);
	in_layers(t, PROF_OP_KV_WRITE, "k_cache", 1);
	in_layers(t, PROF_OP_KV_WRITE, "v_cache", 1);
	if (r->flash) {
		in_layers(t, PROF_OP_ATTENTION, "attn_output", 1);
	} else {
		in_layers(t, PROF_OP_MATMUL, "attn_weights", 1);
		in_layers(t, PROF_OP_SOFTMAX, "attn_weights", 1);
		in_layers(t, PROF_OP_MATMUL, "attn_output", 1);
		in_layers(t, PROF_OP_COPY, "merge_heads", 1);
	}
	/* The last layer goes on with the tokens whose logits are wanted. */
	t->rows[t->n++] = (struct expected){PROF_OP_COPY, "select_rows", 0, 2, 0};
}

static void fill_feed_forward(struct table *t, const struct run *r)
{
	in_layers(t, PROF_OP_ADD, "residual", 2);
	in_layers(t, PROF_OP_RMSNORM, "post_attention_layernorm", 1);
	in_layers(t, PROF_OP_SWIGLU, "act_fn", 1);
	if (!r->experts) {
		in_layers(t, PROF_OP_LINEAR, "gate_proj", 1);
		in_layers(t, PROF_OP_LINEAR, "up_proj", 1);
		in_layers(t, PROF_OP_LINEAR, "down_proj", 1);
		return;
	}
	in_layers(t, PROF_OP_LINEAR, "gate", 1);
	in_layers(t, PROF_OP_SOFTMAX, "router", 1);
	in_layers(t, PROF_OP_SORT, "router", 1);
	in_layers(t, PROF_OP_COPY, "router", 1);
	in_layers(t, PROF_OP_REDUCE, "router", 1);
	in_layers(t, PROF_OP_UNARY, "router", 1);
	in_layers(t, PROF_OP_DIV, "router", 1);
	in_layers(t, PROF_OP_LINEAR, "w1", 1);
	in_layers(t, PROF_OP_LINEAR, "w2", 1);
	in_layers(t, PROF_OP_LINEAR, "w3", 1);
	in_layers(t, PROF_OP_MUL, "experts", 1);
	in_layers(t, PROF_OP_ADD, "experts", r->used - 1);
}

static void fill(struct table *t, const struct run *r)
{
	t->n = 0;
	fill_attention(t, r);
	fill_feed_forward(t, r);
	t->rows[t->n++] = (struct expected){PROF_OP_EMBEDDING, "embed_tokens", 0, 0, 1};
	t->rows[t->n++] = (struct expected){PROF_OP_RMSNORM, "norm", 0, 0, 1};
	t->rows[t->n++] = (struct expected){PROF_OP_LINEAR, "lm_head", 0, 0, 1};
	t->seen = calloc(t->n * (size_t)(r->layers + 1), sizeof(*t->seen));
}

/* Multiplications and additions in matrix products of a step of so many tokens. */
static double matrix_flops(const struct run *r, long tokens)
{
	double kv_embd = (double)(r->embd / r->heads * r->kv), embd = (double)r->embd, flops = 0;

	for (long layer = 0; layer < r->layers; layer++) {
		double rows = layer == r->layers - 1 ? 1 : (double)tokens,
		       width = (double)(r->experts ? r->used : 1);

		flops += 2.0 * (double)tokens * embd * (2 * embd + 2 * kv_embd); /* q, o, k, v */
		flops += 2.0 * (double)tokens * embd * CACHE_PADDING * 2; /* two products of attention */
		flops += 2.0 * rows * width * embd * (double)r->ff * 3;
		flops += 2.0 * rows * embd * (double)r->experts;
	}
	return flops + 2.0 * embd * (double)r->vocab;
}

/* ---- what the trace has ---- */

static long layer_slot(const struct run *r, const struct op_desc *d)
{
	return d->layer < 0 ? r->layers : d->layer;
}

static void count(struct table *t, const struct run *r, const struct op_desc *d)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->rows[i].op == d->op && strcmp(t->rows[i].context, d->context) == 0
		    && d->layer < r->layers) {
			t->seen[i * (unsigned long)(r->layers + 1) + (unsigned long)layer_slot(r, d)]++;
			return;
		}
	failures++;
	printf("not of this graph: %s %s (%s) layer %d\n", op_name(d->op), d->context, d->native, d->layer);
}

static void check_counts(struct table *t, const struct run *r, int step)
{
	for (unsigned i = 0; i < t->n; i++) {
		for (long layer = 0; layer <= r->layers; layer++) {
			const struct expected *e = &t->rows[i];
			long *seen = &t->seen[i * (unsigned long)(r->layers + 1) + (unsigned long)layer];
			long wanted = layer == r->layers       ? e->outside
			              : layer == r->layers - 1 ? e->last
			                                       : e->middle;
			char what[160];

			snprintf(what, sizeof(what), "step %d layer %ld: %s %s", step, layer, op_name(e->op),
			         e->context);
			expect(*seen == wanted, what, (double)*seen, (double)wanted);
			*seen = 0;
		}
	}
}

static void check_step(const struct trace *trace, const struct run *r, unsigned step, double flops)
{
	const struct trace_step *s = &trace->steps[step];
	long tokens = step == 0 ? r->prompt : 1, ctx = r->prompt + step;
	double sum = step == 0 ? (double)r->prompt * (double)(r->prompt + 1) / 2 : (double)ctx;

	expect(s->tokens == tokens, "tokens of a step", s->tokens, (double)tokens);
	expect(s->sequences == 1, "sequences of a step", s->sequences, 1);
	expect(s->ctx_max == ctx, "longest context of a step", s->ctx_max, (double)ctx);
	expect((double)s->ctx_sum == sum, "contexts of a step", (double)s->ctx_sum, sum);
	expect(s->phase == (step == 0 ? PROF_PHASE_PREFILL : PROF_PHASE_DECODE), "phase of a step", s->phase,
	       step == 0 ? PROF_PHASE_PREFILL : PROF_PHASE_DECODE);
	expect(flops == matrix_flops(r, tokens), "FLOPs of a step", flops, matrix_flops(r, tokens));
	expect(s->end_ns > s->start_ns, "wall time of a step, ns", (double)s->end_ns - (double)s->start_ns,
	       1);
}

static void check_totals(const struct trace *trace, const struct run *r, double time_ns)
{
	double wall_ns = 0, percent;

	for (unsigned i = 0; i < trace->n_steps; i++)
		wall_ns += (double)(trace->steps[i].end_ns - trace->steps[i].start_ns);
	percent = wall_ns > 0 ? 100 * time_ns / wall_ns : 0;
	expect(!r->explains || percent >= (double)r->explains, "percent of the wall time explained", percent,
	       (double)r->explains);
	expect(trace->lost == 0, "operations lost", (double)trace->lost, 0);
	expect(trace->n_problems == 0, "problems of the trace", trace->n_problems, 0);
	expect(trace->n_notes == 0 || !strstr(trace->notes[0], "ggml"), "notes on ggml", trace->n_notes, 0);
}

/* Steps come one after the other: the run has one context. */
static int check(struct trace *trace, const struct run *r, struct diag *diag)
{
	struct trace_cursor *cursor = trace_cursor_open(trace);
	double *flops = calloc((size_t)r->predict, sizeof(*flops)), time_ns = 0;
	struct op_event event;
	struct table table;
	int got, step = 0;

	fill(&table, r);
	expect(trace->n_steps == (unsigned)r->predict, "steps", trace->n_steps, (double)r->predict);
	while ((got = trace_cursor_next(cursor, &event, diag)) == 1) {
		const struct op_desc *d = &trace->descs[event.desc];
		struct op_work work;

		if (event.step != step)
			check_counts(&table, r, step++);
		expect(event.step == step, "step of an operation", event.step, step);
		if (event.step != step || step >= r->predict)
			break;
		expect(event.n_slices == (unsigned)r->threads, "threads of an operation", event.n_slices,
		       (double)r->threads);
		expect(!(d->flags & PROF_DESC_INFERRED), "inferred operations", 1, 0);
		count(&table, r, d);
		op_work(d, 0, &work);
		flops[step] += work.matrix_flops;
		time_ns += (double)event.time_ns;
	}
	check_counts(&table, r, step);
	for (unsigned i = 0; i < trace->n_steps && i < (unsigned)r->predict; i++)
		check_step(trace, r, i, flops[i]);
	check_totals(trace, r, time_ns);
	free(table.seen);
	free(flops);
	trace_cursor_close(cursor);
	return got;
}

static int set_number(struct run *r, const char *text)
{
	const struct {
		const char *key;
		long *value;
	} keys[] = {
	        {"layers=", &r->layers},
	        {"embd=", &r->embd},
	        {"heads=", &r->heads},
	        {"kv=", &r->kv},
	        {"ff=", &r->ff},
	        {"vocab=", &r->vocab},
	        {"experts=", &r->experts},
	        {"used=", &r->used},
	        {"prompt=", &r->prompt},
	        {"predict=", &r->predict},
	        {"threads=", &r->threads},
	        {"flash=", &r->flash},
	        {"explains=", &r->explains},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strncmp(text, keys[i].key, strlen(keys[i].key)) == 0) {
			*keys[i].value = strtol(text + strlen(keys[i].key), NULL, 10);
			return 0;
		}
	return -1;
}

int main(int argc, char **argv)
{
	struct run r = {.prompt = 16, .predict = 3, .threads = 1};
	struct trace_options options = {0};
	struct trace *trace;
	struct diag diag;

	for (int i = 2; i < argc; i++)
		if (set_number(&r, argv[i]) != 0)
			return 2;
	if (argc < 2 || !r.layers || !r.heads)
		return 2;
	if (trace_open(argv[1], &options, &trace, &diag) != 0) {
		printf("%s\n", diag.text);
		return 1;
	}
	if (check(trace, &r, &diag) < 0) {
		printf("%s\n", diag.text);
		failures++;
	}
	trace_close(trace);
	return failures != 0;
}
