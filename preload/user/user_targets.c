/* user_targets.c: the functions that a file of hooks is about, found and taken over.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A function of the program, or of a module that the hook names, is taken over at
 * its entry, which all calls pass; where that is refused, or the function is
 * elsewhere, the slots are through which other modules call it.
 */
#include "preload/user/user_targets.h"

#include <prof/glob.h>
#include <stdio.h>
#include <string.h>

#include "preload/entry/entry.h"
#include "preload/entry/extent.h"
#include "preload/known.h"
#include "preload/resolve.h"
#include "preload/entry/slots.h"
#include "preload/thunk/stub.h"
#include "preload/entry/symbols.h"
#include "preload/user/user_modules.h"
#include "runtime/recorder.h"

static struct user_target *first, **last = &first;
static struct user_refused *refused;

/* The look in progress. */
struct look {
	const struct user_hook *hook;
	bool is_dry;
};

/* ---- targets ---- */

/* The hook that a function has already; the first in the file has it. */
static struct user_target *find(uintptr_t address, const char *name)
{
	for (struct user_target *t = first; t; t = t->next)
		if (t->address == address && !strcmp(t->hook.name, name))
			return t;
	return NULL;
}

static char *copy_text(const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *copy = prof_arena_alloc(bytes);

	return copy ? memcpy(copy, text, bytes) : NULL;
}

/* The name behind `like`, whose * is what the key's first * stood for. */
static const struct hook *find_like(const struct user_hook *h, const char *name)
{
	const char *like = h->rules[0].like, *star = strchr(like, '*');
	size_t before = strcspn(h->pattern, "*"), after = strlen(h->pattern + before);
	size_t bytes = strlen(name);
	char meant[256];

	if (!star)
		return known_find(like);
	after -= after > 0; /* the * itself */
	if (bytes < before + after)
		return NULL;
	snprintf(meant, sizeof(meant), "%.*s%.*s%s", (int)(star - like), like, (int)(bytes - before - after),
	         name + before, star + 1);
	return known_find(meant);
}

static bool fill_hook(struct user_target *t, const char *name)
{
	const struct user_hook *h = t->user;

	t->hook.name = copy_text(name);
	t->hook.family = &user_family;
	t->hook.stack_words = h->signature.stack_words;
	if (!t->hook.name || h->rules[0].kind != USER_LIKE)
		return t->hook.name != NULL;
	t->like = find_like(h, name);
	if (!t->like) {
		snprintf(t->why, sizeof(t->why), "the shim knows no function like it");
		return true;
	}
	t->hook.family = &user_like_family;
	t->hook.stack_words = t->like->stack_words;
	memcpy(t->hook.detail, t->like->detail, sizeof(t->hook.detail));
	return true;
}

/* The hook's target of a function; null when another hook has it, or without memory. */
static struct user_target *target_of(const struct user_hook *h, uintptr_t address, const char *name)
{
	struct user_target *t = find(address, name);
	const struct user_module *m;

	if (t)
		return t->user == h ? t : NULL;
	t = prof_arena_alloc(sizeof(*t));
	if (!t)
		return NULL;
	t->user = h;
	t->address = address;
	t->original = (void *)address;
	m = user_modules_at(address);
	t->module = m ? m->path : "";
	t->offset = m ? address - m->bias : address;
	if (!fill_hook(t, name))
		return NULL;
	*last = t;
	last = &t->next;
	return t;
}

static bool has_stub(struct user_target *t)
{
	if (!t->stub)
		t->stub = stub_make(&t->hook);
	if (!t->stub)
		snprintf(t->why, sizeof(t->why), "there is no executable memory to be had");
	return t->stub != NULL;
}

static bool can_be_described(const struct user_target *t)
{
	return t->user->rules[0].kind != USER_LIKE || t->like;
}

/* ---- what is never taken over ---- */

/* Where the shim's own calls go, and what works by who calls it. */
static bool is_of_system(const char *path)
{
	static const char *const names[] = {"libc.so", "ld-linux", "libgcc_s.so", "libpthread.so",
	                                    "libdl.so"};
	const char *name = user_modules_name(path);

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(name, names[i], strlen(names[i])))
			return true;
	return false;
}

static bool is_one_of(const char *name, const char *const *names)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

/* Whether a function can't run below the thunk's frame; then *why is set. */
static bool is_unfit(struct user_target *t)
{
	static const char *const twice[] = {"setjmp",     "_setjmp",     "sigsetjmp", "__sigsetjmp",
	                                    "getcontext", "swapcontext", "vfork",     NULL};
	static const char *const callers[] = {"_start",
	                                      "dlopen",
	                                      "dlmopen",
	                                      "dlsym",
	                                      "dlvsym",
	                                      "__tls_get_addr",
	                                      "_dl_find_dso_for_object",
	                                      "__cxa_finalize",
	                                      "_mcount",
	                                      "mcount",
	                                      "__fentry__",
	                                      NULL};
	const char *why = is_one_of(t->hook.name, twice)     ? "it returns twice"
	                  : is_one_of(t->hook.name, callers) ? "it depends on who calls it"
	                                                     : NULL;

	if (why)
		snprintf(t->why, sizeof(t->why), "%s", why);
	return why != NULL;
}

/* ---- entries ---- */

static bool take_entry(void *context, const struct symbols_function *f)
{
	const struct look *look = context;
	struct user_target *t = target_of(look->hook, f->address, f->name);
	struct entry_request r = {.function = (void *)f->address, .bytes = f->bytes, .room = f->room};
	int status;

	if (!t || t->how != USER_HOW_NOT || !can_be_described(t))
		return true;
	if (is_unfit(t))
		return true;
	if (is_of_system(t->module)) {
		snprintf(t->why, sizeof(t->why), "the shim itself uses the C library's functions");
		return true;
	}
	if (!look->is_dry && !has_stub(t))
		return true;
	r.replacement = t->stub;
	r.original = &t->original;
	status = look->is_dry ? entry_check(&r, t->why, sizeof(t->why))
	                      : entry_take(&r, t->why, sizeof(t->why));
	if (status == 0)
		t->how = USER_HOW_ENTRY;
	return true;
}

static void take_functions(const struct look *look, struct user_module *m)
{
	symbols_each(&m->symbols, look->hook->pattern, take_entry, (void *)(uintptr_t)look);
}

/* The function at an address of the module's file, with a symbol or without. */
static void take_offset(const struct look *look, struct user_module *m)
{
	uintptr_t address = m->bias + look->hook->offset;
	struct symbols_function f = {.name = look->hook->pattern, .address = address, .source = ""};

	if (address < m->low || address >= m->high)
		return;
	if (!symbols_at(&m->symbols, address, &f) && !(f.bytes = extent_of(address))) {
		struct user_target *t = target_of(look->hook, address, f.name);

		if (t)
			snprintf(t->why, sizeof(t->why), "no function begins there");
		return;
	}
	take_entry((void *)(uintptr_t)look, &f);
}

/* ---- slots ---- */

static void refuse(const struct user_hook *h, const char *name)
{
	struct user_refused *r;

	for (r = refused; r; r = (struct user_refused *)(uintptr_t)r->next)
		if (r->user == h && !strcmp(r->name, name))
			return;
	r = prof_arena_alloc(sizeof(*r));
	if (!r)
		return;
	*r = (struct user_refused){h, copy_text(name), refused};
	if (r->name)
		refused = r;
}

static bool is_named(const struct user_hook *h, const char *path)
{
	return prof_glob_match(h->module, strlen(h->module), user_modules_name(path));
}

/* Whether the hook is about functions that are there. A glob means the system's
 * functions only when it says so: "*" would be the end of most programs. */
static bool is_about(const struct user_hook *h, uintptr_t address)
{
	const struct user_module *m = user_modules_at(address);

	if (h->module)
		return m && is_named(h, m->path);
	return !h->is_glob || (m && !is_of_system(m->path)); /* the dynamic linker is no module here */
}

static bool take_slot(void *context, const struct slots_slot *slot)
{
	const struct look *look = context;
	void *function = slots_function(slot);
	struct user_target *t;

	if (!function || !is_about(look->hook, (uintptr_t)function))
		return true;
	if (resolve_is_own(function)) {
		refuse(look->hook, slot->name);
		return true;
	}
	t = target_of(look->hook, (uintptr_t)function, slot->name);
	if (!t || t->how == USER_HOW_ENTRY || !can_be_described(t) || is_unfit(t))
		return true;
	if (look->is_dry || (has_stub(t) && slots_take(slot, t->stub))) {
		t->how = USER_HOW_SLOTS;
		t->n_slots++;
	}
	return true;
}

/* ---- all of a file ---- */

/* Entries are looked for in the program, or in the modules that the hook names. */
static void look_at_entries(const struct look *look)
{
	const struct user_hook *h = look->hook;

	for (struct user_module *m = user_modules_first(); m; m = m->next) {
		if (!m->is_there || !m->is_new || (h->module ? !is_named(h, m->path) : !m->is_program))
			continue;
		if (h->is_offset)
			take_offset(look, m);
		else
			take_functions(look, m);
	}
}

void user_targets_look(const struct user_file *file, bool is_dry)
{
	struct look look = {.is_dry = is_dry};

	for (look.hook = file->hooks; look.hook; look.hook = look.hook->next) {
		if (look.hook->by != USER_BY_PLT)
			look_at_entries(&look);
		if (look.hook->by != USER_BY_ENTRY && !look.hook->is_offset)
			slots_each(look.hook->pattern, take_slot, &look);
	}
}

const struct user_target *user_targets_first(void)
{
	return first;
}

const struct user_refused *user_targets_refused(void)
{
	return refused;
}
