/* look.h: the modules that came, looked at for functions to take over.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * When the program starts, and again when libraries came: a program gets at those
 * that it opens by dlsym(), so there it is seen whether the number of modules has
 * changed. A library that is opened for what its constructors do alone is seen at
 * the next dlsym() or dlclose().
 */
#ifndef PRELOAD_LOOK_H
#define PRELOAD_LOOK_H

#include <stdbool.h>

/* At the start, after the families. */
void look_start(void);

/* Whether look_start() has begun; before that nothing is taken over. */
bool look_is_started(void);

/* Libraries may have come. Cheap if none came. */
void look_again(void);

#endif
