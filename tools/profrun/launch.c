/* launch.c: fork, execute, wait, and end the same way.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Both processes stay in one process group, so that the terminal's ^C, ^\ and
 * ^Z go to the program as if it had been started directly. This process does
 * not end of them: it waits for the program, and then ends as that did.
 */
#include "tools/profrun/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/lib/support/diag.h"
#include "tools/profrun/inject.h"

/* Signals that somebody sends to the process he started, meaning the program. */
static const int passed_on[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2};
#define N_PASSED_ON (sizeof(passed_on) / sizeof(passed_on[0]))

static volatile pid_t child_pid;

/* The kernel sends the terminal's signals to the program too, processes only to us. */
static void pass_on(int signo, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)context;
	if (child_pid > 0 && info->si_code != SI_KERNEL)
		kill(child_pid, signo);
	errno = saved;
}

/* What the signals did before, for the program to inherit. */
struct dispositions {
	struct sigaction passed[N_PASSED_ON];
	sigset_t mask;
};

static void take_signals(struct dispositions *before)
{
	struct sigaction pass = {.sa_sigaction = pass_on, .sa_flags = SA_RESTART | SA_SIGINFO};
	sigset_t all;

	/* Blocked until the child is known: a signal in between is passed on late, not lost. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before->mask);
	for (unsigned i = 0; i < N_PASSED_ON; i++) {
		sigaction(passed_on[i], NULL, &before->passed[i]);
		if (before->passed[i].sa_handler != SIG_IGN)
			sigaction(passed_on[i], &pass, NULL);
	}
}

static void give_back_signals(const struct dispositions *before)
{
	for (unsigned i = 0; i < N_PASSED_ON; i++)
		sigaction(passed_on[i], &before->passed[i], NULL);
	sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

/* What a child that does not become the program says of it. */
struct failure {
	bool is_refused; /* to be traced; else the program cannot be executed */
	int error;
};

/* In the child: become the program, or tell the parent why not. */
static void become(const struct launch_request *request, bool is_traced, int failure_fd)
{
	struct failure failure = {.is_refused = is_traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0};

	if (!failure.is_refused)
		execvp(request->path, request->argv); /* as a shell: a script without #! is run by /bin/sh */
	failure.error = errno;
	if (write(failure_fd, &failure, sizeof(failure)) < 0)
		_exit(126);
	_exit(127);
}

static void wait_for(pid_t child, int *status)
{
	while (waitpid(child, status, 0) < 0 && errno == EINTR)
		;
}

/* A traced child that has become the program stops at a trap; meanwhile signals
 * do what they do to any process. False: it came to its end. */
static bool wait_for_program(pid_t child, int *status)
{
	for (;;) {
		wait_for(child, status);
		if (!WIFSTOPPED(*status) || WSTOPSIG(*status) == SIGTRAP)
			return WIFSTOPPED(*status);
		ptrace(PTRACE_CONT, child, NULL, (void *)(uintptr_t)WSTOPSIG(*status));
	}
}

/* Of a traced child: 0 when it is the program and goes on by itself, 1 when it
 * has come to its end, -1 with d when it was none and had to be killed. */
static int bring_in(const struct launch_request *request, pid_t child, int *status, struct diag *d)
{
	int result;

	if (!wait_for_program(child, status))
		return 1;
	result = inject_shim(request->plan, child, status, d);
	if (result >= 0)
		return result;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return -1;
}

/* Run it once. 0, or -1 with end->error; or 1 when the shim cannot be brought in. */
static int run(const struct launch_request *request, bool is_traced, struct launch_end *end, struct diag *d)
{
	struct dispositions before;
	struct failure failure;
	int fds[2], brought = 0;
	pid_t child;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC) != 0) {
		end->error = errno;
		return -1;
	}
	take_signals(&before);
	child = fork();
	if (child == 0) {
		give_back_signals(&before);
		become(request, is_traced, fds[1]);
	}
	end->error = errno;
	child_pid = end->pid = child;
	sigprocmask(SIG_SETMASK, &before.mask, NULL);
	close(fds[1]);
	if (child < 0) {
		close(fds[0]);
		return -1;
	}
	if (is_traced)
		brought = bring_in(request, child, &end->wait_status, d);
	n = read(fds[0], &failure, sizeof(failure)); /* nothing comes when exec succeeds */
	close(fds[0]);
	if (brought == 0)
		wait_for(child, &end->wait_status);
	child_pid = 0;
	if (n != (ssize_t)sizeof(failure))
		return brought < 0 ? 1 : 0;
	end->error = failure.error;
	if (!failure.is_refused)
		return -1;
	diag_set(d, "ptrace(2) is refused: %s", strerror(failure.error));
	return 1;
}

int launch_wait(const struct launch_request *request, struct launch_end *end)
{
	struct diag d = {""};
	int status = run(request, request->plan != NULL, end, &d);

	end->is_refused = status > 0;
	if (!end->is_refused || !request->refused)
		return status < 0 ? -1 : 0;
	request->refused(request, d.text);
	return run(request, false, end, &d);
}

void launch_end_as(int wait_status)
{
	if (WIFSIGNALED(wait_status)) {
		struct rlimit no_core = {0, 0};
		int signo = WTERMSIG(wait_status);
		sigset_t one;

		/* The program has left its core file; ours would overwrite it. */
		setrlimit(RLIMIT_CORE, &no_core);
		signal(signo, SIG_DFL);
		sigemptyset(&one);
		sigaddset(&one, signo);
		sigprocmask(SIG_UNBLOCK, &one, NULL);
		raise(signo);
		_exit(128 + signo);
	}
	exit(WEXITSTATUS(wait_status));
}
