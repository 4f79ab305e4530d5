/* shim.c: the shim comes and goes with the program it is preloaded into.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/builtin.h"
#include "preload/entry/entry.h"
#include "preload/families.h"
#include "preload/user/hooks_user.h"
#include "preload/look.h"
#include "preload/resolve.h"
#include "preload/entry/slots.h"
#include "preload/carrier/static_program.h"
#include "runtime/recorder.h"

#include <stdlib.h>

__attribute__((constructor)) static void shim_load(void)
{
	resolve_start();
	prof_runtime_start();
	at_quick_exit(prof_runtime_leave); /* the first to be told is the last to be called */
	builtin_start();
	if (static_program_is()) {
		static_program_start();
		return;
	}
#define PRELOAD_FAMILY(name) hooks_##name##_start();
#include "preload/families.def"
#undef PRELOAD_FAMILY
	look_start();
}

__attribute__((destructor)) static void shim_unload(void)
{
	hooks_user_end();
	prof_runtime_stop();
	slots_return_all();
	entry_return_all();
}
