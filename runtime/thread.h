/* thread.h: what is kept of a recording thread.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_THREAD_H
#define PROF_RUNTIME_THREAD_H

#include "runtime/trace/chunk.h"
#include "runtime/recorder.h"
#include "runtime/counters/sample_choice.h"

#define REGIONS_MAX       64u
#define REGION_PATH_BYTES 1024u

struct site_cache;
struct recorder_work;

/* The regions open on a thread: for each its string or, of a function's, a
 * number (region.c), and the length of the path up to it. Deeper ones are only
 * counted. The path is written as far as somebody asked for it. */
struct regions {
	uint32_t depth;
	uint32_t spelled; /* regions whose names are in the path */
	uint32_t id[REGIONS_MAX];
	uint32_t bytes[REGIONS_MAX];
	const void *function[REGIONS_MAX]; /* null: a user's region */
	uintptr_t stack[REGIONS_MAX];      /* of functions */
	char path[REGION_PATH_BYTES + 1];
};

/* Where the thread stands in groups and steps (0: in none). */
struct position {
	uint32_t group, ith, nth;
	uint64_t group_records; /* records of the thread when it entered */
	uint32_t group_skipped; /* operations of the group that were left out */
	uint32_t skip_untold;   /* of these, those that the stream does not tell of yet */
	uint32_t step;          /* plus 1, in force now */
	uint32_t step_outside;  /* in force again when it leaves the group */
};

/* A part of an operation that is too short, but may be wanted because of
 * another thread's. */
struct held {
	bool is;
	uint32_t desc;
	uint64_t raw_start, raw_end;
};

enum counters_state { COUNTERS_UNTRIED, COUNTERS_RUNNING, COUNTERS_BROKEN, COUNTERS_NONE };

struct thread {
	struct prof_thread pub; /* first: it is what hooks see */
	struct thread *next;    /* in the list of live or of free ones */
	struct chunk chunk;
	uint32_t index;         /* of the THREAD record, 0: none yet */
	char name[16];          /* of the thread that made it; others of this name may follow */
	uint32_t serial;        /* of the next chunk */
	uint64_t chunk_records; /* of `records`, when its chunk was opened */
	uint32_t resets;        /* of the stream, for its whole life */
	uint64_t lost_told;     /* part of `lost` that is in the trace */
	struct position position;
	struct held held;
	struct regions regions;
	struct site_cache *sites; /* null until used; call_site.c */
	enum counters_state counters_state;
	int event_set; /* PAPI's; counter_set.c */
	bool chosen;   /* the operation in progress is to be read */
	struct sampling sampling;
	size_t slot_bytes[PROF_SLOTS];
};

static inline struct thread *thread_of(struct prof_thread *t)
{
	return (struct thread *)t;
}

/* Once at the start. */
void thread_start(void);

/* An event into t's stream, when it has a chunk; else nothing, as the next
 * chunk's header says where the thread stands. The calling thread's own t. */
void thread_event(struct thread *t, enum prof_event event, unsigned n, const uint64_t *fields);

/* What was left out of t's group is told before what comes next: the k-th
 * operation of a group is the k-th on all threads. */
void thread_tell_skipped(struct thread *t);

/* Every thread stops where it is: none can record any more. Lock held. */
void thread_halt_all(void);

/* Seal the chunks of all threads, which may still run. Lock held, after
 * thread_halt_all. */
void thread_seal_all(void);

/* What all threads did until now, those that ended included. Lock held. */
void thread_work(struct recorder_work *sum);

/* What was recorded by all threads that there ever were. Lock held. */
struct thread_sums {
	uint64_t records, lost, skipped;
};
struct thread_sums thread_sums(void);

/* In a forked child: the parent's mappings are gone, only the calling thread
 * is left. Lock held. */
void thread_after_fork(void);

/* In a child that nobody told us of, whose memory of threads was cleared: the
 * calling one is as new. Lock held. */
void thread_orphan(void);

#endif
