/* torch_fake.c: calls operators as a program with PyTorch 2.x does.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/preload/torch_fake.h"

#include <stdio.h>

enum { FLOAT16 = 5, FLOAT32 = 6, BFLOAT16 = 15 };

static tensor make(int type, int64_t a, int64_t b, int64_t c, int64_t d)
{
	const int64_t sizes[4] = {a, b, c, d};

	return fake_make(type, c ? 4 : b ? 2 : 1, sizes);
}

static void show(const char *what, tensor t)
{
	printf("%s %d:", what, t->type);
	for (int64_t i = 0; i < t->n && t->n <= FAKE_INSIDE; i++)
		printf(" %lld", (long long)t->sizes.inside[i]);
	printf(" of %lld\n", (long long)t->n);
}

int main(void)
{
	const int64_t many[6] = {2, 1, 3, 1, 2, 5}, stride[2] = {2, 1}, padding[2] = {1, 0},
	              dilation[2] = {1, 1}, groups = 2;
	tensor x = make(BFLOAT16, 4, 8, 0, 0), w = make(BFLOAT16, 6, 8, 0, 0), b = make(BFLOAT16, 6, 0, 0, 0);
	tensor image = make(FLOAT32, 1, 4, 9, 8), kernel = make(FLOAT32, 10, 2, 3, 3);
	tensor q = make(FLOAT16, 1, 8, 3, 16), kv = make(FLOAT16, 1, 2, 7, 16);
	tensor large = fake_make(FLOAT32, 6, many), y = NULL;
	struct optional_tensor bias = {b, 1}, none = {NULL, 0};
	struct optional_double half = {0.5, 1};

	fake_linear(&y, &x, &w, &bias);
	show("linear", y);
	fake_conv2d(&y, &image, &kernel, &none, (struct array){stride, 2}, (struct array){padding, 2},
	            (struct array){dilation, 2}, &groups);
	show("conv2d", y);
	fake_attention(&y, &q, &kv, &kv, &none, 0, 1, half, 1);
	show("attention", y);
	show("relu", *fake_relu(&large));
	return 0;
}
