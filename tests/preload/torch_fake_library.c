/* torch_fake_library.c: operators that compute nothing but the shape of their result.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * FAKE_SAMPLES: with the functions that samples are made with. FAKE_INTERFACE: with
 * those of the C interface. Otherwise with neither.
 */
#include "tests/preload/torch_fake.h"

#include <stdlib.h>
#include <string.h>

static tensor make_strided(int type, const int64_t *sizes, const int64_t *strides, int64_t n)
{
	tensor t = calloc(1, sizeof(*t));
	int64_t *where = n > FAKE_INSIDE ? t->memory : t->sizes.inside;

	t->type = (uint16_t)type;
	t->n = n;
	t->storage = malloc(16);
	memcpy(where, sizes, (size_t)n * sizeof(*sizes));
	memcpy(n > FAKE_INSIDE ? where + n : t->strides, strides, (size_t)n * sizeof(*strides));
	if (n > FAKE_INSIDE)
		t->sizes.outside = where;
	return t;
}

tensor fake_make(int type, int64_t n, const int64_t *sizes)
{
	int64_t strides[FAKE_MOST], stride = 1;

	for (int64_t i = n; i-- > 0; stride *= sizes[i])
		strides[i] = stride;
	return make_strided(type, sizes, strides, n);
}

void *fake_linear(tensor *result, const tensor *input, const tensor *weight,
                  const struct optional_tensor *bias)
{
	const int64_t sizes[2] = {(*input)->sizes.inside[0],
	                          (bias->is ? bias->value : *weight)->sizes.inside[0]};

	*result = fake_make((*input)->type, 2, sizes);
	return result;
}

void *fake_conv2d(tensor *result, const tensor *input, const tensor *weight,
                  const struct optional_tensor *bias, struct array stride, struct array padding,
                  struct array dilation, const int64_t *groups)
{
	int64_t sizes[4];

	memcpy(sizes, (*input)->sizes.inside, sizeof(sizes));
	sizes[1] = (*weight)->sizes.inside[0];
	for (int i = 2; i < 4; i++)
		sizes[i] = (sizes[i] + 2 * padding.data[i - 2]
		            - dilation.data[i - 2] * ((*weight)->sizes.inside[i] - 1) - 1)
		                   / stride.data[i - 2]
		           + 1;
	*result = fake_make(bias->is || *groups == 1 ? 6 : (*input)->type, 4, sizes);
	return result;
}

void *fake_attention(tensor *result, const tensor *query, const tensor *key, const tensor *value,
                     const struct optional_tensor *mask, double dropout, int causal,
                     struct optional_double scale, int grouped)
{
	*result = dropout == 0 && scale.is && scale.value == 0.5 && grouped == 1 && mask->is == 0 && causal
	                  ? fake_make((*query)->type, 4, (*query)->sizes.inside)
	                  : *key;
	return (*value)->n == 4 ? result : NULL;
}

tensor *fake_relu(tensor *self)
{
	return self;
}

#ifdef FAKE_SAMPLES
void *empty_strided_cpu(
        tensor *result, const int64_t *sizes, uint64_t n, const int64_t *strides, uint64_t m, int type,
        int pinned) __asm__("_ZN2at6detail17empty_strided_cpuEN3c108ArrayRefIlEES3_NS1_10ScalarTypeEb");
void *alias(tensor *result, const tensor *of) __asm__("_ZN2at6native5aliasERKNS_6TensorE");

void *empty_strided_cpu(tensor *result, const int64_t *sizes, uint64_t n, const int64_t *strides, uint64_t m,
                        int type, int pinned)
{
	*result = m == n && !pinned ? make_strided(type, sizes, strides, (int64_t)n) : NULL;
	return result;
}

void *alias(tensor *result, const tensor *of)
{
	*result = malloc(sizeof(**of));
	memcpy(*result, *of, sizeof(**of));
	return result;
}
#endif

#ifdef FAKE_INTERFACE
int aoti_torch_get_dim(const tensor *t, int64_t *n)
{
	*n = (*t)->n;
	return 0;
}

int aoti_torch_get_sizes(const tensor *t, const int64_t **sizes)
{
	*sizes = (*t)->n > FAKE_INSIDE ? (*t)->sizes.outside : (*t)->sizes.inside;
	return 0;
}

int aoti_torch_get_strides(const tensor *t, const int64_t **strides)
{
	*strides = (*t)->n > FAKE_INSIDE ? (*t)->sizes.outside + (*t)->n : (*t)->strides;
	return 0;
}

int aoti_torch_get_dtype(const tensor *t, int32_t *type)
{
	*type = (*t)->type;
	return 0;
}
#endif
