/* say.c: words on standard error, if it is still the one the program began with.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A program that closed its standard error may have opened a file of its own
 * as descriptor 2 since; a line of ours would spoil it.
 */
#include "runtime/say.h"

#include <errno.h>
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
	if (n > 0 && same_error())
		write_quietly(line, (size_t)n);
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
