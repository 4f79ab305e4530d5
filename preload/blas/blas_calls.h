/* blas_calls.h: from BLAS calls to operations.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A call is its hook, the place it is made from, the thread's regions and the values
 * of its flags and integers: a key that answers with the descriptor. Programs
 * repeat themselves, so the entry that followed the previous one last time is
 * tried first (hooks_blas.c, which can do no more than that), then a table of the
 * thread's own; both are compared in full. Only a key that is in neither is
 * described and interned (blas_calls.c).
 */
#ifndef PRELOAD_BLAS_BLAS_CALLS_H
#define PRELOAD_BLAS_BLAS_CALLS_H

#include <stddef.h>

#include "preload/blas/blas.h"
#include "preload/thunk/thunk.h"

#define BLAS_ENTRIES_LOG2 10 /* calls that a thread remembers */
#define BLAS_ENTRIES      (1u << BLAS_ENTRIES_LOG2)

/* struct hook's detail[], for this family. */
enum { DETAIL_INTERFACE, DETAIL_SHAPE, DETAIL_OP, DETAIL_IN, DETAIL_OUT };

struct blas_key {
	const struct hook *hook;
	const void *return_address;
	uint64_t where; /* call site, and regions in the upper half */
	int64_t value[BLAS_VALUES];
};

struct blas_entry {
	const struct prof_site *site; /* null: call sites are off */
	void *real;                   /* the real function for that return address */
	uint32_t generation;          /* of resolve.h, for which this is so */
	uint32_t desc;
	uint32_t next; /* bytes from the thread's state to what followed this one last time */
	uint32_t reserved;
	const struct blas_plan *plan;
	struct blas_key key; /* hook is null: empty */
};

/* All zero is a good beginning: the runtime gives a new thread an old one's
 * memory, cleared. The entry `none` stays empty: it is what follows a new entry. */
struct blas_thread {
	struct blas_entry none;
	uint32_t expected; /* bytes from here to the entry of the next call */
	uint32_t last;     /* to that of the previous call */
	uintptr_t filling; /* an entry is being written (busy.h): a signal handler keeps away */
	uint32_t batch;    /* descriptor of the previous batch plus 1: what the next one may be */
	int64_t groups;    /* of the previous batch that was divided, and when it was (raw) */
	uint64_t divided_start, divided_end;
	struct blas_entry entry[BLAS_ENTRIES];
};
_Static_assert(offsetof(struct blas_thread, none) == 0, "0 bytes away is the empty entry");

/* What enter leaves for exit. */
struct blas_note {
	struct prof_thread *thread; /* null: this call is not recorded */
	uint64_t start, end;        /* raw; end: 0, or when the short way found that it took the long one */
	uint64_t where;
	uint32_t desc;
	bool brief; /* the short way in was taken: nothing below is set */
	struct prof_counter_values counters;
};
_Static_assert(sizeof(struct blas_note) <= THUNK_NOTES * 8, "a note fits into the call");

static inline struct blas_note *blas_note_of(struct hook_call *call)
{
	return (struct blas_note *)call->note;
}

extern struct blas_plan blas_plans[BLAS_SHAPES][BLAS_INTERFACES][2] __attribute__((visibility("hidden")));

/* Whether the family is on. */
extern bool blas_recording __attribute__((visibility("hidden")));

static inline const struct blas_plan *blas_plan_of(const struct hook *hook)
{
	return &blas_plans[hook->detail[DETAIL_SHAPE]][hook->detail[DETAIL_INTERFACE]]
	                  [blas_is_complex(hook->detail[DETAIL_IN])];
}

static inline int64_t blas_load_flag(uint64_t argument, bool fortran)
{
	return fortran ? *(const unsigned char *)(uintptr_t)argument : (int32_t)argument;
}

static inline int64_t blas_load_integer(uint64_t argument, bool fortran, bool wide)
{
	if (fortran)
		return wide ? *(const int64_t *)(uintptr_t)argument : *(const int32_t *)(uintptr_t)argument;
	return wide ? (int64_t)argument : (int32_t)argument;
}

static inline bool blas_is_fortran(enum blas_interface interface)
{
	return interface == BLAS_F32 || interface == BLAS_F64;
}

static inline bool blas_is_wide(enum blas_interface interface)
{
	return interface == BLAS_F64 || interface == BLAS_C64;
}

/* Before and after one product, and a batch of them: for struct hook_family. */
void *blas_enter(struct hook_call *call);
void blas_exit(struct hook_call *call);
void *blas_enter_batch(struct hook_call *call);
void blas_exit_batch(struct hook_call *call);

/* Make the plans, and begin to record. */
void blas_calls_start(void);

#endif
