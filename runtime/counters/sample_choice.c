/* sample_choice.c: which operations have their counters read.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/counters/sample_choice.h"

#include <stddef.h>

#define UNKNOWN_SHIFT 4u    /* one in 16, while nothing is known of a kind */
#define NO_GROUP      (~0u) /* whose operation a kind's first one was: no group's */
#define SETTLED       2u    /* samples after which the mean follows slowly */
#define OUTLIER       4
#define LOWER_MARGIN  1.25                /* n shrinks only when it could shrink by more than needed */
#define MIX_1         0xbf58476d1ce4e5b9u /* splitmix64's constants */
#define MIX_2         0x94d049bb133111ebu
#define MIX_STEP      0x9e3779b97f4a7c15u

/* What all threads share of a kind; every field is atomic. */
struct kind {
	uint32_t mean_raw; /* of its operations that were read */
	uint32_t first;    /* group its first operation was in; NO_GROUP; 0: none yet */
	uint8_t shift;     /* one in 1 << shift is read */
	uint8_t samples;   /* up to SETTLED */
};

static struct kind kinds[SAMPLING_KINDS];
static double share;
static uint64_t save_raw;
static uint32_t old_kinds;
static uint32_t reading_raw; /* mean of one reading; atomic */
static bool is_short;        /* atomic */
_Static_assert(2 * SAMPLING_PERIOD_MAX <= UINT16_MAX, "two periods fit into a turn");

void sampling_start(double part, uint64_t save, uint32_t old)
{
	share = part;
	save_raw = save;
	old_kinds = old;
}

void sampling_begin(struct sampling *s, uint64_t raw_now)
{
	s->credit_at_raw = raw_now;
	if (!s->random)
		s->random = (uintptr_t)s ^ raw_now;
}

static uint64_t mix(uint64_t v)
{
	v = (v ^ v >> 30) * MIX_1;
	v = (v ^ v >> 27) * MIX_2;
	return v ^ v >> 31;
}

/* 1 to 1 << shift */
static uint32_t draw(struct sampling *s, unsigned shift)
{
	s->random += MIX_STEP;
	return 1 + (uint32_t)(mix(s->random) & ((1u << shift) - 1));
}

static unsigned shift_of(const struct kind *k)
{
	return __atomic_load_n(&k->samples, __ATOMIC_RELAXED) ? __atomic_load_n(&k->shift, __ATOMIC_RELAXED)
	                                                      : UNKNOWN_SHIFT;
}

uint32_t sampling_period(uint32_t kind)
{
	return kind < SAMPLING_KINDS ? 1u << shift_of(&kinds[kind]) : 0;
}

/* Whether it is the first of its kind anywhere; for a group on all its threads. */
static bool is_first(uint32_t kind, uint32_t group)
{
	uint32_t none = 0, tag = group ? group : NO_GROUP;
	struct kind *k = &kinds[kind];
	uint32_t first = __atomic_load_n(&k->first, __ATOMIC_RELAXED);

	if (kind < old_kinds)
		return false;
	if (!first
	    && __atomic_compare_exchange_n(&k->first, &none, tag, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return true;
	return group && (first ? first : none) == group;
}

/* Every n groups have one in which the index-th operation is read: each time
 * another, so that programs with a beat of their own are met everywhere. */
static bool is_turn_of_group(uint32_t kind, const struct sampling_place *place)
{
	unsigned shift = shift_of(&kinds[kind]);
	uint64_t which =
	        (uint64_t)kind << 32 ^ place->index << 16 ^ (uint64_t)(place->group >> shift) * MIX_1;

	return (((uint32_t)mix(which + MIX_STEP) ^ place->group) & ((1u << shift) - 1)) == 0;
}

static void next_turn(struct sampling *s, uint32_t kind, uint32_t rest)
{
	struct sampling_turn *turn = &s->turns[kind];
	unsigned shift = shift_of(&kinds[kind]);
	uint32_t place = draw(s, shift);

	turn->left = (uint16_t)(rest + place);
	turn->rest = (uint16_t)((1u << shift) - place);
}

static bool is_turn(struct sampling *s, uint32_t kind)
{
	struct sampling_turn *turn = &s->turns[kind];
	bool first = false;

	if (turn->left == 0) {
		first = is_first(kind, 0);
		next_turn(s, kind, first); /* the first is in no n of its own */
	}
	if (turn->left-- > 1)
		return first;
	next_turn(s, kind, turn->rest);
	return true;
}

static bool can_pay(struct sampling *s, uint64_t raw_now)
{
	uint64_t since = raw_now > s->credit_at_raw ? raw_now - s->credit_at_raw : 0;
	int64_t most = (int64_t)((double)save_raw * share);

	s->credit_at_raw = raw_now;
	s->credit_raw += (int64_t)((double)since * share);
	if (s->credit_raw > most)
		s->credit_raw = most;
	return s->credit_raw >= 0;
}

bool sampling_choose(struct sampling *s, uint32_t kind, const struct sampling_place *place, uint64_t raw_now)
{
	if (share >= 1)
		return true;
	if (kind >= SAMPLING_KINDS) {
		if (kind != ~0u)
			__atomic_store_n(&is_short, true, __ATOMIC_RELAXED);
		return false;
	}
	if (!s->turns
	    || !(place->group ? is_first(kind, place->group) || is_turn_of_group(kind, place)
	                      : is_turn(s, kind)))
		return false;
	return can_pay(s, raw_now);
}

bool sampling_takes_turns(void)
{
	return share < 1;
}

bool sampling_is_short(void)
{
	return __atomic_load_n(&is_short, __ATOMIC_RELAXED);
}

/* mean + (value - mean) / 8, or the value itself at first. One that is far off,
 * as the thread lost its processor meanwhile, counts as not so far off. */
static void follow(uint32_t *mean, uint64_t value, bool settled)
{
	double old = (double)__atomic_load_n(mean, __ATOMIC_RELAXED), now = (double)value;

	if (settled)
		now = old + ((now < old * OUTLIER ? now : old * OUTLIER) - old) / 8;
	__atomic_store_n(mean, now < (double)UINT32_MAX ? (uint32_t)(now + 0.5) : UINT32_MAX,
	                 __ATOMIC_RELAXED);
}

void sampling_spent(struct sampling *s, uint64_t raw)
{
	s->readings++;
	s->readings_raw += raw;
	s->credit_raw -= (int64_t)raw;
	follow(&reading_raw, raw, __atomic_load_n(&reading_raw, __ATOMIC_RELAXED) != 0);
}

static void set_period(struct kind *k)
{
	double mean = (double)__atomic_load_n(&k->mean_raw, __ATOMIC_RELAXED);
	double n = 2.0 * __atomic_load_n(&reading_raw, __ATOMIC_RELAXED) / (share * (mean > 1 ? mean : 1));
	unsigned old = shift_of(k), shift = 0;

	while ((double)(1u << shift) < n && 1u << shift < SAMPLING_PERIOD_MAX)
		shift++;
	if (shift < old && __atomic_load_n(&k->samples, __ATOMIC_RELAXED) >= SETTLED)
		while ((double)(1u << shift) < n * LOWER_MARGIN && shift < old)
			shift++;
	__atomic_store_n(&k->shift, (uint8_t)shift, __ATOMIC_RELAXED);
}

/* The first operation of a kind is not like the others: the second one's time
 * replaces it. */
void sampling_learn(struct sampling *s, uint32_t kind, uint64_t raw)
{
	struct kind *k = kind < SAMPLING_KINDS ? &kinds[kind] : NULL;
	uint8_t samples;

	if (!k || share >= 1)
		return;
	samples = __atomic_load_n(&k->samples, __ATOMIC_RELAXED);
	follow(&k->mean_raw, raw, samples >= SETTLED);
	set_period(k);
	if (samples < SETTLED)
		__atomic_store_n(&k->samples, (uint8_t)(samples + 1), __ATOMIC_RELAXED);
	if (samples == 0 && s->turns && s->turns[kind].left)
		next_turn(s, kind, 0);
}
