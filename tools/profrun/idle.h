/* idle.h: what the machine takes while it is idle, measured before a run.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFRUN_IDLE_H
#define TOOLS_PROFRUN_IDLE_H

#include <stdbool.h>

struct idle_request {
	const char *sysfs; /* folder with class/powercap, class/hwmon and class/power_supply */
	double seconds;    /* how long to measure */
	bool may_be_busy;  /* somebody loads the machine, and that is what is to be measured */
	bool is_told;      /* whether to say what is done: on a terminal, and what went wrong */
};

/* Measure each meter that can be read for so long. Returns "PATH=WATTS,..." for
 * PROFSHIM_IDLE, which the caller frees; null at once when there are no
 * meters, and when the machine was not idle (more than IDLE_BUSY_PERCENT of
 * its processors' time was spent), which is said. */
#define IDLE_BUSY_PERCENT 5.0
char *idle_measure(const struct idle_request *request);

#endif
