/* hooks_dl.h: what is done before the real dlsym() and dlopen().
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_HOOKS_DL_H
#define PRELOAD_HOOKS_DL_H

struct hooks_dl_way {
	void *real;   /* to jump to */
	void *answer; /* or, if it is not null, to be returned */
};

/* Called by dlsym() and dlopen() themselves (hooks_dl_<cpu>.S). */
struct hooks_dl_way hooks_dl_lookup(void *handle, const char *name, const void *caller)
        __attribute__((visibility("hidden")));
void *hooks_dl_open(const char *path, int mode) __attribute__((visibility("hidden")));

#endif
