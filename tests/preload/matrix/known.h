/* known.h: operations whose number, shapes and order the ledger knows.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TESTS_PRELOAD_MATRIX_KNOWN_H
#define TESTS_PRELOAD_MATRIX_KNOWN_H

#include "tests/preload/matrix/kernels.h"
#include "tests/preload/matrix/ledger.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What makes an operation; programs without a kernel of their own set it. */
extern void (*known_kernel)(int m, int n, int k, float *c);

/* n things to do, or the part of them that MATRIX_FEWER leaves of those: watched code is slow. */
unsigned long known_fewer(unsigned long n);

/* So many operations on the calling thread's own lane; all of them, come what may. */
void known_calls(unsigned long n);
void known_all_calls(unsigned long n);

/* One operation on this lane. */
void known_call_on(struct ledger_lane *lane);

/* A new lane of this process. */
struct ledger_lane *known_lane(void);

/* The calling thread's lane; one is made on first use. */
struct ledger_lane *known_mine(void);

/* In a child, however it was made: it is an image of its own. */
void known_child(void);

/* How this image's trace is going to end; FATE_EXIT when nothing is said. */
void known_fate(enum fate fate);

/* Operations of this lane may be missing if the trace says how many. */
void known_lossy(struct ledger_lane *lane);

/* The lanes of this image go on while it ends: what they did until now is to
 * be in the trace, what they do from now on may be. */
void known_running(void);

/* Ends the program with a line on standard error unless the condition holds. */
void known_must(int condition, const char *what);

#ifdef __cplusplus
}
#endif

#endif
