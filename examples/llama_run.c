/* llama_run: run a model on prebuilt, unmodified llama.cpp libraries.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The smallest program that is still a real inference host: it opens the
 * libraries, loads a model, feeds a prompt and decodes greedily. There is
 * nothing of the profiler in it. Standard output has the token ids only, so
 * that two runs can be compared; --stats puts the speeds on standard error.
 *
 *     llama_run --threads 2 --prompt "Once" --predict 16 --stats model.gguf
 */
#include "llama_api.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PROGRAM        "llama_run"
#define DEFAULT_FOLDER ".deps/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64"
#define FIRST_WORD     3 /* the control tokens of a llama vocabulary are below */
#define MAX_PARALLEL   64

struct options {
	const char *folder, *model, *prompt;
	int prompt_tokens, predict, threads, ctx, parallel;
	int flash_attn; /* as in llama_context_params */
	bool stats, log;
};

/* One context with its prompt and what it generated. */
struct session {
	const struct llama_api *api;
	const struct options *o;
	struct llama_model *model;
	const struct llama_vocab *vocab;
	int32_t *prompt, *generated;
	int n_prompt;
	double prefill_s, decode_s;
	char error[256];
};

static _Noreturn void fail(int status, const char *sentence, const char *detail)
{
	fprintf(stderr, PROGRAM ": error: %s%s\n", sentence, detail);
	exit(status);
}

static void *allocate(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		fail(1, "out of memory", "");
	return p;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- generating ---- */

static int32_t best_token(const float *logits, int n)
{
	int best = 0;

	for (int i = 1; i < n; i++)
		if (logits[i] > logits[best])
			best = i;
	return best;
}

static struct llama_context *context_new(struct session *s)
{
	struct llama_context_params p = s->api->llama_context_default_params();
	struct llama_context *ctx;

	p.n_ctx = (uint32_t)(s->o->ctx ? s->o->ctx : s->n_prompt + s->o->predict);
	p.n_threads = p.n_threads_batch = s->o->threads;
	p.flash_attn_type = s->o->flash_attn;
	ctx = s->api->llama_init_from_model(s->model, p);
	if (!ctx) {
		snprintf(s->error, sizeof(s->error), "the library could not make a context of %u tokens",
		         p.n_ctx);
	} else if (s->api->llama_n_ctx(ctx) < p.n_ctx || s->api->llama_n_threads(ctx) != p.n_threads
	           || s->api->llama_n_threads_batch(ctx) != p.n_threads) {
		snprintf(s->error, sizeof(s->error), "the library took other parameters than it was given");
		s->api->llama_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

/* The prompt, in pieces of at most one batch. */
static int prefill(struct session *s, struct llama_context *ctx)
{
	int piece = (int)s->api->llama_context_default_params().n_batch;

	for (int at = 0; at < s->n_prompt; at += piece) {
		int n = s->n_prompt - at < piece ? s->n_prompt - at : piece;

		if (s->api->llama_decode(ctx, s->api->llama_batch_get_one(s->prompt + at, n)) != 0)
			return -1;
	}
	return 0;
}

static int generate(struct session *s, struct llama_context *ctx)
{
	int n_vocab = s->api->llama_vocab_n_tokens(s->vocab);
	double start = seconds();

	if (prefill(s, ctx) != 0)
		return -1;
	s->prefill_s = seconds() - start;
	start += s->prefill_s;
	for (int i = 0; i < s->o->predict; i++) {
		const float *logits = s->api->llama_get_logits_ith(ctx, -1);

		if (!logits)
			return -1;
		s->generated[i] = best_token(logits, n_vocab);
		if (i + 1 < s->o->predict
		    && s->api->llama_decode(ctx, s->api->llama_batch_get_one(&s->generated[i], 1)) != 0)
			return -1;
	}
	s->decode_s = seconds() - start;
	return 0;
}

static void *session_main(void *argument)
{
	struct session *s = argument;
	struct llama_context *ctx = context_new(s);

	if (!ctx)
		return NULL;
	if (generate(s, ctx) != 0)
		snprintf(s->error, sizeof(s->error), "decoding failed; does the prompt fit into --ctx?");
	s->api->llama_free(ctx);
	return NULL;
}

/* ---- prompts and results ---- */

static void make_prompt(struct session *s)
{
	const char *text = s->o->prompt;
	int n_vocab = s->api->llama_vocab_n_tokens(s->vocab);
	int room = text ? 3 * (int)strlen(text) + 8 : s->o->prompt_tokens; /* a space takes three bytes */

	s->prompt = allocate((size_t)room, sizeof(*s->prompt));
	s->generated = allocate((size_t)s->o->predict + 1, sizeof(*s->generated));
	if (text) {
		s->n_prompt = s->api->llama_tokenize(s->vocab, text, (int32_t)strlen(text), s->prompt, room,
		                                     true, false);
		if (s->n_prompt <= 0)
			fail(1, "the prompt has no tokens", "");
		return;
	}
	for (s->n_prompt = 0; s->n_prompt < room; s->n_prompt++)
		s->prompt[s->n_prompt] = FIRST_WORD + s->n_prompt * 7 % (n_vocab - FIRST_WORD);
}

static void report(const struct session *s)
{
	int decoded = s->o->predict - 1;

	for (int i = 0; i < s->o->predict; i++)
		printf("%s%d", i ? " " : "", s->generated[i]);
	putchar('\n');
	if (s->o->stats)
		fprintf(stderr,
		        PROGRAM
		        ": prefill %d tokens %.3f s %.2f tokens/s, decode %d tokens %.3f s %.2f tokens/s\n",
		        s->n_prompt, s->prefill_s, s->n_prompt / s->prefill_s, decoded > 0 ? decoded : 0,
		        s->decode_s, decoded > 0 ? decoded / s->decode_s : 0.0);
}

static void run_sessions(const struct llama_api *api, const struct options *o, struct llama_model *model)
{
	struct session *all = allocate((size_t)o->parallel, sizeof(*all));
	pthread_t threads[MAX_PARALLEL];

	for (int i = 0; i < o->parallel; i++) {
		all[i] = (struct session){.api = api, .o = o, .model = model};
		all[i].vocab = api->llama_model_get_vocab(model);
		make_prompt(&all[i]);
	}
	for (int i = 1; i < o->parallel; i++)
		if (pthread_create(&threads[i], NULL, session_main, &all[i]) != 0)
			fail(1, "cannot start a thread", "");
	session_main(&all[0]);
	for (int i = 0; i < o->parallel; i++) {
		if (i > 0)
			pthread_join(threads[i], NULL);
		if (all[i].error[0])
			fail(1, all[i].error, "");
		report(&all[i]);
		free(all[i].prompt);
		free(all[i].generated);
	}
	free(all);
}

/* ---- options ---- */

static void print_help(void)
{
	fputs("usage: " PROGRAM " [options] MODEL.gguf\n"
	      "Feed a prompt to a model and decode greedily; print the token ids.\n\n"
	      "  --lib-dir DIR         folder of the llama.cpp libraries (default: LLAMA_LIB_DIR, else\n"
	      "                        " DEFAULT_FOLDER ")\n"
	      "  --prompt TEXT         prompt\n"
	      "  --prompt-tokens N     or: so many tokens, whatever they mean (default 16)\n"
	      "  --predict N           tokens to generate (default 8); the first comes from the prompt\n"
	      "  --threads N           threads (default 1)\n"
	      "  --flash-attn on|off   fused attention (default off)\n"
	      "  --ctx N               context length (default: what is needed)\n"
	      "  --parallel N          so many contexts at the same time, each in a thread (default 1)\n"
	      "  --stats               tokens per second on standard error\n"
	      "  --log                 the library's own messages on standard error\n"
	      "  --help                this text\n",
	      stdout);
}

static int number_of(const char *option, const char *text, int least, int most)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(text, &end, 10);
	if (errno || end == text || *end || v < least || v > most) {
		fprintf(stderr, PROGRAM ": error: --%s takes a whole number from %d to %d, not '%s'\n",
		        option, least, most, text);
		exit(2);
	}
	return (int)v;
}

static int flash_attn_of(const char *text)
{
	if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
		fail(2, "--flash-attn takes on or off, not ", text);
	return text[1] == 'n';
}

static const struct option long_options[] = {
        {"lib-dir", required_argument, NULL, 'l'},
        {"prompt", required_argument, NULL, 'p'},
        {"prompt-tokens", required_argument, NULL, 'n'},
        {"predict", required_argument, NULL, 'g'},
        {"threads", required_argument, NULL, 't'},
        {"flash-attn", required_argument, NULL, 'f'},
        {"ctx", required_argument, NULL, 'c'},
        {"parallel", required_argument, NULL, 'x'},
        {"stats", no_argument, NULL, 's'},
        {"log", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
};

static void take_option(struct options *o, int option, const char *text)
{
	switch (option) {
	case 'l':
		o->folder = text;
		break;
	case 'p':
		o->prompt = text;
		break;
	case 'n':
		o->prompt_tokens = number_of("prompt-tokens", text, 1, 1 << 20);
		break;
	case 'g':
		o->predict = number_of("predict", text, 0, 1 << 20);
		break;
	case 't':
		o->threads = number_of("threads", text, 1, 512);
		break;
	case 'f':
		o->flash_attn = flash_attn_of(text);
		break;
	case 'c':
		o->ctx = number_of("ctx", text, 1, 1 << 20);
		break;
	case 'x':
		o->parallel = number_of("parallel", text, 1, MAX_PARALLEL);
		break;
	case 's':
		o->stats = true;
		break;
	case 'v':
		o->log = true;
		break;
	case 'h':
		print_help();
		exit(0);
	default:
		exit(2); /* getopt_long has said what is wrong */
	}
}

static void no_log(int level, const char *text, void *user)
{
	(void)level;
	(void)text;
	(void)user;
}

int main(int argc, char **argv)
{
	struct options o = {.folder = getenv("LLAMA_LIB_DIR"),
	                    .prompt_tokens = 16,
	                    .predict = 8,
	                    .threads = 1,
	                    .parallel = 1};
	struct llama_api api;
	struct llama_model *model;
	char error[512];
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		take_option(&o, option, optarg);
	if (optind + 1 != argc)
		fail(2, "one model file is needed; --help says more", "");
	o.model = argv[optind];
	if (!o.folder || !*o.folder)
		o.folder = DEFAULT_FOLDER;
	if (llama_api_open(&api, o.folder, error, sizeof(error)) != 0)
		fail(1, error, "");
	if (!o.log)
		api.llama_log_set(no_log, NULL);
	if (llama_api_load_backends(&api, o.folder, error, sizeof(error)) != 0)
		fail(1, error, "");
	api.llama_backend_init();
	model = api.llama_model_load_from_file(o.model, api.llama_model_default_params());
	if (!model)
		fail(1, "the library could not load the model ", o.model);
	run_sessions(&api, &o, model);
	api.llama_model_free(model);
	api.llama_backend_free();
	return 0;
}
