/* static_program.h: the shim in a program that is linked statically.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * There the shim has a C library of its own (carrier/carrier.h), so each of the
 * program's calls that reaches it changes worlds on the way in and out; the real
 * function runs in the program's.
 */
#ifndef PRELOAD_CARRIER_STATIC_PROGRAM_H
#define PRELOAD_CARRIER_STATIC_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "preload/carrier/carrier.h"

/* Whether this is one. */
static inline bool static_program_is(void)
{
	return &prof_carrier != NULL;
}

/* Once, instead of the families' own starts: take over what the tables know, what the
 * user says, and what becomes of the process. */
void static_program_start(void);

#endif
