/* slots.h: calls through PLT and GOT slots of loaded modules, taken over while the program runs.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A module calls a function of another one through a slot that the dynamic
 * linker fills with its address: at the start, or, bound lazily, at the first call.
 * Whatever the way (a PLT, code compiled with -fno-plt, full RELRO), the slot is a
 * word that a JUMP_SLOT or GLOB_DAT relocation names. Slots that became
 * read-only after relocation are made writable for the moment.
 *
 * Not seen: calls inside a module that need no slot, and pointers to functions in
 * tables of data.
 */
#ifndef PRELOAD_ENTRY_SLOTS_H
#define PRELOAD_ENTRY_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slots_slot {
	uintptr_t *at;
	const char *name;     /* of the function; the module's */
	const char *module;   /* path, "": the program */
	uintptr_t low, high;  /* where the module is */
	uintptr_t value;      /* what is in it now */
	uintptr_t definition; /* the module's own definition of the name, 0: none */
	uintptr_t stand_in;   /* PLT entry of the program that is the function's address for all, 0: none */
};

/* Look at the modules that are loaded now: slots_each() is about those that were
 * not there the last time. Whether there are any; cheap when there are none. */
bool slots_look(void);

/* Every slot, of every new module but the shim and the dynamic linker, whose
 * function's name matches the glob; visit returns false to stop. Nothing is held
 * while visit runs. */
void slots_each(const char *glob, bool (*visit)(void *context, const struct slots_slot *slot), void *context);

/* The same for names that are wanted. */
void slots_each_of(bool (*wanted)(const char *name),
                   bool (*visit)(void *context, const struct slots_slot *slot), void *context);

/* Whether it holds a function's address now, and not the way into lazy binding. */
bool slots_is_bound(const struct slots_slot *slot);

/* The function that a slot leads to, or would after lazy binding; null when there is
 * none. May wait for the loader. */
void *slots_function(const struct slots_slot *slot);

/* Put a function's address into a slot, if its module is still there and the slot
 * still holds `value`. It is put back by slots_return_all(). */
bool slots_take(const struct slots_slot *slot, const void *function);

/* At exit: every slot taken holds again what it held (bound lazily: the function). */
void slots_return_all(void);

#endif
