/* trylock.h: a lock that a hook never waits on for long.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Held for milliseconds at most, by a thread that is calm meanwhile (guard.h):
 * it can neither be cancelled nor leave by a handler's longjmp(). A child forked
 * while another thread held one finds it taken for ever: it must give up
 * recording then, not wait, and not try again for every operation.
 */
#ifndef PRELOAD_TRYLOCK_H
#define PRELOAD_TRYLOCK_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/guard.h"

#define TRYLOCK_TURNS 5000

enum { TRYLOCK_FREE, TRYLOCK_TAKEN, TRYLOCK_TAKEN_LONG };

/* Whether the lock is the caller's now. Gives the processor away while waiting. */
static inline bool trylock_take(uint32_t *lock, struct guard *calm)
{
	guard_calm(calm);
	for (int turn = 0; turn < TRYLOCK_TURNS; turn++) {
		uint32_t state = TRYLOCK_FREE;

		if (__atomic_compare_exchange_n(lock, &state, TRYLOCK_TAKEN, false, __ATOMIC_ACQUIRE,
		                                __ATOMIC_RELAXED))
			return true;
		if (state == TRYLOCK_TAKEN && turn == TRYLOCK_TURNS - 1)
			__atomic_compare_exchange_n(lock, &state, TRYLOCK_TAKEN_LONG, false, __ATOMIC_RELAXED,
			                            __ATOMIC_RELAXED);
		if (state == TRYLOCK_TAKEN_LONG)
			break;
		sched_yield();
	}
	guard_uncalm(calm);
	return false;
}

static inline void trylock_give(uint32_t *lock, const struct guard *calm)
{
	__atomic_store_n(lock, TRYLOCK_FREE, __ATOMIC_RELEASE);
	guard_uncalm(calm);
}

#endif
