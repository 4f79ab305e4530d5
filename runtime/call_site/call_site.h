/* call_site.h: where in the program a kernel was called.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_CALL_SITE_CALL_SITE_H
#define PROF_RUNTIME_CALL_SITE_CALL_SITE_H

#include <stdint.h>

struct thread;
struct recorder_work;

/* Load the unwinder, if call sites are on, and not when first needed: that may
 * be in the middle of a measured step. Lock not held. */
void call_site_prepare(void);

/* Add what a thread did; and begin to count it anew. */
void call_site_work(const struct thread *t, struct recorder_work *sum);
void call_site_reset(struct thread *t);

/* Measured cost of finding one there, 0 when none was needed. */
double call_site_ns(void);

/* A thread ends, or starts anew: its cache is emptied. */
void call_site_forget(struct thread *t);

#endif
