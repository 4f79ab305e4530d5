/* hooks_exec.c: programs that leave without a word, or become others.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * _exit() runs no destructors, and exec() replaces us in the middle: both are
 * taken over so that the trace gets its end. A vforked child calls them in its
 * parent's memory; the runtime tells it apart by its process id. What programs
 * do by system calls of their own leaves a trace without an end, as SIGKILL does.
 */
#include "preload/families.h"
#include "preload/resolve.h"
#include "runtime/recorder.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HOOK __attribute__((visibility("default")))

static struct {
	void (*leave)(int);
	int (*execve)(const char *, char *const *, char *const *);
	int (*execv)(const char *, char *const *);
	int (*execvp)(const char *, char *const *);
	int (*execvpe)(const char *, char *const *, char *const *);
	int (*fexecve)(int, char *const *, char *const *);
	int (*execveat)(int, const char *, char *const *, char *const *, int);
} real;

/* A vforked child should find all of them known: the loader may be busy. */
void hooks_exec_start(void)
{
	real.leave = (void (*)(int))resolve_next("_exit");
	real.execve = (int (*)(const char *, char *const *, char *const *))resolve_next("execve");
	real.execv = (int (*)(const char *, char *const *))resolve_next("execv");
	real.execvp = (int (*)(const char *, char *const *))resolve_next("execvp");
	real.execvpe = (int (*)(const char *, char *const *, char *const *))resolve_next("execvpe");
	real.fexecve = (int (*)(int, char *const *, char *const *))resolve_next("fexecve");
	real.execveat =
	        (int (*)(int, const char *, char *const *, char *const *, int))resolve_next("execveat");
}

/* Calls from other libraries' constructors may come before ours has run. */
#define NEEDED(function)                                                                                     \
	do {                                                                                                 \
		if (!real.function)                                                                          \
			hooks_exec_start();                                                                  \
		if (!real.function)                                                                          \
			resolve_missing(#function);                                                          \
	} while (0)

/* Make a call that does not come back unless it fails; errno is the call's. */
#define EXEC(function, ...)                                                                                  \
	do {                                                                                                 \
		int result;                                                                                  \
		bool ended;                                                                                  \
                                                                                                             \
		NEEDED(function);                                                                            \
		ended = prof_runtime_exec_begin();                                                           \
		result = real.function(__VA_ARGS__);                                                         \
		if (ended)                                                                                   \
			prof_runtime_exec_failed();                                                          \
		return result;                                                                               \
	} while (0)

static void leave(int status)
{
	prof_runtime_leave();
	if (!real.leave)
		hooks_exec_start();
	if (real.leave)
		real.leave(status);
	for (;;)
		syscall(SYS_exit_group, status);
}

HOOK __attribute__((noreturn)) void _exit(int status)
{
	leave(status);
	__builtin_unreachable();
}

HOOK __attribute__((noreturn)) void _Exit(int status)
{
	leave(status);
	__builtin_unreachable();
}

HOOK int execve(const char *path, char *const argv[], char *const envp[])
{
	EXEC(execve, path, argv, envp);
}

HOOK int execv(const char *path, char *const argv[])
{
	EXEC(execv, path, argv);
}

HOOK int execvp(const char *file, char *const argv[])
{
	EXEC(execvp, file, argv);
}

HOOK int execvpe(const char *file, char *const argv[], char *const envp[])
{
	EXEC(execvpe, file, argv, envp);
}

HOOK int fexecve(int fd, char *const argv[], char *const envp[])
{
	EXEC(fexecve, fd, argv, envp);
}

HOOK int execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
	EXEC(execveat, fd, path, argv, envp, flags);
}

static size_t count_arguments(const char *first, va_list list)
{
	size_t n = 1;

	if (!first)
		return 0;
	while (va_arg(list, char *))
		n++;
	return n;
}

/* The arguments of execl() and its like as an array on this function's stack. */
#define COLLECT(argv, first, list)                                                                           \
	do {                                                                                                 \
		size_t words;                                                                                \
                                                                                                             \
		va_start(list, first);                                                                       \
		words = count_arguments(first, list);                                                        \
		va_end(list);                                                                                \
		argv = __builtin_alloca((words + 1) * sizeof(*argv));                                        \
		va_start(list, first);                                                                       \
		argv[0] = (char *)(uintptr_t)first;                                                          \
		for (size_t i = 1; i <= words; i++)                                                          \
			argv[i] = va_arg(list, char *);                                                      \
	} while (0)

HOOK int execl(const char *path, const char *first, ...)
{
	va_list list;
	char **argv;

	COLLECT(argv, first, list);
	va_end(list);
	EXEC(execv, path, argv);
}

HOOK int execlp(const char *file, const char *first, ...)
{
	va_list list;
	char **argv;

	COLLECT(argv, first, list);
	va_end(list);
	EXEC(execvp, file, argv);
}

HOOK int execle(const char *path, const char *first, ...)
{
	va_list list;
	char **argv, **envp;

	COLLECT(argv, first, list);
	envp = va_arg(list, char **);
	va_end(list);
	EXEC(execve, path, argv, envp);
}
