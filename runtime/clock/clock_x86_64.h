/* clock_x86_64.h: the time stamp counter.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_CLOCK_CLOCK_X86_64_H
#define PROF_RUNTIME_CLOCK_CLOCK_X86_64_H

#include <stdint.h>

#define PROF_CLOCK_CPU_KIND PROF_CLOCK_TSC

/* Neither rdtscp nor a fence: those wait for all that came before to be done, 10 to 20 ns
 * more, to keep a reading from being taken some ns too early. Where a call is
 * as short as that, most of what is measured is the reading itself. */
static inline uint64_t prof_clock_cpu(void)
{
	return __builtin_ia32_rdtsc();
}

#endif
