/* gguf_write.c: writing the GGUF format.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "gguf_write.h"

#include <string.h>
#include <strings.h>

enum value_type {
	VALUE_U32 = 4,
	VALUE_I32 = 5,
	VALUE_F32 = 6,
	VALUE_BOOL = 7,
	VALUE_STRING = 8,
	VALUE_ARRAY = 9
};
enum token_type { TOKEN_NORMAL = 1, TOKEN_UNKNOWN = 2, TOKEN_CONTROL = 3, TOKEN_BYTE = 6 };

static const struct {
	enum gguf_type type;
	const char *name;
	unsigned elements, bytes;
} formats[] = {
        {GGUF_F32, "F32", 1, 4},     {GGUF_F16, "F16", 1, 2},       {GGUF_Q4_0, "Q4_0", 32, 18},
        {GGUF_Q8_0, "Q8_0", 32, 34}, {GGUF_Q4_K, "Q4_K", 256, 144}, {GGUF_Q6_K, "Q6_K", 256, 210},
};

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

static size_t format_of(enum gguf_type type)
{
	size_t i = 0;

	while (i + 1 < N_FORMATS && formats[i].type != type)
		i++;
	return i;
}

unsigned gguf_block_elements(enum gguf_type type)
{
	return formats[format_of(type)].elements;
}

unsigned gguf_block_bytes(enum gguf_type type)
{
	return formats[format_of(type)].bytes;
}

const char *gguf_type_name(enum gguf_type type)
{
	return formats[format_of(type)].name;
}

int gguf_type_of(const char *name)
{
	for (size_t i = 0; i < N_FORMATS; i++)
		if (strcasecmp(name, formats[i].name) == 0)
			return (int)formats[i].type;
	return -1;
}

uint64_t gguf_tensor_elements(const struct gguf_tensor *t)
{
	uint64_t n = 1;

	for (unsigned i = 0; i < t->n_dims; i++)
		n *= t->dims[i];
	return n;
}

uint64_t gguf_tensor_bytes(const struct gguf_tensor *t)
{
	return gguf_tensor_elements(t) / gguf_block_elements(t->type) * gguf_block_bytes(t->type);
}

static void put32(FILE *f, uint32_t v)
{
	fwrite(&v, sizeof(v), 1, f);
}

static void put64(FILE *f, uint64_t v)
{
	fwrite(&v, sizeof(v), 1, f);
}

static void put_text(FILE *f, const char *s)
{
	size_t n = strlen(s);

	put64(f, n);
	fwrite(s, 1, n, f);
}

static void put_key(FILE *f, const char *key, enum value_type type)
{
	put_text(f, key);
	put32(f, type);
}

void gguf_put_header(FILE *f, uint64_t tensors, uint64_t pairs)
{
	fwrite("GGUF", 1, 4, f);
	put32(f, 3);
	put64(f, tensors);
	put64(f, pairs);
}

void gguf_put_u32(FILE *f, const char *key, uint32_t value)
{
	put_key(f, key, VALUE_U32);
	put32(f, value);
}

void gguf_put_f32(FILE *f, const char *key, float value)
{
	put_key(f, key, VALUE_F32);
	fwrite(&value, sizeof(value), 1, f);
}

void gguf_put_bool(FILE *f, const char *key, bool value)
{
	put_key(f, key, VALUE_BOOL);
	fputc(value, f);
}

void gguf_put_string(FILE *f, const char *key, const char *value)
{
	put_key(f, key, VALUE_STRING);
	put_text(f, value);
}

static void put_array(FILE *f, const char *key, enum value_type type, uint64_t n)
{
	put_key(f, key, VALUE_ARRAY);
	put32(f, type);
	put64(f, n);
}

/* Words are the word-start mark and the token's number in letters: no two are
 * the same, and ordinary text falls back to byte tokens. */
static void token_text(unsigned id, char *text, size_t size)
{
	static const char *const control[] = {"<unk>", "<s>", "</s>"};
	char letters[8];
	size_t n = sizeof(letters) - 1;

	if (id < 3) {
		snprintf(text, size, "%s", control[id]);
		return;
	}
	if (id < GGUF_MIN_VOCAB) {
		snprintf(text, size, "<0x%02X>", id - 3);
		return;
	}
	letters[n] = '\0';
	for (unsigned rest = id; rest && n; rest /= 26)
		letters[--n] = (char)('a' + rest % 26);
	snprintf(text, size, "\xe2\x96\x81%s", letters + n);
}

static enum token_type token_type(unsigned id)
{
	if (id < 3)
		return id == 0 ? TOKEN_UNKNOWN : TOKEN_CONTROL;
	return id < GGUF_MIN_VOCAB ? TOKEN_BYTE : TOKEN_NORMAL;
}

void gguf_put_vocabulary(FILE *f, unsigned n)
{
	char text[32];

	put_array(f, "tokenizer.ggml.tokens", VALUE_STRING, n);
	for (unsigned i = 0; i < n; i++) {
		token_text(i, text, sizeof(text));
		put_text(f, text);
	}
	put_array(f, "tokenizer.ggml.scores", VALUE_F32, n);
	for (unsigned i = 0; i < n; i++) {
		float score = i < GGUF_MIN_VOCAB ? 0.0f : -(float)i;

		fwrite(&score, sizeof(score), 1, f);
	}
	put_array(f, "tokenizer.ggml.token_type", VALUE_I32, n);
	for (unsigned i = 0; i < n; i++)
		put32(f, token_type(i));
}

static uint64_t aligned(uint64_t bytes)
{
	return (bytes + GGUF_ALIGNMENT - 1) / GGUF_ALIGNMENT * GGUF_ALIGNMENT;
}

void gguf_put_padding(FILE *f)
{
	static const char zeros[GGUF_ALIGNMENT];
	off_t at = ftello(f);

	if (at > 0)
		fwrite(zeros, 1, aligned((uint64_t)at) - (uint64_t)at, f);
}

void gguf_put_tensors(FILE *f, const struct gguf_tensor *tensors, size_t n)
{
	uint64_t offset = 0;

	for (size_t i = 0; i < n; i++) {
		put_text(f, tensors[i].name);
		put32(f, tensors[i].n_dims);
		for (unsigned d = 0; d < tensors[i].n_dims; d++)
			put64(f, tensors[i].dims[d]);
		put32(f, tensors[i].type);
		put64(f, offset);
		offset += aligned(gguf_tensor_bytes(&tensors[i]));
	}
	gguf_put_padding(f);
}
