/* energy_poll.c: the thread that reads the meters.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C library does not know of this thread (energy_sampler.c says why), so
 * nothing of the C library may be used here, tests/guard/freestanding holds
 * that: there is no errno, no stack protector, no lazy binding. It owns its
 * descriptors: the program may close all of its own, and never meets ours.
 */
#include "runtime/energy/energy_poll.h"

#include <linux/close_range.h>
#include <linux/futex.h>
#include <sys/prctl.h>
#include <time.h>

#include "runtime/clock/clock.h"
#include "runtime/energy/energy_raw.h"

#define NAME        "prof-energy"
#define NS_PER_S    1000000000u
#define SIGNAL_WORD 8            /* bytes of the kernel's set of signals */
#define STALE_NS    1000000000.0 /* power that stays the same is told so often */

static uint64_t raw_clock(const struct energy_poll *p)
{
	struct timespec t;

	if (!p->clock_is_system)
		return prof_clock_cpu();
	raw_syscall(SYS_clock_gettime, (struct raw_call){CLOCK_MONOTONIC, (long)&t, 0, 0});
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static bool is_over(const struct energy_poll *p)
{
	return __atomic_load_n(&p->stop, __ATOMIC_ACQUIRE)
	       || __atomic_load_n(p->recorder_phase, __ATOMIC_RELAXED) >= p->last_phase;
}

static void pause_for(struct energy_poll *p)
{
	struct timespec t = {(time_t)(p->period_ns / NS_PER_S), (long)(p->period_ns % NS_PER_S)};

	raw_syscall(SYS_futex, (struct raw_call){(long)&p->stop, FUTEX_WAIT_PRIVATE, 0, (long)&t});
}

/* Whether a reading tells something: a counter that stands still, or power that
 * stays the same, is drawn by the next one as well. */
static bool is_news(const struct energy_poll *p, unsigned i, uint64_t now)
{
	const struct energy_meter *m = &p->meters[i];

	if (!m->is_power)
		return m->sum_uj > p->told_uj[i];
	return m->last_uw != p->told_uw[i] || (double)(now - p->told_raw[i]) * p->raw_ns >= STALE_NS;
}

static void tell(struct energy_poll *p, unsigned i, uint64_t now)
{
	uint32_t at = p->written;
	struct poll_reading *slot = &p->ring[at % POLL_SLOTS];

	if (at - __atomic_load_n(&p->taken, __ATOMIC_ACQUIRE) >= POLL_SLOTS) {
		__atomic_store_n(&p->dropped, p->dropped + 1, __ATOMIC_RELAXED);
		return;
	}
	slot->raw = now;
	slot->sum_uj = p->meters[i].sum_uj;
	slot->meter = i;
	__atomic_store_n(&p->written, at + 1, __ATOMIC_RELEASE);
	p->told_uj[i] = slot->sum_uj;
	p->told_uw[i] = p->meters[i].last_uw;
	p->told_raw[i] = now;
}

static void read_all(struct energy_poll *p)
{
	if (!poll_try(p))
		return;
	for (unsigned i = 0; i < p->n_meters; i++) {
		uint64_t now = raw_clock(p);

		if (meter_read(&p->meters[i], &p->fds[i], now, p->raw_ns) == METER_READ && is_news(p, i, now))
			tell(p, i, now);
	}
	poll_done(p);
}

/* Descriptors of its own, none of them the program's. */
static bool settle_down(struct energy_poll *p)
{
	uint64_t all = ~0ull;

	raw_syscall(SYS_rt_sigprocmask, (struct raw_call){0 /* SIG_BLOCK */, (long)&all, 0, SIGNAL_WORD});
	raw_syscall(SYS_prctl, (struct raw_call){PR_SET_NAME, (long)NAME, 0, 0});
	if (raw_syscall(SYS_close_range, (struct raw_call){0, (long)~0u, CLOSE_RANGE_UNSHARE, 0}) < 0)
		return false;
	for (unsigned i = 0; i < p->n_meters; i++)
		meter_open(&p->meters[i], &p->fds[i]);
	return true;
}

int energy_poll(void *arg)
{
	struct energy_poll *p = arg;
	bool ok = settle_down(p);

	__atomic_store_n(&p->state, ok ? POLL_RUNNING : POLL_REFUSED, __ATOMIC_RELEASE);
	while (ok && !is_over(p)) {
		read_all(p);
		pause_for(p);
	}
	return 0;
}
