/* limits.c: programs whose surroundings give way under them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/preload/matrix/known.h"
#include "tests/preload/matrix/table.h"

/* Whoever sets a limit outside expects the trace to stop by it. */
static int much(void)
{
	known_fate(FATE_STOPPED);
	known_all_calls(1000000);
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

static void *record_some(void *ignored)
{
	known_calls(100000);
	return ignored;
}

/* The C library makes all threads change with the one that asks. */
static int changes_user_meanwhile(void)
{
	pthread_t thread[4];

	for (int i = 0; i < 4; i++)
		known_must(pthread_create(&thread[i], NULL, record_some, NULL) == 0, "pthread_create");
	known_calls(1000);
	known_must(setgid(65534) == 0 && setuid(65534) == 0, "setuid");
	record_some(NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	return 3;
}

static int no_children(void)
{
	pthread_t thread;
	pid_t pid;

	known_calls(100000);
	printf("a thread: %d\n", pthread_create(&thread, NULL, record_some, NULL));
	pid = fork();
	if (pid == 0)
		_exit(1);
	printf("a child: %d\n", (int)pid);
	known_calls(100000);
	return 3;
}

static void limit_to(int resource, rlim_t most)
{
	struct rlimit limit = {most, most};

	known_must(setrlimit(resource, &limit) == 0, "setrlimit");
}

/* No more of it than there is now. */
static int address_space_full(void)
{
	char text[64] = "";
	int fd = open("/proc/self/statm", O_RDONLY);

	known_calls(10);
	known_must(read(fd, text, sizeof(text) - 1) > 0, "statm");
	close(fd);
	limit_to(RLIMIT_AS, strtoul(text, NULL, 10) * 4096);
	known_calls(1000000);
	return 3;
}

static int three_descriptors(void)
{
	limit_to(RLIMIT_NOFILE, 3);
	known_fate(FATE_NOTHING);
	known_calls(10000);
	return 3;
}

/* Somebody empties the trace, which is mapped. */
static int trace_emptied(void)
{
	known_calls(1000);
	known_must(truncate("trace.bin", 0) == 0 || errno == ENOENT, "truncate");
	known_fate(FATE_ANY);
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
	known_calls(1000);
	limit_to(RLIMIT_AS, (rlim_t)256 << 20);
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
	                                       {"changes_user_meanwhile", changes_user_meanwhile},
	                                       {"no_children", no_children},
	                                       {"address_space_full", address_space_full},
	                                       {"three_descriptors", three_descriptors},
	                                       {"trace_emptied", trace_emptied},
	                                       {"trace_removed", trace_removed},
	                                       {"memory_limit", memory_limit},
	                                       {"shows_environment", shows_environment},
	                                       {0}};

	return situation_run(all, argc, argv);
}
