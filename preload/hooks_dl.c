/* hooks_dl.c: libraries that come and go, and functions that a program asks for.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What dlopen() and dlsym() do depends on who calls them, so the real ones are
 * jumped to (hooks_dl_x86_64.S) after a look at what is asked for. Nothing that
 * a library brings is known before dlopen() returns; whether it has functions to
 * take over is seen when the program asks for the first of its symbols, or closes
 * one.
 */
#include "preload/builtin.h"
#include "preload/entry/entry.h"
#include "preload/hooks_dl.h"

#include "preload/look.h"
#include "preload/resolve.h"
#include "runtime/recorder.h"

#include <dlfcn.h>

__attribute__((visibility("default"))) int dlclose(void *handle)
{
	static int (*cached)(void *);
	int (*real)(void *) = __atomic_load_n(&cached, __ATOMIC_RELAXED);
	int result;

	if (!real) {
		real = (int (*)(void *))resolve_next("dlclose");
		if (!real)
			resolve_missing("dlclose");
		__atomic_store_n(&cached, real, __ATOMIC_RELAXED);
	}
	look_again();
	resolve_close_begin();
	result = real(handle);
	resolve_close_end();
	entry_forget_unloaded();
	builtin_forget_unloaded();
	prof_modules_changed();
	return result;
}

/* A sanitizer in the program asks for its first names before it is ready to check any code. */
__attribute__((no_sanitize("address", "thread"))) struct hooks_dl_way
hooks_dl_lookup(void *handle, const char *name, const void *caller)
{
	resolve_dlsym_fn *real = resolve_dlsym();

	if (!real)
		resolve_missing("dlsym");
	if (!look_is_started())
		return (struct hooks_dl_way){(void *)(uintptr_t)real, NULL};
	look_again();
	return (struct hooks_dl_way){(void *)(uintptr_t)real, builtin_answer(handle, name, caller)};
}

void *hooks_dl_open(const char *path, int mode)
{
	static void *cached;
	void *real = __atomic_load_n(&cached, __ATOMIC_RELAXED);

	if (!real) {
		real = resolve_next("dlopen");
		if (!real)
			resolve_missing("dlopen");
		__atomic_store_n(&cached, real, __ATOMIC_RELAXED);
	}
	if (mode & RTLD_DEEPBIND) {
		look_again();
		builtin_expect_own_binding();
	}
	return real;
}
