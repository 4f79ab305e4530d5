/* note.c: what is missing, and why.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/trace/note.h"

#include <stdarg.h>
#include <stdio.h>

#include "runtime/config.h"
#include "runtime/guard.h"
#include "runtime/trace/meta.h"
#include "runtime/recorder.h"
#include "runtime/recorder_state.h"
#include "runtime/say.h"

#define NOTE_BYTES 480

static void write_note(const char *sentence, void (*add)(uint16_t, const struct iovec *, int))
{
	struct prof_meta_note m = {.tick = recorder_ticks(prof_clock())};
	struct iovec text = meta_text(sentence, &m.text_bytes);
	struct iovec parts[] = {{&m, sizeof(m)}, text, META_ZERO};

	add(PROF_META_NOTE, parts, 3);
}

static void add_note(uint16_t type, const struct iovec *parts, int n)
{
	meta_add(type, parts, n);
}

__attribute__((format(printf, 1, 0))) static void note_args(const char *format, va_list args)
{
	char sentence[NOTE_BYTES];

	vsnprintf(sentence, sizeof(sentence), format, args);
	write_note(sentence, add_note);
	if (config_get()->verbose)
		say_line(sentence);
}

void note_add(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note_args(format, args);
	va_end(args);
}

void note_last(const char *sentence)
{
	write_note(sentence, meta_add_last);
}

void prof_note(const char *format, ...)
{
	struct guard g;
	va_list args;

	if (!guard_enter(&g))
		return;
	va_start(args, format);
	note_args(format, args);
	va_end(args);
	guard_leave(&g);
}
