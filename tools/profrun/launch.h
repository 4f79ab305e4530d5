/* launch.h: run a program as if it had been started directly.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFRUN_LAUNCH_H
#define TOOLS_PROFRUN_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

struct inject_plan;

struct launch_request {
	const char *path;
	char *const *argv;
	/* Of a static program: how the shim is brought in; null: it comes by itself. */
	const struct inject_plan *plan;
	/* Told why it cannot be, in one clause, before the program is run without it;
	 * null: it is not run then. */
	void (*refused)(const struct launch_request *request, const char *why);
};

struct launch_end {
	pid_t pid;
	int wait_status;
	int error; /* an errno: it could not be started */
	bool is_refused;
};

/* Run the file with argv and wait for its end. The terminal's signals reach
 * the program alone; those sent to this process are passed on. Returns 0, or -1
 * with end->error. */
int launch_wait(const struct launch_request *request, struct launch_end *end);

/* End this process as the program ended: the same exit status, or by the same
 * signal. Does not return. */
void launch_end_as(int wait_status) __attribute__((noreturn));

#endif
