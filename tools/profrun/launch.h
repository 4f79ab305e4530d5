/* launch.h: run a program as if it had been started directly.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFRUN_LAUNCH_H
#define TOOLS_PROFRUN_LAUNCH_H

#include <sys/types.h>

/* Run the file with argv and wait for its end. The terminal's signals reach
 * the program alone; those sent to this process are passed on. Returns 0 with
 * its process id and wait status, or -1 with an errno in *error when it could
 * not be started. */
int launch_wait(const char *path, char *const argv[], pid_t *pid, int *wait_status, int *error);

/* End this process as the program ended: the same exit status, or by the same
 * signal. Does not return. */
void launch_end_as(int wait_status) __attribute__((noreturn));

#endif
