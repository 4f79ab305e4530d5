/* gguf_random.c: random weights, straight in the format of a model file.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A quantized block is a scale or two and many small integers. Random bytes
 * are good integers; the scale is chosen from the deviation that uniformly
 * random integers have. Nothing is quantized, so a gigabyte takes a second.
 */
#include "gguf_random.h"

#include <math.h>
#include <string.h>

#define BUFFER_BYTES (1u << 20)

/* Standard deviations of the numbers that the scale multiplies:
 * Q4_0: uniform over -8..7. Q8_0: over -128..127. Q6_K: uniform over -32..31
 * times a uniform signed byte. Q4_K: scale (6 bits) times quant (4 bits) less
 * 7.5 times another 6 bits: sqrt(E[s^2]E[q^2] - (E[s]E[q])^2 + 7.5^2 Var[m]). */
#define Q4_0_DEVIATION 4.61f
#define Q8_0_DEVIATION 73.9f
#define Q6_K_DEVIATION 1365.0f
#define Q4_K_DEVIATION 258.0f
#define Q4_K_MIN_RATIO 7.5f

/* SplitMix64 (Steele, Lea, Flood 2014): one addition and a mix a word. */
static uint64_t next_word(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void fill_words(uint8_t *p, size_t bytes, uint64_t *state)
{
	for (; bytes >= 8; bytes -= 8, p += 8) {
		uint64_t w = next_word(state);

		memcpy(p, &w, 8);
	}
	if (bytes) {
		uint64_t w = next_word(state);

		memcpy(p, &w, bytes);
	}
}

/* FNV-1a of the name, so that no two tensors are alike. */
static uint64_t seed_of(const char *name, uint64_t seed)
{
	uint64_t h = 0xcbf29ce484222325u ^ seed;

	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * 0x100000001b3u;
	return h;
}

/* IEEE half precision of a finite value below 65504, rounded to nearest. */
static uint16_t half_of(float value)
{
	uint16_t sign = value < 0 ? 0x8000u : 0;
	float a = fabsf(value);
	int exponent;
	float mantissa = frexpf(a, &exponent); /* a = mantissa 2^exponent, 0.5 <= mantissa < 1 */

	if (a < 0x1p-14f) /* subnormal: multiples of 2^-24 */
		return (uint16_t)(sign | (uint16_t)lrintf(a * 0x1p24f));
	return (uint16_t)(sign + ((unsigned)(exponent + 14) << 10)
	                  + (unsigned)lrintf((mantissa - 0.5f) * 2048.0f));
}

/* Uniform in -1..1. */
static float uniform(uint32_t bits)
{
	return (float)(int32_t)bits * 0x1p-31f;
}

static void fill_f32(uint8_t *p, size_t bytes, const struct gguf_tensor *t, uint64_t *state)
{
	float scale = t->is_norm ? 0.1f : sqrtf(3.0f / (float)t->dims[0]);
	float base = t->is_norm ? 1.0f : 0.0f;

	for (size_t at = 0; at < bytes; at += 8) {
		uint64_t w = next_word(state);
		float v[2] = {base + scale * uniform((uint32_t)w),
		              base + scale * uniform((uint32_t)(w >> 32))};

		memcpy(p + at, v, bytes - at < 8 ? bytes - at : 8);
	}
}

/* Halves of one binade (2^e to 2^(e+1)) with a random sign: exponent bits are
 * set and the rest is random, which needs no conversion. */
static void fill_f16(uint8_t *p, size_t bytes, const struct gguf_tensor *t, uint64_t *state)
{
	float deviation = 1.0f / sqrtf((float)t->dims[0]);
	uint64_t exponent = half_of(deviation / 1.53f) & 0x7c00u; /* 1.53: deviation of 1..2 with a sign */
	uint64_t keep = 0x83ff83ff83ff83ffu, set = exponent * 0x0001000100010001u;

	fill_words(p, bytes, state);
	for (size_t at = 0; at + 8 <= bytes; at += 8) {
		uint64_t w;

		memcpy(&w, p + at, 8);
		w = (w & keep) | set;
		memcpy(p + at, &w, 8);
	}
	for (size_t at = bytes / 8 * 8; at + 2 <= bytes; at += 2) {
		p[at + 1] = (uint8_t)((p[at + 1] & 0x83u) | (exponent >> 8));
	}
}

/* Where a block's scales are, and which deviation they make up for. */
struct quant {
	unsigned scale_at;
	int min_at; /* -1: the format has no minimum */
	float deviation;
};

static struct quant quant_of(enum gguf_type type)
{
	switch (type) {
	case GGUF_Q8_0:
		return (struct quant){0, -1, Q8_0_DEVIATION};
	case GGUF_Q4_K:
		return (struct quant){0, 2, Q4_K_DEVIATION};
	case GGUF_Q6_K:
		return (struct quant){208, -1, Q6_K_DEVIATION};
	default:
		return (struct quant){0, -1, Q4_0_DEVIATION};
	}
}

static void fill_blocks(uint8_t *p, size_t bytes, const struct gguf_tensor *t, uint64_t *state)
{
	struct quant q = quant_of(t->type);
	unsigned block = gguf_block_bytes(t->type);
	float d = 1.0f / (q.deviation * sqrtf((float)t->dims[0]));
	uint16_t scale = half_of(d), min = half_of(d * Q4_K_MIN_RATIO);

	fill_words(p, bytes, state);
	for (size_t at = 0; at + block <= bytes; at += block) {
		memcpy(p + at + q.scale_at, &scale, 2);
		if (q.min_at >= 0)
			memcpy(p + at + q.min_at, &min, 2);
	}
}

void gguf_put_random(FILE *f, const struct gguf_tensor *t, uint64_t seed)
{
	static uint8_t buffer[BUFFER_BYTES];
	uint64_t state = seed_of(t->name, seed), left = gguf_tensor_bytes(t);
	unsigned block = gguf_block_bytes(t->type);
	size_t whole = BUFFER_BYTES / (8u * block) * (8u * block);

	while (left && !ferror(f)) {
		size_t n = left < whole ? (size_t)left : whole;

		if (t->type == GGUF_F32)
			fill_f32(buffer, n, t, &state);
		else if (t->type == GGUF_F16)
			fill_f16(buffer, n, t, &state);
		else
			fill_blocks(buffer, n, t, &state);
		fwrite(buffer, 1, n, f);
		left -= n;
	}
	gguf_put_padding(f);
}
