/* llama_api.h: as much of llama.cpp's C interface as llama_run needs.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The libraries are opened when the program runs, so there is nothing to build
 * against. Two structs are passed by value, and their layout changes between
 * releases: llama_api_open() refuses libraries of another release, and checks
 * the defaults the library fills in against what this release is known to have.
 */
#ifndef LLAMA_API_H
#define LLAMA_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct llama_model;
struct llama_context;
struct llama_vocab;

/* Not looked into: returned by the library and handed back as it is. */
struct llama_model_params {
	uint64_t opaque[32];
};

/* The start is that of release 0.5; the rest is handed back as it is. */
struct llama_context_params {
	uint32_t n_ctx, n_batch, n_ubatch, n_seq_max;
	uint32_t opaque_counts[3];
	int32_t n_threads, n_threads_batch;
	int32_t context_type, rope_scaling_type, pooling_type, attention_type;
	int32_t flash_attn_type; /* -1 auto, 0 off, 1 on */
	uint64_t opaque[32];
};

struct llama_batch {
	int32_t n_tokens;
	int32_t *token;
	float *embd;
	int32_t *pos, *n_seq_id;
	int32_t **seq_id;
	int8_t *logits;
};

/* LLAMA_API_FUNCTION(result, name, arguments) */
#define LLAMA_API_FUNCTIONS(X)                                                                               \
	X(const char *, llama_version, (void))                                                               \
	X(void, ggml_backend_load_all_from_path, (const char *))                                             \
	X(size_t, ggml_backend_dev_count, (void))                                                            \
	X(void, llama_backend_init, (void))                                                                  \
	X(void, llama_backend_free, (void))                                                                  \
	X(void, llama_log_set, (void (*)(int, const char *, void *), void *))                                \
	X(struct llama_model_params, llama_model_default_params, (void))                                     \
	X(struct llama_context_params, llama_context_default_params, (void))                                 \
	X(struct llama_model *, llama_model_load_from_file, (const char *, struct llama_model_params))       \
	X(void, llama_model_free, (struct llama_model *))                                                    \
	X(const struct llama_vocab *, llama_model_get_vocab, (const struct llama_model *))                   \
	X(int32_t, llama_vocab_n_tokens, (const struct llama_vocab *))                                       \
	X(int32_t, llama_tokenize,                                                                           \
	  (const struct llama_vocab *, const char *, int32_t, int32_t *, int32_t, bool, bool))               \
	X(struct llama_context *, llama_init_from_model,                                                     \
	  (struct llama_model *, struct llama_context_params))                                               \
	X(void, llama_free, (struct llama_context *))                                                        \
	X(uint32_t, llama_n_ctx, (const struct llama_context *))                                             \
	X(int32_t, llama_n_threads, (struct llama_context *))                                                \
	X(int32_t, llama_n_threads_batch, (struct llama_context *))                                          \
	X(struct llama_batch, llama_batch_get_one, (int32_t *, int32_t))                                     \
	X(int32_t, llama_decode, (struct llama_context *, struct llama_batch))                               \
	X(float *, llama_get_logits_ith, (struct llama_context *, int32_t))

struct llama_api {
#define LLAMA_API_MEMBER(result, name, arguments) result(*name) arguments;
	LLAMA_API_FUNCTIONS(LLAMA_API_MEMBER)
#undef LLAMA_API_MEMBER
	void *library;
};

/* Open the library in `folder`. On trouble returns -1 with a sentence in
 * error[size]. */
int llama_api_open(struct llama_api *api, const char *folder, char *error, size_t size);

/* Load the compute library in `folder` that suits this CPU; errors as above. */
int llama_api_load_backends(struct llama_api *api, const char *folder, char *error, size_t size);

#endif
