/* clock_x86_64.h: the time stamp counter.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_CLOCK_X86_64_H
#define PROF_RUNTIME_CLOCK_X86_64_H

#include <stdint.h>
#include <x86intrin.h>

#define PROF_CLOCK_CPU_KIND PROF_CLOCK_TSC

static inline uint64_t prof_clock_cpu(void)
{
	return __rdtsc();
}

#endif
