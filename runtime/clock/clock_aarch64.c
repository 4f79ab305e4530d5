/* clock_aarch64.c: what an aarch64 CPU says of its counter.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/clock/clock.h"

/* The architecture demands one counter for all cores, at a constant rate. */
bool clock_cpu_trusted(void)
{
	return true;
}

double clock_cpu_raw_ns(void)
{
	uint64_t hz;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
	return hz ? 1e9 / (double)hz : 0;
}
