/* routed.c: products of experts with ggml, whose rows go where the test says.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * usage: routed BASE_LIBRARY CPU_LIBRARY THREADS
 * One graph is computed four times, with indices that name 2, 5, 5 and 8 of
 * eight experts for four rows of two; it prints the sum of each result.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WIDTH = 64,
	HEIGHT = 32,
	EXPERTS = 8,
	USED = 2,
	TOKENS = 4,
	TYPE_F32 = 0,
	TYPE_I32 = 26,
	STATUS_SUCCESS = 0
};

/* As ggml's own header has it. */
struct init_params {
	size_t mem_size;
	void *mem_buffer;
	bool no_alloc;
};

static void *base, *cpu;

static void *symbol(void *from, const char *name)
{
	void *found = dlsym(from, name);

	if (!found) {
		fprintf(stderr, "routed: error: %s\n", dlerror());
		exit(1);
	}
	return found;
}

#define CALL(from, result, name, ...) ((result(*)(__VA_ARGS__))symbol(from, name))

static float *floats_of(void *tensor)
{
	return CALL(base, float *, "ggml_get_data_f32", void *)(tensor);
}

static void fill(void *tensor, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		floats_of(tensor)[i] = (float)(i % 7) - 3;
}

int main(int argc, char **argv)
{
	static const int32_t routes[][TOKENS * USED] = {{1, 5, 1, 5, 5, 1, 1, 5},
	                                                {0, 1, 2, 3, 4, 0, 1, 2},
	                                                {7, 1, 2, 3, 4, 7, 1, 2},
	                                                {0, 1, 2, 3, 4, 5, 6, 7}};
	const struct init_params params = {.mem_size = 1 << 24};
	void *ctx, *weight, *input, *ids, *result, *graph;

	base = argc == 4 ? dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL) : NULL;
	cpu = base ? dlopen(argv[2], RTLD_NOW | RTLD_GLOBAL) : NULL;
	if (!cpu) {
		fprintf(stderr, "routed: error: %s\n", argc == 4 ? dlerror() : "three arguments are needed");
		return 1;
	}
	CALL(cpu, void, "ggml_cpu_init", void)();
	ctx = CALL(base, void *, "ggml_init", struct init_params)(params);
	weight = CALL(base, void *, "ggml_new_tensor_3d", void *, int, int64_t, int64_t,
	              int64_t)(ctx, TYPE_F32, WIDTH, HEIGHT, EXPERTS);
	input = CALL(base, void *, "ggml_new_tensor_3d", void *, int, int64_t, int64_t,
	             int64_t)(ctx, TYPE_F32, WIDTH, 1, TOKENS);
	ids = CALL(base, void *, "ggml_new_tensor_2d", void *, int, int64_t, int64_t)(ctx, TYPE_I32, USED,
	                                                                              TOKENS);
	result = CALL(base, void *, "ggml_mul_mat_id", void *, void *, void *, void *)(ctx, weight, input,
	                                                                               ids);
	graph = CALL(base, void *, "ggml_new_graph", void *)(ctx);
	CALL(base, void, "ggml_build_forward_expand", void *, void *)(graph, result);
	fill(weight, WIDTH * HEIGHT * EXPERTS);
	fill(input, WIDTH * TOKENS);
	for (unsigned run = 0; run < sizeof routes / sizeof *routes; run++) {
		double sum = 0;

		memcpy(CALL(base, void *, "ggml_get_data", void *)(ids), routes[run], sizeof routes[run]);
		if (CALL(cpu, int, "ggml_graph_compute_with_ctx", void *, void *, int)(ctx, graph,
		                                                                       atoi(argv[3]))
		    != STATUS_SUCCESS)
			return 1;
		for (unsigned i = 0; i < HEIGHT * USED * TOKENS; i++)
			sum += floats_of(result)[i];
		printf("%g\n", sum);
	}
	return 0;
}
