/* hooks_user.c: functions that a file of hooks names.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/user/hooks_user.h"

#include "preload/families.h"
#include "preload/user/user_list.h"
#include "preload/user/user_load.h"
#include "preload/user/user_targets.h"
#include "runtime/recorder.h"

static struct user_file file;
static const char *file_path;
static bool is_used;

void hooks_user_take(void)
{
	if (is_used)
		user_targets_look(&file, false);
}

void hooks_user_start(void)
{
	char why[USER_SENTENCE_BYTES];
	enum user_loaded loaded = USER_NO_FILE;

	if (prof_family_enabled("user"))
		loaded = user_load(&file, &file_path, why);
	if (user_list_wanted())
		user_list(&file, loaded == USER_NO_FILE ? "" : file_path,
		          loaded == USER_BAD_FILE ? why : NULL);
	if (loaded == USER_BAD_FILE)
		prof_stop(why);
	if (loaded != USER_LOADED || !file.n_hooks)
		return;
	prof_fact("hooks.file", file_path);
	user_calls_start(file_path);
	is_used = true;
}

void hooks_user_end(void)
{
	if (is_used)
		user_list_note(&file, file_path);
}
