/* code_pages.h: memory that is executed: a little of ours, and the program's.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * No page is ever writable and executable at once, and a page of the program
 * is executable all the time, because another thread, or the C library's own
 * mprotect(), may run there. Therefore a page is not written in place: a copy
 * is written, made executable, and put where the page was by one mremap(). The
 * kernel changes both under one lock, and a thread that runs into the page
 * meanwhile waits for it; every thread sees either all of the old bytes or all
 * of the new ones, however many they are and wherever they lie. What must not
 * be is a thread that stands between two replaced instructions: see entry.h.
 *
 * The price: the page is anonymous memory afterwards, as /proc/self/maps shows.
 * Where such memory is forbidden (a security module, sealed mappings) the
 * functions fail and nothing has changed.
 */
#ifndef PRELOAD_ENTRY_CODE_PAGES_H
#define PRELOAD_ENTRY_CODE_PAGES_H

#include <stddef.h>
#include <stdint.h>

/* Room for bytes of code, aligned to 16, no end of it further than `reach` from
 * `near`, which may be 0 for anywhere. Executable, not writable, zeroed, never
 * given back. Null with errno when there is none. */
void *code_room(size_t bytes, uintptr_t near, uintptr_t reach);

/* Replace bytes of readable, executable, private memory that nobody writes to
 * otherwise. 0, or -1 with errno and nothing changed. */
int code_write(uintptr_t at, const void *bytes, size_t n);

/* After one or several of these: other processors may still run what they had
 * read before. Makes them read anew where the kernel can (membarrier). */
void code_written(void);

#endif
