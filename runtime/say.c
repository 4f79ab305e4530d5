/* say.c: words on standard error, if it is still the one the program began with.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A program that closed its standard error may have opened a file of its own
 * as descriptor 2 since; a line of ours would spoil it. And one whose reader
 * sleeps must not put the program to sleep: some lines are said with the
 * recorder's lock held. What finds no room is dropped and counted.
 */
#include "runtime/say.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/config.h"
#include "runtime/guard.h"
#include "runtime/recorder.h"

#define LINE_BYTES 512

static bool have_error;
static struct stat error_file;
static uint32_t dropped; /* atomic */

void say_start(void)
{
	have_error = fstat(STDERR_FILENO, &error_file) == 0;
}

static bool same_error(void)
{
	struct stat now;

	return have_error && fstat(STDERR_FILENO, &now) == 0 && now.st_dev == error_file.st_dev
	       && now.st_ino == error_file.st_ino && now.st_rdev == error_file.st_rdev;
}

/* Signals are blocked by the guard; a SIGPIPE of our making is taken away
 * before they are let in again. */
static void write_quietly(const char *line, size_t bytes)
{
	struct timespec at_once = {0, 0};
	sigset_t pending, pipe_only;
	bool was_pending;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE);
	if (write(STDERR_FILENO, line, bytes) < 0 && errno == EPIPE && !was_pending)
		sigtimedwait(&pipe_only, NULL, &at_once);
}

/* A pipe with room for one page takes a line whole and at once. */
static bool takes_a_line(void)
{
	struct pollfd error = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&error, 1, 0) == 1 && (error.revents & POLLOUT);
}

uint32_t say_dropped(void)
{
	return __atomic_load_n(&dropped, __ATOMIC_RELAXED);
}

void say_after_fork(void)
{
	dropped = 0;
}

void say_line(const char *sentence)
{
	char line[LINE_BYTES];
	struct guard g;
	int n;

	guard_calm(&g);
	n = snprintf(line, sizeof(line), "libprofshim: %s\n", sentence);
	if (n >= (int)sizeof(line)) {
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	if (n > 0 && same_error()) {
		if (takes_a_line())
			write_quietly(line, (size_t)n);
		else
			__atomic_fetch_add(&dropped, 1, __ATOMIC_RELAXED);
	}
	guard_uncalm(&g);
}

void prof_say(int level, const char *format, ...)
{
	char sentence[LINE_BYTES - 32];
	va_list args;

	if (config_get()->verbose < (unsigned)level)
		return;
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	say_line(sentence);
}
