/* clock_x86_64.c: what an x86-64 CPU and its kernel say of the time stamp counter.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/clock/clock.h"
#include "runtime/process/files.h"

#include <cpuid.h>
#include <string.h>

#define LEAF_POWER      0x80000007u /* edx bit 8: invariant TSC */
#define LEAF_TSC        0x15u       /* ebx / eax: TSC over crystal clock; ecx: crystal clock in Hz */
#define LEAF_HYPERVISOR 0x40000000u /* eax: the last leaf */
#define LEAF_TIMING     0x40000010u /* eax: kHz of the TSC, where the hypervisor offers it */

/* The kernel moves away from the TSC when it finds that cores disagree, so its
 * own choice counts; paravirtual clocks are made of an invariant TSC. */
bool clock_cpu_trusted(void)
{
	static const char *const good[] = {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page"};
	char source[64];
	unsigned a, b, c, d;

	if (!__get_cpuid(LEAF_POWER, &a, &b, &c, &d) || !(d & 1u << 8))
		return false;
	if (files_read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", source,
	                    sizeof(source))
	    < 0)
		return true;
	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (strcmp(source, good[i]) == 0)
			return true;
	return false;
}

double clock_cpu_raw_ns(void)
{
	unsigned a, b, c, d;

	if (__get_cpuid(LEAF_TSC, &a, &b, &c, &d) && a && b && c)
		return 1e9 * a / ((double)b * c);
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 31))
		return 0;
	__cpuid(LEAF_HYPERVISOR, a, b, c, d);
	if (a < LEAF_TIMING)
		return 0;
	__cpuid(LEAF_TIMING, a, b, c, d);
	return a ? 1e6 / a : 0;
}
