/* hooks_functions.c: functions that tell when they begin and end are regions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * gcc and clang with -finstrument-functions call __cyg_profile_func_enter() and
 * __cyg_profile_func_exit(). A definition of the program's own is bound before
 * ours; one in a library is called as well. The C library has two that do
 * nothing. clang's XRay is in xray.c.
 */
#include <dlfcn.h>

#include "preload/families.h"
#include "preload/resolve.h"
#include "preload/compiler/xray.h"
#include "runtime/recorder.h"

#define HOOK __attribute__((visibility("default")))

typedef void tell_fn(void *function, void *from);
tell_fn __cyg_profile_func_enter, __cyg_profile_func_exit;

static bool recording;
static tell_fn *others[2]; /* the next definitions, but for the C library's */

/* Not in any other module than the C library, where it does nothing. */
static tell_fn *other(const char *name)
{
	void *found = resolve_next(name);
	Dl_info in, libc;

	if (!found || !dladdr(found, &in) || !dladdr((void *)(uintptr_t)dladdr, &libc)
	    || in.dli_fbase == libc.dli_fbase)
		return NULL;
	return (tell_fn *)found;
}

/* A function that lies further down the stack than this one cannot be its caller;
 * but one that was inlined may lie at the same place. */
HOOK void __cyg_profile_func_enter(void *function, void *from)
{
	uintptr_t stack = (uintptr_t)__builtin_frame_address(0);

	if (recording)
		prof_region_enter(function, stack, stack);
	if (others[0])
		others[0](function, from);
}

HOOK void __cyg_profile_func_exit(void *function, void *from)
{
	if (others[1])
		others[1](function, from);
	if (recording)
		prof_region_leave(function);
}

void hooks_functions_start(void)
{
	others[0] = other("__cyg_profile_func_enter");
	others[1] = other("__cyg_profile_func_exit");
	recording = prof_family_enabled("functions");
	if (recording)
		xray_start();
}
