/* filters.c: programs that forbid themselves system calls (seccomp).
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/preload/matrix/known.h"
#include "tests/preload/matrix/table.h"

#define ENOUGH 200000 /* operations for some chunks */

/* From here on these calls get this answer; for good, and for all threads to come. */
static void forbid(uint32_t answer, uint32_t one, uint32_t other)
{
	struct sock_filter filter[] = {
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, one, 1, 0),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, other, 0, 1),
	        BPF_STMT(BPF_RET | BPF_K, answer),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	known_must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
	known_must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "a filter");
}

static void refuse(uint32_t one, uint32_t other)
{
	forbid(SECCOMP_RET_ERRNO | EPERM, one, other);
}

static int perf_forbidden(void)
{
	refuse(SYS_perf_event_open, SYS_perf_event_open);
	known_all_calls(ENOUGH);
	return 3;
}

static void *nothing(void *ignored)
{
	return ignored;
}

static int threads_forbidden(void)
{
	pthread_t thread;

	refuse(SYS_clone, SYS_clone3);
	known_all_calls(ENOUGH / 2);
	printf("a thread: %d\n", pthread_create(&thread, NULL, nothing, NULL));
	known_all_calls(ENOUGH / 2);
	return 3;
}

static int open_forbidden(void)
{
	known_all_calls(10);
	refuse(SYS_openat, SYS_open);
	known_all_calls(ENOUGH);
	return 3;
}

static int open_forbidden_early(void)
{
	known_fate(FATE_NOTHING);
	refuse(SYS_openat, SYS_open);
	known_all_calls(ENOUGH);
	return 3;
}

static int fallocate_forbidden(void)
{
	refuse(SYS_fallocate, SYS_fallocate);
	known_all_calls(ENOUGH);
	return 3;
}

static int mmap_forbidden(void)
{
	known_calls(10);
	known_fate(FATE_STOPPED);
	refuse(SYS_mmap, SYS_mmap);
	known_all_calls(ENOUGH);
	return 3;
}

/* A handler stands in for the calls, as a sandbox's does. */
static void stand_in(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	registers[REG_RAX] = -EACCES;
}

static int calls_trapped(void)
{
	struct sigaction action = {.sa_sigaction = stand_in, .sa_flags = SA_SIGINFO};

	known_fate(FATE_NOTHING);
	known_must(sigaction(SIGSYS, &action, NULL) == 0, "a handler");
	forbid(SECCOMP_RET_TRAP, SYS_openat, SYS_readlink);
	known_all_calls(ENOUGH);
	printf("a file: %d\n", open("/etc/passwd", O_RDONLY));
	return 3;
}

int main(int argc, char **argv)
{
	static const struct situation all[] = {{"perf_forbidden", perf_forbidden},
	                                       {"threads_forbidden", threads_forbidden},
	                                       {"open_forbidden", open_forbidden},
	                                       {"open_forbidden_early", open_forbidden_early},
	                                       {"fallocate_forbidden", fallocate_forbidden},
	                                       {"mmap_forbidden", mmap_forbidden},
	                                       {"calls_trapped", calls_trapped},
	                                       {0}};

	return situation_run(all, argc, argv);
}
