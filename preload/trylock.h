/* trylock.h: a lock that a hook never waits on for long.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Held for milliseconds at most. A child forked while another thread held one
 * finds it taken for ever: it must give up recording then, not wait.
 */
#ifndef PRELOAD_TRYLOCK_H
#define PRELOAD_TRYLOCK_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#define TRYLOCK_TURNS 5000

/* Whether the lock is the caller's now. Gives the processor away while waiting. */
static inline bool trylock_take(uint32_t *lock)
{
	for (int turn = 0; turn < TRYLOCK_TURNS; turn++) {
		if (!__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
			return true;
		sched_yield();
	}
	return false;
}

static inline void trylock_give(uint32_t *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

#endif
