/* thunk.h: hooks that stand in for functions of any signature.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A family of hooks is a table of `struct hook`, one an exported symbol, and
 * an assembly file that makes an entry for each (thunk_entry.inc). An entry saves
 * the argument registers into a struct hook_call, calls the family's enter(),
 * calls the real function with the arguments as they came, saves what it
 * returns, calls the family's exit(), and returns as the real one did. Errno,
 * the floating point environment and every register that may carry an argument
 * or a result are as they would be without it; vectors wider than 128 bits are
 * not carried as arguments. Exceptions and longjmp() pass through: then exit()
 * is not called, and nothing is kept that would have to be undone.
 *
 * Nothing but this header, thunk_entry.inc and thunk_<cpu>.S knows the CPU.
 */
#ifndef PRELOAD_THUNK_THUNK_H
#define PRELOAD_THUNK_THUNK_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/resolve.h"

#define THUNK_NOTES 24 /* words that a family may keep from enter() to exit() */

#if defined(__x86_64__)
#define THUNK_REGISTERS      6   /* whole-number arguments that come in registers */
#define THUNK_VECTOR_RESULTS 2   /* floating point registers that a function may return in */
#define THUNK_FRAME_BYTES    464 /* size of struct hook_call */
#elif defined(__aarch64__)
#define THUNK_REGISTERS      8
#define THUNK_VECTOR_RESULTS 4
#define THUNK_FRAME_BYTES    512
#else
#error "preload: no thunk for this CPU: add thunk_<cpu>.S and its constants here"
#endif
/* From struct hook_call to the first argument on the stack: behind a frame record. */
#define THUNK_STACK_OFFSET (THUNK_FRAME_BYTES + 16)

struct hook_call;

/* Whether a function, by st_other of its symbol, is called as a thunk can pass on:
 * one marked as a variant (ELF for the Arm 64-bit Architecture, 5.4) may have its
 * arguments in longer vectors and predicates, and keep registers that C does not. */
static inline bool thunk_can_call(unsigned char other)
{
#if defined(__aarch64__)
	return !(other & STO_AARCH64_VARIANT_PCS);
#else
	return true;
#endif
}

/* What the hooks of a family have in common. The first two are tried before the
 * others, and must leave the floating point and vector registers alone, which are
 * not saved for them: they are compiled so that they have none (CMakeLists.txt),
 * and call nothing that is not.
 */
struct hook_family {
	/* Before the real function; returns it, or null, with nothing done, when
	 * this takes the long way. call->real is not known yet. */
	void *(*enter_shortly)(struct hook_call *call);
	/* After it; false, with nothing done, when this takes the long way. */
	bool (*exit_shortly)(struct hook_call *call);
	/* Before the real function; returns call->real. */
	void *(*enter)(struct hook_call *call);
	/* After it. Neither exit is called when an exception or longjmp() passed through. */
	void (*exit)(struct hook_call *call);
};

/* For families without a short way. */
void *thunk_never_enter(struct hook_call *call);
bool thunk_never_exit(struct hook_call *call);

/* One exported symbol, or (with a null cache, when enter() finds the real function
 * by itself) one made by stub_make(); thunk_<cpu>.S knows this layout. */
struct hook {
	const char *name;
	struct resolve_cache *cache;
	const struct hook_family *family;
	uint16_t stack_words; /* arguments on the stack are at most so many words */
	uint8_t detail[6];    /* the family's own */
};

/* One call in progress, in the thunk's stack frame. */
struct hook_call {
	const struct hook *hook;
	void *real;
	const void *return_address; /* in the program, never in the shim */
	uint64_t indirect
	        [2]; /* registers beside the arguments' (varargs count, static chain, place of the result) */
	uint64_t reserved;
	uint64_t integer[THUNK_REGISTERS]; /* whole-number and pointer arguments, in order */
	uint64_t vector[8][2];             /* floating point arguments, in order */
	uint64_t result[2];                /* what the real function returned, whole-number or pointer */
	uint64_t vector_result[THUNK_VECTOR_RESULTS][2];
	uint64_t note[THUNK_NOTES]; /* the family's own, from enter() to exit() */
};

_Static_assert(sizeof(struct hook) == 32, "thunk_<cpu>.S multiplies by this");
_Static_assert(offsetof(struct hook, family) == 16, "thunk_<cpu>.S reads this");
_Static_assert(offsetof(struct hook_family, exit_shortly) == 8, "thunk_<cpu>.S reads this");
_Static_assert(offsetof(struct hook, stack_words) == 24, "thunk_<cpu>.S reads this");
_Static_assert(sizeof(struct hook_call) == THUNK_FRAME_BYTES, "thunk_<cpu>.S reserves this");
_Static_assert(offsetof(struct hook_call, integer) == 48, "thunk_<cpu>.S saves here");
_Static_assert(offsetof(struct hook_call, vector) == 48 + 8 * THUNK_REGISTERS, "thunk_<cpu>.S saves here");
_Static_assert(offsetof(struct hook_call, result) == 176 + 8 * THUNK_REGISTERS, "thunk_<cpu>.S saves here");
_Static_assert(offsetof(struct hook_call, vector_result) == 192 + 8 * THUNK_REGISTERS,
               "thunk_<cpu>.S saves here");

/* Where the i-th whole-number or pointer argument is, in bytes from the call;
 * each takes a whole word, of which a narrower type fills the low part. */
static inline unsigned thunk_argument_offset(unsigned i)
{
	return i < THUNK_REGISTERS ? (unsigned)offsetof(struct hook_call, integer) + 8 * i
	                           : THUNK_STACK_OFFSET + 8 * (i - THUNK_REGISTERS);
}

static inline const void *thunk_stack_pointer(const struct hook_call *call)
{
	return (const char *)call + THUNK_STACK_OFFSET;
}

/* The return address of every real function called by a thunk. */
extern const char thunk_returned[] __attribute__((visibility("hidden")));

/* The same for stubs (stub.h): where they lead, where its real functions return
 * to, what a stub is made from, and what is to be called before the first. */
void thunk_whole(void) __attribute__((visibility("hidden")));
void thunk_whole_start(void) __attribute__((visibility("hidden")));
extern const char thunk_whole_returned[] __attribute__((visibility("hidden")));
extern const char thunk_whole_frames[] __attribute__((visibility("hidden"))); /* as in .eh_frame */
extern const char stub_template[] __attribute__((visibility("hidden")));
extern const char stub_template_end[] __attribute__((visibility("hidden")));

/* Where the program's code and ours cannot run alike (static_program.h): what is
 * around the long ways. Null elsewhere; set before the first call. */
struct thunk_world {
	void *(*enter)(struct hook_call *call, void *(*enter)(struct hook_call *call));
	void (*exit)(struct hook_call *call); /* around the family's */
};
extern const struct thunk_world *thunk_world __attribute__((visibility("hidden")));

/* Called by the thunk, the long way. */
void *thunk_enter(struct hook_call *call);
void thunk_exit(struct hook_call *call);

#endif
