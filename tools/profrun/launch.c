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
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* In the child: become the program, or tell the parent why not. */
static void become(const char *path, char *const argv[], int error_fd)
{
	int error;

	execvp(path, argv); /* as a shell: a script without #! is run by /bin/sh */
	error = errno;
	if (write(error_fd, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

int launch_wait(const char *path, char *const argv[], pid_t *pid, int *wait_status, int *error)
{
	struct dispositions before;
	int fds[2];
	pid_t child;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC) != 0) {
		*error = errno;
		return -1;
	}
	take_signals(&before);
	child = fork();
	if (child == 0) {
		give_back_signals(&before);
		become(path, argv, fds[1]);
	}
	*error = errno;
	child_pid = child;
	sigprocmask(SIG_SETMASK, &before.mask, NULL);
	close(fds[1]);
	if (child < 0) {
		close(fds[0]);
		return -1;
	}
	n = read(fds[0], error, sizeof(*error)); /* nothing comes when exec succeeds */
	close(fds[0]);
	while (waitpid(child, wait_status, 0) < 0 && errno == EINTR)
		;
	child_pid = 0;
	*pid = child;
	return n == (ssize_t)sizeof(*error) ? -1 : 0;
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
