/* plain_llama: a transformer in one C file, without a library.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Shows what can be profiled without a word in the source: its functions call
 * each other directly, no dynamic linker knows of them. plain_llama.hooks.yaml,
 * beside the program, says what they are.
 *
 *     plain_llama [PROMPT_TOKENS [PREDICT]]
 *
 * Weights come from a fixed generator; tokens are taken greedily, so the output is
 * always the same.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shape {
	int dim, hidden, layers, heads, kv_heads, vocab, context;
};

static const struct shape small = {64, 176, 3, 4, 2, 320, 64};

struct layer {
	float *attention_norm, *mlp_norm; /* [dim] */
	float *q, *k, *v, *o;             /* [dim | kv_dim, dim] */
	float *gate, *up, *down;          /* [hidden, dim], [hidden, dim], [dim, hidden] */
	float *key_cache, *value_cache;   /* [context, kv_dim] */
};

/* The shape comes first: the file of hooks reads it there. */
struct transformer {
	struct shape shape;
	struct layer *layer;
	float *embedding, *norm, *head;    /* [vocab, dim], [dim], [vocab, dim] */
	float *x, *normed, *query, *mixed; /* [dim] */
	float *gated, *upped;              /* [hidden] */
	float *scores, *logits;            /* [context], [vocab] */
};

void rmsnorm(float *out, const float *x, const float *weight, int size);
void softmax(float *x, int size);
void matmul(float *out, const float *x, const float *w, int n, int d);
void rotate(float *vector, int size, int head_size, int position);
void attend(struct transformer *t, const struct layer *l, int position);
float *forward(struct transformer *t, int token, int position);

/* ---- memory ---- */

static float *zeros(size_t n)
{
	float *p = calloc(n, sizeof(*p));

	if (!p) {
		fprintf(stderr, "plain_llama: error: out of memory\n");
		exit(1);
	}
	return p;
}

/* Uniform around `middle`, always the same ones. */
static float *weights(size_t n, float middle, float reach)
{
	static uint64_t state = 2026;
	float *w = zeros(n);

	for (size_t i = 0; i < n; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		w[i] = middle + reach * ((float)(state >> 40) / (float)(1u << 23) - 1.0f);
	}
	return w;
}

static void make(struct transformer *t, const struct shape *s)
{
	size_t dim = (size_t)s->dim, hidden = (size_t)s->hidden, vocab = (size_t)s->vocab;
	size_t kv_dim = dim / (size_t)s->heads * (size_t)s->kv_heads, context = (size_t)s->context;

	t->shape = *s;
	t->layer = calloc((size_t)s->layers, sizeof(*t->layer));
	for (int i = 0; t->layer && i < s->layers; i++) {
		t->layer[i] = (struct layer){
		        .attention_norm = weights(dim, 1, 0.2f),
		        .mlp_norm = weights(dim, 1, 0.2f),
		        .q = weights(dim * dim, 0, 0.2f),
		        .k = weights(kv_dim * dim, 0, 0.2f),
		        .v = weights(kv_dim * dim, 0, 0.2f),
		        .o = weights(dim * dim, 0, 0.2f),
		        .gate = weights(hidden * dim, 0, 0.2f),
		        .up = weights(hidden * dim, 0, 0.2f),
		        .down = weights(dim * hidden, 0, 0.2f),
		        .key_cache = zeros(context * kv_dim),
		        .value_cache = zeros(context * kv_dim),
		};
	}
	t->embedding = weights(vocab * dim, 0, 1);
	t->norm = weights(dim, 1, 0.2f);
	t->head = weights(vocab * dim, 0, 0.2f);
	t->x = zeros(dim);
	t->normed = zeros(dim);
	t->query = zeros(dim);
	t->mixed = zeros(dim);
	t->gated = zeros(hidden);
	t->upped = zeros(hidden);
	t->scores = zeros(context);
	t->logits = zeros(vocab);
}

/* ---- the kernels ---- */

void rmsnorm(float *out, const float *x, const float *weight, int size)
{
	float squares = 0;

	for (int i = 0; i < size; i++)
		squares += x[i] * x[i];
	squares = 1 / sqrtf(squares / (float)size + 1e-5f);
	for (int i = 0; i < size; i++)
		out[i] = weight[i] * squares * x[i];
}

void softmax(float *x, int size)
{
	float most = x[0], sum = 0;

	for (int i = 1; i < size; i++)
		most = x[i] > most ? x[i] : most;
	for (int i = 0; i < size; i++) {
		x[i] = expf(x[i] - most);
		sum += x[i];
	}
	for (int i = 0; i < size; i++)
		x[i] /= sum;
}

/* w [d, n] by x [n]. */
void matmul(float *out, const float *x, const float *w, int n, int d)
{
	for (int row = 0; row < d; row++) {
		const float *weight = w + (size_t)row * (size_t)n;
		float sum[4] = {0};
		int i = 0;

		for (; i + 4 <= n; i += 4)
			for (int lane = 0; lane < 4; lane++)
				sum[lane] += weight[i + lane] * x[i + lane];
		for (; i < n; i++)
			sum[0] += weight[i] * x[i];
		out[row] = sum[0] + sum[1] + sum[2] + sum[3];
	}
}

void rotate(float *vector, int size, int head_size, int position)
{
	for (int i = 0; i < size; i += 2) {
		float angle = (float)position / powf(10000.0f, (float)(i % head_size) / (float)head_size);
		float a = vector[i], b = vector[i + 1];

		vector[i] = a * cosf(angle) - b * sinf(angle);
		vector[i + 1] = a * sinf(angle) + b * cosf(angle);
	}
}

/* ---- the network ---- */

void attend(struct transformer *t, const struct layer *l, int position)
{
	const struct shape *s = &t->shape;
	int size = s->dim / s->heads, kv_dim = size * s->kv_heads;

	memset(t->mixed, 0, (size_t)s->dim * sizeof(*t->mixed));
	for (int head = 0; head < s->heads; head++) {
		int kv_at = head / (s->heads / s->kv_heads) * size;
		const float *query = t->query + head * size;
		float *mixed = t->mixed + head * size;

		for (int p = 0; p <= position; p++) {
			float sum = 0;

			for (int i = 0; i < size; i++)
				sum += query[i] * l->key_cache[p * kv_dim + kv_at + i];
			t->scores[p] = sum / sqrtf((float)size);
		}
		softmax(t->scores, position + 1);
		for (int p = 0; p <= position; p++)
			for (int i = 0; i < size; i++)
				mixed[i] += t->scores[p] * l->value_cache[p * kv_dim + kv_at + i];
	}
}

static void add(float *x, const float *y, int size)
{
	for (int i = 0; i < size; i++)
		x[i] += y[i];
}

float *forward(struct transformer *t, int token, int position)
{
	const struct shape *s = &t->shape;
	int size = s->dim / s->heads, kv_dim = size * s->kv_heads;

	memcpy(t->x, t->embedding + (size_t)token * (size_t)s->dim, (size_t)s->dim * sizeof(*t->x));
	for (int i = 0; i < s->layers; i++) {
		const struct layer *l = &t->layer[i];
		float *key = l->key_cache + position * kv_dim;

		rmsnorm(t->normed, t->x, l->attention_norm, s->dim);
		matmul(t->query, t->normed, l->q, s->dim, s->dim);
		matmul(key, t->normed, l->k, s->dim, kv_dim);
		matmul(l->value_cache + position * kv_dim, t->normed, l->v, s->dim, kv_dim);
		rotate(t->query, s->dim, size, position);
		rotate(key, kv_dim, size, position);
		attend(t, l, position);
		matmul(t->normed, t->mixed, l->o, s->dim, s->dim);
		add(t->x, t->normed, s->dim);
		rmsnorm(t->normed, t->x, l->mlp_norm, s->dim);
		matmul(t->gated, t->normed, l->gate, s->dim, s->hidden);
		matmul(t->upped, t->normed, l->up, s->dim, s->hidden);
		for (int k = 0; k < s->hidden; k++)
			t->gated[k] *= t->upped[k] / (1 + expf(-t->gated[k]));
		matmul(t->normed, t->gated, l->down, s->hidden, s->dim);
		add(t->x, t->normed, s->dim);
	}
	rmsnorm(t->x, t->x, t->norm, s->dim);
	matmul(t->logits, t->x, t->head, s->dim, s->vocab);
	return t->logits;
}

static int most_likely(const float *logits, int n)
{
	int best = 0;

	for (int i = 1; i < n; i++)
		if (logits[i] > logits[best])
			best = i;
	return best;
}

static int count(const char *text, int most)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end || end == text || n < 1 || n > most) {
		fprintf(stderr, "plain_llama: error: '%s': a number from 1 to %d is needed\n", text, most);
		exit(2);
	}
	return (int)n;
}

int main(int argc, char **argv)
{
	struct transformer t;
	int prompt = argc > 1 ? count(argv[1], small.context / 2) : 3;
	int predict = argc > 2 ? count(argv[2], small.context / 2) : 4;
	int token = 1;

	make(&t, &small);
	for (int position = 0; position + 1 < prompt + predict; position++) {
		const float *logits = forward(&t, token, position);

		token = position + 1 < prompt ? (position * 37 + 11) % small.vocab
		                              : most_likely(logits, small.vocab);
		printf("%d%s", token, position + 2 < prompt + predict ? " " : "\n");
	}
	return 0;
}
