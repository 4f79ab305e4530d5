/* hooks_dl.c: libraries that go, and those that came.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * dlopen() is left alone: the loader asks who calls it, and a library that
 * comes changes nothing that is known of the others. Whether it has functions
 * that a user's file of hooks names is seen when the program asks for the first
 * of its symbols, or closes one.
 */
#include "preload/entry.h"
#include "preload/hooks_dl.h"

#include "preload/hooks_user.h"
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
	hooks_user_look();
	resolve_close_begin();
	result = real(handle);
	resolve_close_end();
	entry_forget_unloaded();
	prof_modules_changed();
	return result;
}

void *hooks_dl_lookup(void)
{
	resolve_dlsym_fn *real = resolve_dlsym();

	if (!real)
		resolve_missing("dlsym");
	hooks_user_look();
	return (void *)(uintptr_t)real;
}
