/* entry.c: take over functions that no PLT leads to, at their first instructions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The same for every CPU: which memory may be changed, who is in it, what was
 * taken. The table grows by blocks and entries never move, so that it can be
 * searched without the lock.
 */
#include "preload/entry/entry.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "preload/entry/code_pages.h"
#include "preload/entry/entry_cpu.h"
#include "preload/trylock.h"
#include "runtime/energy/energy_sampler.h"
#include "runtime/recorder.h"

#define BLOCK_ENTRIES 128

enum entry_state { ENTRY_FREE, ENTRY_TAKEN };

struct entry {
	uint32_t state; /* atomic */
	uint32_t patch_bytes;
	uintptr_t function, patch;
	uintptr_t code, code_bytes; /* ours; kept when the entry is free again */
	uint8_t before[ENTRY_PATCH_MAX], patched[ENTRY_PATCH_MAX];
};

struct block {
	struct block *next; /* atomic */
	struct entry entry[BLOCK_ENTRIES];
};

static struct block first;
static uint32_t lock;

/* ---- the table ---- */

static struct entry *table_at(unsigned i)
{
	struct block *b = &first;

	for (; b && i >= BLOCK_ENTRIES; i -= BLOCK_ENTRIES)
		b = __atomic_load_n(&b->next, __ATOMIC_ACQUIRE);
	return b ? &b->entry[i] : NULL;
}

static bool is_taken(const struct entry *e)
{
	return __atomic_load_n(&e->state, __ATOMIC_ACQUIRE) == ENTRY_TAKEN;
}

/* An entry that was never used, or null; lock held. */
static struct entry *table_new(void)
{
	struct block *b = &first;

	for (;; b = b->next) {
		for (unsigned i = 0; i < BLOCK_ENTRIES; i++)
			if (!b->entry[i].code)
				return &b->entry[i];
		if (!b->next) {
			struct block *fresh = prof_arena_alloc(sizeof(*fresh));

			if (!fresh)
				return NULL;
			__atomic_store_n(&b->next, fresh, __ATOMIC_RELEASE);
		}
	}
}

/* One that this function had and gave back, whose code serves again: a library
 * may be opened and closed any number of times. Lock held. */
static struct entry *table_again(uintptr_t function, size_t code_bytes)
{
	struct entry *e;

	for (unsigned i = 0; (e = table_at(i)) && e->code; i++)
		if (!is_taken(e) && e->function == function && e->code_bytes == code_bytes)
			return e;
	return NULL;
}

const void *entry_origin(const void *address)
{
	uintptr_t at = (uintptr_t)address;
	struct entry *e;

	for (unsigned i = 0; (e = table_at(i)) && __atomic_load_n(&e->code, __ATOMIC_ACQUIRE); i++)
		if (at - e->code < e->code_bytes)
			return (const void *)e->function;
	return address;
}

bool entry_holds(const void *function)
{
	struct entry *e;

	for (unsigned i = 0; (e = table_at(i)); i++)
		if (is_taken(e) && e->function == (uintptr_t)function)
			return true;
	return false;
}

/* ---- whose memory it is ---- */

struct segment_search {
	const struct entry_request *r;
	struct entry_segments found;
	const char *why; /* null: found */
};

static int search_module(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	struct segment_search *s = arg;
	uintptr_t function = (uintptr_t)s->r->function, low = ~(uintptr_t)0, high = 0;
	const ElfW(Phdr) *in = NULL;

	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t at = info->dlpi_addr + p->p_vaddr;

		if (p->p_type != PT_LOAD)
			continue;
		low = at < low ? at : low;
		high = at + p->p_filesz > high ? at + p->p_filesz : high;
		if (function - at < p->p_filesz && s->r->bytes <= p->p_filesz - (function - at))
			in = p;
	}
	if (!in)
		return 0;
	s->found.low = info->dlpi_addr + in->p_vaddr;
	s->found.high = s->found.low + in->p_filesz;
	s->found.data_low = low;
	s->found.data_high = high;
	s->why = !(in->p_flags & PF_X)   ? "it is not in executable memory"
	         : !(in->p_flags & PF_R) ? "its memory cannot be read"
	         : in->p_flags & PF_W    ? "its memory is writable, so that the program may change it"
	                                 : NULL;
	return 1;
}

static bool find_segments(const struct entry_request *r, struct entry_segments *found, char *why,
                          size_t why_bytes)
{
	struct segment_search s = {.r = r, .why = "it is not in a loaded module"};

	if (!r->bytes)
		s.why = "its length is not known";
	else
		dl_iterate_phdr(search_module, &s);
	if (s.why)
		snprintf(why, why_bytes, "%s", s.why);
	*found = s.found;
	return !s.why;
}

/* Whether another thread may run the program's code: all threads are seen in
 * the number of links of /proc/self/task, two of which are its own. The
 * runtime's own thread never calls the program. */
static bool has_threads(void)
{
	int ours = __atomic_load_n(&energy_shared.thread, __ATOMIC_RELAXED) != 0;
	struct stat st;

	return stat("/proc/self/task", &st) != 0 || (int)st.st_nlink - 2 - ours != 1;
}

/* ---- taking ---- */

static bool is_ours_still(const struct entry *e)
{
	struct dl_find_object found;

	return _dl_find_object((void *)e->function, &found) == 0
	       && e->patch >= (uintptr_t)found.dlfo_map_start
	       && e->patch + e->patch_bytes <= (uintptr_t)found.dlfo_map_end
	       && memcmp((const void *)e->patch, e->patched, e->patch_bytes) == 0;
}

/* Whether one of these bytes, or the function, is another entry's. */
static bool is_in_use(uintptr_t function, uintptr_t patch, size_t bytes)
{
	struct entry *e;

	for (unsigned i = 0; (e = table_at(i)); i++)
		if (is_taken(e)
		    && (e->function == function
		        || (e->patch < patch + bytes && patch < e->patch + e->patch_bytes)))
			return true;
	return false;
}

static bool make_plan(const struct entry_request *r, const struct entry_segments *s, uintptr_t at,
                      struct entry_plan *plan, char *why, size_t why_bytes)
{
	bool one = !r->is_unused && has_threads();

	if (is_in_use((uintptr_t)r->function, (uintptr_t)r->function, 1)) {
		snprintf(why, why_bytes, "it is taken over already");
		return false;
	}
	if (!entry_cpu_plan(r, s, at, one, plan, why, why_bytes))
		return false;
	if (is_in_use((uintptr_t)r->function, plan->patch, plan->patch_bytes)) {
		snprintf(why, why_bytes, "the function before it needs the padding between them");
		return false;
	}
	if (one && !plan->is_one_instruction) {
		snprintf(why, why_bytes, "other threads run already and its first instruction is too short");
		return false;
	}
	return true;
}

static bool install(struct entry *e, const struct entry_request *r, const struct entry_plan *plan,
                    uintptr_t code)
{
	e->function = (uintptr_t)r->function;
	e->patch = plan->patch;
	e->patch_bytes = (uint32_t)plan->patch_bytes;
	memcpy(e->before, (const void *)plan->patch, plan->patch_bytes);
	memcpy(e->patched, plan->patched, plan->patch_bytes);
	e->code_bytes = plan->code_bytes;
	__atomic_store_n(&e->code, code, __ATOMIC_RELEASE);
	__atomic_store_n(r->original, (void *)(code + plan->original), __ATOMIC_RELEASE);
	if (code_write(code, plan->code, plan->code_bytes) != 0)
		return false;
	code_written(); /* whoever follows the jump finds what it leads to */
	if (code_write(plan->patch, plan->patched, plan->patch_bytes) != 0)
		return false;
	__atomic_store_n(&e->state, ENTRY_TAKEN, __ATOMIC_RELEASE);
	code_written();
	return true;
}

/* Lock held. A first plan says how much code there will be. */
static int take(const struct entry_request *r, const struct entry_segments *s, char *why, size_t why_bytes)
{
	struct entry_plan plan;
	struct entry *e;
	void *code;

	if (!make_plan(r, s, (uintptr_t)r->function, &plan, why, why_bytes))
		return -1;
	if (!r->replacement)
		return 0;
	e = table_again((uintptr_t)r->function, plan.code_bytes);
	code = e ? (void *)e->code : code_room(plan.code_bytes, (uintptr_t)r->function, entry_cpu_reach);
	if (!code || (!e && !(e = table_new()))) {
		snprintf(why, why_bytes, "there is no executable memory near it: %s", strerror(errno));
		return -1;
	}
	if (!make_plan(r, s, (uintptr_t)code, &plan, why, why_bytes))
		return -1;
	if (!install(e, r, &plan, (uintptr_t)code)) {
		snprintf(why, why_bytes, "its code cannot be changed: %s", strerror(errno));
		return -1;
	}
	return 0;
}

static int take_or_check(const struct entry_request *r, char *why, size_t why_bytes)
{
	int saved_errno = errno, result = -1;
	struct entry_segments segments;
	struct guard calm;

	if (!find_segments(r, &segments, why, why_bytes) || !entry_cpu_start(why, why_bytes)) {
		errno = saved_errno;
		return -1;
	}
	if (trylock_take(&lock, &calm)) {
		result = take(r, &segments, why, why_bytes);
		trylock_give(&lock, &calm);
	} else {
		snprintf(why, why_bytes, "another thread is at it");
	}
	errno = saved_errno;
	return result;
}

int entry_take(const struct entry_request *r, char *why, size_t why_bytes)
{
	return take_or_check(r, why, why_bytes);
}

int entry_check(const struct entry_request *r, char *why, size_t why_bytes)
{
	struct entry_request looked_at = *r;

	looked_at.replacement = NULL;
	return take_or_check(&looked_at, why, why_bytes);
}

/* ---- giving back ---- */

void entry_forget_unloaded(void)
{
	struct entry *e;

	for (unsigned i = 0; (e = table_at(i)); i++)
		if (is_taken(e) && !is_ours_still(e))
			__atomic_store_n(&e->state, ENTRY_FREE, __ATOMIC_RELEASE);
}

void entry_return_all(void)
{
	int saved_errno = errno;
	struct guard calm;
	struct entry *e;

	if (!trylock_take(&lock, &calm))
		return;
	for (unsigned i = 0; (e = table_at(i)); i++)
		if (is_taken(e)
		    && (!is_ours_still(e) || code_write(e->patch, e->before, e->patch_bytes) == 0))
			__atomic_store_n(&e->state, ENTRY_FREE, __ATOMIC_RELEASE);
	code_written();
	trylock_give(&lock, &calm);
	errno = saved_errno;
}
