/* builtin.c: functions that the tables know and that their exported names don't lead to.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Each such function has one target for each of its names, however it is reached.
 * Targets are put in front of a list and stay; the list is read without a lock.
 */
#include "preload/builtin.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#include "preload/entry/entry.h"
#include "preload/entry/file_names.h"
#include "preload/known.h"
#include "preload/resolve.h"
#include "preload/entry/slots.h"
#include "preload/thunk/stub.h"
#include "preload/trylock.h"
#include "preload/user/user_modules.h"
#include "runtime/recorder.h"

struct target {
	struct hook hook;        /* the first, so that a hook leads here */
	void *original;          /* what runs the function; follows the hook (stub.h) */
	const struct hook *like; /* the table's */
	void *function;
	void *stub;
	bool is_entry; /* taken over at its entry; atomic */
	struct target *next;
};

_Static_assert(offsetof(struct target, original) == sizeof(struct hook), "stub.h");

static struct target *targets; /* atomic */
static uint32_t lock;
static bool is_started;
static uint32_t expects_own_binding; /* atomic */

/* ---- calls ---- */

static void *enter(struct hook_call *call)
{
	const struct target *t = (const struct target *)(const void *)call->hook;

	call->real = __atomic_load_n(&t->original, __ATOMIC_ACQUIRE);
	return t->like->family->enter(call);
}

static void leave(struct hook_call *call)
{
	((const struct target *)(const void *)call->hook)->like->family->exit(call);
}

static const struct hook_family builtin_family = {thunk_never_enter, thunk_never_exit, enter, leave};

/* ---- targets ---- */

/* What is known of an address may be of a library that went, so that its hook says
 * whether it is the same function. */
static struct target *find(const void *function, const struct hook *like)
{
	struct target *t = __atomic_load_n(&targets, __ATOMIC_ACQUIRE);

	while (t && (t->function != function || t->like != like))
		t = t->next;
	return t;
}

static bool is_entry(const struct target *t)
{
	return __atomic_load_n(&t->is_entry, __ATOMIC_ACQUIRE);
}

/* What runs a function, for hooks that were led to it by another way than its entry. */
static void *original_of(void *function)
{
	for (const struct target *t = __atomic_load_n(&targets, __ATOMIC_ACQUIRE); t; t = t->next)
		if (t->function == function && is_entry(t))
			return t->original;
	return function;
}

static struct target *make(void *function, const struct hook *like)
{
	struct target *t = prof_arena_alloc(sizeof(*t));

	if (!t)
		return NULL;
	t->hook = *like; /* its name, the words on the stack, what its family keeps there */
	t->hook.cache = NULL;
	t->hook.family = &builtin_family;
	t->like = like;
	t->function = t->original = function;
	t->stub = stub_make(&t->hook);
	if (!t->stub)
		return NULL;
	t->next = targets;
	__atomic_store_n(&targets, t, __ATOMIC_RELEASE);
	return t;
}

/* Null without memory, or where another thread has been at it for long. */
static struct target *target_of(void *function, const struct hook *like)
{
	struct target *t = find(function, like);
	struct guard calm;

	if (t || !trylock_take(&lock, &calm))
		return t;
	t = find(function, like);
	if (!t)
		t = make(function, like);
	trylock_give(&lock, &calm);
	return t;
}

static const struct hook *wanted(const char *name)
{
	const struct hook *like = known_find(name);

	return like && known_is_wanted(like) ? like : NULL;
}

/* ---- slots ---- */

static bool is_wanted(const char *name)
{
	return wanted(name) != NULL;
}

/* Where a slot leads or will lead; null where that is the shim or can't be told. */
static void *past_us(const struct slots_slot *slot, bool own_binding)
{
	bool is_bound = slots_is_bound(slot);
	void *function, *next;

	if (is_bound ? resolve_is_own((const void *)slot->value) : !own_binding)
		return NULL;
	function = resolve_within((const void *)slot->low, slot->name);
	if (is_bound)
		return (uintptr_t)function == slot->value ? function : NULL;
	next = resolve_next(slot->name);
	return !next || next == function ? function : NULL;
}

static bool take_slot(void *context, const struct slots_slot *slot)
{
	const bool *own_binding = context;
	void *function = past_us(slot, *own_binding);
	const struct target *t = NULL;

	if (function && !entry_holds(function))
		t = target_of(function, wanted(slot->name));
	if (t && slots_take(slot, t->stub))
		prof_say(2, "%s, called from %s, is taken over at its slot", slot->name, slot->module);
	return true;
}

/* ---- entries ---- */

/* One module's functions that are called past the shim. */
struct entries {
	const struct user_module *module;
	bool all; /* it binds all of its names to itself */
	unsigned n, n_refused;
	/* Where nothing is to be changed. */
	void (*tell)(const struct symbols_function *f, const struct user_module *module, const char *why);
};

static void count_bound(void *context, const struct file_names_function *f)
{
	struct entries *entries = context;

	entries->n += (entries->all || f->is_bound) && wanted(f->name);
}

static void refuse(struct entries *entries, const char *name, const char *why)
{
	if (entries->n_refused++ == 0)
		prof_note("%s in %s is not recorded where that calls it itself: %s", name,
		          entries->module->path, why);
}

static bool take_entry(void *context, const struct symbols_function *f)
{
	struct entry_request r = {.function = (void *)f->address, .bytes = f->bytes, .room = f->room};
	const struct hook *like = wanted(f->name);
	struct target *t = NULL;
	char why[120];

	if (like && !entry_holds(r.function)) /* a file of the user's may have it */
		t = target_of(r.function, like);
	if (!t)
		return true;
	r.replacement = t->stub;
	r.original = &t->original;
	if (entry_take(&r, why, sizeof(why)) == 0) {
		__atomic_store_n(&t->is_entry, true, __ATOMIC_RELEASE);
		prof_say(2, "%s in the middle of %s is taken over at its entry", f->name,
		         user_modules_name(((struct entries *)context)->module->path));
	} else {
		refuse(context, f->name, why);
	}
	return true;
}

static bool tell_entry(void *context, const struct symbols_function *f)
{
	const struct entries *entries = context;
	struct entry_request r = {.function = (void *)f->address, .bytes = f->bytes, .room = f->room};
	char why[120] = "";

	if (!wanted(f->name))
		return true;
	if (entry_check(&r, why, sizeof(why)) == 0)
		why[0] = 0;
	entries->tell(f, entries->module, why);
	return true;
}

/* Whether the linker was told -Bsymbolic. */
static int is_symbolic(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	struct entries *entries = arg;
	const ElfW(Dyn) *d = NULL;
	uintptr_t low = ~(uintptr_t)0;

	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_DYNAMIC)
			d = (const void *)(info->dlpi_addr + p->p_vaddr);
		if (p->p_type == PT_LOAD && info->dlpi_addr + p->p_vaddr < low)
			low = info->dlpi_addr + p->p_vaddr;
	}
	if (low != entries->module->low)
		return 0;
	for (; d && d->d_tag != DT_NULL; d++)
		entries->all = entries->all || d->d_tag == DT_SYMBOLIC
		               || (d->d_tag == DT_FLAGS && d->d_un.d_val & DF_SYMBOLIC);
	return 1;
}

/* A quick look at the file spares most modules a thorough one. */
static bool has_entries(struct user_module *m, struct entries *entries)
{
	entries->module = m;
	entries->all = m->is_program;
	if (!m->is_program)
		dl_iterate_phdr(is_symbolic, entries);
	file_names_each(m->path, entries->all, count_bound, entries);
	return entries->n > 0;
}

static void take_entries(struct user_module *m)
{
	struct entries entries = {.n = 0};

	if (!has_entries(m, &entries))
		return;
	symbols_each(&m->symbols, "*", take_entry, &entries);
	/* What hooks found out before leads to the entry, and so to the stub. */
	__atomic_fetch_add(&resolve_generation, 1, __ATOMIC_SEQ_CST);
}

void builtin_each_entry(void (*visit)(const struct symbols_function *f, const struct user_module *module,
                                      const char *why))
{
	for (struct user_module *m = user_modules_first(); m; m = m->next) {
		struct entries entries = {.tell = visit};

		if (m->is_there && has_entries(m, &entries))
			symbols_each(&m->symbols, "*", tell_entry, &entries);
	}
}

void builtin_look(bool at_start)
{
	bool own_binding = __atomic_exchange_n(&expects_own_binding, 0, __ATOMIC_ACQ_REL) != 0;

	if (!is_started)
		return;
	for (struct user_module *m = user_modules_first(); m; m = m->next)
		if (m->is_there && m->is_new)
			take_entries(m);
	if (!at_start) /* what was loaded with the program is bound to the shim */
		slots_each_of(is_wanted, take_slot, &own_binding);
}

/* ---- pointers ---- */

static bool is_in_module_of(const void *function, const void *address)
{
	struct dl_find_object a, b;

	return _dl_find_object((void *)(uintptr_t)function, &a) == 0
	       && _dl_find_object((void *)(uintptr_t)address, &b) == 0 && a.dlfo_link_map == b.dlfo_link_map;
}

/* What a handle answers; null where the shim's own names would be the answer. */
static void *ask(void *handle, const char *name, const void *caller)
{
	void *function, *next;

	if (handle == RTLD_DEFAULT)
		return NULL;
	function = resolve_within(caller, name);
	if (function && is_in_module_of(function, caller))
		return NULL; /* it hands calls on that came by its own name */
	if (handle != RTLD_NEXT)
		return resolve_dlsym()(handle, name);
	next = resolve_next(name);
	return !next || next == function ? function : NULL;
}

/* The hook of a function that is hooked in C, which finds it by its name. */
static void *hook_in_c(const char *name, const void *function)
{
	const void *next = resolve_next(name);
	void *ours = next && next != function ? NULL : resolve_dlsym()(RTLD_DEFAULT, name);

	return ours && resolve_is_own(ours) ? ours : NULL;
}

void *builtin_answer(void *handle, const char *name, const void *caller)
{
	const struct hook *like = is_started ? wanted(name) : NULL;
	bool in_c = is_started && strcmp(name, "OrtGetApiBase") == 0;
	int saved_errno = errno;
	void *function, *answer = NULL;
	const struct target *t;

	if ((!like && !in_c) || resolve_is_own(caller))
		return NULL;
	function = ask(handle, name, caller);
	if (function && !resolve_is_own(function) && !entry_holds(function)) {
		t = like ? target_of(function, like) : NULL;
		answer = t ? t->stub : in_c ? hook_in_c(name, function) : NULL;
	}
	if (answer)
		prof_say(2, "%s is taken over where its address is asked for", name);
	errno = saved_errno;
	return answer;
}

/* ---- begin and end ---- */

void builtin_expect_own_binding(void)
{
	__atomic_store_n(&expects_own_binding, 1, __ATOMIC_RELEASE);
}

/* Another library may come to lie where a function was. */
void builtin_forget_unloaded(void)
{
	for (struct target *t = __atomic_load_n(&targets, __ATOMIC_ACQUIRE); t; t = t->next)
		if (is_entry(t) && !entry_holds(t->function)) {
			__atomic_store_n(&t->is_entry, false, __ATOMIC_RELEASE);
			__atomic_store_n(&t->original, t->function, __ATOMIC_RELEASE);
		}
}

void builtin_start(void)
{
	known_start();
	resolve_substitute = original_of;
	is_started = true;
}
