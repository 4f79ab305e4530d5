/* hooks_dl.h: libraries that come and go.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_HOOKS_DL_H
#define PRELOAD_HOOKS_DL_H

/* Before a lookup of the program's: the real dlsym(). Called by hooks_dlsym_<cpu>.S. */
void *hooks_dl_lookup(void) __attribute__((visibility("hidden")));

#endif
