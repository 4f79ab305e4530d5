/* clock.c: which clock, and what one of its ticks is.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/clock/clock.h"

#include <linux/perf_event.h>
#include <prof/trace_format.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SYNC_TRIES    5
#define SHORTEST_NS   1000000u /* a rate is measured over at least this */
#define SHORT_LOOK_NS 10000u
#define FASTEST_TICK  1.0 /* ns: a tick is not shorter */

bool prof_clock_system = true;

static uint64_t system_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t prof_clock_monotonic(void)
{
	return system_ns(CLOCK_MONOTONIC);
}

struct clock_pair clock_pair_read(void)
{
	struct clock_pair best = {.error_raw = ~0ull};

	for (int i = 0; i < SYNC_TRIES; i++) {
		uint64_t before = prof_clock();
		uint64_t ns = system_ns(CLOCK_MONOTONIC);
		uint64_t after = prof_clock();

		if (after - before < best.error_raw) {
			best.error_raw = after - before;
			best.raw = before + (after - before) / 2;
			best.monotonic_ns = ns;
		}
	}
	return best;
}

/* The kernel tells the rate of the counter that it keeps time with in the page
 * of any performance event; a dummy event does. */
static double kernel_raw_ns(void)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
	                               .size = sizeof(attr),
	                               .config = PERF_COUNT_SW_DUMMY,
	                               .exclude_kernel = 1,
	                               .exclude_hv = 1};
	size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	double raw_ns = 0;
	const struct perf_event_mmap_page *page;

	if (fd < 0)
		return 0;
	page = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (page != MAP_FAILED) {
		if (page->cap_user_time && page->time_mult)
			raw_ns = (double)page->time_mult / (double)(1ull << page->time_shift);
		munmap((void *)page, bytes);
	}
	close(fd);
	return raw_ns;
}

static void trust_cpu(struct clock_setup *setup)
{
	double raw_ns = kernel_raw_ns();

	if (raw_ns <= 0)
		raw_ns = clock_cpu_raw_ns();
	prof_clock_system = false;
	setup->kind = PROF_CLOCK_CPU_KIND;
	setup->raw_ns = raw_ns;
}

static double measured_raw_ns(uint64_t raw, uint64_t monotonic_ns, uint64_t at_least_ns)
{
	struct clock_pair now;

	do
		now = clock_pair_read();
	while (now.monotonic_ns - monotonic_ns < at_least_ns);
	return (double)(now.monotonic_ns - monotonic_ns) / (double)(now.raw - raw);
}

/* Where the system does not tell the rate, a short look is enough here. */
static uint32_t shift_for(double raw_ns)
{
	struct clock_pair start = clock_pair_read();
	uint32_t shift = 0;

	if (raw_ns <= 0)
		raw_ns = measured_raw_ns(start.raw, start.monotonic_ns, SHORT_LOOK_NS);
	while (raw_ns * (double)(1u << shift) < FASTEST_TICK && shift < 8)
		shift++;
	return shift;
}

void clock_start(struct clock_setup *setup)
{
	struct clock_pair now;

	memset(setup, 0, sizeof(*setup));
	if (clock_cpu_trusted()) {
		trust_cpu(setup);
	} else {
		prof_clock_system = true;
		setup->kind = PROF_CLOCK_MONOTONIC;
		setup->raw_ns = 1;
	}
	setup->tick_shift = setup->kind == PROF_CLOCK_MONOTONIC ? 0 : shift_for(setup->raw_ns);
	now = clock_pair_read();
	setup->epoch_raw = now.raw;
	setup->epoch_monotonic_ns = now.monotonic_ns;
	setup->epoch_realtime_ns = system_ns(CLOCK_REALTIME);
}

double clock_raw_ns(const struct clock_setup *setup)
{
	double known;

	__atomic_load(&setup->raw_ns, &known, __ATOMIC_RELAXED); /* another thread may begin the trace */
	if (known > 0)
		return known;
	return measured_raw_ns(setup->epoch_raw, setup->epoch_monotonic_ns, SHORTEST_NS);
}
