/* run_id.h: which run this process is part of.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_PROCESS_RUN_ID_H
#define PROF_RUNTIME_PROCESS_RUN_ID_H

#include <stdint.h>

/* The same 16 bytes in all processes of one run: made of the name that the
 * launcher gave (PROFSHIM_RUN), of the job when this is a rank of one that has
 * a name, else of the topmost ancestor that the shim was
 * preloaded into: its number and its start. `name` may be empty. */
void run_id_find(const char *name, uint8_t id[16]);

#endif
