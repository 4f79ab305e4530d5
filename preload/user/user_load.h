/* user_load.h: the file of hooks that holds for this program.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_USER_USER_LOAD_H
#define PRELOAD_USER_USER_LOAD_H

#include "preload/user/user_file.h"

enum user_loaded { USER_LOADED, USER_NO_FILE, USER_BAD_FILE };

#define USER_SENTENCE_BYTES 512

/* Find the file (PROFSHIM_HOOKS, or PROGRAM.hooks.yaml beside the program), read and
 * understand it. *path is where it is; "" when there is none. For a bad file the
 * sentence, PATH:LINE:COLUMN: ..., is in why. All of it is kept for ever. */
enum user_loaded user_load(struct user_file *file, const char **path, char why[USER_SENTENCE_BYTES]);

#endif
