/* clock_aarch64.h: the virtual counter of the generic timer.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_CLOCK_CLOCK_AARCH64_H
#define PROF_RUNTIME_CLOCK_CLOCK_AARCH64_H

#include <stdint.h>

#define PROF_CLOCK_CPU_KIND PROF_CLOCK_CNTVCT

static inline uint64_t prof_clock_cpu(void)
{
	uint64_t value;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
	return value;
}

#endif
