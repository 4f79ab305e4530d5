/* carrier.h: the shim's own world inside a statically linked program.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A static program has no loader, and its C library is its own. Where profrun
 * starts one, it first maps the dynamic linker into the new process and lets that
 * load the carrier: a program with a C library of its own, that libprofshim.so is
 * preloaded into as into any other. Then the static program begins, as the kernel
 * would have begun it. Two C libraries live in one process from there on.
 *
 * They share nothing but what the kernel keeps a process or a thread: the
 * break, which the carrier leaves to the program by a malloc() of its own,
 * and the thread pointer. Each thread of the program has a second one for the
 * time that it spends in the shim: the main thread the one that the carrier was
 * started with, every other that of a thread which the carrier makes and lets
 * sleep as long. Signals wait meanwhile, as their handlers are the program's.
 */
#ifndef PRELOAD_CARRIER_CARRIER_H
#define PRELOAD_CARRIER_CARRIER_H

#include <stdbool.h>
#include <stdint.h>

struct carrier_strand;

/* A stay in the carrier's world. */
struct carrier_visit {
	uintptr_t program; /* thread pointer */
	uint64_t signals;  /* as the kernel has them */
	struct carrier_strand *strand;
};

/* The carrier as the shim sees it; there is one in static programs only. */
struct carrier {
	/* From the program's world into the carrier's. False, with nothing done, when
	 * the thread has no place there: it is too early, or there are too many. */
	bool (*enter)(struct carrier_visit *v);
	void (*leave)(const struct carrier_visit *v);
};

extern const struct carrier prof_carrier __attribute__((weak, visibility("default")));

/* ---- within the carrier ---- */

/* Of the thread that runs the carrier's main(). */
void carrier_threads_start(void);
bool carrier_enter(struct carrier_visit *v);
void carrier_leave(const struct carrier_visit *v);

/* What the kernel told the program by its auxiliary vector; 0: nothing. */
unsigned long carrier_auxiliary(unsigned long type);

#endif
