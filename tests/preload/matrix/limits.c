/* limits.c: programs whose surroundings give way under them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/preload/matrix/known.h"
#include "tests/preload/matrix/table.h"

/* Whoever sets a limit outside expects the trace to stop by it. */
static int much(void)
{
	known_fate(FATE_STOPPED);
	known_calls(1000000);
	return 3;
}

static int all_kept(void)
{
	known_calls(200000);
	return 3;
}

static int nothing_kept(void)
{
	known_fate(FATE_NOTHING);
	known_calls(10000);
	return 3;
}

static int changes_root(void)
{
	known_calls(1000);
	known_must(chroot("/proc/self/fd") < 0 || chdir("/") == 0, "chroot");
	known_calls(200000);
	return 3;
}

static int changes_user(void)
{
	known_calls(1000);
	known_must(setgid(65534) == 0 && setuid(65534) == 0, "setuid");
	known_calls(200000);
	return 3;
}

static int trace_removed(void)
{
	known_calls(1000);
	known_must(unlink("trace.bin") == 0 || errno == ENOENT, "unlink");
	known_fate(FATE_NOTHING);
	known_calls(200000);
	return 3;
}

static int memory_limit(void)
{
	struct rlimit limit = {(rlim_t)256 << 20, (rlim_t)256 << 20};

	known_calls(1000);
	known_must(setrlimit(RLIMIT_AS, &limit) == 0, "setrlimit");
	known_calls(200000);
	return 3;
}

static int shows_environment(void)
{
	const char *given = getenv("MATRIX_SHIM"), *found = getenv("LD_PRELOAD");

	known_calls(10);
	known_must(given ? found && strcmp(given, found) == 0 : !found, "LD_PRELOAD");
	return 3;
}

int main(int argc, char **argv)
{
	static const struct situation all[] = {{"much", much},
	                                       {"all_kept", all_kept},
	                                       {"nothing_kept", nothing_kept},
	                                       {"changes_root", changes_root},
	                                       {"changes_user", changes_user},
	                                       {"trace_removed", trace_removed},
	                                       {"memory_limit", memory_limit},
	                                       {"shows_environment", shows_environment},
	                                       {0}};

	return situation_run(all, argc, argv);
}
