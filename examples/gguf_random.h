/* gguf_random.h: random weights, straight in the format of a model file.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef GGUF_RANDOM_H
#define GGUF_RANDOM_H

#include "gguf_write.h"

/* A tensor's data, written to f as a stream: values of mean 0 whose deviation
 * is one over the root of the row's length, so that a product of unit
 * activations has unit results again; norms lie around 1. The same seed and
 * name give the same bytes. Errors are left for ferror(f). */
void gguf_put_random(FILE *f, const struct gguf_tensor *t, uint64_t seed);

#endif
