/* user_list.c: tell what is hooked, how, and why not, instead of running the program.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/user/user_list.h"

#include <prof/nearest.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/builtin.h"
#include "preload/entry/entry.h"
#include "preload/known.h"
#include "preload/names.h"
#include "preload/resolve.h"
#include "preload/entry/slots.h"
#include "preload/entry/symbols.h"
#include "preload/user/user_callers.h"
#include "preload/user/user_modules.h"
#include "preload/user/user_targets.h"
#include "runtime/config.h"
#include "runtime/recorder.h"

enum { LINE_BYTES = 8192, NEAR_MAX = 5, NAME_BYTES = 256, NOTES_MAX = 8 };

static int list_fd;
static const char *explained; /* null: all is listed */

bool user_list_wanted(void)
{
	const char *text = config_get()->text[CONFIG_LIST];
	char *end;

	list_fd = (int)strtol(text, &end, 10);
	explained = *end == ' ' ? end + 1 : NULL;
	return end != text && (!*end || explained);
}

/* Fields with tabs between them; what is in a field can't be one. */
static __attribute__((format(printf, 1, 2))) void tell(const char *format, ...)
{
	char line[LINE_BYTES];
	va_list args;
	size_t at = 0, bytes;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (n < 0)
		return;
	bytes = (size_t)n < sizeof(line) - 1 ? (size_t)n : sizeof(line) - 2;
	for (size_t i = 0; i < bytes; i++)
		if (line[i] == '\n')
			line[i] = '?';
	line[bytes++] = '\n';
	while (at < bytes) {
		ssize_t wrote = write(list_fd, line + at, bytes - at);

		if (wrote <= 0)
			return;
		at += (size_t)wrote;
	}
}

/* ---- hooks of the file ---- */

static const char *what_of(const struct user_hook *h)
{
	return h->n_rules == 1 ? h->rules[0].what : "rules";
}

static const char *how_of(const struct user_target *t)
{
	return t->how == USER_HOW_ENTRY ? "entry" : t->how == USER_HOW_SLOTS ? "plt" : "no";
}

static bool concerns(const char *name)
{
	return !explained || !strcmp(explained, name);
}

/* Why it is hooked in vain, or not at all. */
static const char *why_of(const struct user_target *t, unsigned calls)
{
	if (t->how == USER_HOW_NOT && !t->why[0])
		return "no slot leads to it";
	if (t->how == USER_HOW_ENTRY && calls == 0)
		return "no call of it is left: it is inlined, or called by a pointer alone";
	return t->how == USER_HOW_NOT ? t->why : "";
}

static void tell_target(const struct user_target *t)
{
	unsigned calls = t->how == USER_HOW_SLOTS ? t->n_slots : user_callers_count(t->address);

	if (concerns(t->hook.name))
		tell("hook\t%u\t%s\t%s\t%s\t%s\t0x%llx\t%s\t%u\t%s", t->user->line, t->user->pattern,
		     what_of(t->user), t->hook.name, t->module, (unsigned long long)t->offset, how_of(t),
		     calls, why_of(t, calls));
}

static bool was_found(const struct user_hook *h)
{
	for (const struct user_target *t = user_targets_first(); t; t = t->next)
		if (t->user == h)
			return true;
	for (const struct user_refused *r = user_targets_refused(); r; r = r->next)
		if (r->user == h)
			return true;
	return false;
}

static void tell_hooks(const struct user_file *file)
{
	for (const struct user_target *t = user_targets_first(); t; t = t->next)
		tell_target(t);
	for (const struct user_refused *r = user_targets_refused(); r; r = r->next)
		if (concerns(r->name))
			tell("hook\t%u\t%s\t%s\t%s\t\t\tno\t0\tthe shim records it without a file",
			     r->user->line, r->user->pattern, what_of(r->user), r->name);
	for (const struct user_hook *h = file->hooks; h; h = h->next)
		if (!was_found(h) && concerns(h->pattern))
			tell("hook\t%u\t%s\t%s\t\t\t\tno\t0\tthere is no such function, see --explain",
			     h->line, h->pattern, what_of(h));
}

/* ---- what the shim stands in for ---- */

static bool tell_known(void *context, const struct slots_slot *slot)
{
	const void *function = slots_function(slot);
	const struct user_module *m = user_modules_at(slot->low);
	const char *family = names_family(slot->name);

	if (function && resolve_is_own(function) && (explained || family))
		tell("known\t%s\t%s\t%s\t1", slot->name, family ? family : "ends and libraries",
		     m ? m->path : "");
	return true;
}

static void tell_inside(const struct symbols_function *f, const struct user_module *m, const char *why)
{
	for (const struct user_target *t = user_targets_first(); t; t = t->next)
		if (t->address == f->address && t->how == USER_HOW_ENTRY)
			return; /* the file comes first */
	if (concerns(f->name))
		tell("known\t%s\t%s\t%s\t%u\t0x%llx\t%s\t%s", f->name, known_family(known_find(f->name)),
		     m->path, user_callers_count(f->address), (unsigned long long)(f->address - m->bias),
		     why[0] ? "no" : "entry", why);
}

/* ---- one function ---- */

static void tell_function(const struct user_module *m, const struct symbols_function *f)
{
	struct entry_request r = {.function = (void *)f->address, .bytes = f->bytes, .room = f->room};
	char why[120] = "";

	if (entry_check(&r, why, sizeof(why)) == 0)
		why[0] = 0;
	tell("function\t%s\t%s\t0x%llx\t%zu\t%s\t%s\t%u", f->name, m->path,
	     (unsigned long long)(f->address - m->bias), f->bytes, f->source, why,
	     user_callers_count(f->address));
}

/* The names nearest to the one that is asked for, the nearest first. */
struct near {
	struct user_module *module;
	struct {
		char name[NAME_BYTES];
		unsigned edits;
	} best[NEAR_MAX];
	unsigned n;
	bool found;
};

static void take_near(struct near *near, const char *name, unsigned edits)
{
	unsigned at = near->n;

	for (unsigned i = 0; i < near->n; i++)
		if (!strcmp(near->best[i].name, name))
			return;
	while (at > 0 && near->best[at - 1].edits > edits) {
		if (at < NEAR_MAX)
			near->best[at] = near->best[at - 1];
		at--;
	}
	if (at == NEAR_MAX)
		return;
	snprintf(near->best[at].name, sizeof(near->best[at].name), "%s", name);
	near->best[at].edits = edits;
	near->n += near->n < NEAR_MAX;
}

/* A part or a copy that the compiler made: matmul.constprop.0. */
static bool is_made_of(const char *name)
{
	size_t bytes = strlen(explained);

	return !strncmp(name, explained, bytes) && name[bytes] == '.';
}

static bool look_at(void *context, const struct symbols_function *f)
{
	struct near *near = context;

	tell_function(near->module, f);
	near->found = true;
	return true;
}

static bool look_near(void *context, const struct symbols_function *f)
{
	struct near *near = context;
	unsigned edits = prof_nearest_edits(explained, f->name);

	if (!strcmp(f->name, explained)) {
		near->found = true;
	} else if (is_made_of(f->name)) {
		take_near(near, f->name, 0);
	} else if (prof_nearest_is_meant(explained, edits)) {
		take_near(near, f->name, edits);
	}
	return true;
}

static bool tell_calls(void *context, const struct slots_slot *slot)
{
	const void *function = slots_function(slot);
	const struct user_module *from = user_modules_at(slot->low),
	                         *to = user_modules_at((uintptr_t)function);

	if (!function || !resolve_is_own(function))
		tell("calls\t%s\t%s\t%s\t1", slot->name, from ? from->path : "", to ? to->path : "");
	return true;
}

static void explain(void)
{
	struct near near = {.n = 0};

	for (near.module = user_modules_first(); near.module; near.module = near.module->next)
		if (near.module->is_there) {
			/* By its name: of all functions each is told by one of its names. */
			symbols_each(&near.module->symbols, explained, look_at, &near);
			symbols_each(&near.module->symbols, "*", look_near, &near);
		}
	slots_each(explained, tell_calls, NULL);
	if (names_family(explained))
		tell("later\t%s\t%s", explained, names_family(explained));
	for (unsigned i = 0; i < near.n && (!near.found || near.best[i].edits == 0); i++)
		tell("near\t%s\t\t%s", near.best[i].name,
		     near.best[i].edits == 0 ? "a part or a copy that the compiler made of it" : "");
}

/* ---- notes in the trace ---- */

/* Why a hook that was never called has nothing to be called by; null: it may be
 * called yet, or another time. */
static const char *why_in_vain(const struct user_hook *h)
{
	const struct user_target *example = NULL;

	for (const struct user_target *t = user_targets_first(); t; t = t->next) {
		if (t->user != h)
			continue;
		if (t->was_called || t->how == USER_HOW_SLOTS || !user_modules_at(t->address)
		    || (t->how == USER_HOW_ENTRY && user_callers_count(t->address) > 0))
			return NULL;
		example = t;
	}
	if (example)
		return why_of(example, 0);
	return was_found(h) ? NULL : "there is no such function in the program, or no slot that leads to one";
}

void user_list_note(const struct user_file *file, const char *path)
{
	unsigned n = 0;

	for (const struct user_hook *h = file->hooks; h; h = h->next) {
		const char *why = why_in_vain(h);

		if (why && n++ < NOTES_MAX)
			prof_note("%s:%u: %s is hooked in vain: %s; profrun --explain says more", path,
			          h->line, h->pattern, why);
	}
	if (n > NOTES_MAX)
		prof_note("%s: %u more functions are hooked in vain; profrun --list-hooks shows them", path,
		          n - NOTES_MAX);
}

void user_list(const struct user_file *file, const char *path, const char *why)
{
	tell("file\t%s", path);
	if (why) {
		tell("error\t%s", why);
	} else {
		slots_look();
		user_modules_look();
		user_targets_look(file, true);
		if (explained)
			explain();
		tell_hooks(file);
		slots_each(explained ? explained : "*", tell_known, NULL);
		builtin_each_entry(tell_inside);
	}
	tell("end");
	for (;;)
		syscall(SYS_exit_group, 0);
}
