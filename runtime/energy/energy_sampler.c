/* energy_sampler.c: a thread of ours that reads the energy meters.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * It is made by the system call clone, not by pthread_create(). A thread of the C library
 * would take memory from the program's malloc, switch the library from its
 * single-threaded paths to locks for good, keep a program alive whose main
 * thread left by pthread_exit(), and be told to change its user together with
 * the others. This one is known to the kernel alone; the price is that it must
 * not use the C library (energy_poll.c). A set of meters is small, and so is
 * its stack. It goes when the process goes, by exec() or exit; fork() leaves
 * it behind.
 */
#include "runtime/energy/energy_sampler.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/energy/energy_raw.h"
#include "runtime/memory.h"
#include "runtime/recorder_state.h"

#define STACK_BYTES 16384u
#define FLAGS                                                                                                \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM                    \
	 | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
#define END_WAIT_NS 10000000 /* it needs microseconds, when it gets a processor */
#define END_WAITS   20

struct energy_poll energy_shared;

static char *stack;
static bool started;
static long user; /* whose thread it is */

_Static_assert(sizeof(enum recorder_phase) == sizeof(int), "the thread looks at it as at an int");

static bool have_memory(void)
{
	if (!energy_shared.ring)
		energy_shared.ring = memory_pages(POLL_SLOTS * sizeof(struct poll_reading));
	if (!stack)
		stack = memory_pages(STACK_BYTES);
	return energy_shared.ring && stack;
}

bool energy_sampler_start(struct energy_meter *meters, unsigned n, uint64_t period_ns)
{
	struct energy_poll *p = &energy_shared;
	long result;

	if (!have_memory()) {
		errno = ENOMEM;
		return false;
	}
	p->meters = meters;
	p->n_meters = n;
	p->period_ns = period_ns;
	p->raw_ns = recorder.clock.raw_ns;
	p->clock_is_system = prof_clock_system;
	p->recorder_phase = (const int *)&recorder.state;
	p->last_phase = RECORDER_STOPPED;
	p->stop = 0;
	p->state = POLL_STARTING;
	p->dropped = 0;
	memset(p->told_uj, 0, sizeof(p->told_uj));
	memset(p->told_uw, 0, sizeof(p->told_uw));
	memset(p->told_raw, 0, sizeof(p->told_raw));
	user = syscall(SYS_geteuid);
	result = raw_thread(FLAGS, (void **)(void *)(stack + STACK_BYTES), &p->thread, energy_poll, p);
	started = result > 0;
	if (!started)
		errno = (int)-result;
	return started;
}

bool energy_sampler_runs(void)
{
	if (started && syscall(SYS_geteuid) != user)
		energy_sampler_stop();
	return started && __atomic_load_n(&energy_shared.state, __ATOMIC_ACQUIRE) != POLL_REFUSED;
}

void energy_sampler_drain(void (*each)(const struct poll_reading *reading))
{
	struct energy_poll *p = &energy_shared;
	uint32_t end = __atomic_load_n(&p->written, __ATOMIC_ACQUIRE);

	while (p->taken != end) {
		each(&p->ring[p->taken % POLL_SLOTS]);
		__atomic_store_n(&p->taken, p->taken + 1, __ATOMIC_RELEASE);
	}
}

void energy_sampler_stop(void)
{
	struct energy_poll *p = &energy_shared;
	struct timespec wait = {0, END_WAIT_NS};

	if (!started)
		return;
	started = false;
	__atomic_store_n(&p->stop, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &p->stop, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	for (int i = 0, thread; i < END_WAITS && (thread = __atomic_load_n(&p->thread, __ATOMIC_ACQUIRE));
	     i++)
		syscall(SYS_futex, &p->thread, FUTEX_WAIT, thread, &wait, NULL,
		        0); /* the kernel's wake is no private one */
}

void energy_sampler_after_fork(void)
{
	started = false;
	energy_shared.reading = energy_shared.written = energy_shared.taken = 0;
	energy_shared.state = POLL_REFUSED;
}
