/* call_site.c: where in the program a kernel was called.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * libunwind is loaded into a scope of its own: it exports the names of the
 * compiler's unwinder, and a program that found those would throw its C++
 * exceptions through it, 34 times slower.
 *
 * In front of it is a cache per thread, keyed by the return address and the
 * stack pointer of the call. Two stacks may share both and differ further out,
 * so an entry also knows where on the stack the next return addresses lay, and
 * a hit is one only when they still lie there.
 */
#include "runtime/call_site/call_site.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/config.h"
#include "runtime/cost.h"
#include "runtime/process/facts.h"
#include "runtime/foreign.h"
#include "runtime/guard.h"
#include "runtime/trace/intern.h"
#include "runtime/memory.h"
#include "runtime/call_site/module.h"
#include "runtime/trace/note.h"
#include "runtime/private_library.h"
#include "runtime/recorder_state.h"
#include "runtime/thread.h"
#include "runtime/call_site/walk_budget.h"

#define ENTRIES      512u
#define WINDOW_WORDS 1024u /* of the stack, in which they are looked for */
#define OWN_FRAMES   8u    /* of ours, at most, before the program's */
#define PAGE_BYTES   4096u
#define TIMED_HITS   32u
#define WALKS_SHARE  0.25 /* of the budget is for walks */
#define FREE_NS      1e7  /* of walks, while the program starts */

struct site_cache {
	struct prof_site entries[ENTRIES];
	struct walk_budget budget;
	void *frames[PROF_MAX_FRAMES + OWN_FRAMES];
	const void *window[WINDOW_WORDS];
};

enum unwinder { UNTRIED, LOADING, READY, NONE };

static enum unwinder unwinder; /* atomic */
static int (*walk)(void **frames, int size);
static void (*flush)(void *space, uintptr_t low, uintptr_t high);
static void *const *space;
static double hit_ns;          /* lock held */
static bool timed, told_cheap; /* atomic */
static struct intern sites = {.type = PROF_META_SITE, .first_id = 1, .limit = INTERN_FAILED};

/* ---- the unwinder ---- */

#if defined(__x86_64__)
#define UNWIND_SYMBOL(name) "_Ux86_64_" name
#define RETURN_UNIT         1u
#else
#define UNWIND_SYMBOL(name) "_Uaarch64_" name
#define RETURN_UNIT         4u /* libunwind 1.6 tells the byte before it instead */
#endif

static bool load(void)
{
	void *handle = private_library_open("libunwind.so.8");

	if (!handle)
		return false;
	walk = (int (*)(void **, int))dlsym(handle, "unw_backtrace");
	flush = (void (*)(void *, uintptr_t, uintptr_t))dlsym(handle, UNWIND_SYMBOL("flush_cache"));
	space = dlsym(handle, UNWIND_SYMBOL("local_addr_space"));
	return walk != NULL;
}

static void start_budget(void)
{
	double budget = config_get()->budget, raw_ns = clock_raw_ns(&recorder.clock);
	struct guard g;

	walk_budget_start(budget >= 100 ? 1 : budget / 100 * WALKS_SHARE, recorder.clock.epoch_raw,
	                  (uint64_t)(FREE_NS / raw_ns));
	if (!guard_enter(&g))
		return;
	facts_add("sampling.callsites",
	          budget >= 100 ? "every stack is walked"
	                        : "stacks not seen before are walked while that takes less than an eighth of "
	                          "the budget, 10 ms at the start apart; up to a quarter of it return "
	                          "addresses have equal parts; else the return address alone");
	guard_leave(&g);
}

/* Threads that come while one loads it go without a call site: waiting for
 * the loader here could mean waiting for each other. */
static bool ready(void)
{
	enum unwinder now = __atomic_load_n(&unwinder, __ATOMIC_ACQUIRE);
	enum unwinder untried = UNTRIED;
	bool ok;

	if (now != UNTRIED
	    || !__atomic_compare_exchange_n(&unwinder, &untried, LOADING, false, __ATOMIC_ACQ_REL,
	                                    __ATOMIC_ACQUIRE))
		return now == READY;
	ok = load();
	start_budget();
	if (!ok)
		prof_note("There are no call sites: libunwind.so.8 can't be loaded.");
	__atomic_store_n(&unwinder, ok ? READY : NONE, __ATOMIC_RELEASE);
	return ok;
}

void call_site_prepare(void)
{
	struct guard calm;

	if (!config_get()->callsites || !foreign_enter(&calm))
		return;
	if (ready())
		module_refresh();
	foreign_leave(&calm);
}

/* ---- the cache ---- */

static struct prof_site *entry_for(struct site_cache *c, const void *return_address, const void *sp)
{
	uint64_t h =
	        ((uint64_t)(uintptr_t)return_address ^ (uint64_t)(uintptr_t)sp << 20) * 0x9e3779b97f4a7c15u;

	return &c->entries[h >> 55];
}
_Static_assert(ENTRIES == 1u << 9, "entry_for takes nine bits");

/* A copy of the stack by the kernel, which stops where there is none. */
static size_t copy_stack(const void **window, const void *sp)
{
	struct iovec local = {window, WINDOW_WORDS * sizeof(*window)};
	struct iovec remote[4];
	uintptr_t at = (uintptr_t)sp, end = at + local.iov_len;
	unsigned n = 0;
	ssize_t got;

	for (; at < end && n < 4; n++) {
		uintptr_t page_end = (at | (PAGE_BYTES - 1)) + 1;

		remote[n] = (struct iovec){(void *)at, (page_end < end ? page_end : end) - at};
		at = page_end;
	}
	got = process_vm_readv(getpid(), &local, 1, remote, n, 0);
	return got > 0 ? (size_t)got / sizeof(*window) : 0;
}

static void remember(struct site_cache *c, struct prof_site *e, void *const *outer, unsigned n)
{
	size_t words = copy_stack(c->window, e->stack_pointer), at = 0;

	e->n_checks = 0;
	for (unsigned i = 0; i < n && e->n_checks < PROF_SITE_CHECKS; i++) {
		while (at < words && c->window[at] != outer[i])
			at++;
		if (at == words)
			return;
		e->check[e->n_checks++] =
		        (struct prof_site_check){(const void *const *)e->stack_pointer + at++, outer[i]};
	}
}

/* ---- a call site that is not in it ---- */

/* Lock held. Frames of the shim itself may also lie further out, where one
 * hooked function led to another. */
static uint32_t intern_site(void *const *frames, unsigned n)
{
	static _Alignas(8)
	        uint8_t record[sizeof(struct prof_meta_site) + PROF_MAX_FRAMES * sizeof(struct prof_frame)];
	struct prof_meta_site *m = (void *)record;
	struct prof_frame *out = (struct prof_frame *)(m + 1);
	uint32_t id;

	m->n_frames = 0;
	for (unsigned i = 0; i < n && m->n_frames < config_get()->callsites; i++) {
		bool ours;
		struct prof_frame frame = module_frame(frames[i], &ours);

		if (!ours)
			out[m->n_frames++] = frame;
	}
	if (!m->n_frames)
		return 0;
	id = intern_record(&sites, record, (uint32_t)(sizeof(*m) + m->n_frames * sizeof(*out)));
	return id == INTERN_FAILED ? 0 : id;
}

/* What this thread's unwinder remembers of libraries that went is wrong. */
static void flush_unwinder(void)
{
	static uint32_t flushed; /* atomic */
	uint32_t now = module_generation();

	if (__atomic_exchange_n(&flushed, now, __ATOMIC_ACQ_REL) != now && flush && space)
		flush(*space, 0, 0);
}

static uint32_t walk_stack(struct site_cache *c, struct prof_site *e)
{
	unsigned n, first = 0;
	struct guard g;
	int got;

	module_refresh();
	flush_unwinder();
	got = walk(c->frames, (int)(config_get()->callsites + OWN_FRAMES));
	n = got > 0 ? (unsigned)got : 0;
	for (unsigned i = 0; i < n; i++)
		c->frames[i] =
		        (void *)(((uintptr_t)c->frames[i] + RETURN_UNIT - 1) & -(uintptr_t)RETURN_UNIT);
	while (first < n && c->frames[first] != e->return_address)
		first++;
	if (first == n) { /* the walk did not come to it: there is no stack to tell of but this */
		c->frames[0] = (void *)e->return_address;
		first = 0;
		n = 1;
	}
	remember(c, e, c->frames + first + 1, n - first - 1);
	if (!guard_enter(&g))
		return 0;
	e->site = intern_site(c->frames + first, n - first);
	guard_leave(&g);
	return e->site;
}

/* Told once, as soon as there is an entry to be found. */
static void time_hits(const struct prof_site *e)
{
	uint64_t start = prof_clock();
	unsigned found = 0;
	struct guard g;

	for (unsigned i = 0; i < TIMED_HITS; i++) {
		__asm__ volatile("" ::: "memory");
		found += prof_site_holds(e, e->return_address, e->stack_pointer);
	}
	start = prof_clock() - start;
	if (found != TIMED_HITS || !guard_enter(&g))
		return;
	hit_ns = (double)start * clock_raw_ns(&recorder.clock) / TIMED_HITS;
	cost_add("site_ns", hit_ns);
	guard_leave(&g);
}

/* The return address alone. */
static uint32_t cheap_site(struct site_cache *c, struct walk_place *place)
{
	void *frame = (void *)place->return_address;
	struct guard g;

	c->budget.cheap++;
	if (place->generation == module_generation() + 1)
		return place->site;
	module_refresh();
	if (!guard_enter(&g))
		return 0;
	place->site = intern_site(&frame, 1);
	place->generation = module_generation() + 1;
	if (!__atomic_exchange_n(&told_cheap, true, __ATOMIC_RELAXED))
		note_add("Walks of the stack took their share of the budget: some call sites are the return "
		         "address alone (COST cheap_sites).");
	guard_leave(&g);
	return place->site;
}

static uint32_t dear_site(struct site_cache *c, struct walk_place *place, const void *sp, uint64_t start)
{
	struct prof_site *e = entry_for(c, place->return_address, sp);
	uint64_t end;

	e->return_address = place->return_address;
	e->stack_pointer = sp;
	e->generation = module_generation();
	walk_stack(c, e);
	end = prof_clock();
	walk_budget_spent(&c->budget, place, end, end - start);
	recorder_spent(start);
	if (e->site && !__atomic_exchange_n(&timed, true, __ATOMIC_RELAXED))
		time_hits(e);
	return e->site;
}

/* That of a place that is known and waits for its part of the budget: nothing else is
 * to be done, and the signals that are held off for a walk would cost the program more
 * than the walk is spared. 0: there is more to do. */
static uint32_t waiting_site(struct thread *t, const void *return_address)
{
	const struct walk_place *place;

	if (!t->sites)
		return 0;
	place = walk_budget_find(&t->sites->budget, return_address);
	if (!place || place->generation != module_generation() + 1 || walk_budget_allows(place, prof_clock()))
		return 0;
	t->sites->budget.cheap++;
	return place->site;
}

static uint32_t miss(struct thread *t, const void *return_address, const void *sp)
{
	uint64_t start;
	struct walk_place *place;

	if (!ready() || (!t->sites && !(t->sites = memory_pages(sizeof(*t->sites)))))
		return 0;
	start = prof_clock();
	place = walk_budget_place(&t->sites->budget, return_address);
	return walk_budget_allows(place, start) ? dear_site(t->sites, place, sp, start)
	                                        : cheap_site(t->sites, place);
}

/* Apart from prof_call_site, so that a hit has no registers to save. */
static __attribute__((noinline, cold)) uint32_t look(struct prof_thread *pub, const void *return_address,
                                                     const void *stack_pointer)
{
	struct guard calm;
	uint32_t site;

	if (!config_get()->callsites || pub->busy)
		return 0;
	prof_record_begin(pub);
	site = waiting_site(thread_of(pub), return_address);
	if (!site && foreign_enter(&calm)) {
		site = miss(thread_of(pub), return_address, stack_pointer);
		foreign_leave(&calm);
	}
	prof_record_end(pub);
	return site;
}

/* The entry of a call site that is there, or null. */
static inline const struct prof_site *find_entry(struct prof_thread *pub, const void *return_address,
                                                 const void *stack_pointer)
{
	struct thread *t = thread_of(pub);
	const struct prof_site *e;

	if (__builtin_expect(!t->sites, 0))
		return NULL;
	e = entry_for(t->sites, return_address, stack_pointer);
	return __builtin_expect(prof_site_holds(e, return_address, stack_pointer), 1) ? e : NULL;
}

uint32_t prof_call_site(struct prof_thread *t, const void *return_address, const void *stack_pointer)
{
	const struct prof_site *e = find_entry(t, return_address, stack_pointer);

	if (__builtin_expect(!e, 0))
		return look(t, return_address, stack_pointer);
	t->site_hits++;
	return e->site;
}

const struct prof_site *prof_call_site_entry(struct prof_thread *t, const void *return_address,
                                             const void *stack_pointer, uint32_t *site)
{
	*site = prof_call_site(t, return_address, stack_pointer);
	return find_entry(t, return_address, stack_pointer);
}

bool prof_call_sites_wanted(void)
{
	return config_get()->callsites != 0;
}

/* Of threads that may run: a count may be one behind. */
__attribute__((no_sanitize("thread"))) void call_site_work(const struct thread *t, struct recorder_work *sum)
{
	sum->site_hits += t->pub.site_hits;
	if (!t->sites)
		return;
	sum->walks += t->sites->budget.walks;
	sum->walks_raw += t->sites->budget.walks_raw;
	sum->cheap_sites += t->sites->budget.cheap;
}

void call_site_reset(struct thread *t)
{
	t->pub.site_hits = 0;
	if (t->sites)
		memset(t->sites, 0, offsetof(struct site_cache, frames));
}

double call_site_ns(void)
{
	return hit_ns;
}

void call_site_forget(struct thread *t)
{
	if (t->sites)
		memset(t->sites->entries, 0, sizeof(t->sites->entries));
}
