/* sample_choice.h: which operations have their counters read.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A kind of operation (a descriptor) is read once in every n of its operations
 * on a thread, at a place drawn at random in each n. n is the smallest power
 * of two with which the two readings of a sample cost at most `share` of the
 * time that the kind itself takes; so every kind pays for its own readings. The
 * very first operation of a kind is read as well. Beyond that each thread has
 * a credit, which grows with time by `share` and is spent by readings: while
 * it is in debt nothing is read. What was counted takes part in nothing.
 *
 * Threads that share kernels (a group) decide from the group's number, so that
 * all of them read the same operations and none has to ask another.
 *
 * Nothing here reads a clock: times are raw ticks that the caller has.
 */
#ifndef PROF_RUNTIME_COUNTERS_SAMPLE_CHOICE_H
#define PROF_RUNTIME_COUNTERS_SAMPLE_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#define SAMPLING_KINDS      65536u /* descriptors from here on are not sampled */
#define SAMPLING_PERIOD_MAX 4096u

/* What one thread knows of a kind. */
struct sampling_turn {
	uint16_t left; /* operations up to the next sample, itself included; 0: none seen yet */
	uint16_t rest; /* of the n in which that one lies, operations after it */
};

/* What belongs to one thread. */
struct sampling {
	struct sampling_turn *turns; /* SAMPLING_KINDS of them, zeros at first */
	int64_t credit_raw;
	uint64_t credit_at_raw; /* until when it was counted */
	uint64_t random;
	uint64_t readings, readings_raw; /* taken, and the time that took */
};

/* Which of a group's operations this is; group 0: of none. */
struct sampling_place {
	uint32_t group;
	uint64_t index;
};

/* Once, before any thread asks: the share of the time that readings may take
 * (1: everything is read, whatever it costs), how long the credit is saved up,
 * and the kinds that are older than the counters, whose first operation is over. */
void sampling_start(double share, uint64_t save_raw, uint32_t old_kinds);

/* A thread begins: credit is counted from now on. */
void sampling_begin(struct sampling *s, uint64_t raw_now);

/* Whether this operation is to be read. Hot while counters run. */
bool sampling_choose(struct sampling *s, uint32_t kind, const struct sampling_place *place, uint64_t raw_now);

/* Whether turns say which operations outside of groups are read. */
bool sampling_takes_turns(void);

/* One reading took so long. */
void sampling_spent(struct sampling *s, uint64_t raw);

/* An operation that was read took so long. */
void sampling_learn(struct sampling *s, uint32_t kind, uint64_t raw);

/* One in so many operations of a kind is read now. */
uint32_t sampling_period(uint32_t kind);

/* Whether a kind was asked about for which there is no room. */
bool sampling_is_short(void);

#endif
