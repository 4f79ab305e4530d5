/* memory.h: memory of our own.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The program's malloc may be in use at this very moment, may be hooked, and
 * is none of our business: what the recorder keeps comes from anonymous
 * mappings, is zeroed, and is never given back.
 */
#ifndef PROF_RUNTIME_MEMORY_H
#define PROF_RUNTIME_MEMORY_H

#include <stddef.h>

/* Whole pages of zeros, or null. */
void *memory_pages(size_t bytes);
void memory_unpages(void *pages, size_t bytes);

/* Zeroed memory aligned to 16 out of larger pieces, or null. Lock held. */
void *memory_alloc(size_t bytes);

#endif
