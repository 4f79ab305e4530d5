/* load_order.h: which library was opened when another one came along.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a name means in a library that was opened at run time (dlopen) is looked
 * for in the global scope, and then in all that came along with the library
 * that was opened: in that one first, then in what it is linked to, by breadth.
 * A library below it has no scope of its own: it may be bound to its siblings
 * before its own libraries. The loader does not say which one was opened; it
 * follows from the order of its list, in which each comes before what it brought.
 */
#ifndef PRELOAD_LOAD_ORDER_H
#define PRELOAD_LOAD_ORDER_H

#include <stdbool.h>
#include <stdint.h>

enum { LOAD_ORDER_PATH_BYTES = 4096 };

/* The path of the library that was opened, by the lowest mapped address of one
 * that came along. False when it was opened itself, came with the program, or
 * cannot be told. Answers are kept as long as the generation is the same, which
 * is another after every dlclose(); 0: not at all. May wait for the loader. */
bool load_order_root(uintptr_t low, uint32_t generation, char path[LOAD_ORDER_PATH_BYTES]);

#endif
