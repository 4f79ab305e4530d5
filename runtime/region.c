/* region.c: the user's regions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The functions for users are the only names of the runtime that are seen from
 * outside the shim.
 */
#include "runtime/region.h"

#include <prof/prof.h>
#include <string.h>

#include "runtime/guard.h"
#include "runtime/intern.h"
#include "runtime/record_switch.h"
#include "runtime/thread.h"

#define EXPORTED __attribute__((visibility("default")))

uint32_t region_string(const struct thread *t)
{
	uint32_t depth = t->regions.depth < REGIONS_MAX ? t->regions.depth : REGIONS_MAX;

	return depth ? t->regions.id[depth - 1] : 0;
}

/* The path grows by ".name", cut where it is full. */
static void push(struct thread *t, const char *name)
{
	struct regions *r = &t->regions;
	uint32_t bytes = r->depth ? r->bytes[r->depth - 1] : 0;
	size_t name_bytes;
	struct guard g;

	if (bytes && bytes < REGION_PATH_BYTES)
		r->path[bytes++] = '.';
	name_bytes = strnlen(name, REGION_PATH_BYTES - bytes);
	memcpy(r->path + bytes, name, name_bytes);
	r->bytes[r->depth] = bytes + (uint32_t)name_bytes;
	r->path[r->bytes[r->depth]] = 0;
	if (record_switch_names(r->path + bytes, r->path))
		t->pub.regions_wanted |= 1u << r->depth;
	r->id[r->depth] = 0;
	if (guard_enter(&g)) {
		r->id[r->depth] = intern_string(r->path, r->bytes[r->depth]);
		guard_leave(&g);
	}
}

EXPORTED void prof_region_push(const char *name)
{
	struct prof_thread *t = prof_thread_get();
	struct regions *r;

	if (!t)
		return;
	r = &thread_of(t)->regions;
	if (r->depth < REGIONS_MAX)
		push(thread_of(t), name ? name : "");
	r->depth++;
	t->region = region_string(thread_of(t));
}

EXPORTED void prof_region_pop(void)
{
	struct prof_thread *t = prof_thread_get();

	if (t && thread_of(t)->regions.depth > 0) {
		thread_of(t)->regions.depth--;
		if (thread_of(t)->regions.depth < REGIONS_MAX)
			t->regions_wanted &= ~(1u << thread_of(t)->regions.depth);
		t->region = region_string(thread_of(t));
	}
}
