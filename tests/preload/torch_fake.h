/* torch_fake.h: a library with the names of PyTorch 2.x, and what its arguments look like.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The tensors are nothing like those of any release: an array far into the
 * object, the type before it.
 */
#ifndef TESTS_PRELOAD_TORCH_FAKE_H
#define TESTS_PRELOAD_TORCH_FAKE_H

#include <stdint.h>

enum { FAKE_INSIDE = 4, FAKE_MOST = 8 };

struct fake_object {
	uint64_t head[5];
	uint16_t type, unused[3];
	void *storage;
	int64_t n;
	union {
		int64_t inside[FAKE_INSIDE];
		int64_t *outside; /* sizes, then strides */
	} sizes;
	int64_t strides[FAKE_INSIDE];
	uint64_t tail[8];
	int64_t memory[2 * FAKE_MOST];
};

typedef struct fake_object *tensor; /* at::Tensor */

struct optional_tensor {
	tensor value;
	uint8_t is;
};

struct optional_double {
	double value;
	uint8_t is;
};

struct array {
	const int64_t *data;
	uint64_t n;
};

/* at::_ops::NAME::call, the results through hidden pointers. */
void *fake_linear(tensor *result, const tensor *input, const tensor *weight,
                  const struct optional_tensor *bias) __asm__("_ZN2at4_ops6linear4callERKNS_6TensorES4_"
                                                              "RKSt8optionalIS2_E");
void *fake_conv2d(tensor *result, const tensor *input, const tensor *weight,
                  const struct optional_tensor *bias, struct array stride, struct array padding,
                  struct array dilation,
                  const int64_t *groups) __asm__("_ZN2at4_ops6conv2d4callERKNS_6TensorES4_RKSt8optionalIS2_"
                                                 "EN3c108ArrayRefINS9_6SymIntEEESC_"
                                                 "SC_SB_");
void *fake_attention(tensor *result, const tensor *query, const tensor *key, const tensor *value,
                     const struct optional_tensor *mask, double dropout, int causal,
                     struct optional_double scale,
                     int grouped) __asm__("_ZN2at4_ops28scaled_dot_product_attention4callERKNS_6TensorES4_S4_"
                                          "RKSt8optionalIS2_"
                                          "EdbS5_IdEb");
tensor *fake_relu(tensor *self) __asm__("_ZN2at4_ops5relu_4callERNS_6TensorE");

tensor fake_make(int type, int64_t n, const int64_t *sizes);

#endif
