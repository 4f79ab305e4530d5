/* recorder.h: what the shim's hooks ask of the runtime.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The runtime lives inside somebody's program. Nothing here exits, aborts,
 * prints to standard output, changes errno, or fails visibly: on trouble it
 * stops recording, says so once on standard error, and every function becomes
 * a no-op. Memory comes from an arena of our own, never from the program's
 * malloc. All functions may be called on any thread at any time; "hot" marks
 * those made for every operation.
 */
#ifndef PROF_RUNTIME_RECORDER_H
#define PROF_RUNTIME_RECORDER_H

#include <prof/kinds.h>
#include <prof/trace_codec.h>
#include <stdbool.h>

#include "runtime/busy.h"
#include "runtime/clock/clock.h" /* static inline uint64_t prof_clock(void): raw reading, hot */
#include "runtime/call_site/site.h"
#include "runtime/counters/sample_choice.h"

#define PROF_NO_DESC       (~0u)
#define PROF_DESC_FILTERED (~1u) /* nobody wants operations of this kind: PROFSHIM_FILTER */

/* ---- threads ---- */

enum prof_slot {
	PROF_SLOT_BLAS,
	PROF_SLOT_GGML,
	PROF_SLOT_CALLS,
	PROF_SLOT_ORT,
	PROF_SLOT_TABLE,
	PROF_SLOT_FUNCTIONS,
	PROF_SLOT_TORCH,
	PROF_SLOT_SPARE0,
	PROF_SLOT_USER,
	PROF_SLOT_SPARE1,
	PROF_SLOTS
};

/* What is hot of one recording thread; runtime/ holds the rest behind it. */
struct prof_thread {
	struct prof_stream stream;
	uint8_t *p;     /* where the next record goes */
	uintptr_t busy; /* inside the recorder, with this stack: a signal handler must not record */
	uint8_t *limit; /* p here or beyond: a new chunk is needed first */
	uint64_t epoch_raw;
	uint32_t tick_shift;
	uint32_t choosy;          /* operations are recorded by their duration: PROFSHIM_FILTER */
	uint32_t region;          /* stands for the regions open, 0: none */
	uint64_t regions_wanted;  /* of these, a bit for each that PROFSHIM_RECORD asks for */
	uint64_t records;         /* operation records written */
	uint64_t lost;            /* operations seen while busy or without room */
	uint64_t skipped;         /* operations seen that nobody wants: PROFSHIM_RECORD */
	uint64_t site_hits;       /* call sites found again in the cache */
	uint64_t next_costly_raw; /* raw clock before which no counters are read */
	/* While counters run and each operation decides for itself: of each kind, how many
	 * more go by unread. */
	struct sampling_turn *turns;
	void *slot[PROF_SLOTS]; /* hook families' own per-thread state */
};

extern __thread struct prof_thread *prof_thread_current __attribute__((tls_model("initial-exec")));

/* The calling thread's recorder, attached on first use; null when recording
 * is off, has stopped, or the caller is the runtime itself. Hot. */
struct prof_thread *prof_thread_attach(void);
static inline struct prof_thread *prof_thread_get(void)
{
	struct prof_thread *t = prof_thread_current;

	return __builtin_expect(t != NULL, 1) ? t : prof_thread_attach();
}

/* Whether PROFSHIM_RECORD wants what the thread runs now; hooks ask before an
 * operation, and add to t->skipped when not. Hot. */
enum {
	PROF_SWITCH_STEPS_OFF = 1,
	PROF_SWITCH_SIGNAL_OFF = 2,
	PROF_SWITCH_REGIONS = 4 /* it is for each thread to say */
};
extern uint32_t prof_switched; /* atomic; 0: everything is wanted now */
static inline bool prof_wanted(const struct prof_thread *t)
{
	uint32_t switched = __atomic_load_n(&prof_switched, __ATOMIC_RELAXED);

	return __builtin_expect(!switched, 1) || (switched == PROF_SWITCH_REGIONS && t->regions_wanted);
}

/* Zeroed memory of `bytes` for a family's per-thread state, made on first use
 * and kept for the thread's life; null when there is no memory. */
void *prof_thread_slot(struct prof_thread *t, enum prof_slot slot, size_t bytes);

/* Memory from the runtime's arena, zeroed, aligned to 16, never given back;
 * null when there is none. */
void *prof_arena_alloc(size_t bytes);

/* ---- names, call sites, descriptors: interned once, then a number ---- */

/* The id of a string, 0 for a null or empty one. At most 4096 bytes are kept. */
uint32_t prof_intern_string(const char *s, size_t bytes);

/* The id of the calling thread's stack, outermost hooks' frames left out;
 * 0 when call sites are off. return_address and stack_pointer are those of the
 * hooked call and key a per-thread cache; the stack is walked on a miss. Hot
 * on a hit. */
uint32_t prof_call_site(struct prof_thread *t, const void *return_address, const void *stack_pointer);

/* The same for callers with a cache of their own: *site, and the thread's entry,
 * which is this site's for as long as prof_site_holds() and its `site` stays the
 * same; null when there is none. */
const struct prof_site *prof_call_site_entry(struct prof_thread *t, const void *return_address,
                                             const void *stack_pointer, uint32_t *site);
bool prof_call_sites_wanted(void);

struct prof_operand_spec {
	uint8_t role, dtype, n_dims, strided;
	uint32_t name;                        /* string id */
	uint64_t dims[PROF_MAX_DIMS];         /* outermost first */
	int64_t strides_bytes[PROF_MAX_DIMS]; /* when strided */
};

struct prof_attr_spec {
	uint16_t attr;
	int64_t value;
};

/* A descriptor to be interned; zero is a good default for every field but
 * layer (-1). Padding takes part in nothing. */
struct prof_desc_spec {
	uint16_t op;
	uint8_t n_operands, n_attrs;
	uint32_t flags;
	int32_t layer;
	uint32_t family, name, context, result, site;
	struct prof_operand_spec operands[PROF_MAX_OPERANDS];
	struct prof_attr_spec attrs[PROF_MAX_ATTRS];
};

/* The id of an equal descriptor, made when there is none; the calling thread's
 * regions become part of it. PROF_NO_DESC when recording stopped,
 * PROF_DESC_FILTERED when nobody wants it. */
uint32_t prof_intern_desc(struct prof_thread *t, const struct prof_desc_spec *spec);

/* A number that changes with the calling thread's regions (0: none open):
 * callers that cache descriptors make it part of their key. Hot. */
static inline uint32_t prof_region_current(const struct prof_thread *t)
{
	return t->region;
}

/* A function begins and ends on the calling thread: a region that has its name.
 * stack is where it lies on the stack; functions that began below `left` are known
 * to have been left, without an end, by an exception or longjmp(). Hot. */
void prof_region_enter(const void *function, uintptr_t stack, uintptr_t left);
void prof_region_leave(const void *function);

/* ---- recording ---- */

/* A new chunk for t, or false when recording has stopped. */
bool prof_thread_more(struct prof_thread *t);

/* Of a thread whose busy mark is set: whether it really is. If not, what was
 * being written is dropped and the thread is free again. */
bool prof_thread_is_busy(struct prof_thread *t);

static inline uint64_t prof_ticks(const struct prof_thread *t, uint64_t raw)
{
	return (raw - t->epoch_raw) >> t->tick_shift;
}

/* As prof_record(), for an operation that is not the expected one, or is lost,
 * filtered, or recorded by its duration. */
void prof_record_slow(struct prof_thread *t, uint32_t desc, uint64_t raw_start, uint64_t raw_end);

/* An operation that is wanted, by a thread that is not in the recorder. */
void prof_record_now(struct prof_thread *t, uint32_t desc, uint64_t raw_start, uint64_t raw_end);

/* What every record has around it: a signal handler in the middle of one, and
 * the end of the program, look at `busy`. Atomic, at no cost. */
__attribute__((always_inline)) static inline void prof_record_begin(struct prof_thread *t)
{
	__atomic_store_n(&t->busy, busy_stack_pointer(), __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void prof_record_end(struct prof_thread *t)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&t->busy, 0, __ATOMIC_RELEASE);
}

static inline bool prof_record_ready(const struct prof_thread *t)
{
	return (t->busy | t->choosy) == 0 && t->p < __atomic_load_n(&t->limit, __ATOMIC_RELAXED);
}

/* A count of this thread's, which the end of recording may read at any time. */
static inline void prof_count(uint64_t *n)
{
	__atomic_store_n(n, *n + 1, __ATOMIC_RELAXED);
}

/* As prof_record(), but false, with nothing done, for an operation that is not
 * the expected one, or when anything is in the way. */
static inline bool prof_record_expected(struct prof_thread *t, uint32_t desc, uint64_t raw_start,
                                        uint64_t raw_end)
{
	uint8_t *q;

	if (__builtin_expect(!prof_record_ready(t), 0))
		return false;
	prof_record_begin(t);
	q = prof_put_expected(&t->stream, t->p, desc, prof_ticks(t, raw_start), prof_ticks(t, raw_end));
	if (__builtin_expect(!q, 0)) {
		prof_record_end(t);
		return false;
	}
	__atomic_store_n(&t->p, q, __ATOMIC_RELEASE);
	prof_count(&t->records);
	prof_record_end(t);
	return true;
}

/* One operation (or one thread's slice of one), with raw clock readings at its
 * start and end. Children are recorded before the operation that encloses
 * them. Hot. */
static inline void prof_record(struct prof_thread *t, uint32_t desc, uint64_t raw_start, uint64_t raw_end)
{
	if (__builtin_expect(!prof_record_expected(t, desc, raw_start, raw_end), 0))
		prof_record_slow(t, desc, raw_start, raw_end);
}

/* ---- counters: costly, so taken when due ---- */

struct prof_counter_values {
	uint64_t value[PROF_MAX_COUNTERS];
	bool valid;
};

/* Whether no counters run on this thread for now. Hot. */
static inline bool prof_counters_rest(const struct prof_thread *t, uint64_t raw_now)
{
	return __builtin_expect(raw_now < t->next_costly_raw, 1);
}

/* Whether it is not this operation's turn to be read, although counters run: it goes
 * by, as at prof_counters_due. Hot. */
static inline bool prof_counters_pass(struct prof_thread *t, uint32_t desc)
{
	struct sampling_turn *turn;

	if (!t->turns || desc >= SAMPLING_KINDS)
		return false;
	turn = &t->turns[desc];
	if (turn->left < 2)
		return false;
	turn->left--;
	return true;
}

/* As prof_counters_due, when counters run on this thread or may be started. */
bool prof_counters_choose(struct prof_thread *t, uint32_t desc, uint64_t raw_now);

/* Whether this operation, of kind `desc` (PROF_NO_DESC: not known yet), is to
 * be read. When it is, prof_counters_read follows, and the operation's start is
 * after that. Hot: one comparison where no counters run. */
static inline bool prof_counters_due(struct prof_thread *t, uint32_t desc, uint64_t raw_now)
{
	return !prof_counters_rest(t, raw_now) && prof_counters_choose(t, desc, raw_now);
}

/* Read the calling thread's counters at an operation's start, after
 * prof_counters_due. Not valid when this thread has none. */
void prof_counters_read(struct prof_thread *t, struct prof_counter_values *v);

/* As prof_record, with the counters read at the start; reads them again. When
 * at_start is not valid: prof_record. */
void prof_record_counted(struct prof_thread *t, uint32_t desc, uint64_t raw_start, uint64_t raw_end,
                         const struct prof_counter_values *at_start);

/* The raw start of an operation, which ends by prof_record_measured: its counters
 * are read before it when they are due, and not valid when not. */
static inline uint64_t prof_measure(struct prof_thread *t, uint32_t desc, struct prof_counter_values *v)
{
	uint64_t start = prof_clock();

	v->valid = false;
	if (!prof_counters_due(t, desc, start))
		return start;
	prof_counters_read(t, v);
	return prof_clock();
}

static inline void prof_record_measured(struct prof_thread *t, uint32_t desc, uint64_t raw_start,
                                        uint64_t raw_end, const struct prof_counter_values *at_start)
{
	if (at_start->valid)
		prof_record_counted(t, desc, raw_start, raw_end, at_start);
	else
		prof_record(t, desc, raw_start, raw_end);
}

/* ---- groups and steps ---- */

/* A new group number, never 0: the kernels of one graph run by nth threads. */
uint32_t prof_group_new(void);

/* The calling thread takes part in a group as its ith of nth; operations
 * recorded until prof_group_leave() are slices. step: index plus 1, 0: none. */
void prof_group_enter(struct prof_thread *t, uint32_t group, uint32_t ith, uint32_t nth, uint32_t step);
void prof_group_leave(struct prof_thread *t);

/* A step that is not recorded, as PROFSHIM_RECORD wants it. */
#define PROF_STEP_UNRECORDED (~0u)

struct prof_step_info {
	uint32_t tokens, sequences, ctx_max; /* 0: unknown */
	uint64_t ctx_sum;
};

/* Begin and end a step; returns its index plus 1, PROF_STEP_UNRECORDED, or 0
 * when there is no room. Energy is sampled at both.
 * The calling thread's operations belong to it (others': prof_group_enter). */
uint32_t prof_step_begin(struct prof_thread *t, const struct prof_step_info *info);
void prof_step_end(struct prof_thread *t, uint32_t step);

/* The same for a step that ended a while ago, with the raw clock then: what came
 * after it was recording. */
void prof_step_end_at(struct prof_thread *t, uint32_t step, uint64_t raw);

/* ---- facts, trouble, configuration ---- */

/* Something about the run, for `proftrace info`: a dotted key, a value. */
void prof_fact(const char *key, const char *value);

/* Something that is missing and why, in one sentence; also on standard error
 * when PROFSHIM_VERBOSE is set. */
void prof_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* On standard error, when PROFSHIM_VERBOSE is at least `level`. */
void prof_say(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Recording stops here, for this reason: one line on standard error. */
void prof_stop(const char *why);

/* Whether PROFSHIM_FAMILIES has this family on. */
bool prof_family_enabled(const char *family);

/* A module (library) came or went: addresses are to be looked up anew. */
void prof_modules_changed(void);

/* Called by the shim's constructor and destructor. */
void prof_runtime_start(void);
void prof_runtime_stop(void);

/* The program is about to leave by _exit() or quick_exit(). */
void prof_runtime_leave(void);

/* Another program is about to take this one's place: the trace gets its end.
 * When that comes true there is nothing more to do; when it fails, and this
 * returned true, the end is taken back by prof_runtime_exec_failed(). Other
 * threads that want more than to record wait in between. */
bool prof_runtime_exec_begin(void);
void prof_runtime_exec_failed(void);

/* Around fork(), where the C library that makes it is not the one that runs them
 * by itself: before it, with the lock held from then on, and in either process
 * after it. Signals must stay blocked in between. */
void prof_runtime_fork_begin(void);
void prof_runtime_fork_parent(void);
void prof_runtime_fork_child(void);

#endif
