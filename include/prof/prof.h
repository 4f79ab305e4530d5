/* prof.h: what a program may tell its profiler, if it wants to.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Every function is a weak symbol: a program that includes this header and
 * calls through the macros-free wrappers below runs unchanged, and costs one
 * comparison a call, when libprofshim.so is not loaded. Nothing to link.
 */
#ifndef PROF_PROF_H
#define PROF_PROF_H

#ifdef __cplusplus
extern "C" {
#endif

/* Defined by libprofshim.so; null otherwise. Use the inline functions below. */
extern void prof_region_push(const char *name) __attribute__((weak));
extern void prof_region_pop(void) __attribute__((weak));
extern void prof_step(unsigned tokens) __attribute__((weak));

/* Open a region on the calling thread: operations until the matching
 * prof_end_region() carry `name` as their context. Names are copied; regions
 * nest, and the path of names is joined with '.'. Never blocks on I/O, never
 * fails visibly. */
static inline void prof_begin_region(const char *name)
{
	if (prof_region_push)
		prof_region_push(name);
}

/* Close the region opened last on the calling thread; without one, nothing. */
static inline void prof_end_region(void)
{
	if (prof_region_pop)
		prof_region_pop();
}

/* A new pass over the network starts here, with `tokens` tokens (0: unknown).
 * It lasts until the next one or the end of the program. */
static inline void prof_begin_step(unsigned tokens)
{
	if (prof_step)
		prof_step(tokens);
}

#ifdef __cplusplus
}
#endif

#endif
