/* host.h: what the host's power is assumed to be where no meter measured it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * arch/hosts/ has a profile a file; the CPU's model name chooses one. What
 * comes from here is always reported as assumed.
 */
#ifndef TOOLS_LIB_ARCH_HOST_H
#define TOOLS_LIB_ARCH_HOST_H

#include "tools/lib/support/diag.h"

enum host_key {
#define HOST_KEY(id, key, unit, required, bound, max, meaning) HOST_##id,
#define HOST_TEXT(id, key, meaning)
#define HOST_LIST(id, key, meaning)
#include "tools/lib/arch/host_keys.def"
#undef HOST_KEY
#undef HOST_TEXT
#undef HOST_LIST
	HOST_N_KEYS
};

struct host {
	char name[64];
	char source[256], notes[256];
	double value[HOST_N_KEYS]; /* in the key's unit; NaN when left out */
};

/* Find the profile called `name`, or, where that is null, the one whose
 * pattern fits the CPU's model name best (the longest one that fits). */
int host_find(struct host *h, const char *dir, const char *name, const char *cpu, struct diag *d);

/* Power in watts of a process with `busy` threads at work on average, on a
 * host that shows `visible` hardware threads: its share of the package's idle
 * power and of what full load adds. A virtual machine is charged its share. */
double host_power_w(const struct host *h, double busy, double visible);

/* Float32 operations per second that the cores behind `visible` hardware
 * threads can do: cores x flops_per_cycle x clock; clock_hz 0: the profile's.
 * NaN when the profile does not say. */
double host_peak_flops(const struct host *h, double visible, double clock_hz);

#endif
