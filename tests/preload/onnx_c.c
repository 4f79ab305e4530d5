/* onnx_c.c: a program on ONNX Runtime's C interface, in all ways to run a session.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * usage: onnx_c DEPS MODEL [handle | shared | switched]
 * The model is examples/onnx_transformer.py's of 3 layers, 96 wide, 4 heads. Runs of
 * five tokens: 1 without options, 3 with, 20 on each of two threads that share the
 * session, 2 by a binding with two tokens in the cache, 1 that the program profiles
 * itself. With `handle` the library is asked for its function by dlsym(). With `shared`
 * nothing but 20 runs on each of two threads that share the options as well; with
 * `switched` 8 with the same options, and how many files of profiles lie about then.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct base {
	void *const *(*get_api)(uint32_t version);
	const char *(*version)(void);
};
const void *onnx_base(void);

enum { TOKENS = 5, PAST = 2, VOCAB = 128, INPUTS = 8, HEADS = 4, SIZE = 24 };

static void *const *api;
static void *session, *options;
static const char *const names[INPUTS] = {"ids",      "mask",     "past_k.0", "past_v.0",
                                          "past_k.1", "past_v.1", "past_k.2", "past_v.2"};
static void *inputs[INPUTS];
static const char *const logits = "logits";

static void check(void *status)
{
	if (!status)
		return;
	fprintf(stderr, "onnx_c: %s\n", ((const char *(*)(void *))api[2])(status));
	exit(1);
}

static void *tensor(void *data, size_t bytes, int type, const int64_t *dims, size_t n)
{
	void *memory, *value;

	check(((void *(*)(int, int, void **))api[69])(0, 0, &memory));
	check(((void *(*)(void *, void *, size_t, const int64_t *, size_t, int, void **))api[49])(
	        memory, data, bytes, dims, n, type, &value));
	return value;
}

static void make_inputs(void)
{
	static int64_t ids[TOKENS] = {3, 1, 4, 1, 5};
	static float mask[TOKENS * TOKENS], nothing[1];
	const int64_t ids_dims[] = {1, TOKENS}, mask_dims[] = {1, 1, TOKENS, TOKENS},
	              past_dims[] = {1, HEADS, 0, SIZE};

	inputs[0] = tensor(ids, sizeof(ids), 7, ids_dims, 2);
	inputs[1] = tensor(mask, sizeof(mask), 1, mask_dims, 4);
	for (int i = 2; i < INPUTS; i++)
		inputs[i] = tensor(nothing, 0, 1, past_dims, 4);
}

static unsigned most_likely(void *value)
{
	unsigned best = 0;
	float *p;

	check(((void *(*)(void *, void **))api[51])(value, (void **)(void *)&p));
	for (unsigned i = 0; i < TOKENS * VOCAB; i++)
		best = p[i] > p[best] ? i : best;
	return best;
}

static unsigned run(void *with)
{
	void *output = NULL;
	unsigned best;

	check(((void *(*)(void *, void *, const char *const *, void *const *, size_t, const char *const *,
	                  size_t, void **))api[9])(session, with, names, inputs, INPUTS, &logits, 1,
	                                           &output));
	best = most_likely(output);
	((void (*)(void *))api[96])(output);
	return best;
}

struct often {
	pthread_t thread;
	void *options;
	unsigned sum;
};

static void *run_often(void *arg)
{
	struct often *o = arg;

	for (int i = 0; i < 20; i++)
		o->sum += run(o->options);
	return NULL;
}

static void *new_options(void)
{
	void *made;

	check(((void *(*)(void **))api[39])(&made));
	return made;
}

static void run_on_threads(void *shared)
{
	struct often o[2] = {{.sum = 0}};

	for (int i = 0; i < 2; i++) {
		o[i].options = shared ? shared : new_options();
		pthread_create(&o[i].thread, NULL, run_often, &o[i]);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(o[i].thread, NULL);
		printf("thread: %u\n", o[i].sum);
		if (!shared)
			((void (*)(void *))api[97])(o[i].options);
	}
}

static void run_bound(void)
{
	void *binding, *output = NULL;
	float scores[TOKENS * VOCAB] = {0};
	static float past[HEADS * PAST * SIZE], mask[TOKENS * (PAST + TOKENS)];
	const int64_t dims[] = {1, TOKENS, VOCAB}, past_dims[] = {1, HEADS, PAST, SIZE},
	              mask_dims[] = {1, 1, TOKENS, PAST + TOKENS};

	inputs[1] = tensor(mask, sizeof(mask), 1, mask_dims, 4);
	for (int i = 2; i < INPUTS; i++)
		inputs[i] = tensor(past, sizeof(past), 1, past_dims, 4);
	output = tensor(scores, sizeof(scores), 1, dims, 3);
	check(((void *(*)(void *, void **))api[134])(session, &binding));
	for (int i = 0; i < INPUTS; i++)
		check(((void *(*)(void *, const char *, void *))api[136])(binding, names[i], inputs[i]));
	check(((void *(*)(void *, const char *, void *))api[137])(binding, logits, output));
	for (int i = 0; i < 2; i++) {
		check(((void *(*)(void *, void *, void *))api[133])(session, NULL, binding));
		printf("bound: %u\n", most_likely(output));
	}
	((void (*)(void *))api[135])(binding);
}

static unsigned remove_files(const char *path, const char *prefix)
{
	DIR *folder = opendir(path);
	struct dirent *e;
	unsigned n = 0;

	while (folder && (e = readdir(folder)))
		n += strncmp(e->d_name, prefix, strlen(prefix)) == 0
		     && unlinkat(dirfd(folder), e->d_name, 0) == 0;
	if (folder)
		closedir(folder);
	return n;
}

static void run_switched(void)
{
	char path[64];
	unsigned n = 0;

	for (int i = 0; i < 8; i++)
		printf("options: %u\n", run(options));
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/dev/shm/prof-run-%d-%d", (int)getpid(), i);
		n += remove_files(path, "");
	}
	printf("left: %u\n", n);
}

static void run_all_ways(void)
{
	void *mine = new_options();

	printf("no options: %u\n", run(NULL));
	for (int i = 0; i < 3; i++)
		printf("options: %u\n", run(options));
	run_on_threads(NULL);
	run_bound();
	check(((void *(*)(void *, const char *))api[415])(mine, "onnx_c_mine"));
	printf("profiled: %u\n", run(mine));
	check(((void *(*)(void *))api[416])(mine));
	printf("profiles: %u\n", remove_files(".", "onnx_c_mine"));
	((void (*)(void *))api[97])(mine);
}

int main(int argc, char **argv)
{
	char path[4096];
	void *env, *setup, *library;
	const void *(*get_base)(void);
	int by_handle;

	snprintf(path, sizeof(path),
	         "%s/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1",
	         argc > 2 ? argv[1] : "");
	by_handle = argc > 3 && strcmp(argv[3], "handle") == 0;
	library = dlopen(path, RTLD_NOW | (by_handle ? RTLD_LOCAL : RTLD_GLOBAL));
	get_base = by_handle && library ? (const void *(*)(void))dlsym(library, "OrtGetApiBase") : onnx_base;
	if (!library || !get_base) {
		fprintf(stderr, "onnx_c: %s\n", dlerror());
		return 1;
	}
	api = ((const struct base *)get_base())->get_api(25);
	check(((void *(*)(int, const char *, void **))api[3])(3, "onnx_c", &env));
	check(((void *(*)(void **))api[10])(&setup));
	check(((void *(*)(void *, int))api[24])(setup, 1));
	check(((void *(*)(void *, const char *, void *, void **))api[7])(env, argv[2], setup, &session));
	options = new_options();
	make_inputs();
	if (argc > 3 && strcmp(argv[3], "shared") == 0)
		run_on_threads(options);
	else if (argc > 3 && !by_handle)
		run_switched();
	else
		run_all_ways();
	((void (*)(void *))api[97])(options);
	((void (*)(void *))api[95])(session);
	return 0;
}
