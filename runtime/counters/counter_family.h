/* counter_family.h: the family of this CPU, whose folder holds its counter groups.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_COUNTERS_COUNTER_FAMILY_H
#define PROF_RUNTIME_COUNTERS_COUNTER_FAMILY_H

#include <stddef.h>

/* What /proc/cpuinfo says: vendor_id, cpu family and model; on Arm CPU
 * implementer, CPU architecture and CPU part. */
struct cpu_identity {
	char vendor[32];
	long family, model; /* -1: not said */
};

/* From the text of /proc/cpuinfo, as its first processor says. */
void cpu_identify(struct cpu_identity *cpu, const char *cpuinfo);

/* The first line of a `families` file (its text is cut up) that fits goes to
 * `family`, which is left alone when none does. */
void family_find(const struct cpu_identity *cpu, const char *path, char *text, char *family, size_t bytes,
                 void (*complain)(const char *sentence));

#endif
