/* gguf_write.h: the GGUF file format, version 3, as much as a model file needs.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A file is a header, key-value pairs, descriptions of tensors, and the
 * tensors' data, each aligned to 32 bytes. Everything is little-endian. The
 * format's specification is docs/gguf.md in the ggml repository.
 */
#ifndef GGUF_WRITE_H
#define GGUF_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define GGUF_ALIGNMENT 32u
#define GGUF_MAX_DIMS  4

/* The formats of weights that this generator writes, with the numbers that
 * files use for them. */
enum gguf_type { GGUF_F32 = 0, GGUF_F16 = 1, GGUF_Q4_0 = 2, GGUF_Q8_0 = 8, GGUF_Q4_K = 12, GGUF_Q6_K = 14 };

struct gguf_tensor {
	char name[64];
	enum gguf_type type;
	unsigned n_dims;
	uint64_t dims[GGUF_MAX_DIMS]; /* innermost first, as files have them */
	bool is_norm;                 /* weights near 1 instead of near 0 */
};

/* Elements in one block of a type, and its bytes. */
unsigned gguf_block_elements(enum gguf_type type);
unsigned gguf_block_bytes(enum gguf_type type);

/* The type of that name (any case), or -1. */
int gguf_type_of(const char *name);
const char *gguf_type_name(enum gguf_type type);

uint64_t gguf_tensor_elements(const struct gguf_tensor *t);
uint64_t gguf_tensor_bytes(const struct gguf_tensor *t);

/* All functions below write to f; errors are left for ferror(). */
void gguf_put_header(FILE *f, uint64_t tensors, uint64_t pairs);
void gguf_put_u32(FILE *f, const char *key, uint32_t value);
void gguf_put_f32(FILE *f, const char *key, float value);
void gguf_put_bool(FILE *f, const char *key, bool value);
void gguf_put_string(FILE *f, const char *key, const char *value);

/* The three arrays of a `llama` vocabulary of n tokens: 3 control tokens, 256
 * byte tokens, and made-up words. n is at least GGUF_MIN_VOCAB. */
#define GGUF_MIN_VOCAB 259u
void gguf_put_vocabulary(FILE *f, unsigned n);

/* Descriptions of all n tensors, then padding up to where data begins. */
void gguf_put_tensors(FILE *f, const struct gguf_tensor *tensors, size_t n);

/* Zeros up to the next multiple of the alignment. */
void gguf_put_padding(FILE *f);

#endif
