/* hooks_user.c: functions that a file of hooks names.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * They are looked for when the program starts, and again when libraries came: a
 * program gets at those that it opens by dlsym(), so there it is seen whether the
 * number of modules has changed. A library that is opened for what its
 * constructors do alone is seen at the next dlsym() or dlclose().
 */
#include "preload/hooks_user.h"

#include "preload/families.h"
#include "preload/slots.h"
#include "preload/trylock.h"
#include "preload/user_list.h"
#include "preload/user_load.h"
#include "preload/user_targets.h"
#include "runtime/recorder.h"

static struct user_file file;
static bool is_used;
static uint32_t lock;

/* Looking asks the loader, and may come back here. */
static __thread bool looking __attribute__((tls_model("initial-exec")));

void hooks_user_look(void)
{
	struct guard calm;

	if (!__atomic_load_n(&is_used, __ATOMIC_RELAXED) || looking || !trylock_take(&lock, &calm))
		return;
	looking = true;
	user_targets_look(&file, false);
	looking = false;
	trylock_give(&lock, &calm);
}

void hooks_user_start(void)
{
	char why[USER_SENTENCE_BYTES];
	const char *path;
	enum user_loaded loaded = USER_NO_FILE;

	looking = true;
	if (prof_family_enabled("user"))
		loaded = user_load(&file, &path, why);
	if (user_list_wanted())
		user_list(&file, loaded == USER_NO_FILE ? "" : path, loaded == USER_BAD_FILE ? why : NULL);
	looking = false;
	if (loaded == USER_BAD_FILE)
		prof_stop(why);
	if (loaded != USER_LOADED || !file.n_hooks)
		return;
	prof_fact("hooks.file", path);
	user_calls_start(path);
	__atomic_store_n(&is_used, true, __ATOMIC_RELEASE);
	hooks_user_look();
}

void hooks_user_stop(void)
{
	if (is_used)
		slots_return_all();
}
