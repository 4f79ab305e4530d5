/* blas_transformer: a small decoder-only transformer on OpenBLAS.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Shows what a program of your own can tell its profiler: regions name the
 * layers ("layers.0.q_proj"), prof_begin_step() says how many tokens a pass
 * has. Run as it is, it prints tokens; run under the shim, it prints the same
 * tokens and leaves a trace whose operations carry those names.
 *
 *     blas_transformer [LAYERS [PROMPT_TOKENS [PREDICT]]]
 *
 * Weights come from a fixed generator, so the output is always the same.
 */
#include <cblas.h>
#include <math.h>
#include <prof/prof.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 256, HEADS = 8, HEAD_DIM = DIM / HEADS, FF = 688, VOCAB = 512, MAX_CONTEXT = 512 };

struct layer {
	float *attn_norm, *ffn_norm;    /* [DIM] */
	float *q, *k, *v, *o;           /* [DIM, DIM], rows are outputs */
	float *gate, *up;               /* [FF, DIM] */
	float *down;                    /* [DIM, FF] */
	float *key_cache, *value_cache; /* [MAX_CONTEXT, DIM] */
};

struct model {
	int n_layers, position;
	float *embedding, *head, *norm; /* [VOCAB, DIM], [VOCAB, DIM], [DIM] */
	struct layer *layers;
};

static void *allocate(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p) {
		fprintf(stderr, "blas_transformer: error: out of memory\n");
		exit(1);
	}
	return p;
}

/* n weights, uniform in [-scale, scale]. */
static float *random_weights(size_t n, float scale)
{
	static uint32_t state = 12345;
	float *w = allocate(n, sizeof(*w));

	for (size_t i = 0; i < n; i++) {
		state = state * 1664525u + 1013904223u;
		w[i] = scale * ((float)(state >> 8) / (float)(1u << 23) - 1.0f);
	}
	return w;
}

static float *ones(size_t n)
{
	float *w = allocate(n, sizeof(*w));

	for (size_t i = 0; i < n; i++)
		w[i] = 1.0f;
	return w;
}

static void model_init(struct model *m, int n_layers)
{
	float scale = 1.0f / sqrtf((float)DIM);

	m->n_layers = n_layers;
	m->position = 0;
	m->embedding = random_weights((size_t)VOCAB * DIM, 1.0f);
	m->head = random_weights((size_t)VOCAB * DIM, scale);
	m->norm = ones(DIM);
	m->layers = allocate((size_t)n_layers, sizeof(*m->layers));
	for (int i = 0; i < n_layers; i++) {
		struct layer *l = &m->layers[i];

		l->attn_norm = ones(DIM);
		l->ffn_norm = ones(DIM);
		l->q = random_weights((size_t)DIM * DIM, scale);
		l->k = random_weights((size_t)DIM * DIM, scale);
		l->v = random_weights((size_t)DIM * DIM, scale);
		l->o = random_weights((size_t)DIM * DIM, scale);
		l->gate = random_weights((size_t)FF * DIM, scale);
		l->up = random_weights((size_t)FF * DIM, scale);
		l->down = random_weights((size_t)DIM * FF, scale);
		l->key_cache = allocate((size_t)MAX_CONTEXT * DIM, sizeof(float));
		l->value_cache = allocate((size_t)MAX_CONTEXT * DIM, sizeof(float));
	}
}

static void model_release(struct model *m)
{
	for (int i = 0; i < m->n_layers; i++) {
		struct layer *l = &m->layers[i];
		float *all[] = {l->attn_norm, l->ffn_norm, l->q,    l->k,         l->v,          l->o,
		                l->gate,      l->up,       l->down, l->key_cache, l->value_cache};

		for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
			free(all[k]);
	}
	free(m->layers);
	free(m->embedding);
	free(m->head);
	free(m->norm);
}

static void rmsnorm(float *out, const float *x, const float *weight, int rows)
{
	for (int r = 0; r < rows; r++) {
		float square = cblas_sdot(DIM, x + r * DIM, 1, x + r * DIM, 1);
		float factor = 1.0f / sqrtf(square / (float)DIM + 1e-5f);

		for (int i = 0; i < DIM; i++)
			out[r * DIM + i] = x[r * DIM + i] * factor * weight[i];
	}
}

/* out [rows, n_out] = x [rows, n_in] times the transpose of w [n_out, n_in]. */
static void linear(const char *name, float *out, const float *x, const float *w, int rows, int n_in,
                   int n_out)
{
	prof_begin_region(name);
	if (rows == 1)
		cblas_sgemv(CblasRowMajor, CblasNoTrans, n_out, n_in, 1.0f, w, n_in, x, 1, 0.0f, out, 1);
	else
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, n_out, n_in, 1.0f, x, n_in, w,
		            n_in, 0.0f, out, n_out);
	prof_end_region();
}

static void softmax(float *x, int n)
{
	float max = x[0], sum = 0.0f;

	for (int i = 1; i < n; i++)
		max = x[i] > max ? x[i] : max;
	for (int i = 0; i < n; i++) {
		x[i] = expf(x[i] - max);
		sum += x[i];
	}
	for (int i = 0; i < n; i++)
		x[i] /= sum;
}

/* One head at a time: scores = q k', a causal softmax of each row, out = scores v. */
static void attention(const struct layer *l, float *out, const float *q, int rows, int past)
{
	static float scores[MAX_CONTEXT * MAX_CONTEXT];
	int context = past + rows;

	for (int h = 0; h < HEADS; h++) {
		prof_begin_region("attn_weights");
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, context, HEAD_DIM,
		            1.0f / sqrtf((float)HEAD_DIM), q + h * HEAD_DIM, DIM, l->key_cache + h * HEAD_DIM,
		            DIM, 0.0f, scores, context);
		prof_end_region();
		for (int r = 0; r < rows; r++) {
			softmax(scores + r * context, past + r + 1);
			memset(scores + r * context + past + r + 1, 0,
			       sizeof(float) * (size_t)(rows - r - 1));
		}
		prof_begin_region("attn_output");
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, HEAD_DIM, context, 1.0f, scores,
		            context, l->value_cache + h * HEAD_DIM, DIM, 0.0f, out + h * HEAD_DIM, DIM);
		prof_end_region();
	}
}

static void layer_forward(struct layer *l, float *x, int rows, int past)
{
	size_t wide = (size_t)rows * (FF > DIM ? FF : DIM);
	float *normed = allocate(wide, sizeof(float)), *a = allocate(wide, sizeof(float));
	float *b = allocate(wide, sizeof(float));

	rmsnorm(normed, x, l->attn_norm, rows);
	linear("q_proj", a, normed, l->q, rows, DIM, DIM);
	linear("k_proj", l->key_cache + past * DIM, normed, l->k, rows, DIM, DIM);
	linear("v_proj", l->value_cache + past * DIM, normed, l->v, rows, DIM, DIM);
	attention(l, b, a, rows, past);
	linear("o_proj", a, b, l->o, rows, DIM, DIM);
	cblas_saxpy(rows * DIM, 1.0f, a, 1, x, 1);
	rmsnorm(normed, x, l->ffn_norm, rows);
	linear("gate_proj", a, normed, l->gate, rows, DIM, FF);
	linear("up_proj", b, normed, l->up, rows, DIM, FF);
	for (int i = 0; i < rows * FF; i++)
		a[i] = a[i] / (1.0f + expf(-a[i])) * b[i];
	linear("down_proj", b, a, l->down, rows, FF, DIM);
	cblas_saxpy(rows * DIM, 1.0f, b, 1, x, 1);
	free(normed);
	free(a);
	free(b);
}

/* One pass over the network: `rows` new tokens in, the likeliest next one out. */
static int forward(struct model *m, const int *tokens, int rows)
{
	float *x = allocate((size_t)rows * DIM, sizeof(float));
	float last[DIM], logits[VOCAB];
	char name[32];

	prof_begin_step((unsigned)rows);
	for (int r = 0; r < rows; r++)
		memcpy(x + r * DIM, m->embedding + tokens[r] * DIM, sizeof(float) * DIM);
	for (int i = 0; i < m->n_layers; i++) {
		snprintf(name, sizeof(name), "layers.%d", i);
		prof_begin_region(name);
		layer_forward(&m->layers[i], x, rows, m->position);
		prof_end_region();
	}
	m->position += rows;
	rmsnorm(last, x + (rows - 1) * DIM, m->norm, 1);
	linear("lm_head", logits, last, m->head, 1, DIM, VOCAB);
	free(x);
	return (int)cblas_isamax(VOCAB, logits, 1);
}

static int argument(int argc, char **argv, int index, int otherwise, int max)
{
	char *end;
	long v;

	if (index >= argc)
		return otherwise;
	v = strtol(argv[index], &end, 10);
	if (*end || end == argv[index] || v < 1 || v > max) {
		fprintf(stderr, "blas_transformer: error: '%s' is no whole number from 1 to %d\n",
		        argv[index], max);
		exit(2);
	}
	return (int)v;
}

int main(int argc, char **argv)
{
	int n_layers = argument(argc, argv, 1, 4, 64);
	int prompt = argument(argc, argv, 2, 16, MAX_CONTEXT / 2);
	int predict = argument(argc, argv, 3, 8, MAX_CONTEXT / 2);
	int tokens[MAX_CONTEXT];
	struct model model;

	model_init(&model, n_layers);
	for (int i = 0; i < prompt; i++)
		tokens[i] = (i * 37 + 11) % VOCAB;
	tokens[0] = forward(&model, tokens, prompt);
	for (int i = 0; i < predict; i++) {
		printf("%d%c", tokens[0], i + 1 < predict ? ' ' : '\n');
		if (i + 1 < predict)
			tokens[0] = forward(&model, tokens, 1);
	}
	model_release(&model);
	return 0;
}
