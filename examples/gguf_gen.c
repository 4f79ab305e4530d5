/* gguf_gen: write a llama model of any shape with random weights.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a model costs to run depends on its shape and its formats, not on what
 * it learnt; so a generated file serves for measuring where the real one is too
 * large to fetch or may not be had. Its answers are noise, the same each time.
 *
 *     gguf_gen --preset tinyllama --type Q4_0 model.gguf
 */
#include "gguf_random.h"
#include "gguf_write.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "gguf_gen"

struct shape {
	const char *name;
	unsigned layers, embd, heads, kv_heads, ff, vocab, ctx, experts, experts_used;
};

static const struct shape presets[] = {
        {"tiny", 2, 256, 8, 4, 512, 512, 512, 0, 0},
        {"small", 8, 512, 8, 4, 1376, 2048, 2048, 0, 0},
        {"moe", 2, 256, 8, 4, 256, 512, 512, 8, 2},
        {"tinyllama", 22, 2048, 32, 4, 5632, 32000, 2048, 0, 0},
        {"llama2-7b", 32, 4096, 32, 32, 11008, 32000, 4096, 0, 0},
        {"llama3-8b", 32, 4096, 32, 8, 14336, 128256, 8192, 0, 0},
        {"mixtral-8x7b", 32, 4096, 32, 8, 14336, 32000, 32768, 8, 2},
};

struct job {
	struct shape shape;
	enum gguf_type type, output_type;
	int output_given;
	uint64_t seed;
	const char *path;
};

static _Noreturn void fail(int status, const char *text, const char *subject)
{
	fprintf(stderr, PROGRAM ": error: %s%s\n", subject, text);
	exit(status);
}

/* ---- the tensors of a llama model ---- */

struct list {
	struct gguf_tensor *items;
	size_t n, room;
};

static void list_add(struct list *l, const struct gguf_tensor *t)
{
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 256;
		struct gguf_tensor *items = realloc(l->items, room * sizeof(*items));

		if (!items)
			fail(1, "out of memory", "");
		l->items = items;
		l->room = room;
	}
	l->items[l->n++] = *t;
}

static void add_norm(struct list *l, const char *name, unsigned n)
{
	struct gguf_tensor t = {.type = GGUF_F32, .n_dims = 1, .dims = {n}, .is_norm = true};

	snprintf(t.name, sizeof(t.name), "%s", name);
	list_add(l, &t);
}

/* dims: in features, out features, experts (0: not a tensor of experts). */
static void add_weight(struct list *l, const char *name, enum gguf_type type, const unsigned dims[3])
{
	struct gguf_tensor t = {.type = type, .n_dims = dims[2] ? 3 : 2, .dims = {dims[0], dims[1], dims[2]}};

	snprintf(t.name, sizeof(t.name), "%s", name);
	list_add(l, &t);
}

static void add_feed_forward(struct list *l, const struct job *job, unsigned layer)
{
	const struct shape *s = &job->shape;
	const char *suffix = s->experts ? "_exps" : "";
	unsigned in[3] = {s->embd, s->ff, s->experts}, out[3] = {s->ff, s->embd, s->experts};
	unsigned router[3] = {s->embd, s->experts, 0};
	char name[64];

	if (s->experts) {
		snprintf(name, sizeof(name), "blk.%u.ffn_gate_inp.weight", layer);
		add_weight(l, name, GGUF_F32, router);
	}
	snprintf(name, sizeof(name), "blk.%u.ffn_gate%s.weight", layer, suffix);
	add_weight(l, name, job->type, in);
	snprintf(name, sizeof(name), "blk.%u.ffn_down%s.weight", layer, suffix);
	add_weight(l, name, job->type, out);
	snprintf(name, sizeof(name), "blk.%u.ffn_up%s.weight", layer, suffix);
	add_weight(l, name, job->type, in);
}

static void add_layer(struct list *l, const struct job *job, unsigned layer)
{
	const struct shape *s = &job->shape;
	unsigned kv = s->embd / s->heads * s->kv_heads;
	const struct {
		const char *name;
		unsigned dims[3];
	} attention[] = {
	        {"q", {s->embd, s->embd, 0}},
	        {"k", {s->embd, kv, 0}},
	        {"v", {s->embd, kv, 0}},
	        {"output", {s->embd, s->embd, 0}},
	};
	char name[64];

	snprintf(name, sizeof(name), "blk.%u.attn_norm.weight", layer);
	add_norm(l, name, s->embd);
	for (size_t i = 0; i < sizeof(attention) / sizeof(attention[0]); i++) {
		snprintf(name, sizeof(name), "blk.%u.attn_%s.weight", layer, attention[i].name);
		add_weight(l, name, job->type, attention[i].dims);
	}
	snprintf(name, sizeof(name), "blk.%u.ffn_norm.weight", layer);
	add_norm(l, name, s->embd);
	add_feed_forward(l, job, layer);
}

static struct list tensors_of(const struct job *job)
{
	unsigned table[3] = {job->shape.embd, job->shape.vocab, 0};
	struct list l = {NULL, 0, 0};

	add_weight(&l, "token_embd.weight", job->type, table);
	for (unsigned i = 0; i < job->shape.layers; i++)
		add_layer(&l, job, i);
	add_norm(&l, "output_norm.weight", job->shape.embd);
	add_weight(&l, "output.weight", job->output_type, table);
	return l;
}

/* ---- the file ---- */

static void put_pairs(FILE *f, const struct job *job, size_t n_tensors)
{
	const struct shape *s = &job->shape;
	unsigned pairs = s->experts ? 22 : 20;

	gguf_put_header(f, n_tensors, pairs);
	gguf_put_string(f, "general.architecture", "llama");
	gguf_put_string(f, "general.name", s->name);
	gguf_put_u32(f, "general.alignment", GGUF_ALIGNMENT);
	gguf_put_u32(f, "llama.context_length", s->ctx);
	gguf_put_u32(f, "llama.embedding_length", s->embd);
	gguf_put_u32(f, "llama.block_count", s->layers);
	gguf_put_u32(f, "llama.feed_forward_length", s->ff);
	gguf_put_u32(f, "llama.rope.dimension_count", s->embd / s->heads);
	gguf_put_u32(f, "llama.attention.head_count", s->heads);
	gguf_put_u32(f, "llama.attention.head_count_kv", s->kv_heads);
	gguf_put_f32(f, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
	gguf_put_u32(f, "llama.vocab_size", s->vocab);
	if (s->experts) {
		gguf_put_u32(f, "llama.expert_count", s->experts);
		gguf_put_u32(f, "llama.expert_used_count", s->experts_used);
	}
	gguf_put_string(f, "tokenizer.ggml.model", "llama");
	gguf_put_vocabulary(f, s->vocab); /* three pairs */
	gguf_put_u32(f, "tokenizer.ggml.unknown_token_id", 0);
	gguf_put_u32(f, "tokenizer.ggml.bos_token_id", 1);
	gguf_put_u32(f, "tokenizer.ggml.eos_token_id", 2);
	gguf_put_bool(f, "tokenizer.ggml.add_bos_token", true);
}

static void write_model(const struct job *job)
{
	struct list l = tensors_of(job);
	FILE *f = fopen(job->path, "wb");
	uint64_t parameters = 0;
	off_t size;

	if (!f)
		fail(1, strerror(errno), "cannot write the model: ");
	put_pairs(f, job, l.n);
	gguf_put_tensors(f, l.items, l.n);
	for (size_t i = 0; i < l.n; i++) {
		gguf_put_random(f, &l.items[i], job->seed);
		parameters += gguf_tensor_elements(&l.items[i]);
	}
	size = ftello(f);
	if (ferror(f) | fclose(f)) {
		remove(job->path);
		fail(1, "writing failed; is the disk full? Nothing was kept", "");
	}
	printf("%s: %s, %zu tensors, %.1f M parameters, %.1f MB\n", job->path, gguf_type_name(job->type), l.n,
	       (double)parameters / 1e6, (double)size / 1e6);
	free(l.items);
}

/* ---- options ---- */

static const struct {
	const char *name;
	size_t offset;
	const char *help;
} numbers[] = {
        {"layers", offsetof(struct shape, layers), "transformer blocks"},
        {"embd", offsetof(struct shape, embd), "embedding length"},
        {"heads", offsetof(struct shape, heads), "query heads; the head size is embd / heads"},
        {"kv-heads", offsetof(struct shape, kv_heads), "key and value heads"},
        {"ff", offsetof(struct shape, ff), "feed-forward length (of one expert)"},
        {"vocab", offsetof(struct shape, vocab), "tokens, at least 259"},
        {"ctx", offsetof(struct shape, ctx), "context the model says it was made for"},
        {"experts", offsetof(struct shape, experts), "experts; 0: a dense model"},
        {"experts-used", offsetof(struct shape, experts_used), "experts that a token uses"},
};

#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static void print_help(void)
{
	printf("usage: " PROGRAM " [options] FILE\n"
	       "Write a llama model with random weights to FILE, in GGUF format.\n\n"
	       "  --preset NAME        a known shape, which the options after it change:\n                   "
	       "   ");
	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		printf(" %s%s", presets[i].name, i == 0 ? " (default)" : "");
	printf("\n  --type TYPE          F32, F16, Q8_0, Q4_0, Q4_K or Q6_K (default Q4_0)\n"
	       "  --output-type TYPE   type of the output projection (default: --type)\n");
	for (size_t i = 0; i < N_NUMBERS; i++)
		printf("  --%-18s %s\n", numbers[i].name, numbers[i].help);
	printf("  --seed N             another model of the same shape (default 1)\n"
	       "  --help               this text\n");
}

static uint64_t number_of(const char *option, const char *text, uint64_t limit)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || v > limit) {
		fprintf(stderr, PROGRAM ": error: --%s takes a whole number up to %llu, not '%s'\n", option,
		        (unsigned long long)limit, text);
		exit(2);
	}
	return v;
}

static enum gguf_type type_option(const char *text)
{
	int type = gguf_type_of(text);

	if (type < 0) {
		fprintf(stderr,
		        PROGRAM ": error: unknown type '%s'; there are F32, F16, Q8_0, Q4_0, Q4_K and Q6_K\n",
		        text);
		exit(2);
	}
	return (enum gguf_type)type;
}

static struct shape preset_option(const char *name)
{
	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		if (strcmp(presets[i].name, name) == 0)
			return presets[i];
	fprintf(stderr, PROGRAM ": error: unknown preset '%s'; --help lists them\n", name);
	exit(2);
}

enum { OPTION_PRESET = N_NUMBERS, OPTION_TYPE, OPTION_OUTPUT_TYPE, OPTION_SEED, OPTION_HELP, N_OPTIONS };

static void take_option(struct job *job, int option, const char *text)
{
	switch (option) {
	case OPTION_PRESET:
		job->shape = preset_option(text);
		break;
	case OPTION_TYPE:
		job->type = type_option(text);
		break;
	case OPTION_OUTPUT_TYPE:
		job->output_type = type_option(text);
		job->output_given = 1;
		break;
	case OPTION_SEED:
		job->seed = number_of("seed", text, UINT64_MAX);
		break;
	case OPTION_HELP:
		print_help();
		exit(0);
	default:
		*(unsigned *)((char *)&job->shape + numbers[option].offset) =
		        (unsigned)number_of(numbers[option].name, text, 1u << 24);
	}
}

static void parse(struct job *job, int argc, char **argv)
{
	struct option options[N_OPTIONS + 1] = {
	        [OPTION_PRESET] = {"preset", required_argument, NULL, OPTION_PRESET},
	        [OPTION_TYPE] = {"type", required_argument, NULL, OPTION_TYPE},
	        [OPTION_OUTPUT_TYPE] = {"output-type", required_argument, NULL, OPTION_OUTPUT_TYPE},
	        [OPTION_SEED] = {"seed", required_argument, NULL, OPTION_SEED},
	        [OPTION_HELP] = {"help", no_argument, NULL, OPTION_HELP},
	};
	int option;

	for (size_t i = 0; i < N_NUMBERS; i++)
		options[i] = (struct option){numbers[i].name, required_argument, NULL, (int)i};
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			exit(2); /* getopt_long has said what is wrong */
		take_option(job, option, optarg);
	}
	if (optind + 1 != argc)
		fail(2, "one file to write is needed; --help says more", "");
	job->path = argv[optind];
	if (!job->output_given)
		job->output_type = job->type;
}

/* ---- what a model of this kind has to fulfil ---- */

static void check_blocks(const char *what, unsigned length, enum gguf_type type)
{
	unsigned block = gguf_block_elements(type);

	if (length % block == 0)
		return;
	fprintf(stderr, PROGRAM ": error: %s of %u is no multiple of %u, the block of %s\n", what, length,
	        block, gguf_type_name(type));
	exit(2);
}

static void check(const struct job *job)
{
	const struct shape *s = &job->shape;

	if (!s->layers || !s->embd || !s->heads || !s->kv_heads || !s->ff || !s->ctx)
		fail(2, "layers, embd, heads, kv-heads, ff and ctx are at least 1", "");
	if (s->embd % s->heads || s->embd / s->heads % 2)
		fail(2, "embd has to be an even multiple of heads", "");
	if (s->heads % s->kv_heads)
		fail(2, "heads has to be a multiple of kv-heads", "");
	if (s->vocab < GGUF_MIN_VOCAB)
		fail(2, "vocab is at least 259: 3 control tokens and 256 bytes", "");
	if (s->experts_used > s->experts || (s->experts && !s->experts_used))
		fail(2, "experts-used lies between 1 and experts", "");
	check_blocks("embd", s->embd, job->type);
	check_blocks("embd", s->embd, job->output_type);
	check_blocks("ff", s->ff, job->type);
}

int main(int argc, char **argv)
{
	struct job job = {.shape = presets[0], .type = GGUF_Q4_0, .seed = 1};

	parse(&job, argc, argv);
	check(&job);
	write_model(&job);
	return 0;
}
